"""From raw files to split folders in two passes, whatever the size of the table.

The first pass reads only the columns that decide which rows stay and which split they go to. The second one streams
the rows through their types into the files, so memory holds the keys of all rows and one batch of the table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import narwhals as nw

from names3risk.data import checks
from names3risk.data.checks import ROW
from names3risk.data.fields import FieldSelection, missing_columns_error
from names3risk.data.formats import detect_format
from names3risk.data.preparation import drop_filtered, encode_labels, keep_first, split
from names3risk.data.reading import Part, find_parts, scan_file, translated_errors
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SplitWriter
from names3risk.errors import ConfigError, DataError
from names3risk.files import staged

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

logger = logging.getLogger(__name__)

JobType = Literal["training", "validation", "testing", "calibration"]
JOB_TYPES: tuple[JobType, ...] = ("training", "validation", "testing", "calibration")
FOLDER_OF_JOB: dict[str, str] = {"validation": "val", "testing": "test", "calibration": "calibration"}
"""The one folder that a job writes which does not split."""

_CELLS_PER_BATCH = 8_000_000


@dataclass(frozen=True)
class _Source:
    """One raw file, opened lazily, its rows numbered on from those of the files before it.

    Args:
        frame: The rows of the wanted region, with their numbers in `ROW`.
        path: The file.
        first_row: The number of its first row.
        rows: How many rows it has.
    """

    frame: pl.LazyFrame
    path: Path
    first_row: int
    rows: int

    def typed(self, schema: ColumnSchema) -> pl.LazyFrame:
        """The rows that pass filters and labels, with their numbers, in the types of their roles."""
        table: nw.LazyFrame[pl.LazyFrame] = nw.from_native(self.frame)
        table = drop_filtered(table, schema)
        table = encode_labels(table, schema, str(self.path), extra=[ROW])
        return table.to_native()

    @contextmanager
    def explained(self, schema: ColumnSchema) -> Iterator[None]:
        """Tells the place of what cannot be read or typed."""
        table: nw.LazyFrame[pl.LazyFrame] = nw.from_native(self.frame)
        with translated_errors(self.path), checks.explained(table, schema, str(self.path), self.first_row):
            yield


def preprocess(
    source: str | Path,
    schema: ColumnSchema,
    output: str | Path,
    *,
    job_type: JobType = "training",
    region: str = "",
    on_progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Prepares raw files and writes split folders in the format of the input.

    Args:
        source: A file, a folder of parts, or a folder with one folder (or file) per region.
        schema: The roles of the raw columns.
        output: The folder for the split folders.
        job_type: `training` splits by time into train, val and test; the others write all rows to one folder.
        region: Keep the rows of this region only; all where empty.
        on_progress: Called with the number of raw rows read so far.

    Returns:
        The rows of every folder written.

    Raises:
        DataError: The input is wrong; nothing is written then.
        ConfigError: The schema does not fit the job.
        OutputError: The output cannot be written.
    """
    if job_type == "training" and schema.label is None:
        raise ConfigError("training needs a label in the column schema")
    sources: list[_Source] = []
    for part in find_parts(source):
        sources.append(_open(part, schema, region, sources[-1].first_row + sources[-1].rows if sources else 0))
    schema = _resolve(sources, schema)
    names, split_of_row = _plan(sources, schema, job_type, str(source))
    with staged(output) as temporary, ExitStack() as stack:
        format_ = detect_format(sources[0].path)
        writers = [stack.enter_context(SplitWriter(temporary / name, schema.prepared(), format_)) for name in names]
        for batch in _batches(sources, schema):
            codes = split_of_row[batch[ROW].to_numpy()]
            for code, writer in enumerate(writers, start=1):
                writer.write(batch.drop(ROW).filter(codes == code))
            if on_progress and batch.height:
                on_progress(batch[ROW][-1] + 1)
    counts = {name: writer.rows for name, writer in zip(names, writers, strict=True)}
    logger.info("prepared %d rows of %d: %s", sum(counts.values()), len(split_of_row), counts)
    return counts


def _open(part: Part, schema: ColumnSchema, region: str, first_row: int) -> _Source:
    import polars as pl

    frame = scan_file(part.path).with_row_index(ROW, offset=first_row)
    with translated_errors(part.path):
        rows: int = frame.select(pl.len()).collect(engine="streaming").item()
    name = schema.region_name
    if name is not None and part.region is not None and name not in frame.collect_schema():
        frame = frame.with_columns(pl.lit(part.region).alias(name))
    if region:
        if name is None:
            raise ConfigError("a region is asked for, but the column schema has no region_name")
        if name not in frame.collect_schema():
            raise missing_columns_error([name], list(frame.collect_schema()), part.path)
        frame = frame.filter(pl.col(name).cast(pl.String).str.to_uppercase() == region.upper())
    return _Source(frame, part.path, first_row, rows)


def _resolve(sources: list[_Source], schema: ColumnSchema) -> ColumnSchema:
    """Resolves the field lists; with several files, the numeric fields that all of them have."""
    resolved = [schema.resolve(source.frame.drop(ROW), source.path) for source in sources]
    if not isinstance(schema.tab_field_list, FieldSelection):
        return resolved[0]
    shared = set(resolved[0].tab_fields).intersection(*(item.tab_fields for item in resolved[1:]))
    fields = tuple(name for name in resolved[0].tab_fields if name in shared)
    if not fields:
        raise DataError("the files share no numeric field", where=sources[0].path.parent)
    return resolved[0].model_copy(update={"tab_field_list": fields})


def _plan(sources: list[_Source], schema: ColumnSchema, job_type: JobType, where: str) -> tuple[list[str], np.ndarray]:
    """Decides from the key columns where each row goes.

    Returns:
        The names of the folders, and for every raw row 0 where it is dropped, else 1 + the index of its folder.
    """
    import numpy as np
    import polars as pl

    keys_only = schema.model_copy(
        update={
            "text_source_fields": (),
            "tab_field_list": (),
            "cat_field_list": (),
            "marketplace_name": None,
            "region_name": None,
        }
    )
    pieces = []
    for source in sources:
        checks.check_columns(nw.from_native(source.frame), schema, str(source.path))
        with source.explained(keys_only):
            pieces.append(source.typed(keys_only).collect(engine="streaming"))
    kept = nw.from_native(pl.concat(pieces), eager_only=True)
    checks.check_ids(kept, keys_only, where)
    kept = keep_first(kept, keys_only)
    checks.check_rows(kept, where)
    if job_type == "training":
        parts = split(kept.to_native(), keys_only, where)
    else:
        parts = {FOLDER_OF_JOB[job_type]: kept.to_native()}
    split_of_row = np.zeros(sum(source.rows for source in sources), dtype=np.uint8)
    for code, part in enumerate(parts.values(), start=1):
        split_of_row[part[ROW].to_numpy()] = code
    return list(parts), split_of_row


def _batches(sources: list[_Source], schema: ColumnSchema) -> Iterator[pl.DataFrame]:
    """Reads all rows in order, typed, a batch at a time; the labels have been checked before."""
    if schema.label:
        schema = schema.model_copy(update={"label": schema.label.model_copy(update={"other": "drop"})})
    size = max(1024, _CELLS_PER_BATCH // len(schema.prepared_columns))
    for source in sources:
        with source.explained(schema):
            yield from source.typed(schema).collect_batches(chunk_size=size, maintain_order=True, engine="streaming")
