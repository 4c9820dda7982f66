"""Invented people: names put together from syllables, and e-mail addresses at domains that cannot exist.

All domains end in .example, which is reserved (RFC 2606), so that no address is anyone's.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import polars as pl
import yaml

from names3risk.data import samples
from names3risk.data.draws import Draws, Flags

REGIONS = ("NA", "EU", "FE")

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_PLAIN_LETTERS = {"ö": "o", "ü": "u", "é": "e", "ß": "ss"}
_LOOK_ALIKES = dict(zip("aeopcxiyABEHKMOPCTX", "аеорсхіуАВЕНКМОРСТХ", strict=True))
_MISMATCHED, _GIBBERISH, _DISPOSABLE, _AT_WORK = 0.2, 0.04, 0.05, 0.1


def full_names(draws: Draws, region: pl.Series, role: str) -> pl.DataFrame:
    """Invents a first and a last name in the manner of a region.

    Args:
        draws: One key a person.
        region: NA, EU or FE, `(N,)`.
        role: Whose name it is; different roles of a key have different names.

    Returns:
        The columns `first` and `last`.
    """
    place = region.replace_strict(list(REGIONS), range(len(REGIONS)), return_dtype=pl.Int64)
    columns = {}
    for part in ("first", "last"):
        names = [_names(part, name) for name in REGIONS]
        sizes = pl.Series([len(item) for item in names])
        starts = (sizes.cum_sum() - sizes).gather(place)
        within = draws.below(f"{role}/{part}", sizes.gather(place).to_numpy())
        columns[part] = pl.concat(names).gather(starts + within)
    return pl.DataFrame(columns)


def addresses(draws: Draws, people: pl.DataFrame, region: pl.Series) -> tuple[pl.DataFrame, dict[str, Flags]]:
    """Invents an e-mail address for everybody.

    Args:
        draws: One key a person.
        people: Their `first` and `last` names.
        region: NA, EU or FE, `(N,)`.

    Returns:
        The columns `email` and `domain`, and what is suspicious about them: `mismatch` (made from another name),
        `gibberish`, `disposable`.
    """
    flags = {
        "mismatch": draws.chance("email/mismatch", _MISMATCHED),
        "gibberish": draws.chance("email/gibberish", _GIBBERISH),
        "disposable": draws.chance("email/disposable", _DISPOSABLE),
    }
    other = full_names(draws, region, "email")
    domain = pl.when("disposable").then("thrown_away").when("at_work").then("company").otherwise("provider")
    table = pl.DataFrame(
        {
            "first": people["first"].zip_with(~pl.Series(flags["mismatch"]), other["first"]).str.to_lowercase(),
            "last": people["last"].zip_with(~pl.Series(flags["mismatch"]), other["last"]).str.to_lowercase(),
            "number": pl.Series(draws.below("email/number", 100)).cast(pl.String),
            "pattern": draws.below("email/pattern", 5),
            "provider": draws.pick("email/provider", _words("mail_providers")),
            "company": draws.pick("email/company", _words("companies")),
            "thrown_away": draws.pick("email/thrown away", _pairs("disposable_domains")),
            "at_work": draws.chance("email/work", _AT_WORK),
            **{f"noise{index}": draws.pick(f"email/noise{index}", _clusters()) for index in range(3)},
            **flags,
        }
    ).with_columns(thrown_away=pl.concat_str("thrown_away", "number"))
    local = _local_part().str.replace_many(_PLAIN_LETTERS)
    table = table.with_columns(local=local, domain=pl.concat_str(domain, pl.lit(".example")))
    return table.select(pl.concat_str("local", "domain", separator="@").alias("email"), "domain"), flags


def joined(people: pl.DataFrame) -> pl.Series:
    """The full name as one writes it."""
    return people.select(pl.concat_str("first", "last", separator=" ").alias("name")).to_series()


def with_look_alikes(names: pl.Series, flags: Flags) -> pl.Series:
    """Replaces letters of the flagged names by Cyrillic ones that look the same."""
    table = pl.DataFrame({"name": names, "flag": flags})
    return table.select(
        pl.when("flag").then(pl.col("name").str.replace_many(_LOOK_ALIKES)).otherwise("name").alias("name")
    ).to_series()


def _local_part() -> pl.Expr:
    """What stands before the @, by pattern; gibberish is made of consonants."""
    first, last, number = pl.col("first"), pl.col("last"), pl.col("number")
    return (
        pl.when("gibberish")
        .then(pl.concat_str("noise0", "noise1", "noise2", number))
        .when(pl.col("pattern") == 0)
        .then(pl.concat_str(first, last, separator="."))
        .when(pl.col("pattern") == 1)
        .then(pl.concat_str(first, last, number))
        .when(pl.col("pattern") == 2)
        .then(pl.concat_str(first.str.head(1), last))
        .when(pl.col("pattern") == 3)
        .then(pl.concat_str(last, pl.lit("_"), first.str.head(1), number))
        .otherwise(pl.concat_str(first, number))
    )


@cache
def _parts() -> dict[str, Any]:
    parts: dict[str, Any] = yaml.safe_load(samples.PEOPLE.read_text(encoding="utf-8"))
    return parts


@cache
def _names(part: str, region: str) -> pl.Series:
    starts, ends = _parts()[f"{part}_names"][region]
    return pl.Series([start + end for start, end in product(starts.split(), ends.split())])


@cache
def _words(key: str) -> pl.Series:
    return pl.Series(_parts()[key].split())


@cache
def _pairs(key: str) -> pl.Series:
    starts, ends = _parts()[key]
    return pl.Series([start + end for start, end in product(starts.split(), ends.split())])


@cache
def _clusters() -> pl.Series:
    return pl.Series(["".join(letters) for letters in product(_CONSONANTS, repeat=3)])
