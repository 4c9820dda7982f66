"""Encoded rows in Parquet files, for splits that are larger than memory.

A row group is the piece that is read and shuffled as a whole. `shards.json` beside the files says what they hold, so
that lengths, checks and the order of an epoch need no data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from names3risk.data.datasets import EncodedSplit
from names3risk.data.keeping import Keep
from names3risk.errors import DataError, OutputError
from names3risk.files import staged, write_text
from names3risk.text.ragged import RaggedTokens, offsets_of

INDEX = "shards.json"
PIECE_ROWS = 8_192
SHARD_ROWS = 8 * PIECE_ROWS
TOKEN_BYTES = 4


class Shard(BaseModel):
    """One file.

    Args:
        name: Its name.
        pieces: Rows of each row group.
        sha256: Of its bytes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    pieces: list[int]
    sha256: str


class ShardIndex(BaseModel):
    """What the files of a folder hold.

    Args:
        shards: The files, in order.
        features: Tabular features of a row.
        classes: Rows of each class, by class.
        longest: Tokens of the longest row.
        has_ids: Whether rows have identifiers, which are read only where rows have to be named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shards: list[Shard]
    features: int
    classes: dict[int, int]
    longest: int
    has_ids: bool = False


@dataclass(frozen=True)
class ShardedSplit:
    """A split in shards; made by `write_shards`.

    Args:
        folder: Where the shards and their index are.

    Raises:
        DataError: There is no index, or it is damaged.
    """

    folder: Path

    @cached_property
    def index(self) -> ShardIndex:
        """What the files hold."""
        path = self.folder / INDEX
        try:
            return ShardIndex.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise DataError("there are no shards", where=self.folder, expected=INDEX) from error
        except ValidationError as error:
            raise DataError(
                "the index of the shards is damaged", where=path, mend="remove the folder and write the shards again"
            ) from error

    @cached_property
    def pieces(self) -> list[tuple[int, int]]:
        """File and row group of each piece, in order."""
        return [(i, k) for i, shard in enumerate(self.index.shards) for k in range(len(shard.pieces))]

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """Position of the first row of each piece, and the number of rows at the end, `(P + 1,)`."""
        sizes = [rows for shard in self.index.shards for rows in shard.pieces]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def has_ids(self) -> bool:
        """Whether rows have identifiers."""
        return self.index.has_ids

    def ids_of(self, rows: Sequence[int]) -> list[Any]:
        """The identifiers of rows at positions in the split.

        Raises:
            DataError: A file is absent or damaged.
        """
        pieces = np.searchsorted(self.starts, np.asarray(rows), side="right") - 1
        return [
            self._table(piece, ["id"])["id"][row - int(self.starts[piece])].as_py()
            for row, piece in zip(rows, pieces.tolist(), strict=True)
        ]

    def digest(self) -> str:
        """SHA-256 of everything that training reads."""
        return hashlib.sha256("".join(shard.sha256 for shard in self.index.shards).encode()).hexdigest()

    def read(self, pieces: Sequence[tuple[int, int, int]]) -> tuple[EncodedSplit, npt.NDArray[np.int64]]:
        """Reads parts of pieces.

        Args:
            pieces: Number of the piece, first row in it and row after the last.

        Returns:
            The rows one after the other, and the position of each in the split, `(N,)`.

        Raises:
            DataError: A file is absent or damaged.
        """
        rows, done = sum(end - first for _, first, end in pieces), 0
        # Pieces are copied one by one to where they belong, so that nothing is in memory twice.
        tabular, labels = np.empty((rows, self.index.features), dtype=np.float32), np.empty(rows, dtype=np.int64)
        positions, lengths = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
        values = []
        for piece, first, end in pieces:
            part = self._piece(piece, first, end)
            here = slice(done, done := done + len(part))
            assert part.labels is not None
            tabular[here], labels[here], lengths[here] = part.tabular, part.labels, part.tokens.lengths
            positions[here] = self.starts[piece] + np.arange(first, end)
            values.append(part.tokens.values)
        tokens = RaggedTokens(np.concatenate(values), offsets_of(lengths))
        return EncodedSplit(tokens, tabular, labels), positions

    def _piece(self, piece: int, first: int, end: int) -> EncodedSplit:
        columns = ["tokens", "label", *(["tabular"] if self.index.features else [])]
        return _decode(self._table(piece, columns).slice(first, end - first))

    def _table(self, piece: int, columns: list[str]) -> pa.Table:
        file, group = self.pieces[piece]
        path = self.folder / self.index.shards[file].name
        try:
            with pq.ParquetFile(path) as opened:
                return opened.read_row_group(group, columns=columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                f"a shard cannot be read: {error}", where=path, mend="remove the folder and write the shards again"
            ) from error


def write_shards(
    folder: str | Path, parts: Iterable[EncodedSplit], shard_rows: int = SHARD_ROWS, piece_rows: int = PIECE_ROWS
) -> ShardedSplit:
    """Writes encoded rows as shards, holding no more than a shard and a part in memory.

    Args:
        folder: Where the shards go; completely or not at all.
        parts: Encoded rows with labels, one part after the other.
        shard_rows: Rows of a file.
        piece_rows: Rows of a row group.

    Returns:
        The split in shards.

    Raises:
        DataError: There are no rows, a part has no labels, or features that are not finite.
        OutputError: The folder cannot be written.
    """
    shards: list[Shard] = []
    classes: dict[int, int] = {}
    features, longest, has_ids = 0, 0, False
    with staged(folder) as stage:
        for table in _rechunked(map(_encode, parts), shard_rows):
            path = stage / f"part-{len(shards):05d}.parquet"
            try:
                pq.write_table(table, path, row_group_size=piece_rows, compression="lz4", use_dictionary=False)
            except OSError as error:
                raise OutputError(f"cannot keep encoded rows: {error.strerror or error}", where=folder) from error
            sizes = [min(piece_rows, table.num_rows - start) for start in range(0, table.num_rows, piece_rows)]
            shards.append(Shard(name=path.name, pieces=sizes, sha256=_digest(path)))
            rows = _decode(table)
            features = rows.tabular.shape[1]
            longest, has_ids = max(longest, int(rows.tokens.lengths.max())), "id" in table.column_names
            assert rows.labels is not None
            for label, count in zip(*np.unique(rows.labels, return_counts=True), strict=True):
                classes[int(label)] = classes.get(int(label), 0) + int(count)
        if not shards:
            raise DataError("there are no rows", where=folder, expected="at least one encoded row")
        index = ShardIndex(shards=shards, features=features, classes=classes, longest=longest, has_ids=has_ids)
        write_text(stage / INDEX, index.model_dump_json())
    return ShardedSplit(Path(folder))


def shards_once(keep: Keep, key: str, parts: Callable[[], Iterable[EncodedSplit]]) -> ShardedSplit:
    """Writes encoded rows as shards, unless an earlier run, or another process of this one, has done so.

    Args:
        keep: Where they are kept.
        key: What the rows are made from; equal keys mean equal rows.
        parts: Gives the encoded rows, one part after the other.

    Raises:
        DataError: See `write_shards`.
        OutputError: The folder cannot be written.
    """

    def make(folder: Path) -> None:
        write_shards(folder, parts())

    return ShardedSplit(keep.once(key, make))


def _encode(split: EncodedSplit) -> pa.Table:
    if split.labels is None:
        raise DataError("no labels", where="rows for shards", expected="a label in every row")
    if not np.isfinite(split.tabular).all():
        row, column = np.argwhere(~np.isfinite(split.tabular))[0]
        raise DataError(
            f"feature {column} of row {row} is {split.tabular[row, column]}",
            where="rows for shards",
            expected="finite numbers; missing ones are filled before",
        )
    # As bytes, numbers are read several times faster than as lists.
    values, offsets = np.ascontiguousarray(split.tokens.values, dtype="<i4"), split.tokens.offsets * TOKEN_BYTES
    buffers = [None, pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(values)]
    columns = {"tokens": pa.Array.from_buffers(pa.large_binary(), len(split), buffers), "label": pa.array(split.labels)}
    if width := split.tabular.shape[1]:
        tabular = pa.py_buffer(np.ascontiguousarray(split.tabular, dtype="<f4"))
        columns["tabular"] = pa.Array.from_buffers(pa.binary(4 * width), len(split), [None, tabular])
    if split.ids is not None:
        columns["id"] = split.ids.to_arrow()
    return pa.table(columns)


def _decode(table: pa.Table) -> EncodedSplit:
    columns = {name: table.column(name).combine_chunks() for name in table.column_names if name != "id"}
    columns = {name: c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for name, c in columns.items()}
    tokens, rows = columns["tokens"], table.num_rows
    offsets = np.frombuffer(tokens.buffers()[1], dtype="<i8")[tokens.offset :][: rows + 1] // TOKEN_BYTES
    values = np.frombuffer(tokens.buffers()[2] or b"", dtype="<i4")[offsets[0] : offsets[-1]]
    tabular = np.zeros((rows, 0), dtype=np.float32)
    if "tabular" in columns:
        numbers, width = columns["tabular"], columns["tabular"].type.byte_width // 4
        tabular = np.frombuffer(numbers.buffers()[1], dtype="<f4").reshape(-1, width)[numbers.offset :][:rows]
    return EncodedSplit(RaggedTokens(values, offsets - offsets[0]), tabular, columns["label"].to_numpy())


def _rechunked(tables: Iterable[pa.Table], rows: int) -> Iterable[pa.Table]:
    """Tables of so many rows each, the last one perhaps of fewer."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        while count >= rows:
            together = pa.concat_tables(held)
            yield together.slice(0, rows)
            held, count = [together.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(held)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
