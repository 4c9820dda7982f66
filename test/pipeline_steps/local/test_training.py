"""Training steps: channels, hyperparameters, SM_* variables, model.tar.gz, checkpoints, several machines."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from runner_kit import Place, get, pipeline, processing, training

from pipeline_steps.local import resume

SEE = """
import json, os, sys
from pathlib import Path
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
seen = {
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "hyperparameters": json.loads((base / "input/config/hyperparameters.json").read_text()),
    "channels": json.loads((base / "input/config/inputdataconfig.json").read_text()),
    "resources": json.loads((base / "input/config/resourceconfig.json").read_text()),
    "train": sorted(path.name for path in (base / "input/data/train").iterdir()),
    "base": str(base),
    "checkpoints": sorted(path.name for path in (base / "checkpoints").iterdir()),
}
host = seen["resources"]["current_host"]
Path(os.environ["SM_MODEL_DIR"], f"seen-{host}.json").write_text(json.dumps(seen))
"""


def seen_by(place: Place, uri: str, host: str = "algo-1") -> dict:
    with tarfile.open(place.s3 / uri.removeprefix("s3://")) as tar:
        member = tar.extractfile(f"seen-{host}.json")
        assert member is not None
        return json.loads(member.read())


def model_of(record, step: str = "Train") -> str:
    return record.steps[step].properties["ModelArtifacts"]["S3ModelArtifacts"]


@pytest.fixture
def train_data(place: Place) -> Place:
    place.put("data/train/a.csv", "1")
    return place


def test_the_layout_is_sagemakers(train_data: Place) -> None:
    place = train_data
    place.code(SEE, "train.py")
    step = training(
        "Train",
        channels={"train": "s3://data/train"},
        hyperparameters={"max_epochs": 3, "lr": "0.5", "fields": ["a", "b"], "name": "x y"},
        environment={"SM_CHECKPOINT_DIR": "/opt/ml/checkpoints"},
    )
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    seen = seen_by(place, model_of(record))
    base, environment = seen["base"], seen["environment"]
    assert seen["hyperparameters"] == {"max_epochs": "3", "lr": "0.5", "fields": '["a", "b"]', "name": "x y"}
    assert seen["channels"]["train"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert seen["resources"]["hosts"] == ["algo-1"]
    assert seen["train"] == ["a.csv"]
    assert environment["SM_MODEL_DIR"] == f"{base}/model"
    assert environment["SM_OUTPUT_DATA_DIR"] == f"{base}/output/data"
    assert environment["SM_CHANNEL_TRAIN"] == f"{base}/input/data/train"
    assert environment["SM_CHANNELS"] == '["code", "train"]'
    assert environment["SM_HP_MAX_EPOCHS"] == "3"
    assert environment["SM_HP_FIELDS"] == '["a", "b"]'
    assert json.loads(environment["SM_HPS"]) == {"max_epochs": 3, "lr": 0.5, "fields": ["a", "b"], "name": "x y"}
    assert environment["SM_HOSTS"] == '["algo-1"]'
    assert environment["SM_CURRENT_HOST"] == "algo-1"
    assert int(environment["SM_NUM_CPUS"]) >= 1
    assert environment["SM_NUM_GPUS"].isdecimal()
    assert environment["SM_CHECKPOINT_DIR"] == f"{base}/checkpoints"
    assert json.loads(environment["SM_TRAINING_ENV"])["hyperparameters"]["max_epochs"] == 3


def test_the_model_is_packed_under_the_jobs_name(train_data: Place) -> None:
    place = train_data
    place.code(
        """
import os
from pathlib import Path
model = Path(os.environ["SM_MODEL_DIR"])
(model / "code").mkdir()
(model / "model.pth").write_text("weights")
(model / "code" / "inference.py").write_text("")
Path(os.environ["SM_OUTPUT_DATA_DIR"], "metrics.json").write_text("{}")
""",
        "train.py",
    )
    record = place.run(pipeline(training("Train", channels={"train": "s3://data/train"})))
    job = record.steps["Train"].properties["TrainingJobName"]
    assert model_of(record) == f"s3://models/out/{job}/output/model.tar.gz"
    with tarfile.open(place.s3 / "models" / "out" / job / "output" / "model.tar.gz") as tar:
        assert sorted(tar.getnames()) == ["code/inference.py", "model.pth"]
    with tarfile.open(place.s3 / "models" / "out" / job / "output" / "output.tar.gz") as tar:
        assert tar.getnames() == ["metrics.json"]


def test_the_failure_file_is_told(train_data: Place) -> None:
    place = train_data
    place.code(
        """
import os, sys
open(os.environ["SAGEMAKER_BASE_DIR"] + "/output/failure", "w").write("loss is not finite at step 7")
print("some log line")
sys.exit(1)
""",
        "train.py",
    )
    record = place.run(pipeline(training("Train", channels={"train": "s3://data/train"})))
    reason = record.steps["Train"].failure_reason or ""
    assert "loss is not finite at step 7" in reason
    assert "some log line" in reason


def test_checkpoints_are_kept_and_given_to_the_next_job(train_data: Place) -> None:
    place = train_data
    place.code(SEE + "(base / 'checkpoints' / 'last.ckpt').write_text('x')\n", "train.py")
    definition = pipeline(training("Train", channels={"train": "s3://data/train"}, checkpoints="s3://models/ckpt"))
    first, second = place.run(definition), place.run(definition)
    assert place.read("s3://models/ckpt/last.ckpt") == "x"
    assert seen_by(place, model_of(first))["checkpoints"] == []
    assert seen_by(place, model_of(second))["checkpoints"] == ["last.ckpt"]


RESUMABLE = """
import os, signal, sys
from pathlib import Path
folder = Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints")
seen = sorted(path.name for path in folder.iterdir())
print("found", seen)
(folder / f"epoch-{len(seen)}").write_text("x")
if len(seen) < 2:
    os.kill(os.getpid(), signal.SIGKILL) if sys.argv[1:] == ["kill"] else sys.exit(1)
"""


def test_a_killed_job_goes_on_from_its_checkpoints(train_data: Place) -> None:
    place = train_data
    place.code(RESUMABLE, "train.py")
    step = training("Train", channels={"train": "s3://data/train"}, checkpoints="s3://models/ckpt")
    step["Arguments"]["AlgorithmSpecification"]["ContainerArguments"] = ["kill"]
    step["RetryPolicies"] = [
        {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0, "MaxAttempts": 3}
    ]
    record = place.run(pipeline(step))
    assert record.succeeded, record.failure_reason
    assert "found ['epoch-0', 'epoch-1']" in place.log(record, "Train")
    assert record.steps["Train"].outputs["checkpoints"] == "s3://models/ckpt"


def test_a_resumed_run_goes_on_from_the_checkpoints(train_data: Place) -> None:
    place = train_data
    place.code(RESUMABLE, "train.py")
    step = training("Train", channels={"train": "s3://data/train"}, checkpoints="s3://models/ckpt")
    first = place.run(pipeline(step))
    assert first.status == "Failed"
    second = resume(first.run_dir)
    assert "found ['epoch-0']" in place.log(second, "Train")
    third = resume(first.run_dir)
    assert third.succeeded, third.failure_reason
    assert sorted(path.name for path in (place.s3 / "models/ckpt").iterdir()) == ["epoch-0", "epoch-1", "epoch-2"]


def test_several_machines_are_processes(train_data: Place) -> None:
    place = train_data
    place.code(SEE, "train.py")
    record = place.run(pipeline(training("Train", channels={"train": "s3://data/train"}, instances=2)))
    assert record.succeeded, record.failure_reason
    uri = model_of(record)
    for host in ("algo-1", "algo-2"):
        seen = seen_by(place, uri, host)
        assert seen["environment"]["SM_CURRENT_HOST"] == host
        assert seen["environment"]["SM_HOSTS"] == '["algo-1", "algo-2"]'


def test_when_one_machine_fails_the_others_are_ended(train_data: Place) -> None:
    place = train_data
    place.code(
        """
import os, sys, time
if os.environ["SM_CURRENT_HOST"] == "algo-2":
    sys.exit("lost")
time.sleep(60)
""",
        "train.py",
    )
    record = place.run(pipeline(training("Train", channels={"train": "s3://data/train"}, instances=2)))
    assert record.status == "Failed"
    assert "[algo-2] lost" in (record.failure_reason or "")
    assert record.seconds < 20


def test_metrics_are_read_from_the_log(train_data: Place) -> None:
    place = train_data
    place.code("for i in range(3): print(f'val_auroc={0.7 + i / 10:.2f};')", "train.py")
    step = training("Train", channels={"train": "s3://data/train"})
    step["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "auroc", "Regex": "val_auroc=([0-9.]+);"}
    ]
    condition = {
        "Name": "Good",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [
                {
                    "Type": "GreaterThan",
                    "LeftValue": get("Steps.Train.FinalMetricDataList['auroc'].Value"),
                    "RightValue": 0.85,
                }
            ],
            "IfSteps": [processing("Go")],
            "ElseSteps": [],
        },
    }
    place.code("")
    record = place.run(pipeline(step, condition))
    assert record.steps["Go"].status == "Succeeded", record.failure_reason


def source_archive(**files: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return raw.getvalue()


def script_mode(place: Place, **hyperparameters: str) -> dict:
    step = training("Train", channels={"train": "s3://data/train"})
    del step["Arguments"]["AlgorithmSpecification"]["ContainerEntrypoint"]
    step["Arguments"]["InputDataConfig"].pop()
    step["Arguments"]["HyperParameters"] = {
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": '"s3://code/sourcedir.tar.gz"',
        "sagemaker_region": '"eu-west-1"',
        **hyperparameters,
    }
    return pipeline(step)


def test_script_mode_runs_the_program_with_hyperparameters_as_arguments(train_data: Place) -> None:
    place = train_data
    place.put(
        "code/sourcedir.tar.gz",
        source_archive(
            train__py=SEE + "import helper, pathlib\nassert pathlib.Path.cwd().name == 'code'\n",
            helper__py="",
            requirements__txt="torch==2.1.2",
        ),
    )
    record = place.run(script_mode(place, max_epochs="3", name='"x"'))
    assert record.succeeded, record.failure_reason
    seen = seen_by(place, model_of(record))
    assert seen["arguments"] == ["--max_epochs", "3", "--name", "x"]
    assert json.loads(seen["environment"]["SM_HPS"]) == {"max_epochs": 3, "name": "x"}
    assert seen["environment"]["SM_USER_ENTRY_POINT"] == "train.py"
    assert "requirements.txt" in record.steps["Train"].warnings[0]


def test_script_mode_runs_shell_programs(train_data: Place) -> None:
    place = train_data
    place.put("code/sourcedir.tar.gz", source_archive(launch__sh='echo "$@" > "$SM_MODEL_DIR/arguments"'))
    record = place.run(script_mode(place, sagemaker_program='"launch.sh"', max_epochs="3"))
    assert record.succeeded, record.failure_reason
    with tarfile.open(place.s3 / model_of(record).removeprefix("s3://")) as tar:
        member = tar.extractfile("arguments")
        assert member is not None
        assert member.read() == b"--max_epochs 3\n"


def test_script_mode_without_its_program_is_told(train_data: Place) -> None:
    place = train_data
    place.put("code/sourcedir.tar.gz", source_archive(other__py=""))
    record = place.run(script_mode(place))
    assert "sagemaker_program 'train.py' is not in s3://code/sourcedir.tar.gz" in (record.failure_reason or "")


@pytest.mark.slow
def test_torchrun_spans_the_machines(train_data: Place) -> None:
    place = train_data
    program = """
import torch
import torch.distributed as distributed
distributed.init_process_group("gloo")
total = torch.tensor([distributed.get_rank() + 1.0])
distributed.all_reduce(total)
print("rank", distributed.get_rank(), "of", distributed.get_world_size(), "total", total.item())
distributed.destroy_process_group()
"""
    place.put("code/sourcedir.tar.gz", source_archive(train__py=program))
    definition = script_mode(place, sagemaker_torch_distributed_enabled="true")
    definition["Steps"][0]["Arguments"]["ResourceConfig"]["InstanceCount"] = 2
    record = place.run(definition)
    assert record.succeeded, record.failure_reason
    log = place.log(record, "Train")
    assert "[algo-1] rank 0 of 2 total 3.0" in log
    assert "[algo-2] rank 1 of 2 total 3.0" in log
