"""Definitions, parameters, data and scripts that are wrong: one clear message each, and nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from runner_kit import Place, get, pipeline, processing, training

from pipeline_steps.local import DefinitionError, LocalRunError, load_run, read_definition, resume, run_pipeline


def problem(place: Place, definition: Any, **options: Any) -> str:
    """What is said of a definition that must not start."""
    with pytest.raises(LocalRunError) as caught:
        place.run(definition, **options)
    assert not place.events, "something was started"
    assert not (place.root / "run-1").exists()
    return str(caught.value)


@pytest.fixture
def ready(place: Place) -> Place:
    place.code("")
    return place


def output_of(step: str, name: str = "o") -> dict[str, str]:
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


def test_an_unknown_step_is_told_with_the_nearest(ready: Place) -> None:
    text = problem(
        ready, pipeline(processing("Prepare", outputs={"o": None}), processing("B", inputs={"x": output_of("Prepar")}))
    )
    assert "step 'B': Arguments.ProcessingInputs[0].S3Input.S3Uri" in text
    assert "did you mean 'Prepare'?" in text


def test_an_unknown_output_is_told_with_what_there_is(ready: Place) -> None:
    text = problem(
        ready,
        pipeline(
            processing("A", outputs={"train": None, "val": None}), processing("B", inputs={"x": output_of("A", "tain")})
        ),
    )
    assert "Outputs['tain']" in text
    assert "train, val" in text


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("Steps.A.NoSuchThing", "has no 'NoSuchThing'"),
        ("Steps.A", "names a step but none of its properties"),
        ("Parameter.X", "starts with neither"),
        ("Parameters.X", "has no 'X'"),
        ("Execution.Nothing", "there is PipelineExecutionId"),
        ("Steps.A.Outputs['o", "cannot be read at"),
        (7, "expected a text"),
    ],
)
def test_a_reference_that_leads_nowhere(ready: Place, reference: Any, said: str) -> None:
    step = processing("B", environment={"X": {"Get": reference}})
    text = problem(ready, pipeline(processing("A", outputs={"o": None}), step))
    assert said in text
    assert "step 'B': Arguments.Environment.X" in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Std:Concat": ["a"]}, "unknown function 'Std:Concat'"),
        ({"Std:Join": {"On": "/", "Values": "ab"}}, "expected On (a text) and Values (a list)"),
        ({"Std:JsonGet": {"Path": "a"}}, "PropertyFile is None"),
        ({"Std:JsonGet": {"PropertyFile": {"Get": "Steps.A.PropertyFiles.P"}, "Path": "x"}}, "PropertyFiles.P"),
    ],
)
def test_a_malformed_function(ready: Place, value: Any, said: str) -> None:
    assert said in problem(ready, pipeline(processing("A"), processing("B", environment={"X": value})))


def test_a_circle_is_told_with_its_steps(ready: Place) -> None:
    text = problem(ready, pipeline(processing("A", DependsOn=["B"]), processing("B", DependsOn=["A"])))
    assert "wait for each other in a circle" in text
    assert "A -> B" in text or "B -> A" in text


def test_a_step_cannot_need_one_that_may_not_run(ready: Place) -> None:
    check = {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}],
            "IfSteps": [processing("Inside")],
            "ElseSteps": [processing("Other", DependsOn=["Inside"])],
        },
    }
    text = problem(ready, pipeline(check, processing("After", DependsOn=["Inside"])))
    assert "step 'After': DependsOn needs step 'Inside', which runs only in IfSteps of condition 'Check'" in text
    assert "step 'Other': DependsOn needs step 'Inside'" in text


PARAMETERS = [
    {"Name": "Rows", "Type": "Integer"},
    {"Name": "Share", "Type": "Float", "DefaultValue": 0.5},
    {"Name": "Region", "Type": "String", "DefaultValue": "NA", "EnumValues": ["NA", "EU", "FE"]},
    {"Name": "Fast", "Type": "Boolean", "DefaultValue": False},
]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "parameter 'Rows' (Integer) has no value and no default"),
        ({"Rows": "many"}, "parameter 'Rows' is 'many', expected a value of type Integer"),
        ({"Rows": 1.5}, "parameter 'Rows' is 1.5"),
        ({"Rows": True}, "parameter 'Rows' is True"),
        ({"Rows": 1, "Share": "half"}, "parameter 'Share' is 'half'"),
        ({"Rows": 1, "Fast": "yes"}, "parameter 'Fast' is 'yes'"),
        ({"Rows": 1, "Region": "XX"}, "expected one of 'NA', 'EU', 'FE'"),
        ({"Rows": 1, "Region": 5}, "parameter 'Region' is 5"),
        ({"Rows": 1, "Rgion": "NA"}, "unknown parameter 'Rgion'; did you mean 'Region'?"),
    ],
)
def test_parameters(ready: Place, given: dict[str, Any], said: str) -> None:
    assert said in problem(ready, pipeline(processing("A"), parameters=PARAMETERS), parameters=given)


def test_texts_are_read_as_the_parameters_type(ready: Place) -> None:
    record = ready.run(
        pipeline(processing("A"), parameters=PARAMETERS),
        parameters={"Rows": "10", "Share": "1e-3", "Fast": "true"},
    )
    assert record.parameters == {"Rows": 10, "Share": 0.001, "Region": "NA", "Fast": True}


def test_a_parameter_of_the_wrong_type_for_its_field(ready: Place) -> None:
    text = problem(
        ready,
        pipeline(
            processing("A", instances=get("Parameters.Count")),
            parameters=[{"Name": "Count", "Type": "String", "DefaultValue": "2"}],
        ),
    )
    assert "InstanceCount is '2', expected a whole number" in text


def test_a_text_compared_by_size(ready: Place) -> None:
    check = {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {"Conditions": [{"Type": "GreaterThan", "LeftValue": "0.9", "RightValue": 0.5}], "IfSteps": []},
    }
    assert "Conditions[0] (GreaterThan): LeftValue is '0.9', expected a number" in problem(ready, pipeline(check))


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ([], "the definition is a list"),
        ({}, "Steps is missing"),
        ({"Version": "2019", "Steps": [processing("A")]}, "Version is '2019'"),
        (pipeline({"Type": "Processing"}), "Steps[0]: the step has no Name"),
        (pipeline({"Name": "A", "Type": "Processing", "Arguments": []}), "Arguments that are an object"),
        (pipeline(processing("A"), processing("A")), "two steps have the name 'A'"),
        (pipeline({"Name": "A", "Type": "AutoML", "Arguments": {}}), "type 'AutoML' does not run locally"),
        (pipeline({"Name": "A", "Type": "Processing", "Arguments": {}}), "AppSpecification is missing"),
        (pipeline({**processing("A"), "DependsOn": "B"}), "DependsOn is not a list"),
        (pipeline({**processing("A"), "RetryPolicies": [{"ExceptionType": "X"}]}), "ExceptionType is 'X'"),
        (
            pipeline({**processing("A"), "RetryPolicies": [{"ExceptionType": [], "MaxAttempts": "3"}]}),
            "MaxAttempts is '3', expected a number",
        ),
    ],
)
def test_definitions_of_a_wrong_shape(ready: Place, definition: Any, said: str) -> None:
    assert said in problem(ready, definition)


def test_all_problems_are_told_together(ready: Place) -> None:
    text = problem(
        ready,
        pipeline(
            processing("A", inputs={"x": "s3://nowhere/x"}),
            processing("B", DependsOn=["C"]),
            processing("D", environment={"X": get("Parameters.P")}),
        ),
    )
    assert text.startswith("3 problems in the definition:")


@pytest.mark.parametrize("content", ["{", "[]", '"text"', ""])
def test_a_file_that_is_no_definition(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pipeline.json"
    path.write_text(content)
    with pytest.raises(LocalRunError, match=r"pipeline\.json"):
        read_definition(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match="No such file"):
        read_definition(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(LocalRunError, match="not UTF-8"):
        read_definition(tmp_path / "latin.json")
    with pytest.raises(LocalRunError, match="is not the folder of a run"):
        load_run(tmp_path)
    (tmp_path / "run.json").write_text('{"format": 1, "steps": [{}]}')
    with pytest.raises(LocalRunError, match="is not a run record"):
        load_run(tmp_path)


def test_input_that_is_not_there(ready: Place) -> None:
    text = problem(ready, pipeline(processing("A", inputs={"data": "s3://bucket/data"})))
    assert "step 'A': input 'data': there is nothing at s3://bucket/data" in text
    assert f"put the data at {ready.s3 / 'bucket' / 'data'}" in text
    text = problem(ready, pipeline(training("T", channels={"train": "s3://bucket/train"}, script="script.py")))
    assert "channel 'train': there is nothing at s3://bucket/train" in text


@pytest.mark.parametrize(
    "uri", ["s3://b/../../etc", "s3://../etc", "s3://", "/etc/passwd", "file:///etc/passwd", "s3:///x"]
)
def test_uris_that_lead_outside(ready: Place, uri: str) -> None:
    assert "step 'A'" in problem(ready, pipeline(processing("A", inputs={"data": uri})))


@pytest.mark.parametrize("name", ["/etc/passwd", "../../secret", "missing.csv"])
def test_a_manifest_that_leads_outside_or_nowhere(ready: Place, name: str) -> None:
    ready.put("secret", "x")
    ready.put("data/in/etc/passwd", "x")
    ready.put("data/list.json", json.dumps([{"prefix": "s3://data/in"}, name]))
    step = processing("A", inputs={"data": "s3://data/list.json"})
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3DataType"] = "ManifestFile"
    record = ready.run(pipeline(step))
    reason = record.failure_reason or ""
    assert "leads outside" in reason or "which is not there" in reason


@pytest.mark.parametrize("path", ["/etc", "/opt/mlx/a", "relative", "/opt/ml/../../etc"])
def test_local_paths_outside_opt_ml(ready: Place, path: str) -> None:
    step = processing("A", outputs={"o": None})
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"] = path
    assert f"output 'o': LocalPath is {path!r}, expected a path below" in problem(ready, pipeline(step))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../..", "missing"])
def test_an_output_that_is_a_link_to_the_outside_is_refused(place: Place, target: str) -> None:
    place.code(
        "import os, sys; os.symlink(sys.argv[1], os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/o/link')"
    )
    record = place.run(pipeline(processing("A", outputs={"o": "s3://out/o"}, arguments=[target])))
    assert "output 'o': 'link' is a link to" in (record.failure_reason or "").replace(
        "that leads outside its folder (to", "to"
    )
    assert not (place.s3 / "out").exists()


def test_a_link_inside_an_output_is_its_content(place: Place) -> None:
    place.code(
        """
import os
folder = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/output/o/"
open(folder + "epoch=3.ckpt", "w").write("weights")
os.symlink("epoch=3.ckpt", folder + "best.ckpt")
"""
    )
    record = place.run(pipeline(processing("A", outputs={"o": "s3://out/o"})))
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/o/best.ckpt") == place.read("s3://out/o/epoch=3.ckpt") == "weights"


def test_an_output_where_a_folder_is_in_the_way(place: Place) -> None:
    place.put("out/o/x/y", "kept")
    place.code("import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/o/x', 'w').close()")
    record = place.run(pipeline(processing("A", outputs={"o": "s3://out/o"})))
    assert "there is a folder where an object shall be" in (record.failure_reason or "")
    assert place.read("s3://out/o/x/y") == "kept"


def test_a_folder_with_a_run_in_it_is_not_overwritten(ready: Place) -> None:
    first = ready.run(pipeline(processing("A")))
    with pytest.raises(LocalRunError, match="holds a run already"):
        ready.run(pipeline(processing("B")), run_dir=first.run_dir)
    assert load_run(first.run_dir).steps.keys() == {"A"}


def test_an_interpreter_that_does_not_exist(ready: Place) -> None:
    assert "the interpreter '/no/python' does not exist" in problem(
        ready, pipeline(processing("A")), python="/no/python"
    )


def test_a_program_that_does_not_exist_fails_its_step(ready: Place) -> None:
    step = processing("A")
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["/no/such/program"]
    record = ready.run(pipeline(step))
    assert record.status == "Failed"
    assert "/no/such/program" in (record.failure_reason or "")


@pytest.mark.parametrize("name", ["a b", "../up", "ü/λ", ".", "x" * 300])
def test_unusual_step_names(ready: Place, name: str) -> None:
    record = ready.run(pipeline(processing(name, outputs={"o": None})))
    assert record.succeeded, record.failure_reason
    assert load_run(record.run_dir).steps[name].status == "Succeeded"
    assert len(list((record.run_dir / "steps").iterdir())) == 1


@pytest.mark.parametrize("name", ["a b", "../up", "ü/λ", "."])
def test_unusual_output_names(place: Place, name: str) -> None:
    place.code("import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/o/x', 'w').write('kept')")
    step = processing("A", outputs={"o": None})
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] = name
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    assert (Path(record.steps["A"].output_paths[name]) / "x").read_text() == "kept"


def test_two_outputs_of_one_name(ready: Place) -> None:
    step = processing("A", outputs={"o": None})
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"] *= 2
    assert "two outputs have the name 'o'" in problem(ready, pipeline(step))


def test_a_file_name_that_is_no_unicode_is_kept(place: Place) -> None:
    place.code("import os; open(os.environb[b'SAGEMAKER_BASE_DIR'] + b'/processing/output/o/\\xff', 'w').close()")
    record = place.run(pipeline(processing("A", outputs={"o": "s3://out/o"})))
    assert record.succeeded, record.failure_reason
    assert [os.fsencode(path.name) for path in (place.s3 / "out" / "o").iterdir()] == [b"\xff"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


WRITE_2_MIB = "import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/o/x', 'wb').write(bytes(2 ** 21))"


def test_a_full_disk_where_s3_is(place: Place, small_disk: Path) -> None:
    place.code(WRITE_2_MIB)
    (small_disk / "code").mkdir()
    (small_disk / "code" / "script.py").write_text(WRITE_2_MIB)
    run_dir = place.root / "run"
    record = run_pipeline(pipeline(processing("A", outputs={"o": "s3://out/o"})), run_dir=run_dir, s3_root=small_disk)
    assert "the disk is full" in (record.failure_reason or "")
    assert "free some space, then resume" in (record.failure_reason or "")
    assert not [path for path in small_disk.rglob("*") if path.is_file() and path.name != "script.py"]
    assert load_run(run_dir).status == "Failed"


def test_a_full_disk_where_the_run_is(place: Place, small_disk: Path) -> None:
    place.code(WRITE_2_MIB)
    record = place.run(pipeline(processing("A", outputs={"o": "s3://out/o"})), run_dir=small_disk / "run")
    assert "disk" in (record.failure_reason or "") or "No space left on device" in (record.failure_reason or "")
    assert load_run(small_disk / "run").status == "Failed"
    place.code("")
    assert resume(small_disk / "run").status == "Succeeded"


def test_definition_errors_keep_every_problem() -> None:
    error = DefinitionError(["one", "two"])
    assert error.problems == ["one", "two"]
    assert "\n  - one\n  - two" in str(error)


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([], "Conditions is missing or empty"),
        ([{"Type": "Similar"}], "type 'Similar' is unknown; expected one of Equals"),
        ([{"Type": "Equals", "LeftValue": 1}], "Conditions[0] (Equals): RightValue is missing"),
        ([{"Type": "In", "QueryValue": 1, "Values": "12"}], "Conditions[0] (In): Values is not a list"),
        ([{"Type": "Not", "Condition": {"Type": "X"}}], "Conditions[0].Condition: type 'X' is unknown"),
        ([{"Type": "Or", "Conditions": [{"Type": "X"}]}], "Conditions[0].Conditions[0]: type 'X' is unknown"),
        (["text"], "Conditions[0]: type None is unknown"),
    ],
)
def test_malformed_conditions(ready: Place, conditions: list[Any], said: str) -> None:
    check = {"Name": "Check", "Type": "Condition", "Arguments": {"Conditions": conditions, "IfSteps": []}}
    assert said in problem(ready, pipeline(check))


def test_a_metric_that_is_no_number_fails_its_condition(place: Place) -> None:
    place.put("data/m.json", '{"auroc": "high"}')
    read = {"Std:JsonGet": {"S3Uri": "s3://data/m.json", "Path": "auroc"}}
    condition = {"Type": "GreaterThan", "LeftValue": read, "RightValue": 0.5}
    check = {"Name": "Check", "Type": "Condition", "Arguments": {"Conditions": [condition], "IfSteps": []}}
    assert "'high' is not a number" in (place.run(pipeline(check)).failure_reason or "")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "there is nothing at s3://data/m.json"), ("{", "is not JSON"), ("[]", "a list of 0")]
)
def test_a_document_that_cannot_be_read_fails_its_condition(place: Place, content: str | None, said: str) -> None:
    if content is not None:
        place.put("data/m.json", content)
    read = {"Std:JsonGet": {"S3Uri": "s3://data/m.json", "Path": "auroc"}}
    condition = {"Type": "Equals", "LeftValue": read, "RightValue": 1}
    check = {"Name": "Check", "Type": "Condition", "Arguments": {"Conditions": [condition], "IfSteps": []}}
    reason = place.run(pipeline(check)).failure_reason or ""
    assert "its arguments cannot be resolved" in reason
    assert said in reason


def test_a_run_folder_that_cannot_be_made(ready: Place) -> None:
    (ready.root / "file").write_text("")
    with pytest.raises(LocalRunError, match="cannot be written: Not a directory"):
        ready.run(pipeline(processing("A")), run_dir=ready.root / "file" / "run")


def test_an_unknown_mode(ready: Place) -> None:
    assert "expected 'portable' or 'sandbox'" in problem(ready, pipeline(processing("A")), mode="docker")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AlgorithmSpecification": {"TrainingImage": "image"}}, "what the image itself would start cannot be known"),
        ({"ResourceConfig": {"InstanceGroups": [{"InstanceCount": 2}]}}, "InstanceGroups does not run locally"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/data"}}, "CheckpointConfig.LocalPath: '/data'"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "MaxRuntimeInSeconds is 0, expected a whole number"),
        ({"InputDataConfig": [{"ChannelName": ".."}]}, "a channel's name has letters, digits"),
    ],
)
def test_training_jobs_that_do_not_run_locally(ready: Place, change: dict[str, Any], said: str) -> None:
    step = training("T", channels={}, script="script.py")
    step["Arguments"] |= change
    assert said in problem(ready, pipeline(step))


def test_pipe_mode_is_refused(ready: Place) -> None:
    step = training("T", channels={}, script="script.py")
    step["Arguments"]["AlgorithmSpecification"]["TrainingInputMode"] = "Pipe"
    assert "TrainingInputMode is 'Pipe', which does not run locally" in problem(ready, pipeline(step))


def test_script_mode_cannot_leave_its_source(place: Place) -> None:
    step = training("T", channels={}, script="script.py")
    del step["Arguments"]["AlgorithmSpecification"]["ContainerEntrypoint"]
    step["Arguments"]["InputDataConfig"] = []
    step["Arguments"]["HyperParameters"] = {"sagemaker_program": "../../evil.py"}
    assert "leads outside the source folder" in (place.run(pipeline(step)).failure_reason or "")


def test_a_link_in_the_s3_folder_that_leads_outside_is_told(place: Place, tmp_path: Path) -> None:
    place.code("")
    place.put("data/in/a.csv", "x")
    (place.s3 / "data" / "in" / "b.csv").symlink_to("/etc/passwd")
    assert "'b.csv' is a link that leads outside" in problem(
        place, pipeline(processing("A", inputs={"data": "s3://data/in"}))
    )


def test_a_model_that_is_not_there(place: Place) -> None:
    step = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://models/m.tar.gz"}},
    }
    assert "ModelDataUrl: there is nothing at s3://models/m.tar.gz" in (place.run(pipeline(step)).failure_reason or "")
    assert "neither PrimaryContainer nor Containers" in problem(
        Place(place.root / "other"), pipeline({**step, "Arguments": {}})
    )
