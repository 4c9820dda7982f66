"""Split folders: a data file with the resolved column schema beside it, so that each folder describes itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.data.formats import Format, detect_format
from names3risk.data.reading import find_parts, read_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.writing import TableWriter
from names3risk.errors import DataError
from names3risk.files import staged

if TYPE_CHECKING:
    import polars as pl

SCHEMA_FILE = "schema.json"
SPLIT_NAMES = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """A prepared table, the roles of its columns, and the format that it is kept in."""

    frame: pl.DataFrame
    schema: ColumnSchema
    format: Format = "parquet"


def load_split(folder: str | Path) -> Split:
    """Reads a split folder.

    Args:
        folder: A folder with `data.parquet`, `data.csv` or `data.tsv`, or parts of one format, and `schema.json`.

    Returns:
        The split, its columns in the types of their roles.

    Raises:
        DataError: The folder is not a split folder, or its table does not fit its schema.
    """
    from names3risk.data.preparation import conform

    schema = load_schema(folder)
    paths = split_files(folder)
    where = paths[0] if len(paths) == 1 else folder
    return Split(conform(read_table(where), schema, str(where)), schema, detect_format(paths[0]))


def load_schema(folder: str | Path) -> ColumnSchema:
    """Reads the schema of a split folder.

    Raises:
        DataError: The folder is not a split folder.
    """
    path = Path(folder) / SCHEMA_FILE
    if not path.is_file():
        raise DataError(
            f"there is no {SCHEMA_FILE}",
            where=folder,
            expected="a folder that preprocessing wrote",
            mend="run tabular_preprocessing.py on the raw data first",
        )
    return ColumnSchema.load(path)


def split_files(folder: str | Path) -> list[Path]:
    """The data files of a split folder, by name.

    Raises:
        DataError: There is none, or they are of several formats.
    """
    paths = [part.path for part in find_parts(folder)]
    formats = {path: detect_format(path) for path in paths}
    if other := [path for path in paths if formats[path] != formats[paths[0]]]:
        raise DataError(
            f"is {formats[other[0]].upper()}", where=other[0], expected=f"{formats[paths[0]]}, as {paths[0].name} is"
        )
    return paths


def save_split(folder: str | Path, split: Split) -> None:
    """Writes a split folder, completely or not at all.

    Args:
        folder: The folder; replaced where it exists.
        split: What to write.

    Raises:
        OutputError: The folder cannot be written.
    """
    folder = Path(folder)
    with (
        staged(folder.parent) as temporary,
        SplitWriter(temporary / folder.name, split.schema, split.format) as writer,
    ):
        writer.write(split.frame)


class SplitWriter(TableWriter):
    """Writes a split folder piece by piece; use it as a context.

    Args:
        folder: The folder, which must not exist.
        schema: The schema of the prepared table.
        format: The format of the data file.
    """

    def __init__(self, folder: Path, schema: ColumnSchema, format: Format) -> None:
        folder.mkdir()
        schema.save(folder / SCHEMA_FILE)
        super().__init__(folder / f"data.{format}", format)
