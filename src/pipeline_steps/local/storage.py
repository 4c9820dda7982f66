"""S3 as a folder: `s3://bucket/key` is `<root>/bucket/key`, with S3's prefixes and whole-object writes."""

from __future__ import annotations

import errno
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_steps.local.errors import LocalRunError
from pipeline_steps.local.files import copy_file, regular_files


@dataclass(frozen=True)
class StoredObject:
    """One object: its name relative to the prefix that found it, and its file."""

    name: str
    path: Path


def join_uri(uri: str, *parts: str) -> str:
    """An S3 URI below another one."""
    return "/".join([uri.rstrip("/"), *(part.strip("/") for part in parts)])


class LocalS3:
    """The folder that stands for S3.

    Args:
        root: Where the buckets are folders.
        owner: Who writes; unfinished writes of the same owner can be cleared away.
    """

    def __init__(self, root: Path, owner: str = "") -> None:
        self.root, self.owner = root, owner

    def path(self, uri: str) -> Path:
        """The file or folder of an S3 URI.

        Raises:
            LocalRunError: The text is no S3 URI, or its key leads outside the bucket.
        """
        if not isinstance(uri, str) or not uri.startswith("s3://"):
            mend = "for local data, give the parameter as file:PATH on the command line"
            raise LocalRunError(f"{uri!r} is not an S3 URI", expected="s3://bucket/key", mend=mend)
        parts = [part for part in uri.removeprefix("s3://").split("/") if part]
        if not parts or uri.startswith("s3:///"):
            raise LocalRunError(f"{uri!r} names no bucket", expected="s3://bucket/key")
        if parts[0].startswith(".") or any(part in (".", "..") or "\0" in part for part in parts):
            raise LocalRunError(f"{uri!r} leads outside its bucket", expected="a key without '.' and '..' components")
        return self.root.joinpath(*parts)

    def objects(self, uri: str) -> list[StoredObject]:
        """The objects at an S3 prefix, in the order of their keys.

        A folder gives what lies in it, an object itself, and anything else every object whose key starts with it.

        Raises:
            LocalRunError: There is none; the message says where it was looked for.
        """
        path = self.path(uri)
        try:
            if path.is_dir():
                found = [StoredObject(name, file) for name, file in regular_files(path)]
            elif path.is_file() and not uri.endswith("/"):
                found = [StoredObject(path.name, path)]
            else:
                found = [] if uri.endswith("/") else self._by_prefix(path)
        except ValueError as error:
            raise LocalRunError(str(error), where=uri) from None
        if not found:
            raise LocalRunError(
                f"there is nothing at {uri}", mend=f"put the data at {path}, or name where it is instead"
            )
        return found

    def beside(self, uri: str) -> list[str]:
        """Names beside a folder that S3 would deliver too, because a prefix is text: `train_old` for `train`."""
        path = self.path(uri)
        if uri.endswith("/") or not path.exists() or path.parent == self.root:
            return []
        return sorted(item.name for item in path.parent.iterdir() if item.name.startswith(path.name) and item != path)

    def _by_prefix(self, path: Path) -> list[StoredObject]:
        found: list[StoredObject] = []
        if path.parent != self.root and path.parent.is_dir():
            for item in sorted(path.parent.iterdir()):
                if item.name.startswith(path.name):
                    if item.is_dir():
                        found += [StoredObject(f"{item.name}/{name}", file) for name, file in regular_files(item)]
                    else:
                        found.append(StoredObject(item.name, item))
        return found

    def download(self, objects: Iterable[StoredObject], folder: Path) -> None:
        """Copies objects into a folder; changing the copies leaves the objects as they are.

        Raises:
            LocalRunError: The name of an object leads outside the folder.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for item in objects:
            name = PurePosixPath(item.name)
            if name.is_absolute() or ".." in name.parts:
                raise LocalRunError(f"{item.name!r} leads outside the folder it is downloaded to")
            copy_file(item.path, folder / name)

    def read_json(self, uri: str) -> Any:
        """The JSON document at an S3 URI.

        Raises:
            KeyError: There is none; the message says why.
        """
        try:
            path = self.objects(uri)[0].path
            return json.loads(path.read_text(encoding="utf-8"))
        except LocalRunError as error:
            raise KeyError(str(error)) from None
        except ValueError as error:
            raise KeyError(f"{uri} is not JSON: {error}") from None

    def upload(self, files: Mapping[str, Path], *, move: bool = False) -> None:
        """Puts files at S3 URIs, each one whole or not at all; an object that is there is replaced.

        Args:
            files: URI to file.
            move: The files are not needed where they are.
        """
        staging = self.root / ".staging"
        staging.mkdir(parents=True, exist_ok=True)
        for uri, source in files.items():
            target = self.path(uri)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "there is a folder where an object shall be", str(target))
            if not (move and _moved(source, target)):
                part = staging / f"{self.owner}-{uuid.uuid4().hex}"
                try:
                    copy_file(source, part)
                    part.replace(target)
                finally:
                    part.unlink(missing_ok=True)

    def clear_unfinished(self) -> None:
        """Removes what writes of the same owner left when they were killed."""
        for part in (self.root / ".staging").glob(f"{self.owner}-*"):
            part.unlink()

    def remove(self, uris: Iterable[str]) -> None:
        """Removes objects, and the folders that become empty by it."""
        for uri in uris:
            path = self.path(uri)
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self.root or folder.parent == self.root:
                    break
                try:
                    folder.rmdir()
                except OSError:
                    break


def _moved(source: Path, target: Path) -> bool:
    if source.is_symlink() or source.stat().st_nlink > 1:
        return False
    try:
        os.replace(source, target)  # noqa: PTH105 - reads as the pair it is
    except OSError as error:
        if error.errno == errno.EXDEV:
            return False
        raise
    return True
