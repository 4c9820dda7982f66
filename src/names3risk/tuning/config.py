"""What a search needs to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from names3risk import configuration
from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, Hyperparameters, parse_hyperparameters
from names3risk.hyperparameters.parsing import read_hyperparameters
from names3risk.hyperparameters.ranges import Range, check_ranges


class TuneConfig(BaseModel):
    """A search of hyperparameters.

    Args:
        data: As for training: a raw table, or a folder with the splits `train` and `val`; of events, the table.
        columns: The column schema, or its file; for model class pointer the sequence schema.
        hyperparameters: Those that are fixed, `model_class` among them, or their JSON file.
        ranges: The hyperparameters that are searched, and where; as in the pipeline's Tuning step.
        output: The folder for the study, its table and picture, and the best hyperparameters.
        tokenizer: A folder with `tokenizer.json`; without it one is trained on the training split.
        pretrained: The folder below which the hyperparameter `pretrained` names a pretrained encoder.
        objective: Validation metric that is optimised; by default the early-stopping metric.
        trials: Trainings that shall end, those of earlier runs in the same folder included.
        timeout_minutes: No training begins after so many minutes; None for no limit.
        pruning: Whether a training ends early when its metric is below the median of the others'.
        seed: Of the search.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    columns: Path | dict[str, Any] | None = None
    hyperparameters: Path | dict[str, Any]
    ranges: dict[str, Range] = Field(min_length=1)
    output: Path
    tokenizer: Path | None = None
    pretrained: Path | None = None
    objective: str | None = None
    trials: int = Field(20, ge=1)
    timeout_minutes: float | None = Field(None, gt=0)
    pruning: bool = True
    seed: int = Field(0, ge=0)

    @classmethod
    def load(cls, path: str | Path) -> TuneConfig:
        """Reads a YAML or JSON file; paths in it are relative to it.

        Raises:
            ConfigError: The file cannot be read, or a field is wrong; every problem is named.
        """
        return configuration.load(cls, path, "search configuration")

    def fixed(self) -> dict[str, Any]:
        """The fixed hyperparameters.

        Raises:
            ConfigError: Their file cannot be read.
        """
        if isinstance(self.hyperparameters, dict):
            return dict(self.hyperparameters)
        return read_hyperparameters(self.hyperparameters)[0]

    def check(self) -> Hyperparameters:
        """Checks everything that can be checked before the first training.

        Returns:
            The hyperparameters with the values that are searched at their defaults.

        Raises:
            ConfigError: The fixed hyperparameters or the ranges are wrong.
        """
        fixed = self.fixed()
        if self.objective is not None:
            fixed["early_stop_metric"] = self.objective
        known = fixed.get("model_class")
        if known in HYPERPARAMETER_CLASSES:
            check_ranges(self.ranges, HYPERPARAMETER_CLASSES[known], fixed)
        return parse_hyperparameters(fixed, "hyperparameters")
