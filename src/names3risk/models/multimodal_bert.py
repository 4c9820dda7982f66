"""multimodal_bert: BERT and tabular features side by side."""

from __future__ import annotations

from names3risk.hyperparameters.multimodal_bert import MultimodalBertHyperparameters
from names3risk.models.multimodal_parts import BertText, SideBySide


class MultimodalBert(SideBySide):
    """Text and tables to class logits; see `SideBySide`.

    Args:
        hyperparameters: Widths, dropout and the text part.
        vocabulary_size: Tokens of the tokenizer.
        n_tabular: Tabular features; 0 leaves the tabular part out.
        n_outputs: Width of the last layer; 1 gives the logits (0, z).
    """

    onnx_exporter = "dynamo"

    def __init__(
        self, hyperparameters: MultimodalBertHyperparameters, vocabulary_size: int, n_tabular: int, n_outputs: int
    ) -> None:
        text = BertText(hyperparameters, vocabulary_size, hyperparameters.hidden_common_dim)
        super().__init__(text, hyperparameters, n_tabular, n_outputs)
