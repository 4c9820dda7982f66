"""Training on a table of events: a model folder, and how it ranks beside the baselines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback
from pydantic import BaseModel, ConfigDict

from names3risk import configuration
from names3risk.errors import ConfigError
from names3risk.files import require_writable, staged, write_json
from names3risk.hyperparameters import Hyperparameters, load_hyperparameters, parse_hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.models import count_parameters
from names3risk.models.pointer import build_pointer
from names3risk.sequences.baselines import BASELINES, Known, baseline_ranks
from names3risk.sequences.metrics import Ranking
from names3risk.sequences.module import SequenceModule
from names3risk.sequences.predictor import SequencePredictor
from names3risk.sequences.preparation import PreparedSequences, prepare_sequences
from names3risk.sequences.reading import read_events
from names3risk.sequences.schema import SequenceSchema
from names3risk.sequences.store import SequenceArtifacts, save_pointer
from names3risk.training.run_file import sole_run, write_run
from names3risk.training.trainer import FitResult, fit
from names3risk.training.world import find_world

logger = logging.getLogger(__name__)

EVALUATION = "evaluation.json"
NETWORK = "pointer network"


class SequenceConfig(BaseModel):
    """What a training on events needs to know.

    Args:
        data: The table of events: CSV, TSV or Parquet, a file or a folder of parts.
        columns: The sequence schema, or its file.
        hyperparameters: Those of model class pointer, or their JSON file.
        output: The folder for `model`, `data` and `checkpoints`.
        resume: Go on from the last checkpoint of the same run in `output`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    columns: Path | dict[str, Any]
    hyperparameters: Path | dict[str, Any]
    output: Path
    resume: bool = False

    @classmethod
    def load(cls, path: str | Path) -> SequenceConfig:
        """Reads a YAML file; paths in it are relative to it.

        Raises:
            ConfigError: The file cannot be read, or a field is wrong.
        """
        return configuration.load(cls, path, "training configuration")


@dataclass(frozen=True)
class SequenceResult:
    """What a training on events left behind.

    Args:
        model_dir: The model folder.
        data_dir: Metrics and TensorBoard logs.
        rankings: For `val` and `test`, where they have rows, how the network and each baseline rank; in a distributed
            run the first process alone measures.
        fitted: The run.
    """

    model_dir: Path
    data_dir: Path
    rankings: dict[str, dict[str, Ranking]]
    fitted: FitResult


def train_on_events(
    config: SequenceConfig,
    on_baseline: Callable[[str], None] | None = None,
    *,
    parts: Sequence[str] = ("val", "test"),
    callbacks: Sequence[Callback] = (),
) -> SequenceResult:
    """Trains a pointer network and measures it beside the baselines.

    Args:
        config: Data, columns, hyperparameters and output.
        on_baseline: Called with a line of text when something has been measured.
        parts: What is measured when the network is trained.
        callbacks: Lightning's callbacks that look on.

    Raises:
        Names3RiskError: Data, configuration, training or output are at fault; earlier outputs stay as they were.
    """
    schema, hyperparameters = schema_of(config), settings_of(config)
    model_dir, data_dir, checkpoints = (config.output / name for name in ("model", "data", "checkpoints"))
    for folder in (model_dir, data_dir, checkpoints):
        require_writable(folder)
    with sole_run(checkpoints, find_world()):
        if find_world().rank == 0:
            write_run(checkpoints, "events", config)
        events = read_events(config.data, schema)
        prepared = prepare_sequences(events, schema, hyperparameters.min_item_count, config.data)
        encoder, length = prepared.encoder, hyperparameters.history_length
        model = build_pointer(hyperparameters, len(encoder.items), len(encoder.entities), encoder.context_sizes)
        logger.info(
            "pointer with %d parameters: %d histories, %d items, %d entities",
            count_parameters(model),
            len(prepared.targets["train"]),
            len(encoder.items),
            len(encoder.entities),
        )
        fitted = fit(
            model,
            hyperparameters,
            prepared.split("train", length),
            prepared.split("val", length),
            checkpoints,
            data_dir / "tensorboard",
            module_class=SequenceModule,
            resume=config.resume,
            callbacks=callbacks,
        )
        if find_world().rank:
            return SequenceResult(model_dir, data_dir, {}, fitted)
        artifacts = SequenceArtifacts(hyperparameters, encoder, prepared.moments)
        with staged(model_dir) as model_stage, staged(data_dir) as data_stage:
            save_pointer(model_stage, artifacts, model)
            rankings = compare(prepared, SequencePredictor.load(model_stage), parts, on_baseline)
            content = {
                part: {name: ranking.to_json() for name, ranking in found.items()} for part, found in rankings.items()
            }
            write_json(data_stage / EVALUATION, content)
        return SequenceResult(model_dir, data_dir, rankings, fitted)


def compare(
    prepared: PreparedSequences,
    predictor: SequencePredictor,
    parts: Sequence[str],
    on_result: Callable[[str], None] | None = None,
) -> dict[str, dict[str, Ranking]]:
    """How the baselines and a network rank the events of some parts.

    Args:
        prepared: The encoded parts.
        predictor: The trained network.
        parts: Names of the parts; one without events is left out.
        on_result: Called with a line of text when something has been measured.
    """
    known = Known.fit(prepared.events, prepared.training, len(prepared.encoder.items))
    rankings: dict[str, dict[str, Ranking]] = {}
    for part in parts:
        targets = prepared.targets[part]
        if not len(targets):
            continue
        found = {name: Ranking.of(baseline_ranks(each, known, targets)) for name, each in BASELINES.items()}
        length = predictor.artifacts.hyperparameters.history_length
        found[NETWORK] = Ranking.of(predictor.ranks(prepared.split(part, length)))
        rankings[part] = found
        if on_result:
            on_result(f"{part}: {len(targets):,} events ranked")
    return rankings


def schema_of(config: SequenceConfig) -> SequenceSchema:
    """The sequence schema that a configuration holds or names."""
    columns = config.columns
    return SequenceSchema.load(columns) if isinstance(columns, Path) else SequenceSchema.parse(columns, "columns")


def settings_of(config: SequenceConfig) -> PointerHyperparameters:
    """The hyperparameters that a configuration holds or names.

    Raises:
        ConfigError: They are not those of a pointer network.
    """
    values = config.hyperparameters
    parsed: Hyperparameters
    parsed = load_hyperparameters(values) if isinstance(values, Path) else parse_hyperparameters(values)
    if not isinstance(parsed, PointerHyperparameters):
        raise ConfigError(f"model class {parsed.model_class} does not read events", expected="model_class pointer")
    return parsed
