"""Learning-rate schedules, all stepped once for every optimizer step."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters

DEFAULT_WARMUP_STEPS = 300


def warmup_cosine(position: float, warmup: float, total: float, base: float, minimum: float) -> float:
    """Learning rate of a linear rise followed by a cosine to a minimum.

    For position e, warm-up W and total N: base (e + 1) / W while e < W, then
    min + (base - min) / 2 * (1 + cos(pi (e - W) / max(1, N - W))).

    Args:
        position: Epochs or steps done.
        warmup: Epochs or steps of the rise.
        total: Epochs or steps of the run.
        base: Highest learning rate.
        minimum: Learning rate at the end.
    """
    if position < warmup:
        return base * (position + 1) / warmup
    progress = (position - warmup) / max(1, total - warmup)
    return minimum + 0.5 * (base - minimum) * (1 + math.cos(math.pi * progress))


def build_schedule(optimizer: Optimizer, hyperparameters: Hyperparameters, steps_per_epoch: int) -> LRScheduler | None:
    """The schedule that the hyperparameters name; None keeps the learning rate fixed.

    Args:
        optimizer: The optimizer whose learning rate is set.
        hyperparameters: Name and settings of the schedule.
        steps_per_epoch: Optimizer steps of one epoch, which decides the length of the schedule.

    Raises:
        ConfigError: The warm-up is not shorter than the run.
    """
    name = hyperparameters.scheduler if hyperparameters.run_scheduler else "fixed"
    total = steps_per_epoch * hyperparameters.max_epochs
    warmup = hyperparameters.warmup_steps
    if name == "fixed":
        return None
    if name == "onecycle":
        if warmup is not None and warmup >= total:
            raise ConfigError(
                f"warmup_steps {warmup} is not below the {total} steps of the run",
                where="hyperparameters",
                mend="lower warmup_steps or set pct_start instead",
            )
        rise = hyperparameters.pct_start * total if warmup is None else float(warmup)
        if math.isclose(rise, 1):
            rise = 1.001  # OneCycleLR divides by rise - 1
        return OneCycleLR(
            optimizer,
            max_lr=hyperparameters.lr,
            total_steps=total,
            pct_start=rise / total,
            anneal_strategy="cos",
            cycle_momentum=hyperparameters.cycle_momentum and hyperparameters.optimizer != "adagrad",
        )
    if name == "linear_warmup":
        steps = max(1, DEFAULT_WARMUP_STEPS if warmup is None else warmup)
        return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / steps))
    if hyperparameters.warmup_epochs >= hyperparameters.max_epochs:
        raise ConfigError(
            f"warmup_epochs {hyperparameters.warmup_epochs} is not below max_epochs {hyperparameters.max_epochs}",
            where="hyperparameters",
            mend="lower warmup_epochs or raise max_epochs",
        )
    by_epoch = hyperparameters.schedule_interval == "epoch"
    divisor, scale = (steps_per_epoch, 1) if by_epoch else (1, steps_per_epoch)
    start, end = hyperparameters.warmup_epochs * scale, hyperparameters.max_epochs * scale

    def factor(step: int) -> float:
        rate = warmup_cosine(step // divisor, start, end, hyperparameters.lr, hyperparameters.min_lr)
        return rate / hyperparameters.lr

    return LambdaLR(optimizer, factor)
