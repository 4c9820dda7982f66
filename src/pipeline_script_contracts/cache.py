"""Results kept between runs, addressed by the content of everything that they were made from.

An entry is JSON: the value, and the hash of each file and the listing of each folder that it depends on. It counts only
while all of them are as they were; anything unreadable is a miss. A cache that cannot be written is no error.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .findings import ChainStep, Finding, Location, Verdict


class Cache:
    """A folder of entries.

    Args:
        folder: Where entries are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, *key: Any) -> Any | None:
        """Gives the value kept under a key, or None where there is none or it is out of date."""
        if self.folder is None:
            return None
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
            fresh = all(content_hash(Path(name)) == each for name, each in entry["files"].items()) and all(
                listing_hash(Path(name)) == each for name, each in entry["folders"].items()
            )
            return entry["value"] if fresh else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, *key: Any, value: Any, files: Iterable[Path], folders: Iterable[Path] = ()) -> None:
        """Keeps a JSON value under a key, with the files and folders that it was made from."""
        if self.folder is None:
            return
        every = sorted({path.resolve() for path in files})
        listed = sorted({path.resolve() for path in folders} | {path.parent for path in every})
        entry = {
            "files": {str(path): content_hash(path) for path in every},
            "folders": {str(path): listing_hash(path) for path in listed},
            "value": value,
        }
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, "*\n")
            write_atomically(self._path(key), json.dumps(entry, separators=(",", ":")))

    def _path(self, key: tuple[Any, ...]) -> Path:
        assert self.folder is not None
        text = json.dumps([tool_signature(), *key], sort_keys=True, default=str)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def write_atomically(path: Path, text: str) -> None:
    """Writes UTF-8 text to a temporary name beside `path` and renames it, so that `path` is complete or untouched.

    Raises:
        OSError: The folder cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


@functools.cache
def tool_signature() -> str:
    """Gives a hash of this package's own source and the Python it runs on."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def content_hash(path: Path) -> str:
    """Gives the hash of a file's content, empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@functools.cache
def listing_hash(folder: Path) -> str:
    """Gives the hash of the names in a folder but hidden and compiled ones; empty where it cannot be read."""
    try:
        names = sorted(each.name for each in folder.iterdir() if each.name[0] != "." and each.name != "__pycache__")
    except OSError:
        return ""
    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()


def finding_from_dict(data: Mapping[str, Any]) -> Finding:
    """Makes a finding of what `Finding.to_dict` gave."""
    return Finding(
        code=data["code"],
        verdict=Verdict(data["verdict"]),
        clause=data["clause"],
        subject=data["subject"],
        message=data["message"],
        filename=data["filename"],
        location=Location.from_dict(data["location"]),
        end_location=Location.from_dict(data["end_location"]),
        chain=tuple(
            ChainStep(step["text"], step["filename"], Location.from_dict(step["location"])) for step in data["chain"]
        ),
        help=data["help"],
    )
