"""What Lightning trains: a network, its loss, its optimizer and its validation metrics."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection

from names3risk.data.datasets import Batch, EncodedSplit
from names3risk.errors import TrainingError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.checks import check_splits
from names3risk.training.losses import build_loss
from names3risk.training.metrics import build_metrics
from names3risk.training.optimizers import build_optimizer
from names3risk.training.schedules import build_schedule

MAX_NAMED_ROWS = 20


class RiskModule(lightning.LightningModule):
    """A network in training.

    Args:
        model: Gives logits `(B, K)` for token ids, mask and features.
        hyperparameters: Loss, optimizer, schedule and seed.
        steps_per_epoch: Optimizer steps of one epoch.
        left_out: Validation metrics that cannot be computed.
    """

    def __init__(
        self, model: nn.Module, hyperparameters: Hyperparameters, steps_per_epoch: int, left_out: dict[str, str]
    ) -> None:
        super().__init__()
        self.model, self.settings, self.steps_per_epoch = model, hyperparameters, steps_per_epoch
        self.loss = build_loss(hyperparameters)
        self.val_loss = MeanMetric(nan_strategy="disable")
        self.val_metrics: Metric | MetricCollection = build_metrics(hyperparameters.num_classes, left_out)
        self.train_loss = MeanMetric(nan_strategy="disable")
        self.train_loss.persistent(True)  # a resumed run goes on summing
        self.last_good_checkpoint: str | None = None
        self.last_lr = hyperparameters.lr

    @staticmethod
    def check(train: Any, val: Any, hyperparameters: Hyperparameters, processes: int) -> dict[str, str]:
        """Checks whether the splits can be trained on; gives the validation metrics that cannot be computed."""
        assert isinstance(train, EncodedSplit)
        assert isinstance(val, EncodedSplit)
        return check_splits(train, val, hyperparameters, processes)

    def score(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits `(B, K)`, losses `(B,)` and row weights `(B,)` of a batch."""
        logits = self.model(batch.input_ids, batch.attention_mask, batch.tabular)
        return logits, *self.loss(logits, batch.labels)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Leaves the batch where it is: loaders gather on the device of the model."""
        return batch

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Makes dropout a function of seed and step, so that a resumed run draws what the unbroken one would."""
        step = self.current_epoch * 1_000_003 + batch_idx
        torch.manual_seed(self.settings.seed + 1 + 7919 * step + 104_729 * self.global_rank)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch.

        Raises:
            TrainingError: The loss is not finite.
        """
        _, losses, weights = self.score(batch)
        loss: Tensor = (losses * weights).sum() / weights.sum()
        if not torch.isfinite(loss):
            self._stop_not_finite(batch, losses)
        self.train_loss.update(losses.detach(), weights)
        self.last_lr = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        return loss * batch.share  # processes average their gradients as if all had equally many rows

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to the validation metrics."""
        logits, losses, weights = self.score(batch)
        self.val_loss.update(losses, weights)
        probabilities = logits.float().softmax(dim=-1)
        self.val_metrics.update(probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities, batch.labels)

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics over the whole validation split."""
        values = {"val_loss": self.val_loss.compute(), **self.val_metrics.compute()}
        self.val_loss.reset()
        self.val_metrics.reset()
        values["train_loss"] = self.train_loss.compute()
        self.train_loss.reset()
        for name, value in values.items():
            self.log(name, value, prog_bar=name == self.settings.early_stop_metric)

    def configure_optimizers(self) -> Any:
        """Optimizer and schedule, stepped together."""
        optimizer = build_optimizer(self.model, self.settings)
        schedule = build_schedule(optimizer, self.settings, self.steps_per_epoch)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, optimizer: Optimizer, *_: Any, **__: Any) -> None:
        """Scales all gradients down together when their global norm is above gradient_clip_val."""
        if self.settings.gradient_clip_val:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.gradient_clip_val)

    def _stop_not_finite(self, batch: Batch, losses: Tensor) -> None:
        bad = batch.rows[~torch.isfinite(losses)].tolist() or batch.rows.tolist()
        shown = ", ".join(map(str, bad[:MAX_NAMED_ROWS])) + (", ..." if len(bad) > MAX_NAMED_ROWS else "")
        raise TrainingError(
            f"the loss is not finite at step {self.global_step}, training rows {shown}; "
            f"last good checkpoint: {self.last_good_checkpoint or 'none yet'}",
            where="training",
            mend="look for infinite features in these rows, lower lr, or set gradient_clip_val",
        )
