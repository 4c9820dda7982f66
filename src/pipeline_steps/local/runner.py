"""Running a pipeline definition on this machine, and going on with a run that broke off."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline_steps.local.cache import Cache
from pipeline_steps.local.callables import load_callables
from pipeline_steps.local.check import Plan, make_plan
from pipeline_steps.local.definition import parse_definition, read_definition
from pipeline_steps.local.errors import DefinitionError, LocalRunError, describe_os_error
from pipeline_steps.local.events import Event, EventCallback
from pipeline_steps.local.expressions import Scope
from pipeline_steps.local.files import write_json
from pipeline_steps.local.job import ARN, Mode, RunContext
from pipeline_steps.local.locking import hold
from pipeline_steps.local.parameters import bind_parameters
from pipeline_steps.local.processes import end_leftovers
from pipeline_steps.local.record import DEFINITION_FILE, RECORD_FILE, RESERVE_FILE, RunRecord, StepRecord, load_run
from pipeline_steps.local.sandbox import find_sandbox
from pipeline_steps.local.scheduler import DONE, Budget, Scheduler, now
from pipeline_steps.local.stopping import stop_signals
from pipeline_steps.local.storage import LocalS3


def run_pipeline(
    definition: Mapping[str, Any],
    *,
    run_dir: str | Path,
    s3_root: str | Path,
    parameters: Mapping[str, object] | None = None,
    pipeline_name: str = "pipeline",
    mode: Mode = "portable",
    max_parallel: int | None = None,
    cores: int | None = None,
    memory: int | None = None,
    python: str = sys.executable,
    cache_dir: str | Path | None = None,
    registry_dir: str | Path | None = None,
    callables: Mapping[str, Callable[..., Any] | str] | None = None,
    stop_grace: float = 10.0,
    keep_work: bool = False,
    contract_check: bool = True,
    on_event: EventCallback | None = None,
) -> RunRecord:
    """Runs a pipeline definition without Docker and without AWS.

    Args:
        definition: The definition, as its JSON has it.
        run_dir: A new folder for the run: its record, the logs, the steps' work.
        s3_root: The folder that stands for S3; `s3://bucket/key` is `bucket/key` in it.
        parameters: Values for the pipeline's parameters; a text is read as the parameter's type.
        pipeline_name: `Execution.PipelineName`.
        mode: `portable` (scripts find their root in SAGEMAKER_BASE_DIR) or `sandbox` (the root is /opt/ml itself).
        max_parallel: Steps at a time; as many as there are cores by default.
        cores: Processor cores for all steps together; those of the machine by default.
        memory: Bytes of memory for all steps together; no limit by default. While less than a step's even share of it
            is free no other step is started, and when the steps hold more, the largest one fails.
        python: The interpreter for container scripts.
        cache_dir: Where results are kept for steps with an enabled CacheConfig; None for no caching.
        registry_dir: The local model registry; `registry` beside `s3_root` by default.
        callables: What stands for Lambda functions and callback queues, by their name, and for EMR steps, by the step's
            name: functions, or `module:function`.
        stop_grace: Seconds that a process gets to end when it is told to.
        keep_work: Keep the folders of steps that succeeded.
        contract_check: In sandbox mode, a step that does not do what the static analysis says of its script fails the
            run: what is running goes on to its end, and nothing else is started.
        on_event: Called with what happens, by several threads, one at a time.

    Returns:
        The record of the run; its status says whether it succeeded.

    Raises:
        DefinitionError: The definition or the parameters are wrong; nothing was started.
        LocalRunError: The run's folder cannot be used.
        KeyboardInterrupt: The run was stopped by Ctrl-C; `resume` goes on with it.
        SystemExit: The run was stopped by SIGTERM.
    """
    folder, root = Path(run_dir).absolute(), Path(s3_root).absolute()
    if (folder / RECORD_FILE).exists():
        raise LocalRunError("holds a run already", where=folder, mend="resume it, or name another folder")
    if mode not in ("portable", "sandbox"):
        raise LocalRunError(f"mode is {mode!r}", expected="'portable' or 'sandbox'")
    python = _interpreter(python)
    if mode == "sandbox":
        find_sandbox()
    run_id = secrets.token_hex(6)
    started = now()
    record = RunRecord(run_id, pipeline_name, folder, "Executing", started)
    record.execution = {
        "PipelineExecutionId": run_id,
        "PipelineExecutionArn": f"{ARN}:pipeline/{pipeline_name}/execution/{run_id}",
        "PipelineName": pipeline_name,
        "PipelineArn": f"{ARN}:pipeline/{pipeline_name}",
        "StartDateTime": started,
        "CurrentDateTime": started,
    }
    available = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    record.request = {
        "s3_root": str(root),
        "mode": mode,
        "max_parallel": max_parallel or cores or available,
        "cores": cores or available,
        "memory": memory,
        "python": str(Path(python).absolute()),
        "cache_dir": None if cache_dir is None else str(Path(cache_dir).absolute()),
        "registry_dir": str(Path(registry_dir).absolute() if registry_dir else root.parent / "registry"),
        "stop_grace": stop_grace,
        "keep_work": keep_work,
        "contract_check": contract_check,
        "callables": {name: value for name, value in (callables or {}).items() if isinstance(value, str)},
    }
    functions = load_callables(callables or {})
    parsed = parse_definition(definition)
    record.parameters, problems = bind_parameters(parsed.parameters, parameters or {})
    if problems:
        raise DefinitionError(problems)
    scope = Scope(record.parameters, record.execution)
    plan = make_plan(parsed, scope, LocalS3(root), functions, python)
    record.steps = {step.name: StepRecord(step.name, step.type) for step in parsed.steps.values()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root.mkdir(parents=True, exist_ok=True)
        write_json(folder / DEFINITION_FILE, definition)
    except OSError as error:
        raise LocalRunError(f"cannot be written: {error.strerror}", where=folder) from None
    return _execute(plan, record, scope, functions, on_event)


def resume(
    run_dir: str | Path,
    *,
    callables: Mapping[str, Callable[..., Any] | str] | None = None,
    contract_check: bool | None = None,
    on_event: EventCallback | None = None,
) -> RunRecord:
    """Goes on with a run that failed, was stopped or was killed; finished steps are not done again.

    Args:
        run_dir: The run's folder.
        callables: As for `run_pipeline`; those that were given as `module:function` are known still.
        contract_check: As for `run_pipeline`; as the run was started when None.
        on_event: As for `run_pipeline`.

    Returns:
        The record of the run.

    Raises:
        LocalRunError: The folder holds no run, or the run is going on.
        DefinitionError: The run cannot go on, for instance because its data is gone.
    """
    folder = Path(run_dir).absolute()
    record = load_run(folder)
    if record.status == "Succeeded":
        return record
    if contract_check is not None:
        record.request["contract_check"] = contract_check
    definition = parse_definition(read_definition(folder / DEFINITION_FILE))
    scope = Scope(record.parameters, record.execution)
    functions = load_callables({**record.request["callables"], **(callables or {})})
    done = [item.name for item in record.steps.values() if item.status in DONE]
    storage = LocalS3(Path(record.request["s3_root"]))
    plan = make_plan(definition, scope, storage, functions, _interpreter(record.request["python"]), done)
    return _execute(plan, record, scope, functions, on_event)


def _execute(
    plan: Plan,
    record: RunRecord,
    scope: Scope,
    callables: Mapping[str, Callable[..., Any]],
    on_event: EventCallback | None,
) -> RunRecord:
    request = record.request
    storage = LocalS3(Path(request["s3_root"]), owner=record.run_id)
    context = RunContext(
        run_id=record.run_id,
        pipeline_name=record.pipeline_name,
        run_dir=record.run_dir,
        storage=storage,
        registry_dir=Path(request["registry_dir"]),
        python=_interpreter(request["python"]),
        sandbox=find_sandbox() if request["mode"] == "sandbox" else None,
        memory=request["memory"],
        grace=request["stop_grace"],
        keep_work=request["keep_work"],
        callables=callables,
        records=record.steps,
        stopping=threading.Event(),
        on_event=lambda event: None,
    )
    teller = _Teller(on_event, context.stopping)
    context.on_event = teller
    scope.steps = _Properties(record.steps, "properties")
    scope.property_files = _Properties(record.steps, "property_files")
    scope.read_json = storage.read_json
    budget = Budget(request["max_parallel"], request["cores"])
    cache = Cache(Path(request["cache_dir"]), context.python) if request["cache_dir"] else None
    with hold(record.run_dir):
        end_leftovers(record.run_dir)
        storage.clear_unfinished()
        for item in record.steps.values():
            if item.status != "Succeeded":
                record.steps[item.name] = StepRecord(item.name, item.type)
        record.status, record.failure_reason, record.ended = "Executing", None, None
        record.save(durable=True)
        _reserve_room(record)
        context.on_event(Event("run_started", "", str(record.run_dir), "Executing", len(record.steps)))
        began = time.monotonic()
        try:
            _run_until_stopped(Scheduler(plan, record, context, scope, budget, cache), context)
        finally:
            _conclude(record, stopped=context.stopping.is_set(), seconds=time.monotonic() - began)
            message = record.failure_reason or ""
            context.on_event(Event("run_finished", "", message, record.status, len(record.steps)))
    if teller.error:
        raise teller.error
    return record


def _reserve_room(record: RunRecord) -> None:
    try:
        record.reserve_room()
    except OSError as error:
        raise LocalRunError(
            describe_os_error(error, "starting the run", record.run_dir), where=record.run_dir
        ) from None


def _run_until_stopped(scheduler: Scheduler, context: RunContext) -> None:
    with stop_signals(context) as received:
        try:
            scheduler.run()
        except BaseException:
            scheduler.stop()
            raise
    if received:
        raise KeyboardInterrupt if received[0] == signal.SIGINT else SystemExit(128 + received[0])


def _conclude(record: RunRecord, *, stopped: bool, seconds: float) -> None:
    failed = [item for item in record.steps.values() if item.status == "Failed"]
    for item in record.steps.values():
        item.status = "Stopped" if item.status == "Executing" else item.status
    if failed:
        record.status = "Failed"
        record.failure_reason = "\n".join(f"step {item.name!r}: {item.failure_reason}" for item in failed)
    elif record.fails_contract_check:
        record.status, record.failure_reason = "Failed", _contract_failure(record)
    elif all(item.status in DONE for item in record.steps.values()):
        record.status = "Succeeded"
    else:
        record.status = "Stopped"
        record.failure_reason = "the run was stopped" if stopped else "the run broke off"
    record.ended = now()
    record.seconds = round(record.seconds + seconds, 3)
    record.save(durable=True)
    (record.run_dir / RESERVE_FILE).unlink(missing_ok=True)


def _contract_failure(record: RunRecord) -> str:
    lines = [
        f"contract check: step {item.name!r}: {line}" for item in record.steps.values() for line in item.violations
    ]
    advice = "mend the script or its contract and run again, or go on with `resume` without the contract check"
    return "\n".join([*lines, f"to mend it: {advice}"])


class _Properties(Mapping[str, Mapping[str, Any]]):
    """A field of the records of the steps that succeeded, by step."""

    def __init__(self, records: Mapping[str, StepRecord], field: str) -> None:
        self.records, self.field = records, field

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        item = self.records[name]
        if item.status != "Succeeded":
            raise KeyError(name)
        value: Mapping[str, Any] = getattr(item, self.field)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name, item in self.records.items() if item.status == "Succeeded")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _interpreter(python: str) -> str:
    found = shutil.which(python)
    if found is None:
        raise LocalRunError(f"the interpreter {python!r} does not exist or cannot be run")
    return found


class _Teller:
    """Passes events on, one at a time; when that fails the run is stopped, for nobody would learn of it."""

    def __init__(self, on_event: EventCallback | None, stopping: threading.Event) -> None:
        self.on_event, self.stopping = on_event, stopping
        self.lock = threading.Lock()
        self.error: Exception | None = None

    def __call__(self, event: Event) -> None:
        with self.lock:
            if self.on_event is None or self.error is not None:
                return
            try:
                self.on_event(event)
            except Exception as error:  # noqa: BLE001 - it is raised again when the steps have ended
                self.error = error
                self.stopping.set()
