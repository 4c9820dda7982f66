"""`names3risk bench quality`: how well the models rank, beside strong baselines on the same split."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from names3risk.cli.samples import SampleName, sample

if TYPE_CHECKING:
    from names3risk.bench.quality import Candidate, Comparison

MODELS = ("lstm2risk", "transformer2risk")


class DataName(StrEnum):
    """Names of the data sets: those that are made or fetched here, and those that `--file` brings."""

    spam_assassin = "spam-assassin"
    synthetic = "synthetic"
    twitterbot = "twitterbot"
    sms_spam = "sms_spam"
    youtube_spam = "youtube_spam"


def quality(
    data: Annotated[DataName, typer.Option(help="Which data set.")] = DataName.spam_assassin,
    file: Annotated[
        Path | None,
        typer.Option(help="The file of the data set; needed for twitterbot, sms_spam and youtube_spam."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many trainings of each model.")] = 3,
    model: Annotated[list[str] | None, typer.Option(help="Only this model class; may be repeated.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the results to this file.")] = None,
) -> None:
    """Compare how models rank unseen rows with strong baselines on the same split, each AUROC with its interval."""
    from names3risk.files import write_json

    with TemporaryDirectory(prefix="names3risk-bench-") as folder:
        if data.value in set(SampleName):
            comparison = _compare_sample(SampleName(data.value), file, seeds, model, folder)
        else:
            comparison = _compare_given(data.value, file, seeds, model, folder)
    if json is not None:
        write_json(json, {"data": data.value, **comparison.to_json()})
    _show(comparison)


def _compare_sample(
    name: SampleName, file: Path | None, seeds: int, models: Sequence[str] | None, folder: str
) -> Comparison:
    from names3risk.bench.quality import compare
    from names3risk.data.schema import ColumnSchema

    chosen = sample(name)
    candidates = [_candidate(each, chosen.environments_of(each)) for each in models or MODELS]
    table = file or chosen.write(Path(folder) / "raw.parquet")
    schema = ColumnSchema.load(chosen.schema)
    return compare(table, schema, candidates, folder, seeds=range(seeds), on_result=typer.echo)


def _compare_given(name: str, file: Path | None, seeds: int, models: Sequence[str] | None, folder: str) -> Comparison:
    from names3risk.bench.given_splits import given_split
    from names3risk.bench.quality import compare_on
    from names3risk.errors import ConfigError

    if file is None:
        raise ConfigError(f"the data set {name} is not fetched", where="--data", mend="name its file with --file")
    chosen = given_split(name)
    candidates = chosen.candidates()
    known = [each.hyperparameters.model_class for each in candidates]
    if unknown := [each for each in models or () if each not in known]:
        raise ConfigError(
            f"no settings of {', '.join(unknown)} for {name}", where="--model", expected=f"one of {', '.join(known)}"
        )
    wanted = [each for each in candidates if models is None or each.hyperparameters.model_class in models]
    splits = chosen.write_splits(file, Path(folder) / "splits")
    return compare_on(splits, wanted, folder, seeds=range(seeds), on_result=typer.echo)


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
    table = Table("", "learned from", "runs", "AUROC", "95 %", *METRICS[1:], "each run", "s", caption=f"rows: {rows}")
    for result in comparison.results:
        table.add_row(
            result.name,
            result.learned_from,
            str(len(result.runs)),
            f"{result.mean('auroc'):.4f}",
            _between(result.interval),
            *(f"{result.mean(metric):.4f}" for metric in METRICS[1:]),
            " ".join(f"{run['auroc']:.4f}" for run in result.runs),
            f"{result.seconds:.0f}",
        )
    Console(width=max(Console().width, 150)).print(table)
    if comparison.lead is not None:
        lead = comparison.lead
        typer.echo(
            f"{lead.model} is {lead.auroc:+.4f} AUROC from {lead.baseline}; 95 % interval on rows drawn again: "
            f"{_between(lead.interval, sign=True)}"
        )


def _between(interval: tuple[float, float], sign: bool = False) -> str:
    return " to ".join(f"{bound:{'+' if sign else ''}.4f}" for bound in interval)
