"""Rows as they come in a request, made ready for the network without a table.

A value means here what it means in a table of that one row: the rules of `names3risk.data.types`, of the feature
encoder and of the text encoder, worked out once a model and then applied cell by cell. Values that these rules seldom
meet are left to the table library itself, so that both paths always agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from names3risk.artifacts.store import ModelArtifacts
from names3risk.data.canonical import WHOLE_NUMBER
from names3risk.data.fields import missing_columns_error
from names3risk.data.types import MISSING_NUMBERS, NUMBER
from names3risk.errors import DataError
from names3risk.features.numeric import RowScale
from names3risk.text.chunks import ChunkedTextEncoder
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import MISSING_ID, SEPARATOR_ID
from names3risk.text.words import SingleTexts

Row = Mapping[str, Any]

_MISSING = frozenset(MISSING_NUMBERS)
_IS_NUMBER = re.compile(NUMBER).fullmatch
_IS_WHOLE = re.compile(WHOLE_NUMBER).fullmatch
_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACE += "\u2028\u2029\u202f\u205f\u3000"
"""What Unicode calls white space; Python's own `strip` takes away four control characters more."""

_PLAIN = frozenset((float, int, bool, type(None)))
_MUCH = 2.0**1023
"""Whole numbers from here on count as missing."""

_FEW = 32
"""Waking the tokenizer's threads costs more than tokenising this many names."""


class Encoded(NamedTuple):
    """Rows ready for the network: their tokens, and their features `(N, F)` float32."""

    tokens: RaggedTokens
    tabular: npt.NDArray[np.float32]


class RowEncoder:
    """Encodes rows given as mappings, as the text encoder and the feature encoder would a table of each one.

    Args:
        artifacts: The model's preprocessing.
    """

    def __init__(self, artifacts: ModelArtifacts) -> None:
        features = artifacts.features
        self._fields = list(artifacts.schema.text_source_fields)
        self._numbers = list(features.imputer.values)
        self._cells = _cells_of(self._numbers)
        self._fill = np.array(list(features.imputer.values.values()), dtype=np.float64)
        self._scale = RowScale(features.scale, self._numbers)
        self._tables: list[tuple[str, Mapping[Any, float], float]] = [
            (table.field, dict(table.bins), table.default_bin) for table in features.risk_tables.tables.values()
        ]
        self._text, self._tokens_of = artifacts.text, SingleTexts(artifacts.tokenizer)
        self._tokenizer, self._max_length = artifacts.tokenizer, artifacts.hyperparameters.max_sen_len
        self._needed = [artifacts.schema.id_name, *self._fields, *self._numbers, *(item[0] for item in self._tables)]

    def encode(self, rows: Sequence[Row]) -> Encoded:
        """Encodes rows.

        Args:
            rows: Each with the id, the text and the tabular columns; values are strings, numbers, truth values or None.

        Raises:
            DataError: A row lacks a column, or holds a value that its column cannot have.
        """
        shape = (len(rows), len(self._numbers))
        values = np.empty(shape, dtype=np.float64)
        risks = np.empty((len(rows), len(self._tables)), dtype=np.float64)
        texts: list[list[str | None]] = []
        for index, row in enumerate(rows):
            try:
                text_of(row[self._needed[0]])
                texts.append([text_of(row[name]) for name in self._fields])
                risks[index] = [bins.get(category_of(row[name]), rest) for name, bins, rest in self._tables]
                cells = self._cells(row)
                values[index] = cells if _PLAIN.issuperset(map(type, cells)) else _one_by_one(cells)
            except KeyError:
                absent = list(dict.fromkeys(name for name in self._needed if name not in row))
                raise missing_columns_error(absent, [str(name) for name in row], f"row {index + 1}") from None
            except _UnfitError as error:
                raise self._unfit(row, index, error) from None
            except OverflowError:
                values[index] = _one_by_one(cells)
        filled = np.where(np.isfinite(values), values, self._fill)
        if not np.vdot(filled, filled) < np.inf:
            # A whole number may be too large to count; one by one it is told from a decimal one.
            for index, row in enumerate(rows):
                values[index] = _one_by_one(self._cells(row))
            filled = np.where(np.isfinite(values), values, self._fill)
        tabular = np.empty((len(rows), len(self._numbers) + len(self._tables)), dtype=np.float32)
        tabular[:, : len(self._numbers)] = self._scale(filled)
        tabular[:, len(self._numbers) :] = risks
        return Encoded(self._tokens(texts), tabular)

    def _tokens(self, texts: list[list[str | None]]) -> RaggedTokens:
        try:
            if isinstance(self._text, ChunkedTextEncoder):
                return self._text.encode_texts(texts)
            # Names are often the same in several fields.
            distinct = list(dict.fromkeys(text for row in texts for text in row if text is not None))
            if len(distinct) <= _FEW:
                found = {text: self._tokens_of(text) for text in distinct}
            else:
                encodings = self._tokenizer.encode_batch_fast(distinct)
                found = {text: encoding.ids for text, encoding in zip(distinct, encodings, strict=True)}
        except (TypeError, UnicodeEncodeError) as error:
            raise DataError("a text holds half a surrogate pair", expected="text that UTF-8 can express") from error
        rows = []
        for row in texts:
            ids: list[int] = []
            for text in row:
                ids += (found[text] if text is not None else None) or [MISSING_ID]
                ids.append(SEPARATOR_ID)
            rows.append(ids[:-1][: self._max_length])
        if len(rows) == 1:
            return RaggedTokens(np.array(rows[0], dtype=np.int32), np.array([0, len(rows[0])], dtype=np.int64))
        return RaggedTokens.from_lists(rows)

    def _unfit(self, row: Row, index: int, error: _UnfitError) -> DataError:
        """Names the column of the value; only numeric columns show what they hold, as others may hold names."""
        for name in self._numbers:
            try:
                number_of(row[name])
            except _UnfitError:
                what = f"holds {row[name]!r}" if isinstance(row[name], str) else f"is a {type(row[name]).__name__}"
                return DataError(f"column {name!r} {what} in row {index + 1}", expected="a number, or nothing")
        for name in self._needed:
            if not isinstance(row[name], str | int | float | None):
                kind = type(row[name]).__name__
                return DataError(f"column {name!r} is a {kind} in row {index + 1}", expected="text or a plain value")
        return DataError(f"row {index + 1}: {error}")


class _UnfitError(Exception):
    """A value that is not of its column's kind."""


def _cells_of(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


def _one_by_one(cells: Sequence[Any]) -> list[float]:
    return [value if type(value) is float else number_of(value) for value in cells]


def text_of(value: Any) -> str | None:
    """The text of a value, None where it is missing or blank; see `names3risk.data.types.text`."""
    if value is None:
        return None
    if type(value) is not str:
        value = _shown(value)
    return value if value.strip(_SPACE) else None


def category_of(value: Any) -> str | None:
    """The category of a value, None where it is missing; see `names3risk.data.types.category`."""
    text = text_of(value)
    return text.split(".")[0] if text is not None and _IS_WHOLE(text) else text


def number_of(value: Any) -> float:
    """The number of a value, not finite where it is missing; see `names3risk.data.types.number`."""
    if value is None:
        return float("nan")
    if not isinstance(value, str):
        if isinstance(value, int | float):
            return float(value) if abs(value) < _MUCH else float("nan")
        raise _UnfitError(f"a {type(value).__name__} is no number")
    text = value.strip(_SPACE)
    if text in _MISSING:
        return float("nan")
    if _IS_NUMBER(text):
        return float(text)
    known = pl.Series([text]).cast(pl.Float64, strict=False)[0]
    if known is None:
        raise _UnfitError("a text is no number")
    return float(known)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(pl.Series([value], dtype=pl.Float64).cast(pl.String)[0])
    raise _UnfitError(f"a {type(value).__name__} is no text")
