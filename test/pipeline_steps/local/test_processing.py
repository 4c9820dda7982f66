"""Processing steps: layout, arguments, environment, inputs and outputs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from runner_kit import Place, get, pipeline, processing

LISTING = """
import json, os, sys
from pathlib import Path
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
seen = {
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "files": sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()),
    "base": str(base),
    "config": json.loads((base / "config" / "processingjobconfig.json").read_text()),
    "resources": json.loads((base / "config" / "resourceconfig.json").read_text()),
}
(base / "processing" / "output" / "seen" / "seen.json").write_text(json.dumps(seen))
"""


def test_a_script_finds_its_inputs_at_their_paths(place: Place) -> None:
    place.code(LISTING)
    place.put("data/in/a.csv", "1")
    place.put("data/in/deep/b c.csv", "2")
    step = processing("Look", inputs={"data": "s3://data/in"}, outputs={"seen": "s3://out/seen"})
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    seen = place.json("s3://out/seen/seen.json")
    assert seen["files"] == [
        "config/processingjobconfig.json",
        "config/resourceconfig.json",
        "processing/input/code/script.py",
        "processing/input/data/a.csv",
        "processing/input/data/deep/b c.csv",
    ]
    assert seen["config"]["ProcessingJobName"] == record.steps["Look"].properties["ProcessingJobName"]
    assert seen["resources"]["current_host"] == "algo-1"
    assert record.steps["Look"].output_paths == {"seen": str(place.s3 / "out" / "seen")}


def test_opt_ml_is_replaced_by_path_component(place: Place) -> None:
    place.code(LISTING)
    step = processing(
        "Look",
        outputs={"seen": "s3://out/seen"},
        arguments=["--in", "/opt/ml/processing/input", "--other", "/opt/mlx/a", "--uri", "s3://b/opt/ml/x"],
        environment={"WHERE": "/opt/ml", "BOTH": "/opt/ml/a:/opt/ml/b", "COUNT": "3"},
    )
    place.run(pipeline(step))
    seen = place.json("s3://out/seen/seen.json")
    base = seen["base"]
    assert seen["arguments"] == [
        "--in",
        f"{base}/processing/input",
        "--other",
        "/opt/mlx/a",
        "--uri",
        "s3://b/opt/ml/x",
    ]
    assert seen["environment"]["WHERE"] == base
    assert seen["environment"]["BOTH"] == f"{base}/a:{base}/b"
    assert seen["environment"]["COUNT"] == "3"


def test_the_users_own_variables_do_not_reach_a_script(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "EU")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    place.code(LISTING)
    place.run(pipeline(processing("Look", outputs={"seen": "s3://out/seen"})))
    environment = place.json("s3://out/seen/seen.json")["environment"]
    assert "REGION" not in environment
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert str(Path(sys.executable).parent) in environment["PATH"].split(os.pathsep)[:2]


def test_pip_leaves_the_machines_packages_as_they_are(place: Place) -> None:
    place.code("pip install -r requirements.txt && python3 -m pip install nothing && echo went on", "install.sh")
    step = processing("Install", "install.sh")
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"][0] = "/bin/bash"
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    assert "went on" in place.log(record, "Install")
    answer = "not run here: the packages of this machine's interpreter are used"
    assert record.steps["Install"].warnings == [
        f"pip install -r requirements.txt: {answer}",
        f"pip install nothing: {answer}",
    ]


def test_outputs_flow_to_the_next_step_and_to_a_default_place(place: Place) -> None:
    place.code("import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/o/x.txt', 'w').write('hello')")
    place.code(
        """
import os
base = os.environ["SAGEMAKER_BASE_DIR"]
text = open(base + "/processing/input/data/x.txt").read()
open(base + "/processing/output/o/y.txt", "w").write(text.upper())
""",
        "second.py",
    )
    uri = get("Steps.One.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri")
    record = place.run(
        pipeline(
            processing("Two", "second.py", inputs={"data": uri}, outputs={"o": "s3://out/two"}),
            processing("One", outputs={"o": None}),
        )
    )
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/two/y.txt") == "HELLO"
    assert record.steps["One"].outputs["o"].startswith(f"s3://local/pipeline/{record.run_id}/One/")
    assert place.read(record.steps["One"].outputs["o"] + "/x.txt") == "hello"


def test_changing_an_input_leaves_its_source_as_it_is(place: Place) -> None:
    source = place.put("data/in/a.csv", "before")
    source.chmod(0o444)
    place.code(
        """
import os
path = os.environ["SAGEMAKER_BASE_DIR"] + "/processing/input/data/a.csv"
open(path, "a").write(" changed")
print(open(path).read())
os.remove(path)
"""
    )
    record = place.run(pipeline(processing("Change", inputs={"data": "s3://data/in"})))
    assert record.succeeded, record.failure_reason
    assert "before changed" in place.log(record, "Change")
    assert source.read_text() == "before"


def test_an_object_or_a_part_of_a_key_can_be_an_input(place: Place) -> None:
    place.code(LISTING)
    for name in ("part-1.csv", "part-2.csv", "rest.csv"):
        place.put(f"data/in/{name}", "x")
    step = processing(
        "Look",
        inputs={"one": "s3://data/in/rest.csv", "parts": "s3://data/in/part-"},
        outputs={"seen": "s3://out/seen"},
    )
    place.run(pipeline(step))
    files = place.json("s3://out/seen/seen.json")["files"]
    assert [name for name in files if "/one/" in name] == ["processing/input/one/rest.csv"]
    assert [name.rsplit("/", 1)[1] for name in files if "/parts/" in name] == ["part-1.csv", "part-2.csv"]


def test_a_folder_beside_with_the_same_beginning_is_warned_of(place: Place) -> None:
    place.code("")
    place.put("data/train/a.csv", "x")
    place.put("data/train_old/b.csv", "x")
    record = place.run(pipeline(processing("Look", inputs={"data": "s3://data/train"})))
    assert record.succeeded
    assert "train_old" in record.steps["Look"].warnings[0]


def test_keys_are_shared_out_between_machines(place: Place) -> None:
    place.code(
        """
import os, json
from pathlib import Path
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
host = json.loads((base / "config/resourceconfig.json").read_text())["current_host"]
for path in sorted((base / "processing/input/data").iterdir()):
    (base / "processing/output/o" / f"{host}-{path.name}").write_text("")
print("ready")
"""
    )
    for name in "abc":
        place.put(f"data/in/{name}", "x")
    step = processing("Shard", inputs={"data": "s3://data/in"}, outputs={"o": "s3://out/o"}, instances=2)
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3DataDistributionType"] = "ShardedByS3Key"
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    assert sorted(path.name for path in (place.s3 / "out" / "o").iterdir()) == ["algo-1-a", "algo-1-c", "algo-2-b"]
    assert sorted(place.log(record, "Shard").splitlines()) == ["[algo-1] ready", "[algo-2] ready"]


def test_a_manifest_names_the_objects(place: Place) -> None:
    place.code(LISTING)
    place.put("data/in/a.csv", "x")
    place.put("data/in/b.csv", "x")
    place.put("data/list.json", json.dumps([{"prefix": "s3://data/in/"}, "b.csv"]))
    step = processing("Look", inputs={"data": "s3://data/list.json"}, outputs={"seen": "s3://out/seen"})
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3DataType"] = "ManifestFile"
    place.run(pipeline(step))
    files = place.json("s3://out/seen/seen.json")["files"]
    assert [name for name in files if "/data/" in name] == ["processing/input/data/b.csv"]


def test_a_failing_step_tells_the_end_of_its_log(place: Place) -> None:
    place.code("import sys\nfor i in range(100): print('line', i)\nsys.exit('no such column: emailAddress')")
    record = place.run(pipeline(processing("Bad"), processing("Later", DependsOn=["Bad"])))
    assert record.status == "Failed"
    assert record.steps["Later"].status == "Pending"
    reason = record.steps["Bad"].failure_reason
    assert reason is not None
    assert "exit code 1" in reason
    assert "no such column: emailAddress" in reason
    assert "line 99" in reason
    assert "line 10\n" not in reason
    assert "step 'Bad'" in (record.failure_reason or "")


def test_a_script_that_hard_codes_the_root_gets_a_hint(place: Place) -> None:
    place.code("open('/opt/ml/processing/input/data/a.csv')")
    record = place.run(pipeline(processing("Bad")))
    assert "runs in sandbox mode, or takes SAGEMAKER_BASE_DIR" in (record.failure_reason or "")
    place.code("import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/input/data/a.csv')")
    record = place.run(pipeline(processing("Bad")))
    assert "sandbox mode" not in (record.failure_reason or "")


def test_what_a_failed_step_wrote_is_not_uploaded(place: Place) -> None:
    place.code(
        "import os, sys\nbase = os.environ['SAGEMAKER_BASE_DIR']\n"
        "open(base + '/processing/output/o/x', 'w').write('half')\nsys.exit(3)"
    )
    place.run(pipeline(processing("Bad", outputs={"o": "s3://out/o"})))
    assert not (place.s3 / "out").exists()


def test_a_missing_output_folder_is_told(place: Place) -> None:
    place.code("import os, shutil; shutil.rmtree(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output')")
    record = place.run(pipeline(processing("Bad", outputs={"o": "s3://out/o"})))
    assert "output 'o': the script removed its folder" in (record.failure_reason or "")


def test_an_empty_output_is_warned_of(place: Place) -> None:
    place.code("")
    record = place.run(pipeline(processing("Empty", outputs={"o": "s3://out/o"})))
    assert record.succeeded
    assert "output 'o' is empty" in record.steps["Empty"].warnings[0]


@pytest.mark.parametrize("name", ["a b", "ü-λ", "new\nline", "50%25", "-dash", "'quote\"", "x" * 200])
def test_unusual_file_names_arrive(place: Place, name: str) -> None:
    place.code(
        """
import os, shutil
base = os.environ["SAGEMAKER_BASE_DIR"]
shutil.copytree(base + "/processing/input/data", base + "/processing/output/o", dirs_exist_ok=True)
"""
    )
    place.put(f"data/in/{name}", "content")
    record = place.run(pipeline(processing("Copy", inputs={"data": "s3://data/in"}, outputs={"o": "s3://out/o"})))
    assert record.succeeded, record.failure_reason
    assert (place.s3 / "out" / "o" / name).read_text() == "content"
