"""Our steps against what the SageMaker Python SDK v2 writes for the same pipeline.

The SDK has an environment of its own (`make conformance`); elsewhere these tests are skipped.
"""

from __future__ import annotations

import json
import logging
import os

import pytest

from pipeline_step_specs.training_metrics import PYTORCH_TRAINING_METRICS
from pipeline_steps import check_definition

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
sagemaker = pytest.importorskip("sagemaker", reason="the SageMaker SDK is not installed; see `make conformance`")
if not hasattr(sagemaker, "Session"):
    pytest.skip("this is not version 2 of the SageMaker SDK", allow_module_level=True)

from sagemaker.estimator import Estimator  # noqa: E402 - only where the SDK is installed
from sagemaker.inputs import TrainingInput  # noqa: E402
from sagemaker.lambda_helper import Lambda  # noqa: E402
from sagemaker.model import Model  # noqa: E402
from sagemaker.model_metrics import MetricsSource, ModelMetrics  # noqa: E402
from sagemaker.network import NetworkConfig  # noqa: E402
from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor  # noqa: E402
from sagemaker.transformer import Transformer  # noqa: E402
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner, IntegerParameter  # noqa: E402
from sagemaker.workflow.callback_step import CallbackOutput, CallbackOutputTypeEnum, CallbackStep  # noqa: E402
from sagemaker.workflow.condition_step import ConditionStep  # noqa: E402
from sagemaker.workflow.conditions import (  # noqa: E402
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
    ConditionIn,
    ConditionNot,
    ConditionOr,
)
from sagemaker.workflow.emr_step import EMRStep, EMRStepConfig  # noqa: E402
from sagemaker.workflow.execution_variables import ExecutionVariables  # noqa: E402
from sagemaker.workflow.fail_step import FailStep  # noqa: E402
from sagemaker.workflow.functions import Join, JsonGet  # noqa: E402
from sagemaker.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep  # noqa: E402
from sagemaker.workflow.model_step import ModelStep  # noqa: E402
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString  # noqa: E402
from sagemaker.workflow.pipeline import Pipeline  # noqa: E402
from sagemaker.workflow.pipeline_context import PipelineSession  # noqa: E402
from sagemaker.workflow.properties import PropertyFile  # noqa: E402
from sagemaker.workflow.retry import SageMakerJobExceptionTypeEnum, SageMakerJobStepRetryPolicy  # noqa: E402
from sagemaker.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep, TuningStep  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/Runner"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/small:1"
PRINTED = [{"Name": name, "Regex": regex} for name, regex in PYTORCH_TRAINING_METRICS.items()]
ADDED_BY_THE_SDK = ("ProfilerConfig", "DebugHookConfig")
"""Training options that the SDK sets where nobody asked for them; they change nothing."""


@pytest.fixture(scope="module")
def session():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        logging.getLogger("sagemaker").setLevel(logging.ERROR)
        yield PipelineSession(default_bucket="bucket")


RAW, MINIMUM, COUNT = (
    ParameterString("RawDataUri", "s3://bucket/raw"),
    ParameterFloat("MinimumAuroc", 0.7),
    ParameterInteger("Count", 1),
)


@pytest.fixture
def written(session):
    """Gives the steps that the SDK writes, by name."""

    def of(*steps):
        pipeline = Pipeline("Small", parameters=[RAW, MINIMUM, COUNT], steps=list(steps), sagemaker_session=session)
        definition = json.loads(pipeline.definition())
        assert check_definition(definition) == []
        return {step["Name"]: cleaned(step) for step in definition["Steps"]}

    return of


def cleaned(step):
    arguments = {key: value for key, value in step["Arguments"].items() if key not in ADDED_BY_THE_SDK}
    return {**step, "Arguments": arguments}


def joined(*values):
    return Join(on="/", values=list(values))


def results(*parts):
    return joined("s3://bucket/small/runs", ExecutionVariables.PIPELINE_EXECUTION_ID, *parts)


def our_code(step):
    arguments = step["Arguments"]
    if step["Type"] == "Training":
        return arguments["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    return arguments["ProcessingInputs"][0]["S3Input"]["S3Uri"]


def preprocessing(session, ours):
    inputs = ours["Arguments"]["ProcessingInputs"]
    processor = Processor(
        role=ROLE,
        image_uri=IMAGE,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        volume_size_in_gb=30,
        max_runtime_in_seconds=86400,
        entrypoint=["python3", "/opt/ml/processing/input/code/tabular_preprocessing.py"],
        network_config=NetworkConfig(enable_network_isolation=True, security_group_ids=["sg-1"], subnets=["subnet-1"]),
        env={"REGION": "NA"},
        tags=[{"Key": "team", "Value": "risk"}],
        sagemaker_session=session,
    )
    arguments = processor.run(
        inputs=[
            ProcessingInput(our_code(ours), "/opt/ml/processing/input/code", "code"),
            ProcessingInput(RAW, "/opt/ml/processing/input/data", "raw_data"),
            ProcessingInput(inputs[2]["S3Input"]["S3Uri"], "/opt/ml/processing/input/config", "config"),
        ],
        outputs=[ProcessingOutput("/opt/ml/processing/output", results("Preprocess/processed_data"), "processed_data")],
        arguments=["--job_type", "training"],
    )
    policy = SageMakerJobStepRetryPolicy(
        [SageMakerJobExceptionTypeEnum.CAPACITY_ERROR], interval_seconds=5, backoff_rate=2.0, max_attempts=3
    )
    return ProcessingStep(
        "Preprocess",
        step_args=arguments,
        cache_config=CacheConfig(enable_caching=True, expire_after="P30D"),
        retry_policies=[policy],
    )


def test_processing(load, steps, session, written):
    ours = steps(
        load(
            steps={
                "Preprocess": {
                    "network_isolation": True,
                    "vpc": {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"]},
                    "environment": {"REGION": "NA"},
                    "tags": {"team": "risk"},
                    "cache_days": 30,
                    "retry": [
                        {
                            "exception_types": ["SageMaker.CAPACITY_ERROR"],
                            "interval_seconds": 5,
                            "max_attempts": 3,
                        }
                    ],
                }
            }
        ).definition()
    )["Preprocess"]
    assert ours == written(preprocessing(session, ours))["Preprocess"]


def estimator(session, *, entry=True, **more):
    command = {"container_entry_point": ["python3", "/opt/ml/input/data/code/pytorch_training.py"]} if entry else {}
    return Estimator(
        image_uri=IMAGE,
        role=ROLE,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        volume_size=30,
        output_path=results("Train/output"),
        checkpoint_s3_uri=results("Train/checkpoints"),
        checkpoint_local_path="/opt/ml/checkpoints",
        environment={"USE_PRECOMPUTED_IMPUTATION": "false", "USE_PRECOMPUTED_RISK_TABLES": "false"},
        disable_profiler=True,
        debugger_hook_config=False,
        sagemaker_session=session,
        **command,
        **more,
    )


def channels(code, preprocess, tokenizer):
    data = preprocess.properties.ProcessingOutputConfig.Outputs["processed_data"].S3Output.S3Uri
    artifacts = tokenizer.properties.ProcessingOutputConfig.Outputs["model_artifacts_output"].S3Output.S3Uri
    sources = {
        "code": code,
        **{split: joined(data, split) for split in ("train", "val", "test")},
        "model_artifacts_input": artifacts,
    }
    return {name: TrainingInput(source, distribution="FullyReplicated") for name, source in sources.items()}


def small_step(session, name, outputs):
    processor = Processor(ROLE, IMAGE, 1, "ml.m5.xlarge", sagemaker_session=session)
    written = [ProcessingOutput("/opt/ml/processing/output", f"s3://bucket/{name}", output) for output in outputs]
    return ProcessingStep(name, step_args=processor.run(outputs=written))


def test_training(load, steps, session, written):
    settings = {"spot": True, "max_wait_seconds": 90000, "hyperparameters": {"batch_size": {"parameter": "Count"}}}
    settings["metrics"] = [{"name": "mine", "regex": "mine=([0-9.]+)"}]
    ours = steps(load(steps={"Train": settings}).definition())["Train"]
    preprocess = small_step(session, "Preprocess", ["processed_data"])
    tokenizer = small_step(session, "Tokenizer", ["model_artifacts_output"])
    made = estimator(
        session,
        max_run=86400,
        use_spot_instances=True,
        max_wait=90000,
        metric_definitions=[*PRINTED, {"Name": "mine", "Regex": "mine=([0-9.]+)"}],
        hyperparameters={
            "model_class": "lstm2risk",
            "lr": 0.001,
            "class_weights": "[1.0,2.0]",
            "load_ckpt": "true",
            "batch_size": COUNT,
        },
    )
    step = TrainingStep("Train", step_args=made.fit(channels(our_code(ours), preprocess, tokenizer)))
    assert ours == written(preprocess, tokenizer, step)["Train"]


def test_tuning(load, steps, session, written):
    settings = {
        "type": "Names3RiskTuning",
        "hyperparameters": {"model_class": "lstm2risk"},
        "ranges": {
            "lr": {"type": "Continuous", "min": 0.0001, "max": 0.1, "scaling": "Logarithmic"},
            "hidden_size": {"type": "Integer", "min": 16, "max": 256},
            "optimizer": {"type": "Categorical", "values": ["adamw", "sgd"]},
        },
        "objective": "val_auroc",
        "goal": "Maximize",
        "max_jobs": 6,
        "max_parallel_jobs": 3,
    }
    fixed = "    hyperparameters: {model_class: lstm2risk, lr: 0.001, class_weights: [1.0, 2.0], load_ckpt: true}\n"
    pipeline = load((fixed, ""), steps={"Train": settings})
    ours = steps(pipeline.definition())["Train"]
    preprocess = small_step(session, "Preprocess", ["processed_data"])
    tokenizer = small_step(session, "Tokenizer", ["model_artifacts_output"])
    made = estimator(session, entry=False, max_run=86400)
    made.set_hyperparameters(
        model_class="lstm2risk",
        sagemaker_program='"pytorch_training.py"',
        sagemaker_submit_directory='"/opt/ml/input/data/code"',
    )
    tuner = HyperparameterTuner(
        made,
        objective_metric_name="val_auroc",
        objective_type="Maximize",
        hyperparameter_ranges={
            "lr": ContinuousParameter(0.0001, 0.1, scaling_type="Logarithmic"),
            "hidden_size": IntegerParameter(16, 256),
            "optimizer": CategoricalParameter(["adamw", "sgd"]),
        },
        metric_definitions=PRINTED,
        max_jobs=6,
        max_parallel_jobs=3,
    )
    code = ours["Arguments"]["TrainingJobDefinition"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    step = TuningStep("Train", step_args=tuner.fit(channels(code, preprocess, tokenizer)))
    theirs = written(preprocess, tokenizer, step)["Train"]
    ranges = theirs["Arguments"]["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["CategoricalParameterRanges"][0]["Values"] = ["adamw", "sgd"]  # the SDK quotes them as JSON
    static = theirs["Arguments"]["TrainingJobDefinition"]["StaticHyperParameters"]
    static.pop("_tuning_objective_metric", None)
    assert ours == theirs


def test_model_and_transform(load, steps, session, written):
    ours = steps(
        load(
            steps={
                "Model": {"type": "PyTorchModel", "environment": {"WORKERS": 2}, "tags": {"team": "risk"}},
                "Transform": {
                    "type": "BatchTransform",
                    "max_payload_mb": 6,
                    "inputs": {"processed_data": "s3://bucket/x"},
                },
            }
        ).definition()
    )
    preprocess = small_step(session, "Preprocess", ["processed_data"])
    tokenizer = small_step(session, "Tokenizer", ["model_artifacts_output"])
    train = TrainingStep("Train", step_args=estimator(session).fit(channels("s3://bucket/c", preprocess, tokenizer)))
    model = Model(
        image_uri=IMAGE,
        model_data=train.properties.ModelArtifacts.S3ModelArtifacts,
        role=ROLE,
        env={"WORKERS": "2"},
        sagemaker_session=session,
    )
    create = ModelStep("Model", step_args=model.create(tags=[{"Key": "team", "Value": "risk"}]))
    transformer = Transformer(
        create.properties.ModelName,
        1,
        "ml.m5.xlarge",
        strategy="MultiRecord",
        assemble_with="Line",
        output_path=results("Transform/transform_output"),
        accept="text/csv",
        max_payload=6,
        sagemaker_session=session,
    )
    step = TransformStep(
        "Transform",
        step_args=transformer.transform(
            "s3://bucket/x", content_type="text/csv", compression_type="None", split_type="Line"
        ),
    )
    theirs = written(preprocess, tokenizer, train, create, step)
    assert ours["Model"]["Arguments"] == theirs["Model-CreateModel"]["Arguments"]
    expected = json.loads(json.dumps(theirs["Transform"]).replace("Model-CreateModel", "Model"))
    assert ours["Transform"] == expected


def test_registration(load, steps, session, written):
    ours = steps(load(steps={"Register": {"metrics": "s3://bucket/evaluation.json"}}).definition())["Register"]
    model = Model(image_uri=IMAGE, model_data="s3://bucket/model.tar.gz", role=ROLE, sagemaker_session=session)
    metrics = ModelMetrics(model_statistics=MetricsSource("application/json", "s3://bucket/evaluation.json"))
    arguments = model.register(
        content_types=["text/csv", "application/json"],
        response_types=["application/json"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_group_name="small",
        approval_status="PendingManualApproval",
        model_metrics=metrics,
    )
    theirs = written(ModelStep("Register", step_args=arguments))["Register-RegisterModel"]
    theirs["Arguments"].pop("SkipModelValidation", None)
    container = theirs["Arguments"]["InferenceSpecification"]["Containers"][0]
    container.pop("Environment", None)
    for empty in ("Bias", "Explainability"):
        assert theirs["Arguments"]["ModelMetrics"].pop(empty) == {}
    container["ModelDataUrl"] = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    assert ours["Type"] == theirs["Type"]
    assert ours["Arguments"] == theirs["Arguments"]


def test_conditions_and_failure(load, steps, session, written):
    condition = {"step": "Evaluate", "property_file": "Evaluation", "path": "metrics.auroc"}
    conditions = [
        {"type": "GreaterThanOrEqualTo", "left": condition, "right": {"parameter": "MinimumAuroc"}},
        {
            "type": "Or",
            "conditions": [
                {"type": "In", "value": {"parameter": "RawDataUri"}, "values": ["s3://a", "s3://b"]},
                {"type": "Not", "condition": {"type": "Equals", "left": {"parameter": "Count"}, "right": 1}},
            ],
        },
    ]
    message = {"join": ["below ", {"parameter": "MinimumAuroc"}]}
    ours = steps(
        load(
            ("if_steps: [Register]", "if_steps: []"),
            steps={"Check": {"conditions": conditions}, "Stop": {"error_message": message}},
        ).definition()
    )
    report = PropertyFile(name="Evaluation", output_name="metrics_output", path="evaluation.json")
    processor = Processor(ROLE, IMAGE, 1, "ml.m5.xlarge", sagemaker_session=session)
    output = ProcessingOutput("/opt/ml/processing/output/metrics", "s3://bucket/m", "metrics_output")
    evaluate = ProcessingStep("Evaluate", step_args=processor.run(outputs=[output]), property_files=[report])
    auroc = JsonGet(step_name="Evaluate", property_file=report, json_path="metrics.auroc")
    step = ConditionStep(
        "Check",
        conditions=[
            ConditionGreaterThanOrEqualTo(auroc, MINIMUM),
            ConditionOr([ConditionIn(RAW, ["s3://a", "s3://b"]), ConditionNot(ConditionEquals(COUNT, 1))]),
        ],
        if_steps=[],
        else_steps=[FailStep("Stop", error_message=Join(on="", values=["below ", MINIMUM]))],
    )
    theirs = written(evaluate, step)
    assert ours["Check"] == theirs["Check"]
    assert ours["Evaluate"]["PropertyFiles"] == theirs["Evaluate"]["PropertyFiles"]


def test_lambda_callback_and_emr(load, steps, session, written):
    ours = steps(
        load(
            steps={
                "Notify": {
                    "type": "Lambda",
                    "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:notify",
                    "arguments": {"count": {"parameter": "Count"}},
                    "outputs": {"status": {"type": "Integer"}},
                },
                "Ask": {
                    "type": "Callback",
                    "queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/loader",
                    "arguments": {"region": "NA"},
                    "outputs": {"answer": {}},
                },
                "Spark": {
                    "type": "EMR",
                    "cluster_id": "j-123",
                    "args": ["spark-submit", "s3://bucket/job.py"],
                    "depends_on": ["Ask"],
                },
            }
        ).definition()
    )
    function = Lambda(function_arn="arn:aws:lambda:us-east-1:123456789012:function:notify", session=session)
    status = LambdaOutput("status", LambdaOutputTypeEnum.Integer)
    notify = LambdaStep("Notify", lambda_func=function, inputs={"count": COUNT}, outputs=[status])
    ask = CallbackStep(
        "Ask",
        sqs_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/loader",
        inputs={"region": "NA"},
        outputs=[CallbackOutput("answer", CallbackOutputTypeEnum.String)],
    )
    config = EMRStepConfig(jar="command-runner.jar", args=["spark-submit", "s3://bucket/job.py"])
    spark = EMRStep("Spark", "Spark", "Runs on EMR", "j-123", config, depends_on=["Ask"])
    theirs = written(notify, ask, spark)
    assert ours["Notify"] == theirs["Notify"]
    assert ours["Ask"] == theirs["Ask"]
    for told_by_the_sdk in ("DisplayName", "Description"):
        theirs["Spark"].pop(told_by_the_sdk)
    assert ours["Spark"] == theirs["Spark"]


def test_parameters(load, session):
    pipeline = Pipeline("Small", parameters=[RAW, MINIMUM, COUNT], steps=[], sagemaker_session=session)
    assert load().definition()["Parameters"] == json.loads(pipeline.definition())["Parameters"]
