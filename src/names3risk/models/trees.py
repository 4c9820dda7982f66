"""Boosted decision trees as tensors: part of a network, of its state dict and of its ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class TreeEnsemble(nn.Module):
    """The sum of the leaves that a row falls into, for each class.

    All trees go down one level at a time together. A leaf points to itself, so that shallow trees wait for deep ones.

    Args:
        n_trees: Trees of each class, T.
        n_nodes: The most nodes of a tree, M.
        depth: The most decisions from a root to a leaf.
        n_outputs: K.
    """

    feature: Tensor
    threshold: Tensor
    branches: Tensor
    value: Tensor
    base: Tensor

    def __init__(self, n_trees: int, n_nodes: int, depth: int, n_outputs: int) -> None:
        super().__init__()
        self.n_trees, self.n_nodes, self.depth, self.n_outputs = n_trees, n_nodes, depth, n_outputs
        nodes = n_outputs * n_trees * n_nodes
        self.register_buffer("feature", torch.zeros(nodes, dtype=torch.int64))
        self.register_buffer("threshold", torch.zeros(nodes))
        self.register_buffer("branches", torch.arange(nodes).repeat_interleave(2))
        self.register_buffer("value", torch.zeros(nodes))
        self.register_buffer("base", torch.zeros(n_outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Features `(B, F)` to outputs `(B, K)`."""
        roots = torch.arange(0, len(self.feature), self.n_nodes, device=features.device)
        node = roots.expand(features.shape[0], -1)
        for _ in range(self.depth):
            goes_right = features.gather(1, self.feature[node]) > self.threshold[node]
            node = self.branches[2 * node + goes_right.long()]
        leaves = self.value[node].view(-1, self.n_outputs, self.n_trees)
        return leaves.sum(dim=2) + self.base

    def load(self, members: Sequence[Any]) -> None:
        """Takes over fitted `HistGradientBoostingClassifier`s, whose raw predictions it then averages.

        Args:
            members: Fitted on float32 features without missing values; each with as many trees as fit.
        """
        share = 1 / len(members)
        trees = [
            [self._tree(stage[output]) for member in members for stage in member._predictors]
            for output in range(self.n_outputs)
        ]
        columns = [np.concatenate(column) for column in zip(*(tree for group in trees for tree in group), strict=True)]
        feature, threshold, children, value = columns
        starts = np.repeat(np.arange(0, len(feature), self.n_nodes), 2 * self.n_nodes)
        self.feature.copy_(torch.from_numpy(feature))
        self.threshold.copy_(torch.from_numpy(threshold))
        self.branches.copy_(torch.from_numpy(children + starts))
        self.value.copy_(torch.from_numpy(value * share))
        base = np.mean([member._baseline_prediction.ravel() for member in members], axis=0)
        self.base.copy_(torch.from_numpy(base))

    def _tree(self, tree: Any) -> tuple[npt.NDArray[Any], ...]:
        """Feature, threshold, children and value of each node, filled up with leaves of value 0."""
        nodes = tree.nodes
        leaf = nodes["is_leaf"].astype(bool)
        own = np.arange(self.n_nodes)
        feature, threshold = np.zeros(self.n_nodes, dtype=np.int64), np.zeros(self.n_nodes, dtype=np.float32)
        value, children = np.zeros(self.n_nodes), np.stack([own, own], axis=1)
        count = len(nodes)
        feature[:count] = np.where(leaf, 0, nodes["feature_idx"])
        threshold[:count] = np.where(leaf, 0, _rounded_down(nodes["num_threshold"]))
        value[:count] = np.where(leaf, nodes["value"], 0)
        for side, name in enumerate(("left", "right")):
            children[:count, side] = np.where(leaf, own[:count], nodes[name])
        return feature, threshold, children.ravel(), value


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 not above each threshold: the same float32 values lie at or below it."""
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)
