"""What Lightning trains where the rows are histories."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from names3risk.data.datasets import Batch
from names3risk.errors import DataError
from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.models.pointer import PointerOutput
from names3risk.sequences.datasets import SequenceBatch, SequenceSplit
from names3risk.sequences.loss import item_loss
from names3risk.sequences.metrics import RankingMetric
from names3risk.sequences.vocabulary import FIRST
from names3risk.training.module import RiskModule


class SequenceModule(RiskModule):
    """A network of histories in training; see `RiskModule`."""

    def __init__(
        self, model: nn.Module, hyperparameters: Hyperparameters, steps_per_epoch: int, left_out: dict[str, str]
    ) -> None:
        super().__init__(model, hyperparameters, steps_per_epoch, left_out)
        self.val_metrics = RankingMetric()

    @staticmethod
    def check(train: Any, val: Any, hyperparameters: Hyperparameters, processes: int) -> dict[str, str]:
        """Checks whether there are rows to learn from and rows to validate on.

        Raises:
            DataError: There are none.
        """
        for split, where in ((train, "training part"), (val, "validation part")):
            assert isinstance(split, SequenceSplit)
            if len(split) < 2 * processes:
                raise DataError(
                    f"{len(split)} events have an earlier event of the same entity",
                    where=where,
                    expected=f"at least {2 * processes}",
                )
            assert split.labels is not None
            if not (split.labels >= FIRST).any():
                raise DataError("no event has a known item", where=where, expected="items of the training part")
        return {}

    def score(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities `(B, V)`, losses `(B,)` and row weights `(B,)` of a batch."""
        assert isinstance(batch, SequenceBatch)
        assert isinstance(self.settings, PointerHyperparameters)
        assert batch.labels is not None
        output: PointerOutput = self.model(batch.input_ids, batch.attention_mask, batch.entities, batch.details)
        losses, weights = item_loss(output, batch.labels, self.settings.label_smoothing, self.settings.coverage_weight)
        return output.log_probabilities, losses, weights
