"""The tokenizer: compression search, special ids, and texts that try to be special tokens."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.text.special import SPECIAL_TOKENS, UNK_ID
from names3risk.text.tokenizer import TokenizerSettings, load_tokenizer, save_tokenizer, train_tokenizer

NAMES = [
    f"{first}{second} {last}"
    for first in ("An", "Ber", "Car")
    for second in ("na", "ta", "lo")
    for last in ("Miller", "Smith", "Garcia", "[MISSING]", "a|b", "[PAD]", "Ünal")
] * 5
SMALL = TokenizerSettings(min_frequency=2, min_vocab_size=30, max_vocab_size=120)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer, report = train_tokenizer({"name": NAMES}, SMALL)
    save_tokenizer(tokenizer, folder, report)
    return folder


def test_special_tokens_have_the_ids_of_the_original_system(saved: Path) -> None:
    tokenizer = Tokenizer.from_file(str(saved / "tokenizer.json"))
    wanted = {"[CLS]": 0, "[PAD]": 1, "[UNK]": 2, "[BOS]": 3, "[EOS]": 4, "[MISSING]": 5, "|": 6}
    assert {token: tokenizer.token_to_id(token) for token in wanted} == wanted
    assert dict(list(json.loads((saved / "vocab.json").read_text()).items())[:7]) == wanted


INJECTIONS = ["|", "｜", "[MISSING]", "[PAD]", "[CLS]", "[BOS]", "[EOS]", "[UNK]", "［ＰＡＤ］", "a|b", "|[PAD]|"]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from([*INJECTIONS, "PAD", "[", "]", " "]), st.text(max_size=8)), max_size=6))
def test_no_text_becomes_a_special_token_after_loading(saved: Path, parts: list[str]) -> None:
    tokenizer = Tokenizer.from_file(str(saved / "tokenizer.json"))
    specials = set(range(len(SPECIAL_TOKENS))) - {UNK_ID}
    assert not specials & set(tokenizer.encode("".join(parts)).ids)


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_that_looks_like_a_special_token_is_text(saved: Path, text: str) -> None:
    ids = load_tokenizer(saved).encode(text).ids
    assert ids
    assert not set(ids) & (set(range(len(SPECIAL_TOKENS))) - {UNK_ID})


def test_normalisation_is_saved_with_the_tokenizer(saved: Path) -> None:
    tokenizer = Tokenizer.from_file(str(saved / "tokenizer.json"))
    wide = "Ａｎｎａ Ｓｍｉｔｈ"
    assert tokenizer.encode(wide).ids == tokenizer.encode(unicodedata.normalize("NFKC", wide)).ids


def test_case_is_kept_unless_asked_otherwise() -> None:
    kept, _ = train_tokenizer({"name": NAMES}, SMALL)
    lowered, _ = train_tokenizer({"name": NAMES}, TokenizerSettings(**{**vars(SMALL), "lowercase": True}))
    assert kept.encode("Anna").ids != kept.encode("anna").ids
    assert lowered.encode("Anna").ids == lowered.encode("anna").ids


def test_the_search_comes_as_close_to_the_target_as_sizes_allow() -> None:
    reports = {}
    for target in (1.2, 2.0, 3.0):
        tokenizer, report = train_tokenizer(
            {"name": NAMES}, TokenizerSettings(target, min_frequency=1, min_vocab_size=30, max_vocab_size=200)
        )
        assert tokenizer.get_vocab_size() == report["vocab_size"]
        assert len(report["evaluations"]) <= 15
        closest = min(abs(one["compression"] - target) for one in report["evaluations"])
        assert abs(report["compression"] - target) == pytest.approx(closest)
        reports[target] = report
    assert reports[1.2]["vocab_size"] < reports[2.0]["vocab_size"] < reports[3.0]["vocab_size"]
    assert reports[2.0]["compression"] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("size", [40, 55, 70])
def test_a_cut_vocabulary_equals_one_trained_at_that_size(size: int) -> None:
    # The largest training is cut to `size`; training with `size` as the largest must give the same tokenizer.
    searched, _ = train_tokenizer({"n": NAMES}, TokenizerSettings(99.0, 2, 30, size))
    cut_from_larger, report = train_tokenizer({"n": NAMES}, TokenizerSettings(99.0, 2, size, 120, max_evaluations=1))
    assert report["largest_possible_vocab_size"] > size
    larger = json.loads(cut_from_larger.to_str())["model"]
    smaller = json.loads(searched.to_str())["model"]
    assert smaller["merges"] == larger["merges"][: len(smaller["merges"])]
    assert smaller["vocab"].items() <= larger["vocab"].items()
    assert searched.get_vocab_size() == size


def test_only_the_given_texts_reach_the_vocabulary() -> None:
    tokenizer, _ = train_tokenizer({"name": NAMES}, SMALL)
    assert "Я" not in tokenizer.get_vocab()
    tokenizer, _ = train_tokenizer({"name": NAMES, "other": ["Я Я Я"] * 20}, SMALL)
    assert "Я" in tokenizer.get_vocab()


def test_training_is_reproducible() -> None:
    first, _ = train_tokenizer({"name": NAMES}, SMALL)
    second, _ = train_tokenizer({"name": iter(NAMES)}, SMALL)
    assert first.to_str() == second.to_str()


def test_missing_and_blank_values_are_left_out_and_nothing_else_is_an_error() -> None:
    _, report = train_tokenizer({"name": ["Anna", None, "", "  "]}, SMALL)
    assert report["texts"] == 1
    with pytest.raises(DataError, match="text columns name, mail"):
        train_tokenizer({"name": [None], "mail": [" "]}, SMALL)


@pytest.mark.parametrize(
    "values",
    [
        {"min_vocab_size": 7},
        {"min_vocab_size": 9, "max_vocab_size": 8},
        {"min_frequency": 0},
        {"holdout_fraction": 1.0},
    ],
)
def test_wrong_settings_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="tokenizer settings"):
        TokenizerSettings(**values)


def test_files_that_are_no_tokenizer_are_named(tmp_path: Path, saved: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtifactError, match="not a tokenizer"):
        load_tokenizer(tmp_path)
    state = json.loads((saved / "tokenizer.json").read_text())
    vocab = state["model"]["vocab"]
    vocab["[PAD]"], vocab["[CLS]"] = vocab["[CLS]"], vocab["[PAD]"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(state))
    with pytest.raises(ArtifactError, match=r"special token \[CLS\] has id 1; expected id 0"):
        load_tokenizer(tmp_path)
