"""Generated customers, encoded for both sides of the training benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from tokenizers import Tokenizer

from names3risk.data.datasets import EncodedSplit
from names3risk.data.synthetic import generate
from names3risk.text.encoding import TextEncoder
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

TEXT = ["emailAddress", "billingAddressName", "customerName", "paymentAccountHolderName", "shippingAddressName"]
VOCABULARY = 700
"""With these texts, about 29 tokens a row."""
ROWS_OF_THE_TOKENIZER = 20_000
LONGEST = 100


@dataclass(frozen=True)
class Part:
    """Rows as the reference reads them and as the library does.

    Args:
        texts: The joined texts.
        split: The same rows, encoded.
    """

    texts: list[str]
    split: EncodedSplit

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Classes `(N,)`."""
        assert self.split.labels is not None
        return self.split.labels


@dataclass(frozen=True)
class TrainData:
    """What both sides learn from and are measured on.

    Args:
        train: Training rows.
        test: Rows that neither side learns from.
        tokenizer: The tokenizer of both sides.
    """

    train: Part
    test: Part
    tokenizer: Tokenizer


def make_data(train_rows: int, test_rows: int, numeric_features: int) -> TrainData:
    """Generates and encodes rows; the same arguments give the same rows.

    Args:
        train_rows: Training rows.
        test_rows: Test rows.
        numeric_features: Numeric columns; missing numbers become -1, as in the original.
    """
    labelled = pl.col("status").is_in(["F", "I", "N"])
    wanted, blocks, found = train_rows + test_rows, [], 0
    for block in generate(2 * wanted, numeric_features=numeric_features):
        blocks.append(block.filter(labelled))
        found += blocks[-1].height
        if found >= wanted:
            break
    frame = pl.concat(blocks).head(wanted)
    settings = TokenizerSettings(min_vocab_size=VOCABULARY, max_vocab_size=VOCABULARY)
    tokenizer, _ = train_tokenizer({name: frame[name].head(ROWS_OF_THE_TOKENIZER) for name in TEXT}, settings)
    encoder = TextEncoder(tokenizer, TEXT, LONGEST)
    features = [name for name in frame.columns if name.startswith("feature_")]

    def part(rows: pl.DataFrame) -> Part:
        texts = rows.select(pl.concat_str(pl.col(TEXT).fill_null("[MISSING]"), separator="|").alias("text"))["text"]
        numbers = rows.select(features).fill_null(-1).to_numpy().astype(np.float32)
        labels = rows["status"].is_in(["F", "I"]).to_numpy().astype(np.int64)
        return Part(texts.to_list(), EncodedSplit(encoder.encode(rows), numbers, labels))

    return TrainData(part(frame.head(train_rows)), part(frame.tail(test_rows)), tokenizer)
