"""A split whose rows stay in their files: read a chunk at a time, in order, in bounded memory.

A split folder holds one file, Parquet of any number of row groups, CSV or TSV, or several parts of one format; parts
are matched by column name.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw

from names3risk.data import checks
from names3risk.data.formats import Format, detect_format
from names3risk.data.keeping import Keep
from names3risk.data.preparation import conform
from names3risk.data.reading import scan_file, translated_errors
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import load_schema, split_files
from names3risk.data.writing import TableWriter
from names3risk.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from pyarrow.parquet import ParquetFile

logger = logging.getLogger(__name__)

PARSED = "data.parquet"
CHUNK_CELLS = 2_000_000
"""Values of a chunk, which bound the memory that reading takes; wider tables are read in chunks of fewer rows."""
MOST_CHUNK_ROWS = 65_536
CHUNK_TEXTS = 500_000
"""The same for CSV and TSV, of which several chunks are parsed beside each other."""
READ_BYTES = 1 << 20
"""Bytes read from a column at a time, so that row groups of any size can be read."""


@dataclass(frozen=True)
class PartedSplit:
    """Prepared rows in files.

    Args:
        paths: The files, in order.
        schema: The roles of the columns, every list explicit.

    Raises:
        DataError: A file is empty or damaged, or lacks a column; the message names it.
    """

    paths: tuple[Path, ...]
    schema: ColumnSchema

    @property
    def format(self) -> Format:
        """What the files are."""
        return detect_format(self.paths[0])

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
        schema = schema or self.schema
        for path, rows in zip(self.paths, self.counts, strict=True):
            done = 0
            for frame in _frames(path, schema.source_columns):
                yield conform(frame, schema, str(path), rows_before=done)
                done += frame.height
            if done != rows:
                raise DataError(f"holds {done} rows", where=path, expected=f"{rows}, as were counted before")

    def texts(self, most: int) -> dict[str, pl.Series]:
        """The text fields of at most so many rows, spread evenly over the split."""
        import polars as pl

        fields, every, seen = self.schema.text_source_fields, -(-len(self) // most), 0
        if not fields:
            return {}
        found = []
        for chunk in self.chunks(narrowed(self.schema, text=fields)):
            found.append(chunk.select(fields).gather_every(every, offset=-seen % every))
            seen += chunk.height
        if every > 1:
            logger.info("texts are those of %d of %d rows", -(-len(self) // every), len(self))
        together = pl.concat(found)
        return {name: together[name] for name in fields}

    def digest(self) -> str:
        """SHA-256 of the bytes of all files.

        Raises:
            DataError: A file cannot be read.
        """
        found = hashlib.sha256()
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    found.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise DataError(f"cannot read: {error.strerror}", where=path) from error
        return found.hexdigest()

    def require_ids(self) -> None:
        """Refuses rows without an id and rows that share one, as `names3risk.data.checks.check_ids` does."""
        import polars as pl

        name, schema = self.schema.id_name, narrowed(self.schema, categories=[self.schema.id_name])
        hashes = pl.concat([chunk[name].hash() for chunk in self.chunks(schema)])
        nulls = pl.Series([None], dtype=pl.String).hash()[0]
        suspects = hashes.filter(hashes.is_duplicated() | (hashes == nulls)).unique()
        if len(suspects):
            found = [chunk.filter(chunk[name].hash().is_in(suspects.implode())) for chunk in self.chunks(schema)]
            checks.check_ids(nw.from_native(pl.concat(found), eager_only=True), self.schema, str(self.paths[0].parent))


def kept_as_parquet(split: PartedSplit, keep: Keep) -> PartedSplit:
    """The same rows in Parquet files, for splits in CSV or TSV that are read several times.

    Text is parsed once, a chunk at a time; a later run over the same files with the same roles takes what was kept.

    Args:
        split: The split; returned as it is where its files are Parquet.
        keep: Where the Parquet files are kept.

    Raises:
        DataError: A value does not have its role's type; the message names file, column and row.
        OutputError: The files cannot be written.
    """
    if split.format == "parquet":
        return split

    def make(folder: Path) -> None:
        logger.info("%d rows are parsed once and kept as Parquet", len(split))
        with TableWriter(folder / PARSED) as writer:
            for chunk in split.chunks():
                writer.write(chunk)

    made_from = {"files": split.digest(), "schema": split.schema.model_dump(mode="json")}
    return PartedSplit((keep.once(json.dumps(made_from), make) / PARSED,), split.schema.prepared())


def load_texts(folder: str | Path, most: int) -> dict[str, pl.Series]:
    """The text fields of a split folder, for a tokenizer to learn from.

    Args:
        folder: The folder.
        most: The most rows that are taken.

    Raises:
        DataError: The folder is not a split folder, or a file cannot be read.
    """
    return PartedSplit(tuple(split_files(folder)), load_schema(folder)).texts(most)


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


def _frames(path: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Some columns of a file, a chunk of rows at a time."""
    import polars as pl

    if detect_format(path) == "parquet":
        size = min(MOST_CHUNK_ROWS, max(1024, CHUNK_CELLS // len(columns)))
        with opened(path) as file:
            for batch in file.iter_batches(size, columns=list(columns), use_threads=False):
                yield pl.DataFrame(pl.from_arrow(batch))
        return
    with translated_errors(path):
        frame = scan_file(path).select(columns)
        size = min(MOST_CHUNK_ROWS, max(1024, CHUNK_TEXTS // len(frame.collect_schema())))
        yield from frame.collect_batches(chunk_size=size, maintain_order=True, engine="streaming")


def _check(path: Path, schema: ColumnSchema) -> int:
    """The rows of a file that has the columns of a schema."""
    import polars as pl

    if detect_format(path) == "parquet":
        with opened(path) as file:
            rows: int = file.metadata.num_rows
            columns = pl.DataFrame(pl.from_arrow(file.schema_arrow.empty_table()))
    else:
        frame = scan_file(path)
        with translated_errors(path):
            rows = frame.select(pl.len()).collect(engine="streaming").item()
        columns = pl.DataFrame(schema=frame.collect_schema())
    if not rows:
        raise DataError("holds no rows", where=path, expected="at least one", mend="remove the file")
    checks.check_columns(nw.from_native(columns, eager_only=True), schema, str(path))
    return rows
