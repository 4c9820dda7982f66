"""`model.tar.gz` and `sourcedir.tar.gz`: packed the same from the same files, unpacked inside one folder only."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_steps.local.errors import LocalRunError

_CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error)


def pack(files: Mapping[str, Path], archive: Path) -> None:
    """Packs files as SageMaker packs `/opt/ml/model`: by their names relative to that folder.

    The same files give the same bytes: times and owners are left out.

    Args:
        files: Name in the archive to file.
        archive: The `.tar.gz` to write.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = path.stat().st_size
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            with path.open("rb") as file:
                tar.addfile(member, file)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a tar archive into a folder, and nowhere else.

    Args:
        archive: The archive, compressed or not.
        folder: Where its members go.

    Raises:
        LocalRunError: It is no archive, or a member leads outside the folder or is neither file nor folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for member in members:
                _refuse(member, archive)
                _make_plain(member)
            # What is dangerous has been refused above; the filter is a second guard where Python has it (3.11.4 on).
            guard: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(folder, members, **guard)  # noqa: S202 - each member was looked at
            while tar.fileobj and tar.fileobj.read(_CHUNK):
                pass  # the checksum comes last
    except _BROKEN as error:
        raise _broken(archive, error) from None


def member_names(archive: Path) -> list[str]:
    """The names of what a tar archive holds, without a leading `./`.

    Raises:
        LocalRunError: It is no archive.
    """
    try:
        with tarfile.open(archive) as tar:
            return [PurePosixPath(name).as_posix() for name in tar.getnames()]
    except _BROKEN as error:
        raise _broken(archive, error) from None


def _broken(archive: Path, error: Exception) -> LocalRunError:
    return LocalRunError(f"cannot be unpacked: {error}", where=archive, expected="a .tar.gz archive")


def _make_plain(member: tarfile.TarInfo) -> None:
    """Takes away the owner and all rights but read, write and run."""
    member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644


def _refuse(member: tarfile.TarInfo, archive: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise LocalRunError(f"member {member.name!r} leads outside the folder it is unpacked to", where=archive)
    if member.issym() or member.islnk():
        target = PurePosixPath(member.linkname)
        if target.is_absolute() or ".." in target.parts:
            raise LocalRunError(f"member {member.name!r} is a link to {member.linkname!r}, outside", where=archive)
    elif not (member.isfile() or member.isdir()):
        raise LocalRunError(f"member {member.name!r} is neither file nor folder", where=archive)
