"""A step's attempts, one after the other until one ends well or no RetryPolicy helps."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_steps.local.cache import Cache
from pipeline_steps.local.definition import Step
from pipeline_steps.local.errors import LocalRunError, StepError, StepStopped, describe_os_error
from pipeline_steps.local.events import Event
from pipeline_steps.local.files import remove_tree
from pipeline_steps.local.job import Job, Outcome, RunContext
from pipeline_steps.local.kinds import KINDS
from pipeline_steps.local.trace import Trace
from pipeline_steps.local.uploads import take_back

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


@dataclass
class StepResult:
    """How a step ended.

    Attributes:
        status: `Succeeded`, `Failed` or `Stopped`.
        outcome: What it left, when it succeeded.
        failure: Why it failed.
        cached: The outcome was taken from an earlier run.
        warnings: What it noticed.
        trace: What its script really used.
        findings: Where that is not what the static analysis says.
    """

    status: str
    outcome: Outcome | None = None
    failure: str | None = None
    cached: bool = False
    warnings: list[str] = field(default_factory=list)
    trace: Trace | None = None
    findings: list[dict[str, str]] = field(default_factory=list)


def run_step(
    step: Step,
    arguments: Mapping[str, Any],
    run: RunContext,
    threads: int,
    cache: Cache | None,
    on_attempt: Callable[[Job], None],
) -> StepResult:
    """Runs a step until it succeeds or fails for good.

    Args:
        step: The step.
        arguments: Its arguments, evaluated.
        run: What it shares with the others.
        threads: How many cores it may use.
        cache: Results of earlier runs; None for a step that is not cached.
        on_attempt: Called when an attempt starts.
    """
    attempts = run.step_folder(step.name)
    used = [int(path.name.removeprefix("attempt-")) for path in attempts.glob("attempt-*")]
    number, first = max(used, default=0) + 1, max(used, default=0) + 1
    began = time.monotonic()
    while True:
        job = Job(step, arguments, number, threads, run)
        on_attempt(job)
        try:
            job.folder.mkdir(parents=True)
            _clear_up(job)
            result = _attempt(job, cache)
            failure = None
        except StepStopped:
            return StepResult("Stopped", warnings=job.warnings, trace=job.trace, findings=job.findings)
        except StepError as error:
            failure = error
        except LocalRunError as error:
            failure = StepError(str(error))
        except OSError as error:
            kind = "SageMaker.CAPACITY_ERROR" if error.errno in _FULL else "Step.SERVICE_FAULT"
            failure = StepError(describe_os_error(error, "running the step", job.folder), retry_as=(kind,))
        except Exception as error:  # noqa: BLE001 - one step's surprise must not take the others' results along
            failure = StepError(f"the runner failed: {type(error).__name__}: {error}\n{traceback.format_exc()}")
        if failure is None:
            return result
        wait = _retry_after(step, failure, number - first, time.monotonic() - began)
        if wait is None or run.stopping.is_set():
            return StepResult(
                "Failed", failure=str(failure), warnings=job.warnings, trace=job.trace, findings=job.findings
            )
        run.on_event(Event("step_retry", step.name, f"{failure.what.splitlines()[0]}; again in {wait:g} s"))
        if run.stopping.wait(wait):
            return StepResult("Stopped", warnings=job.warnings, trace=job.trace, findings=job.findings)
        number += 1


def _attempt(job: Job, cache: Cache | None) -> StepResult:
    key = cache.key(job) if cache else None
    if cache and key:
        found = cache.find(key, job)
        if found:
            return StepResult("Succeeded", found, cached=True, warnings=job.warnings)
    outcome = KINDS[job.step.type].run(job)
    if cache and key and not any(finding["verdict"] == "VIOLATED" for finding in job.findings):
        cache.store(key, outcome, job)
    if not job.run.keep_work:
        _remove_work(job.folder)
    return StepResult("Succeeded", outcome, warnings=job.warnings, trace=job.trace, findings=job.findings)


def _clear_up(job: Job) -> None:
    """Takes back what earlier attempts put into S3, and frees the disk of their work."""
    earlier = sorted(job.folder.parent.glob("attempt-*"), key=lambda path: path.stat().st_mtime_ns)
    take_back(earlier, job.run.storage)
    for attempt in earlier:
        if attempt != job.folder:
            job.run.storage.upload(KINDS[job.step.type].salvage(job, attempt))
            if not job.run.keep_work:
                _remove_work(attempt)


def _remove_work(attempt: Path) -> None:
    """Removes the folders of an attempt's machines, those of the jobs inside it too."""
    for folder in [*attempt.glob("algo-*"), *attempt.glob("*/algo-*")]:
        remove_tree(folder)


def _retry_after(step: Step, failure: StepError, retries: int, seconds: float) -> float | None:
    """Seconds until the next attempt by the step's first RetryPolicy that fits; None when there is none."""
    for policy in step.body.get("RetryPolicies") or []:
        if not set(policy.get("ExceptionType") or []) & set(failure.retry_as):
            continue
        if retries >= int(policy.get("MaxAttempts", 5)):
            return None
        if "ExpireAfterMin" in policy and seconds > 60 * float(policy["ExpireAfterMin"]):
            return None
        return float(policy.get("IntervalSeconds", 1)) * float(policy.get("BackoffRate", 2.0)) ** retries
    return None
