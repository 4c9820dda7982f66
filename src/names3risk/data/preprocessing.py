"""From raw files to split folders in two passes, whatever the size of the table.

The first pass reads only the columns that decide which rows stay and which split they go to. The second one streams
the rows through their types into the files, so memory holds the keys of all rows and one batch of the table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import narwhals as nw

from names3risk.data import checks
from names3risk.data.fields import FieldSelection
from names3risk.data.folders import replacing_folders
from names3risk.data.formats import detect_format
from names3risk.data.preparation import drop_filtered, encode_labels, keep_first, split
from names3risk.data.reading import find_parts, scan_file, select_columns, translated_errors
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SplitWriter
from names3risk.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

logger = logging.getLogger(__name__)

JobType = Literal["training", "validation", "testing", "calibration"]
JOB_TYPES: tuple[JobType, ...] = ("training", "validation", "testing", "calibration")
FOLDER_OF_JOB: dict[str, str] = {"validation": "val", "testing": "test", "calibration": "calibration"}
"""The one folder that a job writes which does not split."""

_ROW = "__row"
_CELLS_PER_BATCH = 8_000_000


@dataclass(frozen=True)
class _Source:
    """One raw file, opened lazily with the columns of the schema."""

    frame: pl.LazyFrame
    path: Path


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
    parts = find_parts(source)
    if job_type == "training" and schema.label is None:
        raise ConfigError("training needs a label in the column schema")
    sources = [_open(part.path, part.region, schema, region) for part in parts]
    schema = _resolve(sources, schema)
    sources = [_Source(select_columns(item.frame, schema.source_columns, item.path), item.path) for item in sources]
    names, split_of_row = _plan(sources, schema, job_type, str(source))
    with replacing_folders(output) as temporary, ExitStack() as stack:
        format_ = detect_format(sources[0].path)
        writers = [stack.enter_context(SplitWriter(temporary / name, schema.prepared(), format_)) for name in names]
        done = 0
        for batch, path, first_row in _batches(sources):
            codes = split_of_row[done : done + batch.height]
            with checks.explained(nw.from_native(batch, eager_only=True), schema, str(path), first_row):
                for code, writer in enumerate(writers, start=1):
                    rows = nw.from_native(batch.filter(codes == code), eager_only=True)
                    writer.write(encode_labels(rows, schema).to_native())
            done += batch.height
            if on_progress:
                on_progress(done)
    counts = {name: writer.rows for name, writer in zip(names, writers, strict=True)}
    logger.info("prepared %d rows of %d: %s", sum(counts.values()), done, counts)
    return counts


def _open(path: Path, region_of_part: str, schema: ColumnSchema, region: str) -> _Source:
    import polars as pl

    frame = scan_file(path)
    name = schema.region_name
    if name is not None and name not in frame.collect_schema():
        frame = frame.with_columns(pl.lit(region_of_part).alias(name))
    if region:
        if name is None:
            raise ConfigError("a region is asked for, but the column schema has no region_name")
        frame = frame.filter(pl.col(name).cast(pl.String).str.to_uppercase() == region.upper())
    return _Source(frame, path)


def _resolve(sources: list[_Source], schema: ColumnSchema) -> ColumnSchema:
    """Resolves the field lists; with several files, the numeric fields that all of them have."""
    resolved = [schema.resolve(source.frame, source.path) for source in sources]
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
    pieces, rows = [], 0
    for source in sources:
        with translated_errors(source.path):
            raw = source.frame.select(keys_only.source_columns).collect(engine="streaming")
        raw = raw.with_row_index(_ROW, offset=rows)
        rows += raw.height
        table = nw.from_native(raw, eager_only=True)
        with checks.explained(table, keys_only, str(source.path)):
            labelled = encode_labels(drop_filtered(table, keys_only), keys_only, str(source.path), extra=[_ROW])
        pieces.append(labelled.to_native())
    kept = nw.from_native(pl.concat(pieces), eager_only=True)
    checks.check_ids(kept, keys_only, where)
    kept = keep_first(kept, keys_only)
    checks.check_rows(kept, where)
    if job_type == "training":
        parts = split(kept.to_native(), keys_only, where)
    else:
        parts = {FOLDER_OF_JOB[job_type]: kept.to_native()}
    split_of_row = np.zeros(rows, dtype=np.uint8)
    for code, part in enumerate(parts.values(), start=1):
        split_of_row[part[_ROW].to_numpy()] = code
    return list(parts), split_of_row


def _batches(sources: list[_Source]) -> Iterator[tuple[pl.DataFrame, Path, int]]:
    """Reads all rows in order: a batch, its file, and the number of its first row there."""
    for source in sources:
        size = max(1024, _CELLS_PER_BATCH // len(source.frame.collect_schema()))
        row = 1
        with translated_errors(source.path):
            for batch in source.frame.collect_batches(chunk_size=size, maintain_order=True, engine="streaming"):
                yield batch, source.path, row
                row += batch.height
