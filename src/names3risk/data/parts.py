"""A split whose rows stay in Parquet files: read a chunk at a time, in order, in bounded memory.

A split folder holds one file of any number of row groups, or several parts; parts are matched by column name.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw

from names3risk.data import checks
from names3risk.data.formats import detect_format
from names3risk.data.preparation import conform
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SCHEMA_FILE, load_split, split_files
from names3risk.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from pyarrow.parquet import ParquetFile

logger = logging.getLogger(__name__)

CHUNK_CELLS = 2_000_000
"""Values of a chunk, which bound the memory that reading takes; wider tables are read in chunks of fewer rows."""
MOST_CHUNK_ROWS = 65_536
READ_BYTES = 1 << 20
"""Bytes read from a column at a time, so that row groups of any size can be read."""


@dataclass(frozen=True)
class PartedSplit:
    """Prepared rows in Parquet files.

    Args:
        paths: The files, in order.
        schema: The roles of the columns, every list explicit.

    Raises:
        DataError: A file is empty, damaged or not Parquet, or lacks a column; the message names it.
    """

    paths: tuple[Path, ...]
    schema: ColumnSchema

    @cached_property
    def counts(self) -> list[int]:
        """Rows of each file, which is checked for its columns."""
        return [_check(path, self.schema) for path in self.paths]

    def __len__(self) -> int:
        return sum(self.counts)

    def chunks(self, schema: ColumnSchema | None = None) -> Iterator[pl.DataFrame]:
        """All rows in order, a chunk at a time.

        Args:
            schema: Fewer columns, see `narrowed`; by default all that have a role.

        Yields:
            Rows in the types of their roles.

        Raises:
            DataError: A value does not have its role's type; the message names file, column and row.
        """
        import polars as pl

        schema = schema or self.schema
        size = max(1024, min(MOST_CHUNK_ROWS, CHUNK_CELLS // len(schema.source_columns)))
        for path, rows in zip(self.paths, self.counts, strict=True):
            done = 0
            with opened(path) as file:
                batches = file.iter_batches(size, columns=list(schema.source_columns), use_threads=False)
                for batch in batches:
                    frame = pl.DataFrame(pl.from_arrow(batch))
                    yield conform(frame, schema, str(path), rows_before=done)
                    done += frame.height
            if done != rows:
                raise DataError(f"holds {done} rows", where=path, expected=f"{rows}, as its footer says")

    def texts(self, most: int) -> dict[str, pl.Series]:
        """The text fields of at most so many rows, spread evenly over the split."""
        import polars as pl

        fields, every, seen = self.schema.text_source_fields, -(-len(self) // most), 0
        found = []
        for chunk in self.chunks(narrowed(self.schema, text=fields)):
            found.append(chunk.select(fields).gather_every(every, offset=-seen % every))
            seen += chunk.height
        if every > 1:
            logger.info("texts are those of %d of %d rows", -(-len(self) // every), len(self))
        together = pl.concat(found)
        return {name: together[name] for name in fields}

    def digest(self) -> str:
        """SHA-256 of the bytes of all files."""
        found = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        return found.hexdigest()


def load_texts(folder: str | Path, most: int) -> dict[str, pl.Series]:
    """Reads the text fields of a split folder that preprocessing wrote.

    Args:
        folder: The folder.
        most: The most rows that are taken of Parquet files, which are read in chunks; CSV and TSV are taken whole.

    Raises:
        DataError: The folder is not a split folder, or a file cannot be read.
    """
    paths = split_files(folder)
    if (Path(folder) / SCHEMA_FILE).is_file() and detect_format(paths[0]) == "parquet":
        return PartedSplit(tuple(paths), ColumnSchema.load(Path(folder) / SCHEMA_FILE)).texts(most)
    split = load_split(folder)
    return {name: split.frame[name] for name in split.schema.text_source_fields}


def narrowed(
    schema: ColumnSchema,
    text: Sequence[str] = (),
    numbers: Sequence[str] = (),
    categories: Sequence[str] = (),
    labelled: bool = False,
) -> ColumnSchema:
    """A schema of the given fields alone, and perhaps the label."""
    return schema.model_copy(
        update={
            "id_name": next(iter([*numbers, *categories, *text])),  # there has to be one: it keeps its field's type
            "entity_name": None,
            "order_time_name": None,
            "time_name": None,
            "marketplace_name": None,
            "region_name": None,
            "label": schema.label if labelled else None,
            "text_source_fields": tuple(text),
            "tab_field_list": tuple(numbers),
            "cat_field_list": tuple(categories),
        }
    )


@contextmanager
def opened(path: Path) -> Iterator[ParquetFile]:
    """Opens a Parquet file for reading piece by piece.

    Raises:
        DataError: The file is absent, empty, no Parquet, cut off, or damaged in the place that is read.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    if detect_format(path) != "parquet":
        raise DataError("is not Parquet", where=path, expected="Parquet files, which can be read piece by piece")
    try:
        # Without a buffer, and with one ahead, a column of a whole row group would be in memory.
        with ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        text = str(error).strip().split("\n")[0]
        raise DataError(f"cut off or damaged: {text}", where=path, mend="write the file anew") from error


def _check(path: Path, schema: ColumnSchema) -> int:
    """The rows of a file that has the columns of a schema."""
    import polars as pl

    with opened(path) as file:
        rows: int = file.metadata.num_rows
        columns = pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table()))
    if not rows:
        raise DataError("holds no rows", where=path, expected="at least one", mend="remove the file")
    checks.check_columns(nw.from_native(columns, eager_only=True), schema, str(path))
    return rows
