"""Dialogues as chunks: nothing is lost before the last chunk is full, and no chunk is too long."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.text.chunks import ChunkedTextEncoder, build_text_encoder, pack
from names3risk.text.encoding import TextEncoder
from names3risk.text.special import CLS_ID, EOS_ID, MISSING_ID, SEPARATOR_ID
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer

STEPS = ["dialogue_splitter", "text_normalizer", "dialogue_chunker"]


@pytest.fixture(scope="module")
def tokenizer():
    texts = ["ab", "ba", "aabb"] * 10
    return train_tokenizer({"t": texts}, TokenizerSettings(min_frequency=1000, min_vocab_size=9, max_vocab_size=9))[0]


def encode(tokenizer, rows, length=6, chunks=3, steps=STEPS):
    fields = [f"f{i}" for i in range(len(rows[0]))]
    frame = pl.DataFrame(
        {name: [row[i] for row in rows] for i, name in enumerate(fields)},
        schema_overrides=dict.fromkeys(fields, pl.String),
    )
    tokens = ChunkedTextEncoder(tokenizer, fields, length, chunks, steps).encode(frame)
    return [tokens[i].tolist() for i in range(len(tokens))]


def test_a_text_is_one_chunk_between_its_markers(tokenizer):
    a, b = tokenizer.token_to_id("a"), tokenizer.token_to_id("b")
    assert encode(tokenizer, [["ab"], ["A  "], [None], [" "]]) == [
        [CLS_ID, a, b, EOS_ID],
        [CLS_ID, a, EOS_ID],
        [CLS_ID, MISSING_ID, EOS_ID],
        [CLS_ID, MISSING_ID, EOS_ID],
    ]


def test_fields_are_apart_and_a_missing_one_is_marked(tokenizer):
    a, b = tokenizer.token_to_id("a"), tokenizer.token_to_id("b")
    assert encode(tokenizer, [["a", None, "b"]], length=20) == [
        [CLS_ID, a, SEPARATOR_ID, MISSING_ID, SEPARATOR_ID, b, EOS_ID]
    ]


def test_messages_are_packed_and_one_that_does_not_fit_begins_a_chunk(tokenizer):
    a, b = tokenizer.token_to_id("a"), tokenizer.token_to_id("b")
    (row,) = encode(tokenizer, [["[bom]a[eom][bom]a[eom][bom]bb[eom]"]])
    assert row == [CLS_ID, a, EOS_ID, a, EOS_ID, CLS_ID, b, b, EOS_ID]


def test_without_the_chunker_there_is_one_chunk_cut_at_its_end(tokenizer):
    (row,) = encode(tokenizer, [["[bom]aaa[eom][bom]bbb[eom]"]], steps=["dialogue_splitter"])
    assert row[0] == CLS_ID
    assert row.count(CLS_ID) == 1
    assert len(row) == 6


@given(
    units=st.lists(st.lists(st.integers(10, 99), min_size=1, max_size=12), min_size=1, max_size=12),
    size=st.integers(1, 7),
    count=st.integers(1, 5),
)
def test_packing_keeps_order_and_bounds_and_drops_only_what_comes_after_the_last_full_chunk(units, size, count):
    chunks = pack(units, size, count)
    everything = [token for unit in units for token in unit]
    kept = [token for chunk in chunks for token in chunk]
    assert len(chunks) <= count
    assert all(0 < len(chunk) <= size for chunk in chunks)
    if kept != everything:
        assert len(chunks) == count
        assert len(chunks[-1]) == size or kept == everything[: len(kept)]
    if sum(map(len, units)) <= size:
        assert chunks == [everything]


def test_a_class_gets_the_encoder_that_it_reads(tokenizer):
    names = build_text_encoder(parse_hyperparameters({"model_class": "lstm2risk"}), tokenizer, ["t"])
    chunked = build_text_encoder(
        parse_hyperparameters({"model_class": "lstm", "max_total_chunks": 2}), tokenizer, ["t"]
    )
    assert type(names) is TextEncoder
    assert isinstance(chunked, ChunkedTextEncoder)
    assert (chunked.max_length, chunked.max_chunks) == (100, 2)
