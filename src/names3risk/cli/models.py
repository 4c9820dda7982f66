"""`names3risk train`, `evaluate` and `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from names3risk.evaluation.metrics import Metrics


def train(
    config: Annotated[
        Path, typer.Argument(help="YAML file with data, columns, hyperparameters, output; tokenizer and region if any.")
    ],
) -> None:
    """Train a model on a table or on prepared splits."""
    from names3risk import api

    result = api.train(config)
    _print_metrics({name: evaluation.overall for name, evaluation in result.evaluations.items()})
    typer.echo(f"model: {result.model_dir}\nresults: {result.data_dir}")


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
    _print_metrics({"all": evaluation.overall, **evaluation.by_marketplace})


def predict(
    model: Annotated[Path, typer.Option(help="Model folder, or its model.tar.gz.")],
    in_: Annotated[Path, typer.Option("--in", help="CSV, TSV or Parquet file or folder; the label may be absent.")],
    out: Annotated[Path, typer.Option(help="File to write; .csv, .tsv or .parquet.")],
    backend: Annotated[str, typer.Option(help="onnx or torch.")] = "onnx",
) -> None:
    """Score every row of a table with a trained model."""
    from names3risk import api
    from names3risk.data.reading import write_table

    predictions = api.predict(model, in_, backend=backend)
    write_table(predictions, out)
    typer.echo(f"{predictions.height:,} rows scored: {out}")


def _print_metrics(groups: dict[str, Metrics]) -> None:
    """Prints one row a group of rows; a metric that could not be computed is a dash, with its reason below."""
    from rich.console import Console
    from rich.table import Table

    names = list(
        dict.fromkeys(name for metrics in groups.values() for name in (*metrics.values, *metrics.not_computed))
    )
    table = Table("rows of", "rows", *names)
    for column in table.columns[1:]:
        column.justify = "right"
    for group, metrics in groups.items():
        values = [f"{metrics.values[name]:.4f}" if name in metrics.values else "-" for name in names]
        table.add_row(group, f"{sum(metrics.rows_per_class):,}", *values)
    Console().print(table)
    for group, metrics in groups.items():
        for name, reason in metrics.not_computed.items():
            typer.echo(f"{group}: no {name}, because {reason}")
