"""`names3risk train`, `evaluate` and `predict`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from names3risk.evaluation.metrics import Metrics

RANKING = ("auroc", "average_precision", "recall_at_1pct_fpr")


def train(
    config: Annotated[
        Path,
        typer.Argument(
            help="YAML file: data, columns, hyperparameters, output; tokenizer, pretrained, region, resume if wanted."
        ),
    ],
    resume: Annotated[
        bool | None, typer.Option("--resume", help="Go on from the last checkpoint of the same run.")
    ] = None,
) -> None:
    """Train a model on a table or on prepared splits."""
    from names3risk import api
    from names3risk.training.world import find_world

    result = api.train(config, resume=resume)
    if find_world().rank:  # of several processes the first alone tells
        return
    _print_metrics({name: evaluation.overall for name, evaluation in result.evaluations.items()})
    typer.echo(f"model: {result.model_dir}\nresults: {result.data_dir}")


def evaluator(
    watch: Annotated[Path, typer.Option(help="Folder of the training's checkpoints.")],
    batches: Annotated[int, typer.Option(min=1, help="Validation batches that each checkpoint is judged by.")] = 100,
    poll_seconds: Annotated[float, typer.Option(min=0.01, help="Pause before looking for a new checkpoint.")] = 5.0,
) -> None:
    """Judge the checkpoints of a training beside it by a running average of the loss; keep the best weights."""
    from names3risk import api

    state = api.watch(watch, batches_per_checkpoint=batches, poll_seconds=poll_seconds)
    typer.echo(f"best running average {state.best:.4f}, by the weights of step {state.best_step}")


def evaluate(
    model: Annotated[Path, typer.Option(help="Model folder, or its model.tar.gz.")],
    data: Annotated[Path, typer.Option(help="Prepared split folder, or a raw table.")],
    columns: Annotated[Path | None, typer.Option(help="Column schema of a raw table.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the metrics to this file.")] = None,
) -> None:
    """Measure a trained model on labelled rows, overall and per marketplace."""
    from names3risk import api
    from names3risk.files import write_json

    evaluation = api.evaluate(model, data, columns=columns)
    if json is not None:
        write_json(json, evaluation.to_json())
    _print_metrics({"all": evaluation.overall})
    if evaluation.by_marketplace:
        typer.echo()
        _print_marketplaces(evaluation.by_marketplace)


def predict(
    model: Annotated[Path, typer.Option(help="Model folder, or its model.tar.gz.")],
    in_: Annotated[Path, typer.Option("--in", help="CSV, TSV or Parquet file or folder; the label may be absent.")],
    out: Annotated[Path, typer.Option(help="File to write; .csv, .tsv or .parquet.")],
    backend: Annotated[
        str, typer.Option(help="onnx, onnx-int8, torch, or torch-bf16, -fp16 or -tf32 for a GPU.")
    ] = "onnx",
) -> None:
    """Score every row of a table with a trained model."""
    from names3risk.boosting.loading import load_predictor
    from names3risk.data.writing import check_writable
    from names3risk.serving import predict_file

    check_writable(out)
    predictor = load_predictor(model, backend)
    with _progress() as advance_to:
        rows = predict_file(predictor, in_, out, advance_to)
    typer.echo(f"{out}: {rows:,} rows scored")


def import_legacy(
    checkpoint: Annotated[Path, typer.Argument(help="State dict that the original training saved.")],
    model: Annotated[str, typer.Option(help="lstm2risk or transformer2risk.")],
    tokenizer: Annotated[Path, typer.Option(help="The tokenizer.json that it was trained with.")],
    columns: Annotated[Path, typer.Option(help="Column schema; numeric fields listed in the original's order.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
) -> None:
    """Convert a checkpoint of the original system into a model folder with the same scores; nothing is unpickled."""
    from names3risk.artifacts.legacy import save_legacy
    from names3risk.models import count_parameters, legacy

    imported = legacy.import_legacy(checkpoint, model)
    save_legacy(imported, tokenizer, columns, out, checkpoint)
    typer.echo(f"{out}: {model} with {count_parameters(imported.model):,} parameters")


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """A count of rows on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} rows scored"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("scoring", total=None)
        yield lambda done: bar.update(task, completed=done)


def _print_metrics(groups: dict[str, Metrics]) -> None:
    """Prints one line a metric and one column a group of rows, then why metrics are missing."""
    from rich.console import Console
    from rich.table import Table

    from names3risk.evaluation.metrics import METRICS

    table = Table("metric", box=None)
    for group in groups:
        table.add_column(group, justify="right")
    table.add_row("rows", *(f"{sum(metrics.rows_per_class):,}" for metrics in groups.values()))
    for name in METRICS:
        table.add_row(name, *(_shown(metrics, name) for metrics in groups.values()))
    Console().print(table)
    _print_reasons(groups, METRICS)


def _print_marketplaces(groups: dict[str, Metrics]) -> None:
    """Prints one line a marketplace with the metrics that need no threshold, then why metrics are missing."""
    from rich.console import Console
    from rich.table import Table

    table = Table("marketplace", box=None)
    for heading in ("rows", *RANKING):
        table.add_column(heading, justify="right")
    for group, metrics in groups.items():
        rows = f"{sum(metrics.rows_per_class):,}"
        table.add_row(group, rows, *(_shown(metrics, name) for name in RANKING))
    Console().print(table)
    _print_reasons(groups, RANKING)


def _shown(metrics: Metrics, name: str) -> str:
    return f"{metrics.values[name]:.4f}" if name in metrics.values else "-"


def _print_reasons(groups: dict[str, Metrics], names: tuple[str, ...]) -> None:
    for group, metrics in groups.items():
        reasons: dict[str, list[str]] = {}
        for name in names:
            if name in metrics.not_computed:
                reasons.setdefault(metrics.not_computed[name], []).append(name)
        for reason, missing in reasons.items():
            typer.echo(f"{group}: no {', '.join(missing)}: {reason}")
