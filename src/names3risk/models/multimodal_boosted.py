"""multimodal_boosted: boosted trees on features, ratios of numbers and what the text says, in one network."""

from __future__ import annotations

import logging
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ConfigError
from names3risk.hyperparameters.multimodal_boosted import MultimodalBoostedHyperparameters
from names3risk.models.ngram_fitting import NgramModel, count_ngrams
from names3risk.models.ngrams import NgramLogits
from names3risk.models.trees import TreeEnsemble

logger = logging.getLogger(__name__)


class MultimodalBoosted(nn.Module):
    """Text and tables to class logits.

    The trees read the features, the differences of the logarithms of some numbers, and the logits of a linear model
    of the text's n-grams. For training rows these logits come from folds that the row is not in, so that the trees
    see the text score as good as it will be on new rows.

    Args:
        hyperparameters: Trees and n-grams; `tab_field_list` tells where the ratio fields are.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the text alone.
        n_outputs: Width of the last layer.
    """

    onnx_exporter = "dynamo"

    def __init__(
        self, hyperparameters: MultimodalBoostedHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        super().__init__()
        settings = hyperparameters
        self.settings = settings
        self.n_classes = n_outputs
        outputs = 1 if n_outputs == 2 else n_outputs
        self.text = NgramLogits(settings.ngram_min, settings.ngram_max, settings.ngram_buckets, 1.0, 0.0, outputs)
        self.text_bias = nn.Parameter(torch.zeros(outputs))
        pairs = list(combinations(_positions(settings), 2))
        self.register_buffer("pairs", torch.tensor(pairs, dtype=torch.int64).view(-1, 2), persistent=False)
        nodes = 2 * settings.max_leaves - 1
        self.trees = TreeEnsemble(settings.n_members * settings.boosting_rounds, nodes, settings.max_depth, outputs)

    pairs: Tensor

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        """Class logits.

        Args:
            input_ids: Token ids `(B, L)`.
            attention_mask: True at tokens `(B, L)`.
            tabular: Features `(B, F)`.

        Returns:
            Logits `(B, K)`.
        """
        text = self.text(input_ids, attention_mask) + self.text_bias
        logits: Tensor = self.trees(torch.cat([self.columns(tabular), text], dim=1))
        return torch.cat([torch.zeros_like(logits), logits], dim=1) if self.n_classes == 2 else logits

    def columns(self, tabular: Tensor) -> Tensor:
        """The features and the ratios that the trees read, `(B, F)` to `(B, F + P)`."""
        if not len(self.pairs):
            return tabular
        logs = tabular
        if self.settings.numeric_transform == "none":
            logs = tabular.sign() * tabular.abs().log1p()
        ratios = logs[:, self.pairs[:, 0]] - logs[:, self.pairs[:, 1]]
        return torch.cat([tabular, ratios], dim=1)

    def fit(self, train: EncodedSplit) -> None:
        """Fits the text model, then the trees.

        Args:
            train: The encoded training split, with labels.
        """
        assert train.labels is not None
        labels, settings = train.labels, self.settings
        weights = np.array(settings.class_weights or [1.0] * settings.num_classes)[labels]
        counts = count_ngrams(train.tokens, settings.ngram_min, settings.ngram_max, settings.ngram_buckets)
        text = NgramModel(settings.ngram_strength, settings.ngram_min_rows).fit(counts, labels, weights)
        with torch.no_grad():
            self.text.table.weight.copy_(torch.from_numpy(text.weights))
            self.text_bias.copy_(torch.from_numpy(text.bias))
            tabular = self.columns(torch.from_numpy(np.asarray(train.tabular, dtype=np.float32))).numpy()
        out_of_fold = self._out_of_fold(counts, labels, weights)
        self.trees.load(self._boost(np.concatenate([tabular, out_of_fold], axis=1), labels, weights))

    def _out_of_fold(
        self, counts: Any, labels: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        from sklearn.model_selection import StratifiedKFold

        found = np.zeros((len(labels), len(self.text_bias)), dtype=np.float32)
        folds = StratifiedKFold(self.settings.text_folds, shuffle=True, random_state=self.settings.seed)
        for learn, score in folds.split(labels, labels):
            model = NgramModel(self.settings.ngram_strength, self.settings.ngram_min_rows)
            found[score] = model.fit(counts[learn], labels[learn], weights[learn]).logits(counts[score])
        return found

    def _boost(
        self, columns: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
    ) -> list[Any]:
        from sklearn.ensemble import HistGradientBoostingClassifier

        members = []
        for index in range(self.settings.n_members):
            member = HistGradientBoostingClassifier(
                learning_rate=self.settings.boosting_rate,
                max_iter=self.settings.boosting_rounds,
                max_leaf_nodes=self.settings.max_leaves,
                max_depth=self.settings.max_depth,
                min_samples_leaf=self.settings.min_leaf_rows,
                l2_regularization=self.settings.leaf_l2,
                max_features=self.settings.column_share,
                early_stopping=False,
                random_state=self.settings.seed * self.settings.n_members + index,
            )
            members.append(member.fit(columns, labels, sample_weight=weights))
            logger.info("boosted member %d of %d", index + 1, self.settings.n_members)
        return members


def _positions(settings: MultimodalBoostedHyperparameters) -> list[int]:
    """Where the ratio fields are among the features: the numeric fields come first, in their order."""
    if settings.ratio_fields and settings.tab_field_list is None:
        raise ConfigError(
            "ratio_fields is set without tab_field_list", where="hyperparameters", expected="the numeric fields"
        )
    return [(settings.tab_field_list or []).index(name) for name in settings.ratio_fields]
