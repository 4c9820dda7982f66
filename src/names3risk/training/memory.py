"""How much memory there is, and how much of it a training job's splits would take."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.data.formats import detect_format
from names3risk.data.parts import opened
from names3risk.data.splits import split_files
from names3risk.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

SHARE = 0.5
"""Share of the machine's memory that splits may take unless the hyperparameters say otherwise."""
CELL, TEXT = 14, 200
"""Bytes that a number and a text take while a job reads and encodes them; measured on generated orders."""
TIMES_TEXT_FILE = 6
"""The same for a byte of a CSV or TSV file."""


def memory_budget(gib: float | None, processes: int) -> int:
    """Bytes that the splits of each process may take.

    Args:
        gib: What the hyperparameters say, in GiB; None for half of the machine's memory.
        processes: Processes on this machine.
    """
    return int((gib * 2**30 if gib is not None else SHARE * machine_memory()) / processes)


def require_memory(folders: Mapping[str, str | Path], model_class: str) -> None:
    """Refuses splits that cannot be held by this machine, for a model that needs all rows at once; warns of large ones.

    Args:
        folders: The split folders by name.
        model_class: For the message.

    Raises:
        DataError: A file cannot be read.
        ConfigError: The splits would take more memory than there is.
    """
    needed, present = bytes_in_memory(folders.values()), machine_memory()
    what = (
        f"the splits take about {needed / 2**30:.1f} GiB in memory, of {present / 2**30:.1f} GiB that this machine has"
        f"; model class {model_class} is fitted to all rows at once, and cannot stream them"
    )
    if needed > present:
        raise ConfigError(
            what,
            where=folders["train"],
            mend="take a machine with more memory, fewer rows, or a model class that is trained by steps",
        )
    if needed > SHARE * present:
        logger.warning("%s", what)


def machine_memory() -> int:
    """Bytes of memory of this machine, or of this container where that has less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = (_limit(path) for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return min([memory, *(limit for limit in limits if limit)])


def bytes_in_memory(folders: Iterable[str | Path]) -> int:
    """Bytes that split folders would take in memory, by their rows and columns.

    Raises:
        DataError: A file cannot be read.
    """
    return sum(_bytes_of(path) for folder in folders for path in split_files(folder))


def _bytes_of(path: Path) -> int:
    if detect_format(path) != "parquet":
        return TIMES_TEXT_FILE * path.stat().st_size
    with opened(path) as file:
        rows: int = file.metadata.num_rows
        return rows * sum(TEXT if _is_text(column.type) else CELL for column in file.schema_arrow)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _limit(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):  # there is none, or it says "max"
        return None
