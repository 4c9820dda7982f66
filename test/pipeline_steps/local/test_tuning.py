"""Tuning steps: what is tried, how it is measured, which trial is the best, what a broken one keeps."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from runner_kit import Place, get, pipeline, processing

from pipeline_steps.local import DefinitionError, load_run, resume, run_pipeline

TRAIN = """
import json, os
from pathlib import Path
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
values = json.loads((base / "input/config/hyperparameters.json").read_text())
Path(os.environ["SM_MODEL_DIR"], "values.json").write_text(json.dumps(values))
(base / "checkpoints" / "last").write_text(values["lr"])
print(f"epoch 1 val_auroc=0.0001; epoch 2 val_auroc={1 - float(values['lr']):.6f};")
"""
SCALED = {"MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}


def ranges(*kinds: str) -> dict[str, Any]:
    every = {
        "ContinuousParameterRanges": [{"Name": "lr", **SCALED}],
        "IntegerParameterRanges": [{"Name": "hidden", "MinValue": "4", "MaxValue": "7"}],
        "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["adamw", "sgd"]}],
    }
    return {kind: every[kind] for kind in kinds or every}


def tuning(trials: int = 4, *, parallel: int = 2, goal: str = "Maximize", **config: Any) -> dict[str, Any]:
    return {
        "Name": "Tune",
        "Type": "Tuning",
        "Arguments": {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": goal, "MetricName": "auroc"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": ranges(),
                **config,
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingInputMode": "File",
                    "TrainingImage": "image",
                    "MetricDefinitions": [{"Name": "auroc", "Regex": "val_auroc=([0-9.]+);"}],
                },
                "InputDataConfig": [
                    {
                        "ChannelName": "code",
                        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://code/"}},
                    }
                ],
                "OutputDataConfig": {"S3OutputPath": "s3://models/out"},
                "CheckpointConfig": {"S3Uri": "s3://models/checkpoints"},
                "HyperParameterTuningResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
                "StaticHyperParameters": {
                    "max_epochs": "2",
                    "sagemaker_program": '"train.py"',
                    "sagemaker_submit_directory": '"/opt/ml/input/data/code"',
                },
            },
        },
    }


def values_of(place: Place, uri: str) -> dict[str, Any]:
    with tarfile.open(place.s3 / uri.removeprefix("s3://")) as tar:
        member = tar.extractfile("values.json")
        assert isinstance(member, io.BufferedReader)
        return dict(json.loads(member.read()))


@pytest.fixture
def trained(place: Place) -> Place:
    place.code(TRAIN, "train.py")
    return place


def test_the_best_trial_is_found_and_its_model_reaches_other_steps(trained: Place) -> None:
    trained.code(
        """
import os, sys
from pathlib import Path
assert next(Path(os.environ["SAGEMAKER_BASE_DIR"], "processing/input/model").iterdir()).name == "model.tar.gz"
print("tuned", *sys.argv[1:])
"""
    )
    best = get("Steps.Tune.BestTrainingJob.TrainingJobName")
    model = {"Std:Join": {"On": "/", "Values": ["s3://models/out", best, "output/model.tar.gz"]}}
    second = get("Steps.Tune.TrainingJobSummaries[1].FinalHyperParameterTuningJobObjectiveMetric.Value")
    use = processing(
        "Use",
        inputs={"model": model},
        arguments=[get("Steps.Tune.BestTrainingJob.TunedHyperParameters['lr']"), second],
    )
    record = trained.run(pipeline(tuning(), use), cores=2)
    assert record.succeeded, record.failure_reason
    tune = record.steps["Tune"].properties
    summaries = tune["TrainingJobSummaries"]
    objectives = [item["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for item in summaries]
    assert objectives == sorted(objectives, reverse=True)
    assert len(set(objectives)) == 4
    assert tune["BestTrainingJob"] == summaries[0]
    assert tune["TrainingJobStatusCounters"]["Completed"] == 4
    values = values_of(trained, record.steps["Tune"].outputs["model"])
    assert objectives[0] == pytest.approx(1 - float(values["lr"]), abs=1e-6)
    assert values["_tuning_objective_metric"] == "auroc"
    assert values["max_epochs"] == "2"
    assert f"tuned {values['lr']} {objectives[1]}" in trained.log(record, "Use")
    assert "the best of 4 trials" in trained.log(record, "Tune")


def test_each_trial_has_checkpoints_of_its_own(trained: Place) -> None:
    record = trained.run(pipeline(tuning(3)))
    names = {item["TrainingJobName"] for item in record.steps["Tune"].properties["TrainingJobSummaries"]}
    assert {path.name for path in (trained.s3 / "models/checkpoints").iterdir()} == names


def test_what_is_tried_covers_the_ranges_and_is_the_same_in_every_run(trained: Place) -> None:
    def tried(seed: int | None) -> list[dict[str, str]]:
        more = {} if seed is None else {"RandomSeed": seed}
        record = trained.run(pipeline(tuning(4, **more)))
        jobs = record.steps["Tune"].properties["TrainingJobSummaries"]
        return sorted((job["TunedHyperParameters"] for job in jobs), key=lambda values: float(values["lr"]))

    first = tried(None)
    assert tried(None) == first
    assert tried(7) != first
    for index, values in enumerate(first):  # one in each quarter of the logarithmic range
        assert 1e-4 * 1000 ** (index / 4) <= float(values["lr"]) <= 1e-4 * 1000 ** ((index + 1) / 4)
    assert sorted(values["hidden"] for values in first) == ["4", "5", "6", "7"]
    assert sorted(values["optimizer"] for values in first) == ["adamw", "adamw", "sgd", "sgd"]


def test_the_smallest_is_the_best_where_the_goal_says_so(trained: Place) -> None:
    record = trained.run(pipeline(tuning(goal="Minimize")))
    rates = [
        float(job["TunedHyperParameters"]["lr"]) for job in record.steps["Tune"].properties["TrainingJobSummaries"]
    ]
    assert rates[0] == max(rates)


def test_a_grid_is_every_combination(trained: Place) -> None:
    grid = {
        "CategoricalParameterRanges": [
            {"Name": "optimizer", "Values": ["adamw", "sgd"]},
            {"Name": "lr", "Values": ["0.1", "0.2", "0.3"]},
        ]
    }
    step = tuning(Strategy="Grid", ParameterRanges=grid, ResourceLimits={"MaxParallelTrainingJobs": 1})
    record = trained.run(pipeline(step))
    jobs = record.steps["Tune"].properties["TrainingJobSummaries"]
    assert {tuple(job["TunedHyperParameters"].values()) for job in jobs} == {
        (optimizer, lr) for optimizer in ("adamw", "sgd") for lr in ("0.1", "0.2", "0.3")
    }


def test_a_trial_that_fails_is_told_and_the_others_count(trained: Place) -> None:
    trained.code(TRAIN + "\nif values['hidden'] == '4': raise SystemExit('too small')", "train.py")
    record = trained.run(pipeline(tuning()))
    assert record.succeeded, record.failure_reason
    tune = record.steps["Tune"].properties
    assert tune["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    assert "too small" in tune["TrainingJobSummaries"][-1]["FailureReason"]
    assert tune["TrainingJobSummaries"][-1]["TunedHyperParameters"]["hidden"] == "4"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise SystemExit('no good')", "none of 2 trials gave the objective 'auroc': the first that failed ended"),
        ("print('quiet')", "the log of none has a finite value of it"),
    ],
)
def test_a_tuning_without_any_measured_trial_fails(trained: Place, script: str, said: str) -> None:
    trained.code(script, "train.py")
    record = trained.run(pipeline(tuning(2)))
    assert record.status == "Failed"
    assert said in (record.failure_reason or "")


KILLED_ONCE = """
import json, os, signal, sys
from pathlib import Path
ledger = Path(sys.argv[sys.argv.index("--ledger") + 1])
base = Path(os.environ["SAGEMAKER_BASE_DIR"])
values = json.loads((base / "input/config/hyperparameters.json").read_text())
with ledger.open("a") as file:
    file.write(f"{values['hidden']} {sorted(path.name for path in (base / 'checkpoints').iterdir())}\\n")
(base / "checkpoints" / "epoch-1").write_text("x")
if values["hidden"] == "6" and ledger.read_text().count("6 ") == 1:
    os.kill(os.getpid(), signal.SIGKILL)
print(f"val_auroc={1 - float(values['lr'])};")
"""


@pytest.mark.parametrize("how", ["retry", "resume"])
def test_trials_that_ended_are_not_done_again(trained: Place, how: str) -> None:
    trained.code(KILLED_ONCE, "train.py")
    ledger = trained.root / "ledger"
    step = tuning(parallel=1)
    step["Arguments"]["TrainingJobDefinition"]["StaticHyperParameters"]["ledger"] = str(ledger)
    if how == "retry":
        step["RetryPolicies"] = [{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0}]
    record = trained.run(pipeline(step))
    if how == "resume":
        assert record.status == "Failed"
        assert "was killed by SIGKILL" in (record.failure_reason or "")
        record = resume(record.run_dir)
    assert record.succeeded, record.failure_reason
    lines = ledger.read_text().splitlines()
    assert sorted(lines) == ["4 []", "5 []", "6 ['epoch-1']", "6 []", "7 []"]  # and it went on from its checkpoint
    models = list((trained.s3 / "models/out").glob("*/output/model.tar.gz"))
    assert len(models) == 4


def test_the_same_tuning_is_not_run_again(trained: Place) -> None:
    step = {**tuning(2), "CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}
    output = step["Arguments"]["TrainingJobDefinition"]["OutputDataConfig"]
    output["S3OutputPath"] = {
        "Std:Join": {"On": "/", "Values": ["s3://models", get("Execution.PipelineExecutionId")]},
    }
    first, second = (trained.run(pipeline(step), cache_dir=trained.root / "cache") for _ in range(2))
    assert [record.steps["Tune"].cached for record in (first, second)] == [False, True]
    assert second.steps["Tune"].properties["BestTrainingJob"] == first.steps["Tune"].properties["BestTrainingJob"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (tuning(0), "ResourceLimits.MaxNumberOfTrainingJobs is 0, expected a whole number from 1 on"),
        (tuning(ParameterRanges={}), "HyperParameterTuningJobConfig.ParameterRanges has no range"),
        (tuning(Strategy="Grid"), "with the strategy Grid all ranges have to be categories"),
        (
            tuning(ParameterRanges={"ContinuousParameterRanges": [{"Name": "lr", **SCALED, "MinValue": "0"}]}),
            "ContinuousParameterRanges[0] ('lr'): MinValue is 0, expected more than 0 for a logarithmic scale",
        ),
        (
            tuning(ParameterRanges={"IntegerParameterRanges": [{"Name": "n", "MinValue": "9", "MaxValue": "1"}]}),
            "IntegerParameterRanges[0] ('n'): MinValue 9 is above MaxValue 1",
        ),
        (
            tuning(ParameterRanges={"IntegerParameterRanges": [{"Name": "n", "MinValue": "few"}]}),
            "MinValue is 'few' and MaxValue None, expected numbers",
        ),
        (
            tuning(HyperParameterTuningJobObjective={"Type": "Maximize", "MetricName": "f1"}),
            "the objective 'f1' is not among the MetricDefinitions: 'auroc'",
        ),
    ],
)
def test_a_tuning_that_cannot_run_is_told_before_anything_starts(trained: Place, step: Any, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        trained.run(pipeline(step))
    assert said in str(caught.value)
    assert not trained.events


def test_what_only_the_service_can_do_is_refused(trained: Place) -> None:
    step = tuning()
    step["Arguments"]["WarmStartConfig"] = {"ParentHyperParameterTuningJobs": []}
    step["Arguments"]["Autotune"] = {"Mode": "Enabled"}
    step["Arguments"]["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingInputMode"] = "Pipe"
    with pytest.raises(DefinitionError) as caught:
        trained.run(pipeline(step))
    assert "Autotune does not run locally" in str(caught.value)
    assert "TrainingJobDefinition: AlgorithmSpecification.TrainingInputMode is 'Pipe'" in str(caught.value)


def test_stopping_ends_every_trial_and_starts_no_other(trained: Place) -> None:
    trained.code("import time; print('at work', flush=True); time.sleep(60)", "train.py")
    seen: list[str] = []

    def listen(event: Any) -> None:
        seen.append(event.message)
        if seen.count("at work") == 2:
            raise RuntimeError("enough")

    definition = pipeline(tuning(4))
    with pytest.raises(RuntimeError, match="enough"):
        run_pipeline(
            definition, run_dir=trained.root / "run", s3_root=trained.s3, cores=2, stop_grace=1, on_event=listen
        )
    record = load_run(trained.root / "run")
    assert record.status == "Stopped"
    assert record.steps["Tune"].status == "Stopped"
    assert record.seconds < 20
    started = list((trained.root / "run/steps/Tune/attempt-1").glob("*/log.txt"))
    assert len(started) == 2
    trained.code(TRAIN, "train.py")
    assert resume(trained.root / "run").succeeded
