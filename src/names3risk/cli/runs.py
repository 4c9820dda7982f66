"""`names3risk runs`: what the local runs did; `names3risk pipeline resume`: going on with one."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from names3risk.cli.pipeline_errors import told_in_one_message
from names3risk.errors import Names3RiskError

if TYPE_CHECKING:
    from pipeline_steps.local import RunRecord
    from pipeline_steps.local.record import StepRecord

app = typer.Typer(help="Look at local runs of pipelines.", no_args_is_help=True)

RunArgument = Annotated[Path, typer.Argument(help="The folder of the run.", metavar="RUN")]
RunsOption = Annotated[Path, typer.Option("--runs-dir", help="The folder that holds the runs.")]
Callables = Annotated[
    list[str] | None,
    typer.Option(
        "--callable",
        metavar="NAME=MODULE:FUNCTION",
        help="A function for what AWS would call: a Lambda function, a callback's queue, an EMR step. May be repeated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for tools.")]

_COLOURS = {"Succeeded": "green", "Failed": "red", "Stopped": "yellow", "Broken off": "yellow", "Executing": "cyan"}


@app.command("list")
def list_runs(runs_dir: RunsOption = Path("runs"), as_json: JsonOption = False) -> None:
    """List the runs in a folder, the newest first."""
    found = sorted(runs_dir.glob("*/run.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    records = []
    for path in found:
        try:
            records.append(_load(path.parent))
        except Names3RiskError as error:  # the others can be listed still
            typer.echo(f"left out: {error}", err=True)
    if as_json:
        rows = [
            {"run_dir": str(run.run_dir), "pipeline": run.pipeline_name, "status": _status(run), "started": run.started}
            for run in records
        ]
        typer.echo(json.dumps(rows, indent=1))
        return
    if not records:
        typer.echo(f"no runs in {runs_dir}")
        return
    rows_shown = [
        [run.run_dir.name, run.pipeline_name, _status(run), run.started[:19], f"{run.seconds:.1f}"] for run in records
    ]
    _table(["Run", "Pipeline", "Status", "Started (UTC)", "Seconds"], rows_shown)


@app.command("show")
def show_run(run: RunArgument, as_json: JsonOption = False) -> None:
    """Show a run: its steps, their outputs, and why it failed."""
    record = _load(run)
    if as_json:
        typer.echo((run / "run.json").read_text(encoding="utf-8"))
        return
    seconds = f"{record.seconds:.1f} s, " if record.ended else ""
    typer.echo(f"{record.pipeline_name} {record.run_id}: {_status(record)}, {seconds}in {run}")
    rows = []
    for step in record.steps.values():
        seconds = "" if step.seconds is None else f"{step.seconds:.1f}"
        memory = "" if step.peak_memory_bytes is None else f"{step.peak_memory_bytes / 2**20:.0f}"
        rows.append([step.name, step.type, step.status + (" (cached)" if step.cached else ""), seconds, memory])
    _table(["Step", "Type", "Status", "Seconds", "Peak MiB"], rows)
    for step in record.steps.values():
        if step.type == "Condition":
            for line in _log_of(run, step).splitlines():
                typer.echo(f"condition of {step.name}: {line}")
        for name, path in step.output_paths.items():
            typer.echo(f"output of {step.name}: {name} is {path}")
        for warning in step.warnings:
            typer.echo(f"warning of {step.name}: {warning}")
        for finding in step.findings:
            typer.echo(f"finding of {step.name}: {finding['code']} {finding['verdict']} {finding['message']}")
    if record.contract_check is not None:
        kept = "kept to" if record.contract_check else "did not keep to"
        typer.echo(f"contract check: the steps {kept} what the static analysis says of their scripts")
    if record.failure_reason:
        typer.echo(record.failure_reason, err=True)
    if _status(record) not in ("Succeeded", "Executing"):
        _tell_how_to_go_on(record)


@app.command("logs")
def show_logs(
    run: RunArgument, step: Annotated[str | None, typer.Argument(help="The step; all of them by default.")] = None
) -> None:
    """Print the logs of a run's steps."""
    record = _load(run)
    if step is not None and step not in record.steps:
        raise Names3RiskError(f"has no step {step!r}", where=run, expected=f"one of {', '.join(record.steps)}")
    for item in record.steps.values():
        log = _log_of(run, item)
        if step not in (None, item.name) or not log:
            continue
        if step is None:
            typer.echo(f"==> {item.name} <==")
        typer.echo(log, nl=False)


def resume(
    run: RunArgument,
    logs: Annotated[bool, typer.Option("--logs", help="Show the lines of the steps' logs too.")] = False,
    contract_check: Annotated[
        bool | None, typer.Option(help="Fail when a step does not do what was proved of its script; as before.")
    ] = None,
    callables: Callables = None,
) -> None:
    """Go on with a run that failed, was stopped or was killed; finished steps are not done again."""
    from names3risk.cli.local_run import import_from_here, parse_callables
    from pipeline_steps.local import resume as resume_run
    from pipeline_steps.local import show_progress

    given = parse_callables(callables or [])
    before = _load(run)
    if before.succeeded:
        typer.echo(f"{run}: has succeeded, nothing is left to do")
        return
    import_from_here({**before.request.get("callables", {}), **given})
    with told_in_one_message(), telling_how_to_go_on(run), show_progress(sys.stderr, logs=logs) as on_event:
        record = resume_run(run, callables=given, contract_check=contract_check, on_event=on_event)
    conclude(record)


def conclude(record: RunRecord) -> None:
    """Tells how a run ended; one that did not succeed ends the command with exit code 1."""
    typer.echo(f"{record.status} in {record.seconds:.1f} s: {record.run_dir}")
    if record.fails_contract_check:
        typer.echo(record.failure_reason, err=True)
    if not record.succeeded:
        _tell_how_to_go_on(record)
        raise typer.Exit(1)


@contextmanager
def telling_how_to_go_on(run: Path) -> Iterator[None]:
    """Says how to go on with a run that Ctrl-C or SIGTERM stops."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if (run / "run.json").is_file():
            _tell_how_to_go_on(_load(run))
        raise


def _tell_how_to_go_on(record: RunRecord) -> None:
    if any(step.status == "Failed" and step.type == "Fail" for step in record.steps.values()):
        return  # the pipeline itself has decided so
    place = shlex.quote(str(record.run_dir))
    typer.echo(f"go on with the same code and data: names3risk pipeline resume {place}", err=True)


def _load(run: Path) -> RunRecord:
    from pipeline_steps.local import load_run

    with told_in_one_message():
        return load_run(run)


def _log_of(run: Path, step: StepRecord) -> str:
    """The log of a step's last attempt; empty where there is none."""
    path = run / step.log if step.log else None
    return path.read_text(encoding="utf-8", errors="replace") if path and path.is_file() else ""


def _status(record: RunRecord) -> str:
    """The status of a run; one that nobody works on any more is not executing, whatever its record says."""
    from pipeline_steps.local import is_held

    abandoned = record.status == "Executing" and not is_held(record.run_dir)
    return "Broken off" if abandoned else record.status


def _table(titles: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in row))
    Console().print(table)
