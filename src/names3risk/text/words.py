"""Texts cut into words that a tokenizer reads on their own, so that each distinct word is tokenised once.

A tokenizer that normalises, splits at white space and between letters and punctuation, and then merges pairs within
what it has split gives a text the tokens of its words, one after the other. Names and addresses are many texts of few
words.

Words are cut where that is certain for the bytes on both sides alone: at white space of ASCII, and where a letter,
digit or underscore of ASCII stands beside another character of ASCII. No normalisation reaches over such a place,
because a character of ASCII is never changed by what stands before it. All else stays together and is cut by the
tokenizer.
"""

from __future__ import annotations

import json
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from tokenizers import Tokenizer

from names3risk.text.ragged import RaggedTokens, offsets_of
from names3risk.text.special import SEPARATOR_LOOKALIKE

_GROUP = 256
"""Words that are given to the tokenizer together: few results to read, enough for all threads."""

_MOST_SEEN = 10_000
_words = re.compile(r"\w+|[^\w\s]+", re.ASCII).findall

_SPACE, _LETTER, _SIGN, _OTHER = range(4)
_NORMALIZERS = (
    {"type": "NFKC"},
    {"type": "Replace", "pattern": {"String": "|"}, "content": SEPARATOR_LOOKALIKE},
    {"type": "Lowercase"},
)
_PLAIN: dict[str, object] = {
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None,
}


def _kind(byte: int) -> int:
    character = chr(byte)
    if byte >= 128:
        return _OTHER
    if character.isalnum() or character == "_":
        return _LETTER
    return _SPACE if character in "\t\n\x0b\x0c\r " else _SIGN


_KINDS = np.array([_kind(byte) for byte in range(256)], dtype=np.uint8)


def reads_words(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer gives every text the tokens of its words."""
    state = json.loads(tokenizer.to_str())
    normalizer = state["normalizer"] or {"type": "Sequence", "normalizers": []}
    return (
        {name: state[name] for name in _PLAIN} == _PLAIN
        and all(step in _NORMALIZERS for step in normalizer.get("normalizers", [normalizer]))
        and state["model"]["type"] == "BPE"
        and state["model"]["dropout"] is None
    )


class SingleTexts:
    """The tokens of one text at a time.

    Text of ASCII needs no normalisation, which takes longer than all else, and the tokens of words that have been seen
    are kept.

    Args:
        tokenizer: Any tokenizer; one that does not read words, or changes letters, is asked for whole texts.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._seen = tokenizer, dict[str, list[int]]()
        keeps_letters = "Lowercase" not in str(tokenizer.normalizer)
        self._model = tokenizer.model if keeps_letters and reads_words(tokenizer) else None

    def __call__(self, text: str) -> list[int]:
        """The ids of a text."""
        if self._model is None or "|" in text or not text.isascii():
            return list(self._tokenizer.encode(text).ids)
        found: list[int] = []
        for word in _words(text):
            ids = self._seen.get(word)
            if ids is None:
                ids = [token.id for token in self._model.tokenize(word)]
                if len(self._seen) < _MOST_SEEN:
                    self._seen[word] = ids
            found += ids
        return found


def cut(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, npt.NDArray[np.int64]]:
    """Cuts texts into words.

    Args:
        texts: N texts, none of them null.

    Returns:
        The words of all texts, and the position of each text's first word and of the end, `(N + 1,)`.
    """
    if not len(texts):
        return texts, np.zeros(1, dtype=np.int64)
    _, positions, characters = texts.buffers()
    limits = np.frombuffer(positions, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    size = int(limits[-1] - limits[0])
    data = np.frombuffer(characters, dtype=np.uint8)[limits[0] : limits[-1]]
    limits = limits - limits[0]
    kinds = np.take(_KINDS, data)
    before = np.empty_like(kinds)
    before[1:] = kinds[:-1]
    before[limits[:-1][limits[:-1] < size]] = _SPACE
    # What differs in both bits is a letter beside a sign, or another character beside a space.
    begins = (kinds != _SPACE) & ((before == _SPACE) | ((before ^ kinds) == _LETTER ^ _SIGN))
    starts = np.flatnonzero(begins)
    # Without white space each word ends where the next begins. Nothing is added up byte by byte, which would hold
    # Python's lock.
    spaces = np.flatnonzero(kinds == _SPACE)
    ends = np.append(starts - np.searchsorted(spaces, starts), size - len(spaces))
    words = pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(ends), pa.py_buffer(data[kinds != _SPACE]))
    return words, np.searchsorted(starts, limits)


def tokenise(tokenizer: Tokenizer, words: list[str]) -> RaggedTokens:
    """The tokens of words.

    Args:
        tokenizer: One that reads words.
        words: As `cut` gives them.
    """
    # A word of ASCII stays whole, so a line of them is told apart again, which is faster than words one by one.
    plain = np.fromiter(map(str.isascii, words), dtype=np.bool_, count=len(words))
    groups = _groups([word for word in words if word.isascii()])
    others = _groups([word for word in words if not word.isascii()])
    encodings = tokenizer.encode_batch([" ".join(group) for group in groups])
    encodings += tokenizer.encode_batch(others, is_pretokenized=True)
    values, counts = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int64)]
    for group, encoding in zip([*groups, *others], encodings, strict=True):
        values.append(np.array(encoding.ids, dtype=np.int32))
        counts.append(np.bincount(np.array(encoding.word_ids, dtype=np.int64), minlength=len(group)))
    tokens = RaggedTokens(np.concatenate(values), offsets_of(np.concatenate(counts)))
    return tokens.take(np.argsort(np.argsort(~plain, kind="stable")))


def _groups(words: list[str]) -> list[list[str]]:
    return [words[start : start + _GROUP] for start in range(0, len(words), _GROUP)]
