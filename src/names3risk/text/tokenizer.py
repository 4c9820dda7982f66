"""Byte-pair tokenizer whose vocabulary size is searched for a wanted compression.

The pair merges of a smaller vocabulary are the first merges of a larger one, so one training at the largest size
gives every smaller tokenizer by cutting its merges off: the search costs one training instead of one per size.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.files import replacing, write_json
from names3risk.text.special import SEPARATOR_LOOKALIKE, SPECIAL_TOKENS, UNK_ID

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenizerSettings:
    """How a tokenizer is trained.

    Args:
        target_compression: Wanted normalised characters per token on held-out texts.
        min_frequency: A pair seen less often is not merged.
        min_vocab_size: Smallest vocabulary of the search, special tokens included.
        max_vocab_size: Largest vocabulary of the search.
        seed: Chooses the held-out texts.
        lowercase: Lower the case of all text; the original keeps it.
        holdout_fraction: Share of the texts that the search measures on.
        max_holdout_texts: The most texts that it measures on.
        tolerance: A compression this close to the target ends the search.
        max_evaluations: The most sizes that are tried.
    """

    target_compression: float = 2.5
    min_frequency: int = 25
    min_vocab_size: int = 1000
    max_vocab_size: int = 50_000
    seed: int = 0
    lowercase: bool = False
    holdout_fraction: float = 0.2
    max_holdout_texts: int = 10_000
    tolerance: float = 0.005
    max_evaluations: int = 15

    def __post_init__(self) -> None:
        if not len(SPECIAL_TOKENS) < self.min_vocab_size <= self.max_vocab_size:
            raise ConfigError(
                f"min_vocab_size {self.min_vocab_size} and max_vocab_size {self.max_vocab_size} do not make a range",
                where="tokenizer settings",
                expected=f"{len(SPECIAL_TOKENS)} < min_vocab_size <= max_vocab_size",
            )
        if self.target_compression <= 0 or self.min_frequency < 1 or not 0 < self.holdout_fraction < 1:
            raise ConfigError(
                f"wrong values in {self}",
                where="tokenizer settings",
                expected="target_compression > 0, min_frequency >= 1 and 0 < holdout_fraction < 1",
            )


def train_tokenizer(
    fields: Mapping[str, Iterable[str | None]], settings: TokenizerSettings | None = None
) -> tuple[Tokenizer, dict[str, Any]]:
    """Trains a tokenizer on the texts of the training split and searches its vocabulary size.

    Args:
        fields: Column name to its values; missing and blank values are left out.
        settings: How to train; the defaults are those of the original system.

    Returns:
        The tokenizer and a report that can be saved as JSON.

    Raises:
        DataError: There is no text at all.
    """
    settings = settings or TokenizerSettings()
    texts = [text for values in fields.values() for text in values if text is not None and text.strip()]
    if not texts:
        raise DataError(
            "no text to train the tokenizer on: every value is missing or blank",
            where=f"text columns {', '.join(fields)}",
            expected="at least one text in the training split",
        )
    learn, held_out = _hold_out(texts, settings)
    largest = _train(learn, settings)
    normalizer = _normalizer(settings)
    characters = sum(len(normalizer.normalize_str(text)) for text in held_out)

    evaluations: list[dict[str, float]] = []
    low, high = settings.min_vocab_size, min(settings.max_vocab_size, largest.get_vocab_size())
    low = min(low, high)
    best, best_distance = largest, float("inf")
    while low <= high and len(evaluations) < settings.max_evaluations:
        size = high if not evaluations and low == high else (low + high) // 2
        tokenizer = _cut(largest, size)
        tokens = sum(len(encoding) for encoding in tokenizer.encode_batch_fast(held_out))
        compression = characters / max(1, tokens)
        evaluations.append({"vocab_size": tokenizer.get_vocab_size(), "compression": compression})
        distance = abs(compression - settings.target_compression)
        if distance < best_distance:
            best, best_distance = tokenizer, distance
        if distance <= settings.tolerance:
            break
        if compression < settings.target_compression:
            low = size + 1
        else:
            high = size - 1
    chosen = min(evaluations, key=lambda one: abs(one["compression"] - settings.target_compression))
    logger.info("tokenizer: %d tokens, compression %.3f", best.get_vocab_size(), chosen["compression"])
    report = {
        "vocab_size": best.get_vocab_size(),
        "compression": chosen["compression"],
        "target_reached": best_distance <= settings.tolerance,
        "texts": len(texts),
        "held_out_texts": len(held_out),
        "fields": list(fields),
        "trainings": 1,
        "largest_possible_vocab_size": largest.get_vocab_size(),
        "evaluations": evaluations,
        "settings": asdict(settings),
    }
    return best, report


def save_tokenizer(tokenizer: Tokenizer, folder: str | Path, report: Mapping[str, Any] | None = None) -> None:
    """Writes tokenizer.json, vocab.json and, when given, tokenizer_report.json into a folder."""
    target = Path(folder)
    with replacing(target / "tokenizer.json") as temporary:
        temporary.write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    write_json(target / "vocab.json", dict(sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])))
    if report is not None:
        write_json(target / "tokenizer_report.json", dict(report))


def load_tokenizer(path: str | Path) -> Tokenizer:
    """Loads a tokenizer from tokenizer.json or the folder that holds it and checks its special ids.

    Raises:
        ArtifactError: The file is absent, is not a tokenizer, or has other special ids.
    """
    source = Path(path)
    source = source / "tokenizer.json" if source.is_dir() else source
    if not source.is_file():
        raise ArtifactError("the file does not exist", where=source, expected="a tokenizer saved as JSON")
    try:
        tokenizer = Tokenizer.from_file(str(source))
    except Exception as error:  # the library raises bare Exception
        raise ArtifactError(f"not a tokenizer: {error}", where=source, expected="a tokenizer saved as JSON") from error
    for wanted, token in enumerate(SPECIAL_TOKENS):
        found = tokenizer.token_to_id(token)
        if found != wanted:
            raise ArtifactError(f"special token {token} has id {found}", where=source, expected=f"id {wanted}")
    return tokenizer


def _hold_out(texts: list[str], settings: TokenizerSettings) -> tuple[list[str], list[str]]:
    order = np.random.default_rng(settings.seed).permutation(len(texts))
    count = int(len(texts) * settings.holdout_fraction)
    if count == 0:
        return texts, texts
    held_out = [texts[i] for i in order[:count][: settings.max_holdout_texts]]
    return [texts[i] for i in order[count:]], held_out


def _normalizer(settings: TokenizerSettings) -> normalizers.Normalizer:
    steps = [normalizers.NFKC(), normalizers.Replace("|", SEPARATOR_LOOKALIKE)]
    return normalizers.Sequence([*steps, normalizers.Lowercase()] if settings.lowercase else steps)


def _train(texts: list[str], settings: TokenizerSettings) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[UNK_ID]))
    tokenizer.normalizer = _normalizer(settings)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.max_vocab_size,
        min_frequency=settings.min_frequency,
        special_tokens=list(SPECIAL_TOKENS),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _cut(tokenizer, settings.max_vocab_size)


def _cut(tokenizer: Tokenizer, vocab_size: int) -> Tokenizer:
    """The tokenizer as training with `vocab_size` would have left it, its special tokens unreachable from text."""
    state = json.loads(tokenizer.to_str())
    vocabulary: dict[str, int] = state["model"]["vocab"]
    merges: list[list[str]] = state["model"]["merges"]
    made = {"".join(merge) for merge in merges}
    size = sum(token not in made for token in vocabulary)
    kept, seen = 0, set[str]()
    for merge in merges:
        if size >= vocab_size:
            break
        token = "".join(merge)
        size += token not in seen
        seen.add(token)
        kept += 1
    state["model"]["merges"] = merges[:kept]
    state["model"]["vocab"] = {token: i for token, i in vocabulary.items() if token in seen or token not in made}
    state["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(state))
