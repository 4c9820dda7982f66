"""`names3risk tune`: search hyperparameters on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from names3risk.tuning import TuneResult
    from names3risk.tuning.report import TrialRecord

SHOWN = 10


def tune(
    config: Annotated[
        Path,
        typer.Argument(
            help="YAML file with data, columns, hyperparameters, ranges, output; objective, trials, tokenizer, "
            "pretrained, timeout_minutes, pruning, seed if wanted."
        ),
    ],
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trainings that shall end, earlier ones of this folder included.")
    ] = None,
) -> None:
    """Search hyperparameters; run it again to go on. Ctrl-C keeps every training that has ended."""
    from names3risk.errors import ConfigError

    try:
        from names3risk.tuning import TuneConfig
        from names3risk.tuning import tune as search
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed", mend="pip install 'names3risk[tune]'") from error
    wanted = TuneConfig.load(config)
    if trials is not None:
        wanted = wanted.model_copy(update={"trials": trials})
    result = search(wanted, on_trial=_say)
    _show(result)
    if result.interrupted:
        typer.echo("interrupted; run the same command again to go on", err=True)
        raise typer.Exit(130)


def _say(record: TrialRecord) -> None:
    value = record.reason or ("ended early" if record.value is None else f"{record.value:.4f}")
    chosen = ", ".join(f"{name} {_short(each)}" for name, each in record.parameters.items())
    typer.echo(f"trial {record.number}: {value} ({record.seconds:.0f} s) with {chosen}")


def _show(result: TuneResult) -> None:
    from rich.console import Console
    from rich.table import Table

    from names3risk.training.metrics import HIGHER_IS_BETTER
    from names3risk.tuning.search import BEST, PICTURE

    done = [record for record in result.trials if record.value is not None]
    done.sort(key=lambda record: record.value or 0.0, reverse=HIGHER_IS_BETTER[result.objective])
    names = list(done[0].parameters)
    states = [record.state for record in result.trials]
    caption = f"{len(done)} complete, {states.count('pruned')} ended early, {states.count('fail')} failed"
    table = Table("trial", result.objective, *names, "s", caption=caption)
    for record in done[:SHOWN]:
        chosen = (_short(record.parameters[name]) for name in names)
        table.add_row(str(record.number), f"{record.value:.4f}", *chosen, f"{record.seconds:.0f}")
    Console().print(table)
    typer.echo(f"best hyperparameters: {result.output / BEST}\npicture: {result.output / PICTURE}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
