"""Tokens kept on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer

from names3risk.data.datasets import EncodedSplit, batches
from names3risk.data.keeping import Keep
from names3risk.errors import DataError, OutputError
from names3risk.text import store
from names3risk.text.encoding import TextEncoder
from names3risk.text.store import encode_once
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

FRAME = pl.DataFrame({"name": ["Anna", None, "Berta", "", "Anna Berta"], "mail": ["a@x", "b@y", None, "c", "d"]})


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    settings = TokenizerSettings(min_frequency=1, min_vocab_size=30, max_vocab_size=40)
    return train_tokenizer({"name": ["Anna", "Berta", "a@x"] * 5}, settings)[0]


def counting(encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows that were tokenised from here on."""
    calls: list[int] = []
    encode = encoder.encode

    def counted(frame: pl.DataFrame) -> object:
        calls.append(frame.height)
        return encode(frame)

    monkeypatch.setattr(encoder, "encode", counted)
    return calls


def test_a_second_run_reads_what_the_first_wrote(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TextEncoder(tokenizer, ["name", "mail"], 10)
    wanted = encoder.encode(FRAME)
    calls = counting(encoder, monkeypatch)
    for _ in range(2):
        found = encode_once(encoder, FRAME, Keep(tmp_path, "tokens"))
        assert np.array_equal(found.values, wanted.values)
        assert np.array_equal(found.offsets, wanted.offsets)
    assert calls == [5]
    assert len(list(tmp_path.glob("*tokens-*"))) == 1, "no temporary folder is left"


def test_large_tables_are_tokenised_in_parts(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROWS", 2)
    encoder = TextEncoder(tokenizer, ["name"], 10)
    wanted = encoder.encode(FRAME)
    calls = counting(encoder, monkeypatch)
    found = encode_once(encoder, FRAME, Keep(tmp_path, "tokens"))
    assert calls == [2, 2, 1]
    assert np.array_equal(found.values, wanted.values)
    assert np.array_equal(found.offsets, wanted.offsets)


def test_other_texts_fields_lengths_and_tokenizers_are_other_entries(tokenizer: Tokenizer, tmp_path: Path) -> None:
    changed = FRAME.with_columns(name=pl.Series(["Anna", None, "Berta", "", "Anna  Berta"]))
    other, _ = train_tokenizer({"name": ["Anna", "Berta"] * 5}, TokenizerSettings(1.5, 1, 20, 20))
    encoders = [TextEncoder(tokenizer, ["name"], 10), TextEncoder(tokenizer, ["name"], 9)]
    encoders += [TextEncoder(tokenizer, ["name", "mail"], 10), TextEncoder(other, ["name"], 10)]
    for encoder in encoders:
        encode_once(encoder, FRAME, Keep(tmp_path, "tokens"))
    encode_once(encoders[0], changed, Keep(tmp_path, "tokens"))
    assert len(list(tmp_path.glob("*tokens-*"))) == 5
    encode_once(encoders[0], FRAME.with_columns(unrelated=1), Keep(tmp_path, "tokens"))
    assert len(list(tmp_path.glob("*tokens-*"))) == 5


def test_batches_come_from_the_mapped_file(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokens = encode_once(TextEncoder(tokenizer, ["name"], 10), FRAME, Keep(tmp_path, "tokens"))
    split = EncodedSplit(tokens, np.zeros((5, 0), dtype=np.float32))
    rows = {
        int(row): batch.input_ids[i, batch.attention_mask[i]].tolist()
        for batch in batches(split, 2)
        for i, row in enumerate(batch.rows)
    }
    assert rows == {row: tokens[row].tolist() for row in range(5)}


def test_empty_tables_absent_columns_and_unusable_folders(tokenizer: Tokenizer, tmp_path: Path) -> None:
    encoder = TextEncoder(tokenizer, ["name"], 10)
    assert len(encode_once(encoder, FRAME.head(0), Keep(tmp_path / "new", "tokens"))) == 0
    with pytest.raises(DataError, match="text column name is absent"):
        encode_once(encoder, pl.DataFrame({"x": [1]}), Keep(tmp_path, "tokens"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file: cannot write"):
        encode_once(encoder, FRAME, Keep(tmp_path / "file", "tokens"))
