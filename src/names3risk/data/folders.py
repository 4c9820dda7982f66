"""Folders that are either complete or absent: filled under a temporary name beside the target, then renamed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from names3risk.errors import OutputError


@contextmanager
def replacing_folders(parent: str | Path) -> Iterator[Path]:
    """Gives a temporary folder inside `parent`; when the block ends well, the folders in it move into `parent`.

    A moved folder replaces the one of its name. When the block fails, `parent` stays as it was.

    Args:
        parent: The folder that the finished folders shall be in; created where absent.

    Yields:
        The temporary folder to make them in.

    Raises:
        OutputError: `parent` cannot be written.
    """
    parent = Path(parent)
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=".unfinished-") as name:
            temporary = Path(name)
            yield temporary
            replaced = temporary / ".replaced"
            replaced.mkdir()
            for folder in sorted(path for path in temporary.iterdir() if path != replaced):
                target = parent / folder.name
                if target.exists():
                    target.replace(replaced / folder.name)
                folder.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write: {error.strerror or error}", where=parent, mend="name a folder that you may write to"
        ) from error
