"""Which step runs when: as soon as what it needs has ended, within a budget of steps and cores."""

from __future__ import annotations

import datetime
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_steps.local.attempts import StepResult, run_step
from pipeline_steps.local.cache import Cache, wants_cache
from pipeline_steps.local.check import Plan, own_arguments
from pipeline_steps.local.definition import Step
from pipeline_steps.local.events import Event
from pipeline_steps.local.expressions import Scope, evaluate
from pipeline_steps.local.job import Job, RunContext
from pipeline_steps.local.kinds import KINDS
from pipeline_steps.local.memory import memory_used
from pipeline_steps.local.record import RunRecord, StepRecord

DONE = ("Succeeded", "Skipped")

# Seconds. A signal that comes just before the main thread starts to wait, or that the system gives to another thread,
# does not wake it; the handler runs when the wait is over.
_SIGNALS_WAIT = 0.2


@dataclass(frozen=True)
class Budget:
    """What steps may use together.

    Attributes:
        max_parallel: Steps at a time.
        cores: Processor cores; a step takes one for each machine it asks for, and shares what is left over.
    """

    max_parallel: int
    cores: int


class Scheduler:
    """Runs the steps of a plan. The record is changed by the thread that calls `run`, and by no other.

    Args:
        plan: What to run.
        record: The run, with what is done already.
        run: What the steps share.
        scope: What their arguments refer to.
        budget: What they may use.
        cache: Results of earlier runs.
    """

    def __init__(
        self, plan: Plan, record: RunRecord, run: RunContext, scope: Scope, budget: Budget, cache: Cache | None
    ) -> None:
        self.plan, self.record, self.context, self.scope = plan, record, run, scope
        self.budget, self.cache = budget, cache
        self.messages: queue.Queue[tuple[Step, Job | StepResult]] = queue.Queue()
        self.running: dict[str, int] = {}
        self.began: dict[str, float] = {}

    def run(self) -> None:
        """Runs what is pending until all is done, something has failed, or the run is stopped.

        After a failure, of a step or of the contract check, the steps that are running go on to their end, so that
        their results are there for `resume`; no other is started.
        """
        self._skip()
        while True:
            if not self._failed() and not self.context.stopping.is_set():
                self._start_ready()
            if not self.running:
                return
            if self._take_message():
                self.record.save()

    def stop(self) -> None:
        """Ends what is running and waits until it has ended."""
        self.context.stopping.set()
        while self.running:
            self._take_message()

    def _take_message(self) -> bool:
        try:
            step, message = self.messages.get(timeout=_SIGNALS_WAIT)
        except queue.Empty:
            return False
        if isinstance(message, Job):
            self._note_attempt(step, message)
        else:
            self._finish(step, message)
        return True

    def _failed(self) -> bool:
        return self.record.fails_contract_check or any(item.status == "Failed" for item in self.record.steps.values())

    def _start_ready(self) -> None:
        done = {name for name, item in self.record.steps.items() if item.status in DONE}
        ready = [
            self.plan.definition.steps[name]
            for name, item in self.record.steps.items()
            if item.status == "Pending" and name not in self.running and self.plan.needs[name] <= done
        ]
        for step in ready:
            arguments = self._arguments(step)
            if isinstance(arguments, StepResult):
                self.running[step.name] = 0
                self.messages.put((step, arguments))
                continue
            wanted = min(KINDS[step.type].instances(arguments), self.budget.cores)
            if wanted and not self._room_for(wanted):
                continue
            self.running[step.name] = wanted
            threads = self._threads(len(ready))
            threading.Thread(target=self._work, args=(step, arguments, threads), daemon=True).start()

    def _room_for(self, wanted: int) -> bool:
        busy = [cores for cores in self.running.values() if cores]
        if not busy:
            return True
        if len(busy) >= self.budget.max_parallel or sum(busy) + wanted > self.budget.cores:
            return False
        limit = self.context.memory
        if limit is None:
            return True
        return sum(memory_used(self.context.run_dir).values()) <= limit - limit // self.budget.max_parallel

    def _threads(self, ready: int) -> int:
        side_by_side = min(max(ready, len(self.running)), self.budget.max_parallel)
        return max(1, self.budget.cores // max(1, side_by_side))

    def _arguments(self, step: Step) -> dict[str, Any] | StepResult:
        try:
            return {key: evaluate(value, self.scope) for key, value in own_arguments(step).items()}
        except KeyError as error:
            return StepResult("Failed", failure=f"its arguments cannot be resolved: {error.args[0]}")

    def _work(self, step: Step, arguments: Mapping[str, Any], threads: int) -> None:
        cache = self.cache if wants_cache(step) and KINDS[step.type].cacheable else None
        try:
            result = run_step(step, arguments, self.context, threads, cache, lambda job: self.messages.put((step, job)))
        except Exception as error:  # noqa: BLE001 - without an answer the run would wait for ever
            result = StepResult("Failed", failure=f"the runner failed: {type(error).__name__}: {error}")
        self.messages.put((step, result))

    def _note_attempt(self, step: Step, job: Job) -> None:
        item = self.record.steps[step.name]
        item.status, item.attempts = "Executing", job.attempt
        item.started = now()
        item.log = str(job.log.relative_to(self.context.run_dir))
        self.began[step.name] = time.monotonic()
        self._tell("step_started", item)

    def _finish(self, step: Step, result: StepResult) -> None:
        del self.running[step.name]
        item = self.record.steps[step.name]
        item.status, item.failure_reason = result.status, result.failure
        item.seconds = round(time.monotonic() - self.began.get(step.name, time.monotonic()), 3)
        item.warnings, item.cached = result.warnings, result.cached
        item.trace = result.trace.to_json() if result.trace else None
        item.findings = result.findings
        for line in item.violations:
            self._tell("step_finding", item, line)
        if result.outcome:
            outcome = result.outcome
            item.properties, item.outputs = outcome.properties, outcome.outputs
            item.output_paths = {name: self._place(uri) for name, uri in outcome.outputs.items()}
            item.property_files = outcome.property_files
            item.peak_memory_bytes = outcome.peak_memory_bytes
            self._skip()
        self._tell("step_finished", item, result.failure or ("result of an earlier run" if result.cached else ""))

    def _place(self, uri: str) -> str:
        return str(self.context.storage.path(uri)) if uri.startswith("s3://") else uri

    def _skip(self) -> None:
        """Marks the steps in branches that were not taken, inner branches too."""
        for step in self.plan.definition.steps.values():
            item = self.record.steps[step.name]
            if step.branch and item.status == "Pending":
                condition = self.record.steps[step.branch.condition]
                against = str(not step.branch.taken_when)
                if condition.status == "Skipped" or (
                    condition.status == "Succeeded" and condition.properties["Outcome"] == against
                ):
                    item.status = "Skipped"
                    self._tell("step_finished", item)

    def _tell(self, kind: Any, item: StepRecord, message: str = "") -> None:
        self.context.on_event(Event(kind, item.name, message, item.status, len(self.record.steps)))


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
