"""`names3risk bench`: measurements beside the alternatives, in one run on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from names3risk.cli import quality, sequences

app = typer.Typer(help="Measure the library beside the alternatives.", no_args_is_help=True)
app.command("pointer")(sequences.bench_pointer)
app.command("quality")(quality.quality)

MODELS = ("lstm2risk", "transformer2risk")


@app.command()
def train(
    model: Annotated[list[str] | None, typer.Option(help="Only this model class; may be repeated.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for a GPU where there is one.")] = "auto",
    rows: Annotated[
        int | None, typer.Option(min=100, help="Rows that speed is measured on: 245,760, or 4,096 on a CPU.")
    ] = None,
    numeric_features: Annotated[int, typer.Option(min=0, help="Numeric columns.")] = 211,
    batch_size: Annotated[int, typer.Option(min=2, help="Rows of a batch on both sides.")] = 512,
    large_batch_size: Annotated[
        int | None, typer.Option(min=0, help="Rows of a batch of our choice; 0: none. 4,096, or none on a CPU.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=0, help="Trainings of each side for AUROC: 3, or none on a CPU.")
    ] = None,
    quality_rows: Annotated[
        int | None, typer.Option(min=100, help="Training rows of those: 80,000, or 4,096 on a CPU.")
    ] = None,
    test_rows: Annotated[
        int | None, typer.Option(min=100, help="Rows that AUROC is measured on: 40,000, or 4,096 on a CPU.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training rows for AUROC.")] = 3,
    timed_epochs: Annotated[int, typer.Option(min=1, help="Passes that speed is measured over.")] = 3,
    threads: Annotated[int, typer.Option(min=0, help="Threads of PyTorch; 0: its own choice.")] = 0,
    hyperparameters: Annotated[str, typer.Option(help="More of them for our side, as a JSON object.")] = "{}",
    json: Annotated[Path | None, typer.Option(help="Also write the results to this file.")] = None,
) -> None:
    """Compare training with a plain loop of the original's shape: rows a second, memory, AUROC, shares of the time."""
    from json import loads

    import torch

    from names3risk.bench.train import TrainBenchmark
    from names3risk.cli.project import reference_loop
    from names3risk.files import write_json

    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    cpu = chosen == "cpu"
    # On a GPU the network is compiled however short the measurement is.
    defaults = {"compile": "always"} if chosen == "cuda" else {}
    benchmark = TrainBenchmark(
        models=model or MODELS,
        device=chosen,
        reference_file=str(reference_loop()),
        rows=rows or (4_096 if cpu else 245_760),
        numeric_features=numeric_features,
        batch_size=batch_size,
        large_batch_size=(0 if cpu else 4_096) if large_batch_size is None else large_batch_size,
        seeds=(0 if cpu else 3) if seeds is None else seeds,
        quality_rows=quality_rows or (4_096 if cpu else 80_000),
        test_rows=test_rows or (4_096 if cpu else 40_000),
        epochs=epochs,
        timed_epochs=timed_epochs,
        threads=threads,
        hyperparameters={**defaults, **loads(hyperparameters)},
    )
    found = benchmark.run(typer.echo)
    if json is not None:
        write_json(json, found)
    _show_training(found)


@app.command()
def score(
    model: Annotated[list[str] | None, typer.Option(help="Only this model class; may be repeated.")] = None,
    device: Annotated[str, typer.Option(help="cpu: ONNX Runtime; cuda: PyTorch, many rows at once.")] = "cpu",
    rows: Annotated[int, typer.Option(min=0, help="Rows to score at once; 0: 1,000, or 131,072 on cuda.")] = 0,
    requests: Annotated[int, typer.Option(min=1, help="Rows to score one by one.")] = 500,
    raw_rows: Annotated[int, typer.Option(min=100, help="Generated rows to train and test the models on.")] = 6000,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of that training.")] = 2,
    hyperparameters: Annotated[str, typer.Option(help="Other ones than the defaults, as a JSON object.")] = "{}",
    json: Annotated[Path | None, typer.Option(help="Also write results to this file, after each model.")] = None,
) -> None:
    """Measure scoring: one row and many, network and whole request, exact and in 8-bit integers, CPU and GPU."""
    from json import loads

    from names3risk.bench.score import ScoreBenchmark, table_of
    from names3risk.files import write_json

    def keep(found: dict[str, Any]) -> None:
        if json is not None:
            write_json(json, found)

    found = ScoreBenchmark(
        models=model or MODELS,
        device=device,
        raw_rows=raw_rows,
        epochs=epochs,
        batch_rows=rows or (131_072 if device == "cuda" else 1_000),
        requests=requests,
        hyperparameters=loads(hyperparameters),
    ).run(typer.echo, keep)
    for line in table_of(found):
        typer.echo(line)


def _show_training(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = ("", "rows/s", "times", "ms a step", "input", "forward", "backward", "optimizer", "of matrix rate", "GiB")
    table = Table(*columns, caption=str(found["machine"]))
    for model, result in found["models"].items():
        base = result["speed"]["reference"]["rows_per_second"]
        for name, side in result["speed"].items():
            rate, step = side["rows_per_second"], side["step_seconds"]
            flops = side.get("flops_per_row", 0.0) * rate / found["machine"]["matrix_rate"]
            used = f"{flops:.1%}" if flops else ""
            memory = side.get("peak_gpu_bytes", side["peak_host_bytes"]) / 2**30
            shares = [f"{side['parts'][part] / step:.0%}" for part in columns[4:8]]
            table.add_row(
                f"{model}, {name}",
                f"{rate:,.0f}",
                f"{rate / base:.1f}",
                f"{1e3 * step:.2f}",
                *shares,
                used,
                f"{memory:.1f}",
            )
    Console(width=160).print(table)
    for model, result in found["models"].items():
        for side, auroc in result["auroc"].items():
            typer.echo(f"{model}, {side}: AUROC {auroc['mean']:.4f} ({' '.join(f'{a:.4f}' for a in auroc['seeds'])})")
