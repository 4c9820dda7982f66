"""The record of a run: `run.json` in the run's folder, whole at any moment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline_steps.local.errors import LocalRunError
from pipeline_steps.local.files import write_json

FORMAT = 1
RECORD_FILE = "run.json"
DEFINITION_FILE = "definition.json"
RESERVE_FILE = ".reserve"
_RESERVE_BYTES = 256 * 1024


@dataclass
class StepRecord:
    """One step of a run.

    Attributes:
        name: The step.
        type: Its type.
        status: `Pending`, `Executing`, `Succeeded`, `Failed`, `Stopped` or `Skipped` (a branch not taken).
        started: When the last attempt started, ISO 8601 in UTC.
        seconds: How long the last attempt took.
        attempts: How many attempts there were.
        failure_reason: Why it failed, with the end of its log and its failure file.
        log: The log of the last attempt, relative to the run's folder.
        outputs: Output name to S3 URI.
        output_paths: Output name to the folder or file it is on this machine.
        properties: What `Steps.<name>...` refers to.
        property_files: Property file name to content.
        cached: The result was taken from an earlier run.
        warnings: What works here and is no error, but deserves a look.
        peak_memory_bytes: The largest resident size of one of its processes.
        trace: What the script really used; None where nothing was recorded.
        findings: Where the trace and the static proof disagree.
    """

    name: str
    type: str
    status: str = "Pending"
    started: str | None = None
    seconds: float | None = None
    attempts: int = 0
    failure_reason: str | None = None
    log: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    output_paths: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    property_files: dict[str, Any] = field(default_factory=dict)
    cached: bool = False
    warnings: list[str] = field(default_factory=list)
    peak_memory_bytes: int | None = None
    trace: dict[str, Any] | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        """The findings that contradict what was proved, as a line each."""
        return [f"{item['code']} {item['message']}" for item in self.findings if item["verdict"] == "VIOLATED"]


@dataclass
class RunRecord:
    """A run.

    Attributes:
        run_id: The execution id.
        pipeline_name: The pipeline.
        run_dir: The run's folder.
        status: `Executing`, `Succeeded`, `Failed` or `Stopped`.
        started: When it started first, ISO 8601 in UTC.
        ended: When it ended; None while it runs.
        seconds: How long it ran, all resumptions together.
        failure_reason: The failed steps and why.
        parameters: The bound parameters.
        execution: The execution variables.
        request: How the run was asked for, for `resume`.
        steps: By name, in the order of the definition.
    """

    run_id: str
    pipeline_name: str
    run_dir: Path
    status: str
    started: str
    ended: str | None = None
    seconds: float = 0.0
    failure_reason: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    execution: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, StepRecord] = field(default_factory=dict)

    def reserve_room(self) -> None:
        """Takes the room that `save` needs when a step has filled the disk.

        Raises:
            OSError: There is not even so much.
        """
        (self.run_dir / RESERVE_FILE).write_bytes(bytes(_RESERVE_BYTES))

    @property
    def succeeded(self) -> bool:
        """Whether every step that had to run did."""
        return self.status == "Succeeded"

    @property
    def contract_check(self) -> bool | None:
        """Whether every step did what the static analysis says of its script; None where nothing was recorded."""
        if all(step.trace is None for step in self.steps.values()):
            return None
        return not any(step.violations for step in self.steps.values())

    @property
    def fails_contract_check(self) -> bool:
        """Whether the run has failed because a step did not do what the static analysis says of its script."""
        return bool(self.request.get("contract_check", True)) and self.contract_check is False

    def save(self, *, durable: bool = False) -> None:
        """Writes `run.json`; on a full disk the room that was reserved for it is used.

        Raises:
            LocalRunError: It cannot be written.
        """
        body = {"format": FORMAT} | {item.name: getattr(self, item.name) for item in fields(self)}
        body["run_dir"] = str(self.run_dir)
        body["steps"] = [vars(step) for step in self.steps.values()]
        path, reserve = self.run_dir / RECORD_FILE, self.run_dir / RESERVE_FILE
        try:
            try:
                write_json(path, body, durable=durable)
            except OSError:
                reserve.unlink()
                write_json(path, body, durable=durable)
        except OSError as error:
            raise LocalRunError(
                f"the run record cannot be written: {error.strerror}",
                where=path,
                mend="make room or permission there, then resume the run",
            ) from error


def load_run(run_dir: str | Path) -> RunRecord:
    """Reads the record of a run.

    Args:
        run_dir: The run's folder.

    Returns:
        The record, as it was written last.

    Raises:
        LocalRunError: There is none, or it is not one of this version.
    """
    folder = Path(run_dir)
    path = folder / RECORD_FILE
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("format") != FORMAT:
            raise LocalRunError("was written by another version", where=path, expected=f"format {FORMAT}")
        steps = {item["name"]: StepRecord(**item) for item in body.pop("steps")}
        return RunRecord(**(body | {"run_dir": folder, "steps": steps}))
    except FileNotFoundError:
        raise LocalRunError(
            "is not the folder of a run", where=folder, expected=f"a folder with {RECORD_FILE} in it"
        ) from None
    except OSError as error:
        raise LocalRunError(f"cannot be read: {error.strerror}", where=path) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LocalRunError(f"is not a run record: {error}", where=path) from None
