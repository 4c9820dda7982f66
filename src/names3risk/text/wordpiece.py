"""The tokenizer of a pretrained BERT with this library's special tokens.

Its vocabulary is moved up by the number of special tokens, which then have the same ids as in every other tokenizer
here: padding, separators and chunk starts mean the same to all models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from names3risk.errors import ArtifactError
from names3risk.text.special import SPECIAL_TOKENS

TOKENIZER_FILE = "tokenizer.json"
COUNTERPARTS = {
    "[CLS]": "[CLS]",
    "[PAD]": "[PAD]",
    "[UNK]": "[UNK]",
    "[BOS]": "[CLS]",
    "[EOS]": "[SEP]",
    "[MISSING]": "[MASK]",
    "|": "[SEP]",
}
"""What each special token is to a BERT."""


def pretrained_tokenizer(folder: str | Path) -> Tokenizer:
    """The WordPiece tokenizer of a pretrained BERT, its words after the special tokens.

    Args:
        folder: Holds `tokenizer.json`.

    Raises:
        ArtifactError: The file is missing or holds no WordPiece tokenizer.
    """
    state, path = _state(folder), Path(folder) / TOKENIZER_FILE
    words = _words(state, path)
    vocabulary = {token: index for index, token in enumerate([*SPECIAL_TOKENS, *words])}
    state["model"] |= {"vocab": vocabulary, "unk_token": "[UNK]"}
    # Nothing in a text is a special token, and the encoder itself writes where a chunk begins and ends.
    state |= {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    steps = [{"type": "Replace", "pattern": {"String": "|"}, "content": "\u00a6"}, state["normalizer"]]
    state["normalizer"] = {"type": "Sequence", "normalizers": [step for step in steps if step]}
    return Tokenizer.from_str(json.dumps(state))


def pretrained_ids(tokenizer: Tokenizer, folder: str | Path) -> list[int]:
    """For each token id of a tokenizer the id of the same token, or its counterpart, in a pretrained vocabulary.

    Raises:
        ArtifactError: The tokenizer has a token that the pretrained vocabulary lacks.
    """
    path = Path(folder) / TOKENIZER_FILE
    known: dict[str, int] = _state(folder)["model"]["vocab"]
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    named = [*(COUNTERPARTS[token] for token in tokens[: len(SPECIAL_TOKENS)]), *tokens[len(SPECIAL_TOKENS) :]]
    if unknown := [token for token in named if token not in known]:
        raise ArtifactError(
            f"{len(unknown)} tokens are not in the pretrained vocabulary, among them {unknown[0]!r}",
            where=path,
            expected="the tokenizer that was made from it",
            mend="leave the tokenizer of the artefacts out: with pretrained it is taken from the same folder",
        )
    return [known[token] for token in named]


def _state(folder: str | Path) -> dict[str, Any]:
    path = Path(folder) / TOKENIZER_FILE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        kind = state["model"]["type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"cannot be read: {error}", where=path, expected="a tokenizer saved as JSON") from error
    if kind != "WordPiece":
        raise ArtifactError(f"holds a {kind} tokenizer", where=path, expected="WordPiece, as BERT uses it")
    return dict(state)


def _words(state: dict[str, Any], path: Path) -> list[str]:
    vocabulary: dict[str, int] = state["model"]["vocab"]
    missing = sorted(set(COUNTERPARTS.values()) - set(vocabulary))
    if missing:
        raise ArtifactError(f"has no token {', '.join(missing)}", where=path, expected="the vocabulary of a BERT")
    special = set(COUNTERPARTS.values()) | set(SPECIAL_TOKENS)
    return [token for token in sorted(vocabulary, key=lambda token: vocabulary[token]) if token not in special]
