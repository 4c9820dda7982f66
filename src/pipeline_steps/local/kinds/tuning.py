"""Tuning steps: training jobs with values from the declared ranges, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import StepError
from pipeline_steps.local.job import Job, Outcome
from pipeline_steps.local.kinds.base import StepKind, arn, missing, not_one_of, not_whole
from pipeline_steps.local.kinds.training import TrainingKind
from pipeline_steps.local.trace import Trace
from pipeline_steps.local.trials import (
    CONFIG,
    OBJECTIVE,
    Trial,
    TuningLog,
    plan_trials,
    resources,
    run_trial,
    training_arguments,
)
from pipeline_steps.local.tuning_values import range_names, range_problems
from pipeline_steps.local.uploads import take_back

_TRAINING = TrainingKind()
_REFUSED = ("TrainingJobDefinitions", "WarmStartConfig", "Autotune")
_LIMITS = ("MaxNumberOfTrainingJobs", "MaxParallelTrainingJobs")


class TuningKind(StepKind):
    """Runs trials as training jobs, side by side where there are cores, and names the best one."""

    type: ClassVar[str] = "Tuning"
    cacheable: ClassVar[bool] = True

    def problems(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        """See the base class."""
        yield from (f"{key} does not run locally" for key in _REFUSED if arguments.get(key))
        lacking = list(missing(arguments, [f"{CONFIG}.{OBJECTIVE}.MetricName", "TrainingJobDefinition"]))
        if lacking:
            yield from lacking
            return
        config, definition = arguments[CONFIG], arguments["TrainingJobDefinition"]
        yield from not_whole(arguments, [f"{CONFIG}.ResourceLimits.{name}" for name in _LIMITS])
        yield from (f"{CONFIG}.{problem}" for problem in range_problems(config))
        yield from not_one_of(config[OBJECTIVE].get("Type"), ("Maximize", "Minimize"), f"{CONFIG}.{OBJECTIVE}.Type")
        metrics = [
            item.get("Name") for item in (definition.get("AlgorithmSpecification") or {}).get("MetricDefinitions") or []
        ]
        if config[OBJECTIVE]["MetricName"] not in metrics:
            told = ", ".join(map(repr, metrics)) or "none"
            yield f"the objective {config[OBJECTIVE]['MetricName']!r} is not among the MetricDefinitions: {told}"
        trial = _TRAINING.problems(step, training_arguments(arguments, "trial", {}))
        yield from (f"TrainingJobDefinition: {problem}" for problem in trial)

    def properties(self, step: Step, arguments: Mapping[str, Any], job_name: str) -> dict[str, Any]:
        """See the base class."""
        count = ((arguments.get(CONFIG) or {}).get("ResourceLimits") or {}).get("MaxNumberOfTrainingJobs")
        later = Trial("", dict.fromkeys(range_names(arguments[CONFIG]), ""))
        trials = [_summary(later, arguments)] * (max(1, count) if isinstance(count, int) else 1)
        return {
            **arguments,
            "HyperParameterTuningJobName": job_name,
            "HyperParameterTuningJobArn": arn("hyper-parameter-tuning-job", job_name),
            "HyperParameterTuningJobStatus": "Completed",
            **_results(trials),
        }

    def inputs(self, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
        """See the base class."""
        return _TRAINING.inputs(arguments["TrainingJobDefinition"])

    def instances(self, arguments: Mapping[str, Any]) -> int:
        """See the base class."""
        return _instances_of_a_trial(arguments) * _side_by_side(arguments)

    def salvage(self, job: Job, earlier: Path) -> Mapping[str, Path]:
        """Trials that have completed stay; those that were broken off leave their checkpoints and nothing else."""
        files: dict[str, Path] = {}
        for planned in plan_trials(job, threads=1):
            folder = earlier / planned.job.part
            if folder.is_dir() and not planned.kept.is_file():
                take_back([folder], job.run.storage)
                files |= _TRAINING.salvage(planned.job, folder)
        return files

    def run(self, job: Job) -> Outcome:
        """See the base class."""
        workers = min(_side_by_side(job.arguments), max(1, job.threads // _instances_of_a_trial(job.arguments)))
        planned = plan_trials(job, threads=max(1, job.threads // workers))
        say = TuningLog(job)
        strategy = job.arguments[CONFIG].get("Strategy", "Random")
        if strategy in ("Bayesian", "Hyperband"):
            say(f"strategy {strategy}: here all values are chosen beforehand, no trial learns from another")
        with ThreadPoolExecutor(max_workers=workers) as pool:
            try:
                trials = list(pool.map(partial(run_trial, train=_TRAINING.run, say=say), planned))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for trial in trials:
            job.findings += [finding for finding in trial.findings if finding not in job.findings]
            if trial.trace is not None:
                job.trace = Trace(**trial.trace).joined(job.trace or Trace())
        ranked = _ranked(trials, job.arguments)
        metric = job.arguments[CONFIG][OBJECTIVE]["MetricName"]
        say(f"the best of {len(trials)} trials is {ranked[0].name}: {metric} {ranked[0].objective}")
        summaries = [_summary(trial, job.arguments) for trial in ranked]
        properties = {**self.properties(job.step, job.arguments, job.name), **_results(summaries)}
        return Outcome(
            properties, ranked[0].outputs, peak_memory_bytes=max(trial.peak_memory_bytes for trial in trials)
        )


def _side_by_side(arguments: Mapping[str, Any]) -> int:
    return int((arguments[CONFIG].get("ResourceLimits") or {}).get("MaxParallelTrainingJobs") or 1)


def _instances_of_a_trial(arguments: Mapping[str, Any]) -> int:
    return int(resources(arguments["TrainingJobDefinition"]).get("InstanceCount") or 1)


def _ranked(trials: Sequence[Trial], arguments: Mapping[str, Any]) -> list[Trial]:
    """The trials from the best to the worst; those without an objective come last.

    Raises:
        StepError: None has one.
    """
    objective = arguments[CONFIG][OBJECTIVE]
    sign = -1.0 if objective.get("Type") == "Maximize" else 1.0
    measured = [trial for trial in trials if trial.objective is not None and math.isfinite(trial.objective)]
    if not measured:
        failed = next((trial for trial in trials if trial.failure), None)
        why = f"the first that failed {failed.failure}" if failed else "the log of none has a finite value of it"
        raise StepError(f"none of {len(trials)} trials gave the objective {objective['MetricName']!r}: {why}")
    best = sorted(measured, key=lambda trial: sign * (trial.objective or 0.0))
    return [*best, *(trial for trial in trials if trial not in measured)]


def _results(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    statuses = [summary["TrainingJobStatus"] for summary in summaries]
    measured = sum(summary["ObjectiveStatus"] == "Succeeded" for summary in summaries)
    return {
        "BestTrainingJob": summaries[0],
        "TrainingJobSummaries": list(summaries),
        "TrainingJobStatusCounters": {
            "Completed": statuses.count("Completed"),
            "InProgress": 0,
            "NonRetryableError": statuses.count("Failed"),
            "RetryableError": 0,
            "Stopped": 0,
        },
        "ObjectiveStatusCounters": {"Succeeded": measured, "Pending": 0, "Failed": len(summaries) - measured},
    }


def _summary(trial: Trial, arguments: Mapping[str, Any]) -> dict[str, Any]:
    objective = arguments[CONFIG][OBJECTIVE]
    return {
        "TrainingJobName": trial.name,
        "TrainingJobArn": arn("training-job", trial.name),
        "TrainingJobStatus": trial.status,
        "TunedHyperParameters": dict(trial.values),
        "FinalHyperParameterTuningJobObjectiveMetric": {
            "Type": objective.get("Type", "Maximize"),
            "MetricName": objective["MetricName"],
            "Value": trial.objective if trial.objective is not None else 0.0,
        },
        "ObjectiveStatus": "Failed" if trial.objective is None else "Succeeded",
        "FailureReason": trial.failure,
    }
