"""Whether a model can be trained on some splits, said before training begins."""

from __future__ import annotations

import numpy as np

from names3risk.data.datasets import EncodedSplit
from names3risk.data.shards import ShardedSplit
from names3risk.errors import ConfigError, DataError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.metrics import not_computable


def check_splits(
    train: EncodedSplit | ShardedSplit,
    val: EncodedSplit | ShardedSplit,
    hyperparameters: Hyperparameters,
    processes: int,
) -> dict[str, str]:
    """Checks both splits, which each of the processes must have rows of.

    Returns:
        Validation metrics that cannot be computed, with the reason.

    Raises:
        DataError: A split is too small, has no or wrong labels, rows that are too long or features that are not finite.
        ConfigError: The early-stopping metric cannot be computed.
    """
    classes = _check_split(train, hyperparameters, "training split", 2 * processes)
    of_val = _check_split(val, hyperparameters, "validation split", max(2, processes))
    if len(classes) < 2:
        raise DataError(f"only class {classes[0]}", where="training split", expected="at least two classes")
    return _check_metric(of_val, hyperparameters)


def _check_split(
    split: EncodedSplit | ShardedSplit, hyperparameters: Hyperparameters, where: str, least: int
) -> list[int]:
    """Checks one split and gives its classes."""
    if len(split) < least:
        raise DataError(f"{len(split)} rows", where=where, expected=f"at least {least} rows")
    if isinstance(split, ShardedSplit):  # whose numbers were found finite as they were written
        classes, longest = sorted(split.index.classes), split.index.longest
    else:
        if split.labels is None:
            raise DataError("no labels", where=where, expected="a label in every row")
        classes, longest = np.unique(split.labels).tolist(), int(split.tokens.lengths.max())
    if longest > hyperparameters.max_tokens:
        raise DataError(
            f"a row has {longest} tokens",
            where=where,
            expected=f"at most {hyperparameters.max_tokens} (max_sen_len)",
            mend="encode the text with max_length = max_sen_len",
        )
    if classes[0] < 0 or classes[-1] >= hyperparameters.num_classes:
        raise DataError(
            f"labels from {classes[0]} to {classes[-1]}",
            where=where,
            expected=f"0 to {hyperparameters.num_classes - 1} (num_classes)",
        )
    if isinstance(split, EncodedSplit) and not np.isfinite(split.tabular).all():
        row, column = np.argwhere(~np.isfinite(split.tabular))[0]
        raise DataError(
            f"feature {column} of row {row} is {split.tabular[row, column]}",
            where=where,
            expected="finite numbers; missing ones are filled before",
        )
    return classes


def _check_metric(classes: list[int], hyperparameters: Hyperparameters) -> dict[str, str]:
    """Looks for metrics that cannot be computed from rows of these classes."""
    left_out = not_computable(np.array(classes), hyperparameters.num_classes)
    metric = hyperparameters.early_stop_metric
    if metric in left_out:
        raise ConfigError(
            f"early_stop_metric {metric} cannot be computed: {left_out[metric]}",
            where="validation split",
            mend="use val_loss, or give validation rows of every class",
        )
    return left_out
