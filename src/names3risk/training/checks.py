"""Whether a model can be trained on some splits, said before training begins."""

from __future__ import annotations

import numpy as np

from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ConfigError, DataError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.metrics import not_computable


def check_splits(
    train: EncodedSplit, val: EncodedSplit, hyperparameters: Hyperparameters, processes: int
) -> dict[str, str]:
    """Checks both splits, which each of the processes must have rows of.

    Returns:
        Validation metrics that cannot be computed, with the reason.

    Raises:
        DataError: A split is too small, has no or wrong labels, rows that are too long or features that are not finite.
        ConfigError: The early-stopping metric cannot be computed.
    """
    _check_split(train, hyperparameters, "training split", 2 * processes)
    _check_split(val, hyperparameters, "validation split", max(2, processes))
    return _check_labels(train, val, hyperparameters)


def _check_split(split: EncodedSplit, hyperparameters: Hyperparameters, where: str, least: int) -> None:
    if len(split) < least:
        raise DataError(f"{len(split)} rows", where=where, expected=f"at least {least} rows")
    if split.labels is None:
        raise DataError("no labels", where=where, expected="a label in every row")
    longest = int(split.tokens.lengths.max())
    if longest > hyperparameters.max_tokens:
        raise DataError(
            f"a row has {longest} tokens",
            where=where,
            expected=f"at most {hyperparameters.max_tokens} (max_sen_len)",
            mend="encode the text with max_length = max_sen_len",
        )
    low, high = int(split.labels.min()), int(split.labels.max())
    if low < 0 or high >= hyperparameters.num_classes:
        raise DataError(
            f"labels from {low} to {high}",
            where=where,
            expected=f"0 to {hyperparameters.num_classes - 1} (num_classes)",
        )
    if not np.isfinite(split.tabular).all():
        row, column = np.argwhere(~np.isfinite(split.tabular))[0]
        raise DataError(
            f"feature {column} of row {row} is {split.tabular[row, column]}",
            where=where,
            expected="finite numbers; missing ones are filled before",
        )


def _check_labels(train: EncodedSplit, val: EncodedSplit, hyperparameters: Hyperparameters) -> dict[str, str]:
    assert train.labels is not None
    assert val.labels is not None
    if len(np.unique(train.labels)) < 2:
        raise DataError(f"only class {train.labels[0]}", where="training split", expected="at least two classes")
    left_out = not_computable(val.labels, hyperparameters.num_classes)
    metric = hyperparameters.early_stop_metric
    if metric in left_out:
        raise ConfigError(
            f"early_stop_metric {metric} cannot be computed: {left_out[metric]}",
            where="validation split",
            mend="use val_loss, or give validation rows of every class",
        )
    return left_out
