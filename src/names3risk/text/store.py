"""Token ids on disk: a table is tokenised once and read back as memory-mapped arrays in later runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from names3risk.data.keeping import Keep
from names3risk.text.encoding import TextEncoder
from names3risk.text.ragged import RaggedTokens, offsets_of

ROWS = 262_144
"""Rows tokenised at a time, which bounds the memory that a large table needs."""

VALUES, LENGTHS = "values.int32", "lengths.int64"


def encode_once(encoder: TextEncoder, frame: pl.DataFrame, keep: Keep) -> RaggedTokens:
    """Encodes a table, or reads what an earlier run encoded from the same texts in the same way.

    What is kept goes by a hash of the tokenizer, the encoder's settings and the texts, so a changed table or tokenizer
    never meets stale tokens.

    Args:
        encoder: How texts are encoded.
        frame: A table that holds its text fields.
        keep: Where tokens are kept.

    Returns:
        The same as `encoder.encode(frame)`, its values memory-mapped.

    Raises:
        DataError: A text column is absent.
        OutputError: The folder cannot be written.
    """
    encoder.check(frame)
    entry = keep.once(_key(encoder, frame), lambda folder: _write(encoder, frame, folder))
    size = (entry / VALUES).stat().st_size
    # Copy on write: torch shares writable memory only, and nobody writes to it.
    values = np.memmap(entry / VALUES, dtype=np.int32, mode="c") if size else np.zeros(0, dtype=np.int32)
    return RaggedTokens(values, offsets_of(np.fromfile(entry / LENGTHS, dtype=np.int64)))


def _key(encoder: TextEncoder, frame: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    digest.update(json.dumps(encoder.describe()).encode())
    texts = frame.select(pl.col(encoder.fields).cast(pl.String)).rechunk()
    for start in range(0, frame.height, ROWS):
        table = texts.slice(start, ROWS).to_arrow(compat_level=pl.CompatLevel.oldest())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        digest.update(sink.getvalue())
    return digest.hexdigest()


def _write(encoder: TextEncoder, frame: pl.DataFrame, folder: Path) -> None:
    with (folder / VALUES).open("wb") as values, (folder / LENGTHS).open("wb") as lengths:
        for start in range(0, frame.height, ROWS):
            tokens = encoder.encode(frame.slice(start, ROWS))
            values.write(np.ascontiguousarray(tokens.values).data)
            lengths.write(np.ascontiguousarray(tokens.lengths).data)
