"""Bodies of requests to rows, and scores to bodies of responses, by media type."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from names3risk.data.canonical import repeated
from names3risk.errors import DataError, MediaTypeError

if TYPE_CHECKING:
    import polars as pl

Rows = list[dict[str, Any]]
Cells = list[list[Any]]
Columns = Mapping[str, Sequence[Any]]

JSON, JSON_LINES, CSV, TSV = "application/json", "application/jsonlines", "text/csv", "text/tab-separated-values"
PARQUET = "application/x-parquet"
ALIASES = {
    "application/x-jsonlines": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
    "application/parquet": PARQUET,
    "application/vnd.apache.parquet": PARQUET,
    "text/tsv": TSV,
}
MEDIA_TYPES = (JSON, JSON_LINES, CSV, TSV, PARQUET)
_LONGEST_FIELD = 1 << 24


def media_type(content_type: str, *, default: str | None = None) -> str:
    """The media type of a header's value, without parameters and under one name.

    Args:
        content_type: For instance `text/csv; charset=utf-8`.
        default: What `*/*` and an empty value mean; None where they mean nothing.

    Raises:
        MediaTypeError: It is not one that can be read and written.
    """
    name = content_type.split(";", 1)[0].strip().lower()
    if default is not None and name in ("", "*/*", "application/*"):
        return default
    name = ALIASES.get(name, name)
    if name not in MEDIA_TYPES:
        raise MediaTypeError(f"media type {content_type!r} is not known", expected=f"one of {', '.join(MEDIA_TYPES)}")
    return name


def read_body(body: bytes | str, content_type: str) -> Rows | Cells | pl.DataFrame:
    """Reads the rows of a request.

    Args:
        body: JSON: an object (one row), a list of objects, or `{"instances": [objects]}`. JSON lines: an object a
            line. CSV and TSV: a header line and rows; with the parameter `header=absent` rows alone. Parquet: a file.
        content_type: The media type; UTF-8 is the only character set.

    Returns:
        A mapping a row; a list of values a row where there was no header; the table of a Parquet body.

    Raises:
        MediaTypeError: The media type is not known.
        DataError: The body is not what its media type says; lines and rows are named, never values.
    """
    kind = media_type(content_type)
    if kind == PARQUET:
        return _read_parquet(body)
    if kind == JSON:
        return _read_json(body)
    text = _decoded(body)
    if kind == JSON_LINES:
        return _read_json_lines(text)
    parameters = [part.strip().lower() for part in content_type.split(";")[1:]]
    cells = _read_csv(text, "\t" if kind == TSV else ",")
    return cells if "header=absent" in parameters else named(cells[1:], _header(cells), "the header")


def named(rows: Cells, names: Sequence[str], whose: str) -> Rows:
    """Gives rows without a header the names of their columns.

    Raises:
        DataError: A row has more or fewer values than there are names.
    """
    for index, cells in enumerate(rows, start=1):
        if len(cells) != len(names):
            raise DataError(f"row {index} has {len(cells)} fields, {whose} has {len(names)}")
    return [dict(zip(names, cells, strict=True)) for cells in rows]


def write_body(columns: Columns, accept: str) -> tuple[str | bytes, str]:
    """Writes scores.

    Args:
        columns: Name to values; None is null, in CSV an empty field.
        accept: The media type that is wished for; `*/*` and an empty one mean JSON.

    Returns:
        The body and its media type. JSON: `{"predictions": [objects]}`.

    Raises:
        MediaTypeError: The media type is not known.
    """
    kinds: dict[str, Callable[[Columns], str | bytes]] = {
        JSON: lambda each: _written({"predictions": _objects(each)}),
        JSON_LINES: lambda each: b"".join(_written(row) + b"\n" for row in _objects(each)),
        CSV: lambda each: _csv(each, ","),
        TSV: lambda each: _csv(each, "\t"),
        PARQUET: _parquet,
    }
    # The first type of the list that can be written; weights are not looked at.
    wanted = accept.split(",")
    for position, each in enumerate(wanted, start=1):
        try:
            kind = media_type(each, default=JSON)
        except MediaTypeError:
            if position == len(wanted):
                raise
            continue
        return kinds[kind](columns), kind
    raise AssertionError("a split text has parts")


def _decoded(body: bytes | str) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start + 1} of the body is not UTF-8", expected="UTF-8 text") from None


def _read_json(body: bytes | str) -> Rows:
    content = _parsed(body, "the body")
    if isinstance(content, dict) and isinstance(content.get("instances"), list):
        content = content["instances"]
    rows = content if isinstance(content, list) else [content]
    for index, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"row {index} is a {type(row).__name__}", expected="an object of column names and values")
    return rows


def _read_json_lines(text: str) -> Rows:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = _parsed(line, f"line {number}")
            if not isinstance(row, dict):
                raise DataError(f"line {number} is a {type(row).__name__}", expected="an object a line")
            rows.append(row)
    return rows


def _parsed(body: bytes | str, what: str) -> Any:
    # A third of the standard library's time; what it refuses is left to that one, which takes more and says why not.
    with suppress(ValueError, TypeError):
        return from_json(body)
    try:
        return json.loads(_decoded(body))
    except json.JSONDecodeError as error:
        raise DataError(f"{what} is not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise DataError(f"{what} is nested too deeply", expected="rows of plain values") from None
    except ValueError:
        raise DataError(f"{what} holds a number of too many digits") from None


def _written(content: Any) -> bytes:
    with suppress(ValueError):
        return to_json(content)
    # What UTF-8 cannot express is escaped.
    return json.dumps(content).encode()


def _read_csv(text: str, separator: str) -> Cells:
    csv.field_size_limit(_LONGEST_FIELD)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [list(cells) for cells in lines if cells]
    except csv.Error as error:
        raise DataError(f"line {lines.line_num} is not CSV: {error}", mend="quote fields that hold quotes") from None


def _header(cells: Cells) -> list[str]:
    if not cells:
        raise DataError("the body is empty", expected="a header line and rows")
    if twice := repeated(cells[0]):
        raise DataError(f"the header names {twice} more than once")
    return cells[0]


def _read_parquet(body: bytes | str) -> pl.DataFrame:
    import polars as pl

    if isinstance(body, str):
        raise DataError("a Parquet body came as text", expected="bytes")
    try:
        return pl.read_parquet(io.BytesIO(body))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError("the body is not a Parquet file, or a damaged one") from error


def _objects(columns: Columns) -> Rows:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _csv(columns: Columns, separator: str) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return buffer.getvalue()


def _parquet(columns: Columns) -> bytes:
    import polars as pl

    numbers = dict.fromkeys(list(columns)[1:], pl.Float64)
    buffer = io.BytesIO()
    # The id has the type that it has in the request; ids of several types become text.
    ids = pl.Series(next(iter(columns)), next(iter(columns.values())), strict=False)
    pl.DataFrame([ids, *(pl.Series(name, columns[name], dtype=kind) for name, kind in numbers.items())]).write_parquet(
        buffer
    )
    return buffer.getvalue()
