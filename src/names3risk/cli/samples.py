"""The data sets that the demo and the benchmarks can get by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from names3risk.data.samples import SPAM_ASSASSIN_SCHEMA, SYNTHETIC_SCHEMA

SYNTHETIC_ROWS, SYNTHETIC_FEATURES, SYNTHETIC_SEED = 12_000, 20, 0


class SampleName(StrEnum):
    """Names of the data sets."""

    spam_assassin = "spam-assassin"
    synthetic = "synthetic"


@dataclass(frozen=True)
class Sample:
    """A data set.

    Args:
        name: Its name.
        title: What it is, in a line.
        schema: The roles of its columns.
        environments: Sections of the example pipeline that fit it, with `{model}` for the model class.
        write: Writes the table to a file and returns the file.
    """

    name: SampleName
    title: str
    schema: Path
    environments: tuple[str, ...]
    write: Callable[[Path], Path]

    def environments_of(self, model: str) -> list[str]:
        """The sections of the example pipeline for this data set and a model class."""
        return [name.format(model=model) for name in self.environments]


def sample(name: SampleName) -> Sample:
    """The data set of this name."""
    return {each.name: each for each in _SAMPLES}[name]


def _write_spam_assassin(path: Path) -> Path:
    from names3risk.data.spam_assassin import load_spam_assassin
    from names3risk.data.writing import write_table

    write_table(load_spam_assassin(), path)
    return path


def _write_synthetic(path: Path) -> Path:
    from names3risk.data.synthetic import write_synthetic

    write_synthetic(path, SYNTHETIC_ROWS, SYNTHETIC_SEED, SYNTHETIC_FEATURES)
    return path


_SAMPLES = (
    Sample(
        SampleName.spam_assassin,
        "senders of 4,536 mails of 2002, ham or spam",
        SPAM_ASSASSIN_SCHEMA,
        ("{model}",),
        _write_spam_assassin,
    ),
    Sample(
        SampleName.synthetic,
        f"{SYNTHETIC_ROWS:,} generated orders, some of them fraud",
        SYNTHETIC_SCHEMA,
        ("synthetic", "synthetic-{model}"),
        _write_synthetic,
    ),
)
