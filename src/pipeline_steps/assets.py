"""Assets: code and small files that steps read, addressed by the hash of their content."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_steps.problems import CODE_MISSING, PipelineError, Problem

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})
_SKIPPED_SUFFIXES = frozenset({".pyc", ".pyo", ".swp", ".tmp"})


@dataclass(frozen=True)
class Asset:
    """Something to upload before a pipeline can run.

    Args:
        uri: The `s3://` address of the folder that holds it.
        path: The local file or folder; None when contents are given instead.
        contents: Name to content of files that exist only in the pipeline's configuration.
    """

    uri: str
    path: Path | None = None
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str, Path | bytes]]:
        """Gives each file as its path below `uri` and where it is, or its content, in a fixed order."""
        if self.path is None:
            yield from sorted(self.contents.items())
        elif self.path.is_file():
            yield self.path.name, self.path
        else:
            for file in tree_files(self.path):
                yield file.relative_to(self.path).as_posix(), file


class AssetStore:
    """Collects the assets of one pipeline and gives them their addresses.

    Args:
        storage: The `s3://bucket/prefix` below which they are kept.
    """

    def __init__(self, storage: str) -> None:
        self._storage = storage.rstrip("/")
        self._assets: dict[str, Asset] = {}
        self._folders: dict[Path, str] = {}

    def add_folder(self, folder: Path) -> str:
        """Adds a code folder.

        Returns:
            Its address, `<storage>/code/<sha256 of the tree>`.

        Raises:
            PipelineError: There is no such folder, or it is empty.
        """
        if folder not in self._folders:
            uri = f"{self._storage}/code/{tree_digest(folder)}"
            self._folders[folder] = uri
            self._assets[uri] = Asset(uri, path=folder)
        return self._folders[folder]

    def add_contents(self, texts: Mapping[str, str]) -> str:
        """Adds files by their names and texts.

        Returns:
            The address of the folder that holds them, `<storage>/files/<sha256>`.
        """
        contents = {name: text.encode() for name, text in texts.items()}
        digest = hashlib.sha256()
        for name, content in sorted(contents.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        uri = f"{self._storage}/files/{digest.hexdigest()}"
        self._assets[uri] = Asset(uri, contents=contents)
        return uri

    def add_file(self, file: Path) -> str:
        """Adds one file from disk.

        Returns:
            The address of the folder that holds it, `<storage>/files/<sha256>`.

        Raises:
            PipelineError: There is no such file.
        """
        if not file.is_file():
            raise PipelineError([Problem(CODE_MISSING, f"there is no file '{file}'")])
        digest = hashlib.sha256(f"{file.name}\0".encode())
        _update(digest, file)
        uri = f"{self._storage}/files/{digest.hexdigest()}"
        self._assets[uri] = Asset(uri, path=file)
        return uri

    def assets(self) -> list[Asset]:
        """Gives what was added, in order of address."""
        return [self._assets[uri] for uri in sorted(self._assets)]


def tree_files(folder: Path) -> list[Path]:
    """Gives the files below a folder that belong to its code, in a fixed order; caches and hidden files do not."""
    found = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in parts):
            continue
        if path.is_file() and path.suffix not in _SKIPPED_SUFFIXES:
            found.append(path)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def tree_digest(folder: Path) -> str:
    """Gives the SHA-256 of the names and contents of the files below a folder; times and modes do not count.

    Raises:
        PipelineError: There is no such folder, or it holds no file.
    """
    if not folder.is_dir():
        raise PipelineError([Problem(CODE_MISSING, f"there is no code folder '{folder}'")])
    files = tree_files(folder)
    if not files:
        raise PipelineError([Problem(CODE_MISSING, f"the code folder '{folder}' is empty")])
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        _update(digest, file)
    return digest.hexdigest()


def _update(digest: hashlib._Hash, file: Path) -> None:
    with file.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)


def local_path(uri: str, s3_root: Path) -> Path:
    """Gives the path below `s3_root` that stands for an `s3://` address: bucket, then key.

    Raises:
        PipelineError: The address is not an `s3://` address, or leads outside.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    parts = [bucket, *(part for part in key.split("/") if part)]
    if not uri.startswith("s3://") or not bucket or any(part in (".", "..") for part in parts):
        raise PipelineError(f"'{uri}' is not an address that can be kept locally; expected s3://bucket/key")
    return s3_root.joinpath(*parts)


def publish_local(assets: Iterable[Asset], s3_root: Path) -> list[Path]:
    """Copies assets into the folder that stands for S3; what is there already stays, for its content is the same.

    Args:
        assets: What to publish, from `PipelineBuilder.assets()`.
        s3_root: The folder that stands for S3.

    Returns:
        The folders of the assets.
    """
    folders = []
    for asset in assets:
        target = local_path(asset.uri, s3_root)
        folders.append(target)
        if target.is_dir():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".publishing-") as temporary:
            staged = Path(temporary, "asset")
            for name, content in asset.files():
                file = staged / name
                file.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    file.write_bytes(content)
                else:
                    shutil.copyfile(content, file)
            _move_into_place(staged, target)
    return folders


def _move_into_place(staged: Path, target: Path) -> None:
    try:
        staged.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(staged)
