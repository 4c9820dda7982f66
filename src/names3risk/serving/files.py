"""Scores for files of any size: rows are read, scored and written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from names3risk.data.formats import output_format
from names3risk.data.preparation import LABEL
from names3risk.data.reading import scan_table, select_columns, translated_errors
from names3risk.data.writing import TableWriter
from names3risk.files import replacing
from names3risk.serving.predictor import holds_class_numbers

if TYPE_CHECKING:
    import polars as pl

CELLS_PER_PIECE = 4_000_000


class TableScorer(Protocol):
    """What scores tables: `Predictor`, or that of another kind of model."""

    @property
    def artifacts(self) -> Any:
        """What the model was saved as; its `schema` counts."""

    @property
    def needed(self) -> list[str]:
        """The columns that rows must have."""

    @property
    def passed_on(self) -> list[str]:
        """The columns that predictions repeat where the rows have them."""

    def predict(self, frame: pl.DataFrame, where: str | Path | None = None) -> pl.DataFrame:
        """Scores every row."""


def predict_file(
    predictor: TableScorer, source: str | Path, out: str | Path, on_progress: Callable[[int], None] | None = None
) -> int:
    """Scores every row of a file, in bounded memory; only the columns that are needed are read.

    Args:
        predictor: The model.
        source: A CSV, TSV or Parquet file, or a folder of parts.
        out: The file to write, complete or not at all; its suffix is its format.
        on_progress: Called with the number of rows scored so far.

    Returns:
        The number of rows.

    Raises:
        DataError: A column is missing, or a value is wrong.
        OutputError: The file cannot be written.
    """
    frame = _open(predictor, source)
    columns = frame.collect_schema().names()
    size = max(1024, CELLS_PER_PIECE // len(columns))
    with replacing(out) as temporary, TableWriter(temporary, output_format(out)) as writer:
        for piece in _pieces(frame, size, source):
            where = f"{source}, after row {writer.rows}" if writer.rows else source
            writer.write(predictor.predict(piece, where))
            if on_progress:
                on_progress(writer.rows)
    return writer.rows


def _pieces(frame: pl.LazyFrame, rows: int, source: str | Path) -> Iterator[pl.DataFrame]:
    """Reads a table in order; the first piece is empty, so that a table without rows has its columns as well."""
    with translated_errors(source):
        yield frame.head(0).collect()
        yield from frame.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming")


def _open(predictor: TableScorer, source: str | Path) -> pl.LazyFrame:
    """The needed columns of a file, and of the others those that are passed on."""
    frame = scan_table(source)
    present = frame.collect_schema().names()
    passed_on = [name for name in predictor.passed_on if name in present and name not in predictor.needed]
    if LABEL in passed_on:
        with translated_errors(source):
            labels = frame.select(LABEL).collect(engine="streaming")[LABEL]
        if not holds_class_numbers(labels, predictor.artifacts.schema.num_classes):
            passed_on.remove(LABEL)
    return select_columns(frame, [*predictor.needed, *passed_on], source)
