"""Sample requests for load tests: rows like those of a split, but nobody's.

Text is invented (names and e-mail addresses at domains that cannot exist). Numbers are drawn between the 5 % and the
95 % quantile of their column. Categories are those that many rows share; a rarer one might tell of a person. Ids are
numbered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from names3risk.artifacts.packing import pack
from names3risk.data.draws import Draws
from names3risk.data.splits import Split, load_split
from names3risk.errors import ConfigError
from names3risk.files import staged, write_text

if TYPE_CHECKING:
    import polars as pl

ARCHIVE = "payload.tar.gz"
CONTENT_TYPES = ("text/csv", "application/json", "application/jsonlines")
_SUFFIXES = {"text/csv": "csv", "application/json": "json", "application/jsonlines": "jsonl"}
_LEAST_ROWS, _LEAST_SHARE = 10, 0.01
_WITHOUT_CATEGORY = "other"


def run_payload_job(
    *,
    split_dir: str | Path,
    output_dir: str | Path,
    content_types: tuple[str, ...] = CONTENT_TYPES[:2],
    requests: int = 10,
    rows_per_request: int = 1,
    seed: int = 0,
) -> list[str]:
    """Writes sample requests and an archive of them, as SageMaker's load tests take it.

    Args:
        split_dir: A split folder, for its column roles and for what its values look like.
        output_dir: Where `payload_0.csv`, `payload_0.json`, ... and `payload.tar.gz` go.
        content_types: text/csv, application/json and application/jsonlines.
        requests: How many requests of each content type.
        rows_per_request: How many rows each has.
        seed: Decides the values.

    Returns:
        The names of the requests.

    Raises:
        ConfigError: A content type is unknown, or a number is too small.
        DataError: The folder is no split folder.
        OutputError: The files cannot be written.
    """
    if unknown := [name for name in content_types if name not in _SUFFIXES]:
        raise ConfigError(f"unknown content type {unknown[0]!r}", expected=f"one of {', '.join(_SUFFIXES)}")
    for name, value in (("requests", requests), ("rows_per_request", rows_per_request)):
        if value < 1:
            raise ConfigError(f"{name} is {value}", expected="1 or more")
    rows = synthetic_rows(load_split(split_dir), requests * rows_per_request, seed)
    texts = {}
    for content_type in content_types:
        for index in range(requests):
            piece = rows[index * rows_per_request : (index + 1) * rows_per_request]
            texts[f"payload_{index}.{_SUFFIXES[content_type]}"] = _body(piece, content_type)
    with staged(output_dir) as stage:
        for name, text in texts.items():
            write_text(stage / name, text)
        pack({name: stage / name for name in texts}, stage / ARCHIVE)
    return list(texts)


def synthetic_rows(split: Split, rows: int, seed: int = 0) -> pl.DataFrame:
    """Invents rows to score with the columns that a model of this split needs.

    Args:
        split: Prepared rows and their roles.
        rows: How many.
        seed: Decides the values.

    Returns:
        The id, the text fields, the numeric and the categorical fields.
    """
    import polars as pl

    draws = Draws(seed, np.arange(rows))
    schema = split.schema
    columns: dict[str, Any] = {schema.id_name: [f"sample-{index}" for index in range(rows)]}
    columns |= _texts(draws, schema.text_source_fields)
    for name in schema.tab_fields:
        columns[name] = _numbers(draws, name, split.frame[name].drop_nulls().to_numpy())
    for name in schema.cat_field_list:
        columns[name] = draws.pick(name, _shared_values(split.frame[name]))
    return pl.DataFrame(columns)


def _texts(draws: Draws, names: tuple[str, ...]) -> dict[str, pl.Series]:
    """Names of people for every text field; addresses where the field's name speaks of mail."""
    from names3risk.data.people import REGIONS, addresses, full_names, joined

    if not names:
        return {}
    import polars as pl

    region = draws.pick("region", pl.Series(REGIONS))
    people = full_names(draws, region, "person")
    email, _ = addresses(draws, people, region)
    return {name: email["email"] if "mail" in name.lower() else joined(people) for name in names}


def _numbers(draws: Draws, name: str, values: np.ndarray) -> np.ndarray:
    if not len(values):
        return np.zeros(len(draws.uniform(name)))
    low, high = np.quantile(values, (0.05, 0.95))
    drawn = low + (high - low) * draws.uniform(name)
    whole = bool((values == np.round(values)).all())
    return np.round(drawn) if whole else np.array([float(f"{value:.4g}") for value in drawn])


def _shared_values(values: pl.Series) -> pl.Series:
    import polars as pl

    counts = values.drop_nulls().value_counts(sort=True, name="rows")
    least = max(_LEAST_ROWS, _LEAST_SHARE * len(values))
    shared = counts.filter(pl.col("rows") >= least)[values.name].sort()
    return shared if len(shared) else pl.Series([_WITHOUT_CATEGORY])


def _body(rows: pl.DataFrame, content_type: str) -> str:
    if content_type == "text/csv":
        return rows.write_csv()
    records = [json.dumps(record, ensure_ascii=False) for record in rows.iter_rows(named=True)]
    if content_type == "application/json":
        return f"[{', '.join(records)}]\n"
    return "".join(f"{record}\n" for record in records)
