"""Texts cut into words: the tokens are those of the whole texts, whatever is in them."""

from __future__ import annotations

import itertools
import json

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers, processors

from names3risk.text.encoding import TextEncoder
from names3risk.text.special import MISSING_ID
from names3risk.text.tokenizer import TokenizerSettings, train_tokenizer
from names3risk.text.words import SingleTexts, cut, reads_words

NAMES = ["Anna-Maria Smith_2", "anna.smith@x-mail.example", "José Ünal", "Наrnоr", "李小龍", "l'Été", "ab", "a|b", "≠1"]
SPACES = "a B_9.|@\t\n\x0b\x0c\r\x00\x1c\x1f\x7f\x85\xa0\u200b\u200d\u2028\u3000"
ODD = SPACES + "\u0301\u0338\u0345\uff5c\ufb01\u1e9e=<>^`é한ก"


def trained(lowercase: bool = False) -> Tokenizer:
    wanted = TokenizerSettings(min_frequency=2, min_vocab_size=40, max_vocab_size=120, lowercase=lowercase)
    return train_tokenizer({"name": NAMES * 10}, wanted)[0]


@pytest.fixture(scope="module", params=[False, True], ids=["as it is", "lower case"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return trained(request.param)


def check(tokenizer: Tokenizer, texts: list[str]) -> None:
    frame = pl.DataFrame({"name": texts}, schema={"name": pl.String})
    found = TextEncoder(tokenizer, ["name"], 10_000).encode(frame)
    wanted = [encoding.ids or [MISSING_ID] for encoding in tokenizer.encode_batch(texts)]
    assert [found[row].tolist() for row in range(len(found))] == wanted
    alone = SingleTexts(tokenizer)
    for _ in range(2):
        assert [alone(text) or [MISSING_ID] for text in texts] == wanted


@settings(deadline=None, max_examples=100)
@given(
    texts=st.lists(
        st.text(max_size=20)
        | st.text(ODD, max_size=12)
        | st.lists(st.sampled_from([*NAMES, *ODD]), max_size=6).map("".join),
        max_size=20,
    )
)
def test_any_texts_have_the_tokens_that_the_tokenizer_gives_them(tokenizer: Tokenizer, texts: list[str]) -> None:
    check(tokenizer, texts)


def test_every_pair_of_characters_of_ascii_is_cut_as_the_tokenizer_cuts_it(tokenizer: Tokenizer) -> None:
    check(tokenizer, ["".join(pair) for pair in itertools.product(map(chr, range(128)), repeat=2)])


def test_odd_characters_are_cut_as_the_tokenizer_cuts_them(tokenizer: Tokenizer) -> None:
    check(tokenizer, ["".join(three) for three in itertools.product(ODD, repeat=3)])


def test_many_words_keep_their_order(tokenizer: Tokenizer) -> None:
    check(tokenizer, [f"Anna{number} Ünal{number % 7} {'.' * (number % 3)}" for number in range(3000)])


def test_words_are_cut_at_white_space_and_beside_signs() -> None:
    texts = pa.array(["Anna-Maria  Smith_2", "", " ", "José, l'Été", "a"], pa.large_string())
    words, first = cut(texts[:])
    assert words.to_pylist() == ["Anna", "-", "Maria", "Smith_2", "José,", "l", "'Été", "a"]
    assert first.tolist() == [0, 4, 4, 4, 7, 8]
    words, first = cut(texts[3:4])
    assert (words.to_pylist(), first.tolist()) == (["José,", "l", "'Été"], [0, 3])
    assert cut(texts[:0])[1].tolist() == [0]


def test_words_are_kept_up_to_a_limit_and_not_changed(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("names3risk.text.words._MOST_SEEN", 2)
    alone = SingleTexts(tokenizer)
    for text in ["ab Anna Smith", "ab", "Smith Smith", "ab Anna Smith"] * 2:
        alone(text).append(0)
        assert alone(text) == tokenizer.encode(text).ids


def changed(tokenizer: Tokenizer, **state: object) -> Tokenizer:
    return Tokenizer.from_str(json.dumps({**json.loads(tokenizer.to_str()), **state}))


def others() -> dict[str, Tokenizer]:
    """Tokenizers whose tokens of a text are not those of its words, or not certainly."""
    plain = trained()
    model = json.loads(plain.to_str())["model"]
    named = {what: changed(plain) for what in ("splitting", "normalising", "processing", "padding", "adding")}
    named["splitting"].pre_tokenizer = pre_tokenizers.Metaspace()
    named["normalising"].normalizer = normalizers.Replace("Anna-", "Anna ")
    named["processing"].post_processor = processors.TemplateProcessing("[CLS] $A", special_tokens=[("[CLS]", 0)])
    named["padding"].enable_padding(length=8, pad_id=1)
    named["adding"].add_tokens([AddedToken("Smith_2 ")])
    return {**named, "dropout": changed(plain, model={**model, "dropout": 0.0})}


@pytest.mark.parametrize("what", others())
def test_other_tokenizers_read_whole_texts(what: str) -> None:
    tokenizer = others()[what]
    assert not reads_words(tokenizer)
    check(tokenizer, NAMES)


def test_a_tokenizer_without_normalizer_reads_words() -> None:
    tokenizer = changed(trained(), normalizer=None)
    assert reads_words(tokenizer)
    check(tokenizer, NAMES)
