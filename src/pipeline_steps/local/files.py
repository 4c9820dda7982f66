"""Files and folders: whole or absent, copied so that a step cannot change its source, digested by content."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

_FICLONE = 0x40049409  # ioctl(2): share the blocks of two files until one is written (btrfs, xfs)


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Writes `value` as JSON to `path`, completely or not at all; each field of an object at the top is a line.

    Args:
        path: The file.
        value: Anything that JSON can hold; names that are no Unicode are kept through escapes.
        durable: Wait until the disk has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_lines(value) + "\n")
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lines(value: Any) -> str:
    # The standard library indents many times slower than it writes one line.
    if not isinstance(value, dict):
        return json.dumps(value)
    fields = [f"{json.dumps(key)}: {_items(item)}" for key, item in value.items()]
    return "{\n" + ",\n".join(fields) + "\n}"


def _items(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]"
    return json.dumps(value)


def folder_name(name: str) -> str:
    """A name for a folder made of any text: letters, digits, `-`, `_` and `.` stay, the rest is percent-encoded."""
    encoded = quote(name, safe="", errors="surrogatepass")
    encoded = "%2E" + encoded[1:] if encoded.startswith(".") else encoded
    if len(encoded) <= 150:
        return encoded
    return f"{encoded[:120]}-{hashlib.sha256(encoded.encode()).hexdigest()[:16]}"


def copy_file(source: Path, target: Path) -> None:
    """Copies a file's content, sharing its blocks where the file system can; a later write changes one of them only."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError:
            shutil.copyfile(source, target)
    shutil.copymode(source, target)
    target.chmod(target.stat().st_mode | 0o200)


def regular_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below `folder` in the order of its name, with its path relative to `folder`.

    Links are followed when they stay inside `folder`.

    Args:
        folder: Where to look.

    Yields:
        The relative path with `/`, and the path.

    Raises:
        ValueError: A link leads outside the folder, or something is neither file nor folder.
    """
    root = folder.resolve()
    yield from _walk(folder, "", root, frozenset())


def _walk(folder: Path, prefix: str, root: Path, above: frozenset[Path]) -> Iterator[tuple[str, Path]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path, name = Path(entry.path), prefix + entry.name
        if entry.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(root):
                raise ValueError(f"{name!r} is a link that leads outside its folder (to {target})")
            if not target.exists():
                raise ValueError(f"{name!r} is a link to nothing ({target})")
        if path.is_dir():
            real = path.resolve()
            if real in above:
                raise ValueError(f"{name!r} is a link to a folder that it lies in")
            yield from _walk(path, f"{name}/", root, above | {real})
        elif path.is_file():
            yield name, path
        else:
            raise ValueError(f"{name!r} is neither a file nor a folder")


def remove_tree(folder: Path) -> None:
    """Removes a folder and all below it, also where a step took its own write permission away."""

    def unlock(function: Any, path: str, _: Any) -> None:
        os.chmod(Path(path).parent, 0o700)  # noqa: PTH101 - the path may be any bytes
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            os.chmod(path, 0o700)  # noqa: PTH101
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)

    if folder.is_dir():
        shutil.rmtree(folder, onerror=unlock)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
