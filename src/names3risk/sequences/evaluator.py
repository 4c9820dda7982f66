"""The running-average evaluator for a training on events."""

from __future__ import annotations

from pathlib import Path

from names3risk.models.pointer import build_pointer
from names3risk.sequences.job import SequenceConfig, schema_of, settings_of
from names3risk.sequences.module import SequenceModule
from names3risk.sequences.preparation import prepare_sequences
from names3risk.sequences.reading import read_events
from names3risk.training.evaluator import RunningAverageEvaluator


def evaluator_of_events(
    config: SequenceConfig, watch: str | Path | None = None, batches_per_checkpoint: int = 100
) -> RunningAverageEvaluator:
    """An evaluator of a training on events, with histories as the training makes them.

    Args:
        config: What the training was started with.
        watch: Its checkpoint folder; by default that of the configuration.
        batches_per_checkpoint: See `RunningAverageEvaluator`.

    Raises:
        Names3RiskError: Data or configuration are at fault.
    """
    schema, hyperparameters = schema_of(config), settings_of(config)
    events = read_events(config.data, schema)
    prepared = prepare_sequences(events, schema, hyperparameters.min_item_count, config.data)
    encoder = prepared.encoder
    return RunningAverageEvaluator(
        build_pointer(hyperparameters, len(encoder.items), len(encoder.entities), encoder.context_sizes),
        hyperparameters,
        prepared.split("val", hyperparameters.history_length),
        watch or config.output / "checkpoints",
        batches_per_checkpoint,
        SequenceModule,
    )
