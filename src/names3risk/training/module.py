"""What Lightning trains: a network, its loss, its optimizer and its validation metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import lightning
import torch
from torch import Tensor, distributed, nn
from torch.optim import Optimizer
from torchmetrics import MeanMetric, Metric, MetricCollection

from names3risk.data.datasets import Batch, EncodedSplit, Selection
from names3risk.data.shards import ShardedSplit
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.checks import check_splits
from names3risk.training.execution import Execution
from names3risk.training.finite import FiniteWatch
from names3risk.training.graphs import Recorded, StepGraphs
from names3risk.training.halves import HalfWeights
from names3risk.training.losses import build_loss
from names3risk.training.metrics import build_metrics
from names3risk.training.optimizers import build_optimizer
from names3risk.training.schedules import build_schedule
from names3risk.training.sharing import FlatGradients, StepTotals
from names3risk.training.strategies import shard


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
        self.last_good_checkpoint: str | None = None
        self.last_lr = hyperparameters.lr
        self.execution = Execution()
        self.usual_rows = hyperparameters.batch_size
        """Rows of nearly all batches of this process."""
        self.train_sums = torch.zeros(2, dtype=torch.float64)
        """Weighted losses and weights of this process's rows since the last validation."""
        self.finite = FiniteWatch()
        self.graphs: StepGraphs | None = None
        self.totals: StepTotals | None = None
        self._replayed: Recorded | None = None
        self.halves: HalfWeights | None = None
        self._fast: Callable[..., Tensor] | None = None

    @staticmethod
    def check(train: Any, val: Any, hyperparameters: Hyperparameters, processes: int) -> dict[str, str]:
        """Checks whether the splits can be trained on; gives the validation metrics that cannot be computed."""
        assert isinstance(train, EncodedSplit | ShardedSplit)
        assert isinstance(val, EncodedSplit | ShardedSplit)
        return check_splits(train, val, hyperparameters, processes)

    def score(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits `(B, K)`, losses `(B,)` and row weights `(B,)` of a batch."""
        inputs = [batch.input_ids, batch.attention_mask, batch.tabular]
        if batch.room:
            inputs.append(torch.arange(batch.room, device=batch.input_ids.device))
        logits = self._network(batch, inputs)(*inputs)
        return logits, *self.loss(logits, batch.labels)

    def _network(self, batch: Batch, inputs: Sequence[Tensor]) -> Callable[..., Tensor]:
        """The network; while training on batches of the usual number of rows, the one made fast for them."""
        if not self.training or len(batch.rows) != self.usual_rows:
            return self.model
        if self.execution.compiled:
            if batch.room:
                torch._dynamo.maybe_mark_dynamic(inputs[-1], 0)
            else:
                for tensor in inputs[:2]:
                    torch._dynamo.maybe_mark_dynamic(tensor, 1)
        return self._fast or self.model

    def configure_model(self) -> None:
        """Shards the network where the strategy is FSDP."""
        mesh = getattr(self, "_device_mesh", None)
        if mesh is not None:
            shard(self.model, mesh["data_parallel"])

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Leaves the batch where it is: loaders gather on the device of the model."""
        return batch

    def on_train_start(self) -> None:
        """Makes ready what depends on the device and on how steps are run."""
        self.train_sums = self.train_sums.to(self.device)
        self.finite.start(2 * self.usual_rows, self.device)  # a small last batch joins another
        if self.trainer.world_size > 1:
            self.totals = StepTotals(self.model, self.device)
        if self.execution.recorded and self.execution.half:
            self.halves = HalfWeights(self.model, self.execution, self._flat_gradients)
            self._fast = self.halves.forward
        elif self.execution.compiled:
            self._fast = torch.compile(self.model.forward)
        if self.execution.recorded:
            once = self.settings.accumulate_grad_batches == 1 and self.trainer.world_size == 1
            self.graphs = StepGraphs(
                self._recordable_step,
                list(self.model.parameters()),
                [*self.model.buffers(), self.train_sums, *self.finite.state],
                self.settings.gradient_clip_val if once else 0.0,
                self._flat_gradients,
            )

    def on_train_batch_start(self, batch: Batch | Selection, batch_idx: int) -> None:
        """Makes dropout a function of seed and step, so that a resumed run draws what the unbroken one would."""
        step = self.current_epoch * 1_000_003 + batch_idx
        torch.manual_seed(self.settings.seed + 1 + 7919 * step + 104_729 * self.global_rank)

    def training_step(self, batch: Batch | Selection, batch_idx: int) -> Tensor:
        """The loss of a batch.

        Raises:
            TrainingError: The loss of this or an earlier batch is not finite.
        """
        totals = self.totals if self.totals is not None and (self.totals.norms or self.graphs is not None) else None
        if totals is not None:
            assert batch.labels is not None
            totals.exchange(batch.tabular, self.loss.weights[batch.labels])
        usual = len(batch.rows) == self.usual_rows
        self._replayed = self.graphs.replay(batch) if self.graphs is not None and usual else None
        if self._replayed is None:
            if totals is not None:
                totals.settle()
            loss = self._measure(batch.build(batch.tensors))
        else:
            loss = self._replayed.loss
        self.finite.passed(self.global_step, batch.rows, self.last_good_checkpoint)
        self.last_lr = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        return loss

    def _measure(self, batch: Batch) -> Tensor:
        """The weighted mean of the losses of a step's rows, those of the other processes included.

        Processes average their gradients, so each counts its rows as many times as there are processes.
        """
        _, losses, weights = self.score(batch)
        weighted, weight = (losses * weights).sum(), weights.sum()
        self.finite.look(losses)
        self.train_sums += torch.stack([weighted.detach(), weight])
        if self.totals is None:
            return weighted / weight
        if self.graphs is None:
            distributed.all_reduce(weight)
        else:
            weight = self.totals.weight  # a recorded step can wait for no other process
        return weighted / weight * self.trainer.world_size

    def _recordable_step(self, batch: Batch) -> Tensor:
        """Forward and backward pass; the loss."""
        if self.totals is not None:
            self.totals.settle()
        # A cast that is kept from step to step would be read by the graph instead of the weights.
        with torch.autocast(self.device.type, self.execution.dtype, self.execution.half, cache_enabled=False):
            loss = self._measure(batch)
        self.differentiate(loss / self.settings.accumulate_grad_batches)
        return loss.detach()

    def differentiate(self, loss: Tensor) -> None:
        """Computes the gradients of a loss `()` in a step that can be recorded."""
        torch.autograd.backward(loss)
        if self.halves is not None:
            self.halves.give()

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Computes the gradients, unless they came with the recorded step."""
        if self._replayed is None:
            torch.autograd.backward(loss)
        else:
            self._replayed.hand_over(self.model.parameters(), add=self.settings.accumulate_grad_batches > 1)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Adds a batch to the validation metrics."""
        logits, losses, weights = self.score(batch)
        self.val_loss.update(losses, weights)
        probabilities = logits.float().softmax(dim=-1)
        self.val_metrics.update(probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities, batch.labels)

    def on_validation_start(self) -> None:
        """Makes sure that what is validated was trained on finite losses."""
        self.finite.check()

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics over the whole validation split."""
        values = {"val_loss": self.val_loss.compute(), **self.val_metrics.compute()}
        self.val_loss.reset()
        self.val_metrics.reset()
        total, weight = self._all_train_sums().tolist()
        values["train_loss"] = torch.tensor(total / weight if weight else float("nan"))
        self.train_sums.zero_()
        for name, value in values.items():
            self.log(name, value, prog_bar=name == self.settings.early_stop_metric)

    def configure_optimizers(self) -> Any:
        """Optimizer and schedule, stepped together."""
        optimizer = build_optimizer(self.model, self.settings)
        schedule = build_schedule(optimizer, self.settings, self.steps_per_epoch)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    @property
    def _flat_gradients(self) -> FlatGradients | None:
        """The gradients as several processes exchange them, where they do so all at once."""
        return getattr(self.trainer.strategy, "gradients", None)

    def configure_gradient_clipping(self, optimizer: Optimizer, *_: Any, **__: Any) -> None:
        """Scales all gradients down together when their global norm is above gradient_clip_val."""
        limit, flat = self.settings.gradient_clip_val, self._flat_gradients
        recorded = self._replayed is not None and self._replayed.clipped
        if not limit or recorded:
            return
        if flat is not None:
            flat.clip(limit)
        else:
            nn.utils.clip_grad_norm_(self.model.parameters(), limit)

    def on_train_end(self) -> None:
        """Leaves the network as one that is used alone."""
        if self.totals is not None:
            self.totals.forget()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Makes sure that the weights are good, and saves the sums of the training loss over all processes."""
        self.finite.check()
        checkpoint["train_sums"] = self._all_train_sums().cpu()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Goes on summing, in the first process for all."""
        if self.global_rank == 0:
            self.train_sums = checkpoint["train_sums"].to(self.train_sums.device)

    def _all_train_sums(self) -> Tensor:
        sums = self.train_sums.clone()
        if self.trainer.world_size > 1:
            distributed.all_reduce(sums)
        return sums
