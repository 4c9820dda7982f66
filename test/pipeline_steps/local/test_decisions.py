"""Condition, Fail, RegisterModel, Model, Transform, Lambda and Callback steps."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from runner_kit import Place, get, pipeline, processing

from pipeline_steps.local import DefinitionError, LocalRunError, packages, resume

METRICS = """
import json, os, sys
path = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/metrics/evaluation.json"
json.dump({"metrics": {"auroc": float(sys.argv[1])}, "names": ["a", {"b": 1}]}, open(path, "w"))
"""


def evaluation(auroc: str = "0.9") -> dict[str, Any]:
    return processing(
        "Evaluate",
        "metrics.py",
        outputs={"metrics": "s3://out/metrics"},
        arguments=[auroc],
        files=[{"PropertyFileName": "Report", "OutputName": "metrics", "FilePath": "evaluation.json"}],
    )


def value(path: str = "metrics.auroc") -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"), "Path": path}}


def condition(*conditions: dict[str, Any], yes: list[Any] | None = None, no: list[Any] | None = None) -> dict[str, Any]:
    return {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {
            "Conditions": list(conditions),
            "IfSteps": [{"Name": "Yes", "Type": "Fail", "Arguments": {"ErrorMessage": "yes"}}] if yes is None else yes,
            "ElseSteps": [{"Name": "No", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}] if no is None else no,
        },
    }


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.fixture
def evaluated(place: Place) -> Place:
    place.code(METRICS, "metrics.py")
    place.code("")
    return place


@pytest.mark.parametrize(
    ("conditions", "taken"),
    [
        ([compare("Equals", 1, 1)], True),
        ([compare("Equals", "1", 1)], False),
        ([compare("Equals", True, 1)], False),
        ([compare("GreaterThan", 2, 2)], False),
        ([compare("GreaterThanOrEqualTo", 2, 2)], True),
        ([compare("LessThan", 1.5, 2)], True),
        ([compare("LessThanOrEqualTo", 2.5, 2)], False),
        ([{"Type": "In", "QueryValue": "NA", "Values": ["EU", "NA"]}], True),
        ([{"Type": "In", "QueryValue": "FE", "Values": ["EU", "NA"]}], False),
        ([{"Type": "Not", "Condition": compare("Equals", 1, 1)}], False),
        ([{"Type": "Or", "Conditions": [compare("Equals", 1, 2), compare("Equals", 1, 1)]}], True),
        ([{"Type": "Or", "Conditions": [{"Type": "Not", "Condition": compare("Equals", 1, 1)}]}], False),
        ([compare("Equals", 1, 1), compare("Equals", 1, 2)], False),
    ],
)
def test_every_type_of_condition(place: Place, conditions: list[Any], taken: bool) -> None:
    record = place.run(pipeline(condition(*conditions)))
    assert record.steps["Yes"].status == ("Failed" if taken else "Skipped")
    assert record.steps["No"].status == ("Skipped" if taken else "Failed")
    assert record.steps["Check"].properties == {"Outcome": str(taken)}
    assert record.failure_reason == f"step {'Yes' if taken else 'No'!r}: {'yes' if taken else 'no'}"


@pytest.mark.parametrize(("auroc", "status"), [("0.91", "Succeeded"), ("0.5", "Skipped")])
def test_a_metric_decides_which_steps_run(evaluated: Place, auroc: str, status: str) -> None:
    check = condition(compare("GreaterThanOrEqualTo", value(), get("Parameters.Least")), yes=[processing("Go")], no=[])
    record = evaluated.run(
        pipeline(evaluation(auroc), check, parameters=[{"Name": "Least", "Type": "Float", "DefaultValue": 0.9}])
    )
    assert record.status == "Succeeded", record.failure_reason
    assert record.steps["Go"].status == status
    assert record.steps["Evaluate"].property_files["Report"]["metrics"]["auroc"] == float(auroc)


def test_paths_into_a_property_file(evaluated: Place) -> None:
    record = evaluated.run(
        pipeline(
            evaluation(),
            condition(
                compare("Equals", value("$.names[1].b"), 1),
                compare("Equals", value("names[0]"), "a"),
                compare("Equals", value("['metrics']['auroc']"), 0.9),
                yes=[processing("Go")],
            ),
        )
    )
    assert record.steps["Go"].status == "Succeeded", record.failure_reason


def test_a_json_document_in_s3_decides_too(evaluated: Place) -> None:
    where = {"Std:Join": {"On": "/", "Values": ["s3://out/metrics", "evaluation.json"]}}
    read = {"Std:JsonGet": {"S3Uri": where, "Path": "metrics.auroc"}}
    check = condition(compare("GreaterThan", read, 0.5), yes=[processing("Go")])
    check["DependsOn"] = ["Evaluate"]
    record = evaluated.run(pipeline(evaluation(), check))
    assert record.steps["Go"].status == "Succeeded", record.failure_reason


def test_a_path_that_is_not_there_names_what_is(evaluated: Place) -> None:
    record = evaluated.run(pipeline(evaluation(), condition(compare("LessThan", value("metrics.f1"), 1))))
    reason = record.steps["Check"].failure_reason or ""
    assert "property file 'Report' of step 'Evaluate' has no 'metrics.f1'; there is auroc" in reason


def test_a_missing_property_file_fails_its_step(place: Place) -> None:
    place.code("", "metrics.py")
    record = place.run(pipeline(evaluation()))
    assert "property file 'Report': the script wrote no 'evaluation.json'" in (record.failure_reason or "")


def test_inner_branches_are_skipped_with_the_outer_one(place: Place) -> None:
    inner = {**condition(compare("Equals", 1, 1)), "Name": "Inner"}
    record = place.run(pipeline(condition(compare("Equals", 1, 2), yes=[inner], no=[])))
    assert record.succeeded
    assert [record.steps[name].status for name in ("Check", "Inner", "Yes", "No")] == ["Succeeded", *["Skipped"] * 3]


def archive(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return raw.getvalue()


def registration(**arguments: Any) -> dict[str, Any]:
    return {
        "Name": "Register",
        "Type": "RegisterModel",
        "DependsOn": ["Evaluate"],
        "Arguments": {
            "ModelPackageGroupName": "names3risk",
            "InferenceSpecification": {
                "Containers": [{"Image": "image", "ModelDataUrl": "s3://models/m/model.tar.gz"}]
            },
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": "s3://out/metrics/evaluation.json"}
                }
            },
            **arguments,
        },
    }


def test_registration_makes_a_new_version(evaluated: Place) -> None:
    evaluated.put("models/m/model.tar.gz", "weights")
    definition = pipeline(evaluation(), registration(ModelApprovalStatus="Approved"))
    evaluated.run(definition)
    record = evaluated.run(definition)
    assert record.succeeded, record.failure_reason
    assert record.steps["Register"].properties["ModelPackageArn"].endswith("model-package/names3risk/2")
    found = packages(evaluated.root / "registry", "names3risk")
    assert [package.version for package in found] == [1, 2]
    package = found[1]
    assert package.description["ModelApprovalStatus"] == "Approved"
    kept = package.description["Files"]
    assert (package.folder / kept["model"][0]["path"]).read_text() == "weights"
    metrics = json.loads((package.folder / kept["metrics.ModelQuality.Statistics"][0]["path"]).read_text())
    assert metrics["metrics"]["auroc"] == 0.9


def test_approval_is_pending_by_default_and_missing_data_is_told(evaluated: Place) -> None:
    record = evaluated.run(pipeline(evaluation(), registration()))
    assert "model: there is nothing at s3://models/m/model.tar.gz" in (record.failure_reason or "")
    assert packages(evaluated.root / "registry", "names3risk") == []
    assert list((evaluated.root / "registry" / "names3risk").iterdir()) == []
    evaluated.put("models/m/model.tar.gz", "weights")
    record = evaluated.run(pipeline(evaluation(), registration()))
    assert record.steps["Register"].properties["ModelApprovalStatus"] == "PendingManualApproval"


HANDLERS = """
import json, os
def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "weights.json")))
def input_fn(body, content_type):
    assert content_type == "text/csv", content_type
    return [float(line) for line in body.splitlines()]
def predict_fn(data, model):
    return [value * model["factor"] for value in data]
def output_fn(prediction, accept):
    return "\\n".join(str(value) for value in prediction)
"""


def transform_pipeline(**more: Any) -> dict[str, Any]:
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"PrimaryContainer": {"Image": "image", "ModelDataUrl": "s3://models/model.tar.gz"}},
    }
    transform = {
        "Name": "Score",
        "Type": "Transform",
        "Arguments": {
            "ModelName": get("Steps.Model.ModelName"),
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {"S3OutputPath": "s3://out/scores", "AssembleWith": "Line", "Accept": "text/csv"},
            "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
            **more,
        },
    }
    return pipeline(model, transform)


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
def test_transform_serves_files_through_the_handlers(place: Place, strategy: str) -> None:
    place.put("models/model.tar.gz", archive({"weights.json": '{"factor": 10}', "code/inference.py": HANDLERS}))
    place.put("data/in/a.csv", "1\n2\n")
    place.put("data/in/deep/b.csv", "3")
    record = place.run(transform_pipeline(BatchStrategy=strategy))
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/scores/a.csv.out") == "10.0\n20.0\n"
    assert place.read("s3://out/scores/deep/b.csv.out") == "30.0\n"


def test_handlers_can_be_an_installed_module(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("modules/my_handlers.py", HANDLERS)
    monkeypatch.setenv("PYTHONPATH", str(place.s3 / "modules"))
    place.put("models/model.tar.gz", archive({"weights.json": '{"factor": 10}'}))
    place.put("data/in/a.csv", "1\n")
    definition = transform_pipeline()
    definition["Steps"][0]["Arguments"]["PrimaryContainer"]["Environment"] = {"SAGEMAKER_PROGRAM": "my_handlers"}
    record = place.run(definition)
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/scores/a.csv.out") == "10.0\n"


def test_transform_without_handlers_is_told(place: Place) -> None:
    place.put("models/model.tar.gz", archive({"weights.json": "{}"}))
    place.put("data/in/a.csv", "1\n")
    record = place.run(transform_pipeline())
    assert "has no serving handlers" in (record.failure_reason or "")
    assert not (place.s3 / "out").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/abs/evil.txt", "a/../../evil.txt"])
def test_a_model_archive_that_leads_outside_is_refused(place: Place, name: str) -> None:
    place.put("models/model.tar.gz", archive({name: "x", "code/inference.py": HANDLERS}))
    place.put("data/in/a.csv", "1\n")
    record = place.run(transform_pipeline())
    assert f"member {name!r} leads outside" in (record.failure_reason or "")
    assert not list(place.root.rglob("evil.txt"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside"])
def test_a_link_in_an_archive_that_leads_outside_is_refused(place: Place, target: str) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, target
        tar.addfile(member)
    place.put("models/model.tar.gz", raw.getvalue())
    place.put("data/in/a.csv", "1\n")
    record = place.run(transform_pipeline())
    assert f"member 'link' is a link to {target!r}, outside" in (record.failure_reason or "")


def test_a_broken_archive_is_told(place: Place) -> None:
    place.put("models/model.tar.gz", b"\x1f\x8bnot really")
    place.put("data/in/a.csv", "1\n")
    assert "cannot be unpacked" in (place.run(transform_pipeline()).failure_reason or "")


def function_step(kind: str = "Lambda") -> dict[str, Any]:
    target = (
        {"FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:threshold"}
        if kind == "Lambda"
        else {"SqsQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/threshold"}
    )
    return {
        "Name": "Ask",
        "Type": kind,
        **target,
        "Arguments": {"base": get("Parameters.Base")},
        "OutputParameters": [{"OutputName": "least", "OutputType": "Float"}],
    }


BASE = [{"Name": "Base", "Type": "Float", "DefaultValue": 0.25}]


@pytest.mark.parametrize("kind", ["Lambda", "Callback"])
def test_a_callable_stands_for_a_function_of_aws(place: Place, kind: str) -> None:
    check = condition(compare("Equals", get("Steps.Ask.OutputParameters['least']"), 0.5), yes=[], no=None)
    record = place.run(
        pipeline(function_step(kind), check, parameters=BASE),
        callables={"threshold": lambda event: {"least": event["base"] * 2}},
    )
    assert record.succeeded, record.failure_reason


def test_a_callable_that_raises_or_answers_wrongly_fails_its_step(place: Place) -> None:
    def broken(event: dict[str, Any]) -> None:
        raise RuntimeError("no answer")

    definition = pipeline(function_step(), parameters=BASE)
    record = place.run(definition, callables={"threshold": broken})
    assert "threshold raised RuntimeError: no answer" in (record.failure_reason or "")
    record = place.run(definition, callables={"threshold": lambda event: {"least": "high"}})
    assert "output 'least' is 'high', expected a float" in (record.failure_reason or "")


def test_a_callable_can_be_named_and_is_known_when_the_run_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("modules/my_thresholds.py", "def threshold(event):\n    return {'least': event['base'] * 2}\n")
    monkeypatch.syspath_prepend(str(place.s3 / "modules"))
    check = condition(compare("Equals", get("Steps.Ask.OutputParameters['least']"), 0.5), yes=[processing("Go")])
    place.code("raise SystemExit(1)")
    definition = pipeline(function_step(), check, parameters=BASE)
    record = place.run(definition, callables={"threshold": "my_thresholds:threshold"})
    assert record.status == "Failed"
    place.code("")
    assert resume(record.run_dir).succeeded


@pytest.mark.parametrize("where", ["no_such_module:f", "json:nothing", "json", "json:__name__"])
def test_a_callable_that_cannot_be_loaded_is_told(place: Place, where: str) -> None:
    with pytest.raises(LocalRunError, match="callable 'threshold'"):
        place.run(pipeline(function_step(), parameters=BASE), callables={"threshold": where})
    assert not place.events


def test_a_missing_callable_is_told_before_anything_starts(place: Place) -> None:
    with pytest.raises(DefinitionError, match="no callable 'threshold' was given"):
        place.run(pipeline(function_step(), parameters=BASE))
    assert not place.events
