"""Text columns to token ids."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from names3risk.errors import DataError
from names3risk.text.encoding import TextEncoder
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import MISSING_ID, SEPARATOR_ID
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

VALUES = ["Anna Smith", "Berta", "anna@x.org", "a|b", "[MISSING]", "", "  ", None, "x" * 50, "Ünal｜"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [value for value in VALUES if value] * 10
    return train_tokenizer({"name": texts}, TokenizerSettings(min_frequency=2, min_vocab_size=30, max_vocab_size=60))[0]


def plainly(tokenizer: Tokenizer, row: tuple[str | None, ...], max_length: int) -> list[int]:
    """The same rules, a row at a time."""
    ids: list[int] = []
    for field in row:
        tokens = [] if field is None else tokenizer.encode(field).ids
        ids += [SEPARATOR_ID, *(tokens or [MISSING_ID])]
    return ids[1:][:max_length]


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(VALUES)), max_size=12),
    max_length=st.integers(1, 40),
)
def test_rows_equal_those_assembled_one_by_one(
    tokenizer: Tokenizer, rows: list[tuple[str | None, ...]], max_length: int
) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row")
    encoded = TextEncoder(tokenizer, ["c", "a", "b"], max_length).encode(frame)
    wanted = [plainly(tokenizer, (c, a, b), max_length) for a, b, c in rows]
    assert [encoded[i].tolist() for i in range(len(encoded))] == wanted
    assert encoded.values.dtype == np.int32


def test_a_name_changes_the_tokens_and_no_row_is_empty(tokenizer: Tokenizer) -> None:
    frame = pl.DataFrame({"name": ["Anna", "Berta", None, "", " ", "Anna"]})
    encoded = TextEncoder(tokenizer, ["name"], 10).encode(frame)
    rows = [encoded[i].tolist() for i in range(6)]
    assert rows[0] != rows[1]
    assert rows[0] == rows[5]
    assert rows[2] == rows[3] == rows[4] == [MISSING_ID]


def test_separators_come_from_the_encoder_only(tokenizer: Tokenizer) -> None:
    frame = pl.DataFrame({"name": ["a|b｜c", "|"], "mail": ["|", None]})
    encoded = TextEncoder(tokenizer, ["name", "mail"], 50).encode(frame)
    assert [int((encoded[i] == SEPARATOR_ID).sum()) for i in range(2)] == [1, 1]


def test_other_column_types_are_read_as_text(tokenizer: Tokenizer) -> None:
    frame = pl.DataFrame({"name": pl.Series(["Anna", None, "Anna"], dtype=pl.Categorical)})
    encoded = TextEncoder(tokenizer, ["name"], 10).encode(frame)
    assert encoded[0].tolist() == tokenizer.encode("Anna").ids == encoded[2].tolist()


def test_absent_columns_and_no_columns_are_errors(tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="text column mail is absent"):
        TextEncoder(tokenizer, ["name", "mail"], 10).encode(pl.DataFrame({"name": ["Anna"]}))
    with pytest.raises(DataError, match="no text field"):
        TextEncoder(tokenizer, [], 10)


def test_taking_rows_of_ragged_tokens() -> None:
    tokens = RaggedTokens.from_lists([[1, 2, 3], [], [4]])
    taken = tokens.take(np.array([2, 0, 0, 1]))
    assert [taken[i].tolist() for i in range(len(taken))] == [[4], [1, 2, 3], [1, 2, 3], []]
    assert tokens.lengths.tolist() == [3, 0, 1]
