"""Files that are either complete or absent: written to a temporary name beside the target, then renamed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from names3risk.errors import OutputError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path in the folder of `path` that becomes `path` when the block ends well.

    When the block fails, the temporary file is removed and an earlier `path` stays as it was. The temporary name
    keeps the suffix of `path`, for writers that look at it.

    Args:
        path: Where the finished file shall be.

    Yields:
        The temporary path to write to.

    Raises:
        OutputError: The folder cannot be created or written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror}", where=target, mend="name a folder that you may write to"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}", where=target) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes `text` to `path` as UTF-8, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` to `path` as indented JSON, completely or not at all; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
