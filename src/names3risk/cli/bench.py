"""`names3risk bench`: measurements beside the alternatives, in one run on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from names3risk.cli.samples import SampleName, sample

if TYPE_CHECKING:
    from names3risk.bench.quality import Candidate, Comparison

app = typer.Typer(help="Measure the library beside the alternatives.", no_args_is_help=True)

MODELS = ("lstm2risk", "transformer2risk")


@app.command()
def quality(
    data: Annotated[SampleName, typer.Option(help="Which data set.")] = SampleName.spam_assassin,
    file: Annotated[Path | None, typer.Option(help="The data set, if it has been written to a file before.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many trainings of each model.")] = 3,
    model: Annotated[list[str] | None, typer.Option(help="Only this model class; may be repeated.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the results to this file.")] = None,
) -> None:
    """Compare how the models of the example pipeline rank unseen rows with strong baselines on the same split."""
    from names3risk.bench.quality import compare
    from names3risk.data.schema import ColumnSchema
    from names3risk.files import write_json

    chosen = sample(data)
    candidates = [_candidate(name, chosen.environments_of(name)) for name in model or MODELS]
    with TemporaryDirectory(prefix="names3risk-bench-") as folder:
        table = file or chosen.write(Path(folder) / "raw.parquet")
        comparison = compare(
            table, ColumnSchema.load(chosen.schema), candidates, folder, seeds=range(seeds), on_result=typer.echo
        )
    if json is not None:
        write_json(json, {"data": data.value, **comparison.to_json()})
    _show(comparison)


def _candidate(model: str, environments: Sequence[str]) -> Candidate:
    """The tokenizer and the model as the example pipeline would train them."""
    from names3risk.bench.quality import Candidate
    from names3risk.cli.project import example_pipeline
    from names3risk.hyperparameters import parse_hyperparameters
    from names3risk.text.tokenizer import TokenizerSettings
    from pipeline_steps.configuration import load_pipeline

    pipeline = load_pipeline(example_pipeline(), environments)
    settings: dict[str, Any] = {builder.spec.step_type: builder.settings for builder in pipeline.steps}
    return Candidate(
        model,
        TokenizerSettings(**settings["TokenizerTraining"].arguments),
        parse_hyperparameters(settings["Names3RiskTraining"].hyperparameters, example_pipeline()),
    )


def _show(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    from names3risk.bench.quality import METRICS

    rows = ", ".join(
        f"{name} {count:,} ({comparison.positives[name]:,} positive)" for name, count in comparison.rows.items()
    )
    table = Table("", "learned from", "runs", *METRICS, "AUROC of each run", "s a run", caption=f"rows: {rows}")
    for result in comparison.results:
        table.add_row(
            result.name,
            result.learned_from,
            str(len(result.runs)),
            *(f"{result.mean(metric):.4f}" for metric in METRICS),
            " ".join(f"{run['auroc']:.4f}" for run in result.runs),
            f"{result.seconds:.0f}",
        )
    Console().print(table)
