"""The steps from XGBoost to the package: what their builders add, and what they refuse."""

from pathlib import Path

import pytest

from pipeline_step_specs import ALL_SPECIFICATIONS, XGBOOST_EVALUATION_SPEC, default_registry
from pipeline_steps import PipelineBuilder, PipelineError, XGBoostTrainingStepBuilder, load_pipeline
from pipeline_steps.settings import PipelineSettings, TrainingSettings

ROOT = Path(__file__).parents[2]
NEW = ("XGBoostTraining", "XGBoostEvaluation", "ModelCalibration", "Packaging", "Payload")


@pytest.fixture(scope="module")
def steps():
    definition = load_pipeline(ROOT / "examples" / "xgboost.yaml").definition()
    found = {}
    for step in definition["Steps"]:
        for each in (step, *step["Arguments"].get("IfSteps", []), *step["Arguments"].get("ElseSteps", [])):
            found[each["Name"]] = each
    return found


@pytest.mark.parametrize("name", NEW)
def test_specifications_are_valid_and_aligned_with_their_contracts(name):
    spec = next(each for each in ALL_SPECIFICATIONS if each.step_type == name)
    assert spec.validate() == []
    result = spec.validate_contract_alignment()
    assert result.is_valid, result.errors
    assert default_registry().get_specification(spec.step_name) is spec


def test_step_names_keep_the_brand_together():
    assert XGBOOST_EVALUATION_SPEC.step_name == "xgboost_evaluation"


def inputs(step):
    return {each["InputName"]: each["S3Input"] for each in step["Arguments"]["ProcessingInputs"]}


def test_hyperparameters_arrive_as_strings(steps):
    values = steps["TrainModel"]["Arguments"]["HyperParameters"]
    assert values["eval_metric"] == '["auc","logloss"]'
    assert values["learning_rate"] == "0.05"
    assert steps["TrainModel"]["Arguments"]["AlgorithmSpecification"]["ContainerEntrypoint"] == [
        "python3",
        "/opt/ml/input/data/code/train_xgb.py",
    ]


def test_calibration_gets_the_scored_validation_split(steps):
    source = inputs(steps["Calibrate"])["evaluation_data"]["S3Uri"]
    assert source == {"Get": "Steps.ScoreValidation.ProcessingOutputConfig.Outputs['eval_output'].S3Output.S3Uri"}
    scored = inputs(steps["ScoreValidation"])["eval_data"]["S3Uri"]["Std:Join"]["Values"]
    assert scored[-1] == "val"


def test_packaging_takes_model_calibration_and_code_and_gives_the_archive(steps):
    given = inputs(steps["Package"])
    assert given["model_input"]["S3Uri"] == {"Get": "Steps.TrainModel.ModelArtifacts.S3ModelArtifacts"}
    assert "Steps.Calibrate." in given["calibration_input"]["S3Uri"]["Get"]
    assert given["inference_code"]["LocalPath"] == "/opt/ml/processing/input/inference_code"
    assert "/code/" in given["inference_code"]["S3Uri"]
    container = steps["Register"]["Arguments"]["InferenceSpecification"]["Containers"][0]
    joined = container["ModelDataUrl"]["Std:Join"]
    assert joined["Values"][-1] == "model.tar.gz"
    assert "Steps.Package." in joined["Values"][0]["Get"]
    assert container["Environment"] == {"SAGEMAKER_PROGRAM": "inference_xgb.py"}


def test_a_registration_knows_the_sample_requests(steps):
    joined = steps["Register"]["Arguments"]["SamplePayloadUrl"]["Std:Join"]
    assert "Steps.SampleRequests." in joined["Values"][0]["Get"]
    assert joined["Values"][-1] == "payload.tar.gz"


def test_packaging_without_calibration_and_code_compiles(tmp_path):
    text = (ROOT / "examples" / "xgboost.yaml").read_text().replace("../", f"{ROOT}/")
    lines = text.replace("    inference_code: " + str(ROOT) + "/dockers/xgboost\n", "")
    start, end = lines.index("  Calibrate:"), lines.index("  Package:")
    (tmp_path / "pipeline.yaml").write_text(lines[:start] + lines[end:])
    found = {step["Name"]: step for step in load_pipeline(tmp_path / "pipeline.yaml").definition()["Steps"]}
    assert set(inputs(found["Package"])) == {"code", "model_input"}


def test_a_missing_folder_of_inference_code_is_named(tmp_path):
    text = (ROOT / "examples" / "xgboost.yaml").read_text().replace("../", f"{ROOT}/")
    text = text.replace(f"inference_code: {ROOT}/dockers/xgboost", "inference_code: nowhere")
    (tmp_path / "pipeline.yaml").write_text(text)
    with pytest.raises(PipelineError, match=r"there is no folder '.*nowhere'"):
        load_pipeline(tmp_path / "pipeline.yaml").definition()


def test_xgboost_does_not_train_under_torchrun():
    settings = TrainingSettings(image="image", code=ROOT / "dockers" / "xgboost", distribution="torchrun")
    pipeline = PipelineBuilder(
        PipelineSettings(name="p", role="arn:aws:iam::123456789012:role/r", storage="s3://bucket/p")
    )
    pipeline.add(XGBoostTrainingStepBuilder("Train", settings))
    assert any("XGBoost does not train under torchrun" in problem.message for problem in pipeline.check())
