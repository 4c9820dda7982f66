"""Model folders as SageMaker hands them over: the files themselves, or packed in model.tar.gz."""

from __future__ import annotations

import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from names3risk.errors import ArtifactError

ARCHIVE_NAME = "model.tar.gz"


@contextmanager
def model_folder(path: str | Path) -> Iterator[Path]:
    """Gives the folder that holds a model's files; an archive is unpacked into a folder that lives for the block.

    Args:
        path: A folder with the model's files, a folder with `model.tar.gz`, or the archive itself.

    Yields:
        The folder with the files.

    Raises:
        ArtifactError: There is no such path, or the archive is broken or has a member that leads outside.
    """
    source = Path(path)
    archive = source / ARCHIVE_NAME if (source / ARCHIVE_NAME).is_file() else source
    if not archive.exists():
        raise ArtifactError("there is no such model", where=source, expected=f"a model folder or a {ARCHIVE_NAME}")
    if archive.is_dir():
        yield archive
        return
    with tempfile.TemporaryDirectory(prefix="names3risk-model-") as folder:
        extract_model(archive, folder)
        yield Path(folder)


def extract_model(archive: str | Path, folder: str | Path) -> None:
    """Unpacks a model archive; every member is checked before the first is written.

    Args:
        archive: The `model.tar.gz`.
        folder: An existing folder to unpack into.

    Raises:
        ArtifactError: The archive is broken, or a member is a link, a device, or leads outside of `folder`.
    """
    try:
        with tarfile.open(archive, "r:*") as tar:
            members = tar.getmembers()
            for member in members:
                _check_member(member, archive)
            tar.extractall(folder, members=members, filter="data")
    except (tarfile.TarError, zlib.error, OSError, EOFError) as error:
        raise ArtifactError(f"cannot be unpacked: {error}", where=archive, expected="a gzip-compressed tar") from error


def _check_member(member: tarfile.TarInfo, archive: str | Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise ArtifactError(
            f"member {member.name!r} leads outside of the archive", where=archive, expected="relative paths without .."
        )
    if not (member.isfile() or member.isdir()):
        raise ArtifactError(
            f"member {member.name!r} is a link or a device", where=archive, expected="plain files and folders only"
        )
