"""The trials of a search as a table, and its space as the settings of a pipeline's Tuning step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from names3risk.data.writing import write_table
from names3risk.hyperparameters.ranges import CategoricalRange
from names3risk.plain_yaml import dump_plain_yaml
from names3risk.training.metrics import HIGHER_IS_BETTER
from names3risk.tuning.config import TuneConfig

if TYPE_CHECKING:
    from optuna.study import Study


@dataclass(frozen=True)
class TrialRecord:
    """A trial.

    Args:
        number: From 0.
        state: `complete`, `pruned` (ended early) or `fail`.
        value: Of the objective; None unless complete.
        parameters: The searched hyperparameters.
        validations: Validations that it reached.
        seconds: How long it took.
        reason: Why it failed, if it did.
    """

    number: int
    state: str
    value: float | None
    parameters: dict[str, Any]
    validations: int
    seconds: float
    reason: str


def records(study: Study) -> list[TrialRecord]:
    """All trials of a study, in the order they were made."""
    return [
        TrialRecord(
            trial.number,
            trial.state.name.lower(),
            trial.value if trial.state.name == "COMPLETE" else None,
            dict(trial.params),
            len(trial.intermediate_values),
            trial.duration.total_seconds() if trial.duration else 0.0,
            str(trial.user_attrs.get("reason", "")),
        )
        for trial in study.get_trials(deepcopy=False)
    ]


def write_table_of(found: list[TrialRecord], path: Path) -> None:
    """Writes one row a trial."""
    rows = [
        {
            "trial": record.number,
            "state": record.state,
            "value": record.value,
            **{name: str(value) for name, value in record.parameters.items()},
            "validations": record.validations,
            "seconds": round(record.seconds, 1),
            "reason": record.reason,
        }
        for record in found
    ]
    write_table(pl.DataFrame(rows, infer_schema_length=None), path)


def write_step(config: TuneConfig, objective: str) -> str:
    """The search as YAML settings of a `Names3RiskTuning` step: the same ranges, objective and number of trials."""
    ranges = {}
    for name, each in config.ranges.items():
        value = each.model_dump(mode="json")
        if isinstance(each, CategoricalRange):
            value["values"] = [_text(item) for item in each.values]
        ranges[name] = value
    settings = {
        "hyperparameters": {name: value for name, value in config.fixed().items() if value is not None},
        "ranges": ranges,
        "objective": objective,
        "goal": "Maximize" if HIGHER_IS_BETTER[objective] else "Minimize",
        "max_jobs": config.trials,
        "early_stopping": config.pruning,
        "metrics": [{"name": objective, "regex": f"{objective} ([0-9.]+)"}],
    }
    return dump_plain_yaml(settings)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
