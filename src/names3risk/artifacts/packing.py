"""A model with its calibration and its inference code as one model.tar.gz, the same bytes for the same files.

Layout, as SageMaker's serving containers unpack it into /opt/ml/model:

    <the model's own files>
    calibration.json
    code/<inference code>
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from names3risk.artifacts.archive import ARCHIVE_NAME, model_folder
from names3risk.errors import ArtifactError, ConfigError
from names3risk.evaluation.calibration import CALIBRATION_FILE, Calibration
from names3risk.files import replacing

CODE_FOLDER = "code"


def run_packaging_job(
    *,
    model_dir: str | Path,
    output_dir: str | Path,
    calibration_dir: str | Path | None = None,
    code_dir: str | Path | None = None,
    code_files: Sequence[str] = ("*",),
) -> list[str]:
    """Packs a model.

    Args:
        model_dir: A model folder, or a folder with `model.tar.gz`.
        output_dir: Where `model.tar.gz` goes.
        calibration_dir: The folder of `calibration.json`; it takes the place of one that the model has.
        code_dir: The folder of the inference code.
        code_files: Patterns of the files of `code_dir` that are packed, by their paths in it.

    Returns:
        The names in the archive, in order.

    Raises:
        ArtifactError: The model, the calibration or a file in them is none that can be packed.
        ConfigError: No file of the code folder fits a pattern.
        OutputError: The archive cannot be written.
    """
    with model_folder(model_dir) as folder:
        contents = _files_of(folder)
        if not contents:
            raise ArtifactError("the model folder is empty", where=model_dir, expected="the files of a model")
        if calibration_dir is not None:
            Calibration.load(Path(calibration_dir) / CALIBRATION_FILE)  # what cannot be read is not packed
            contents[CALIBRATION_FILE] = Path(calibration_dir) / CALIBRATION_FILE
        if code_dir is not None:
            contents = {name: path for name, path in contents.items() if not name.startswith(f"{CODE_FOLDER}/")}
            code = _files_of(Path(code_dir))
            for pattern in code_files:
                if not any(fnmatch(name, pattern) for name in code):
                    raise ConfigError(f"no file of {code_dir} fits {pattern!r}", where="code_files")
            chosen = [name for name in code if any(fnmatch(name, pattern) for pattern in code_files)]
            contents |= {f"{CODE_FOLDER}/{name}": code[name] for name in chosen}
        with replacing(Path(output_dir) / ARCHIVE_NAME) as temporary:
            pack(contents, temporary)
    return sorted(contents)


def pack(contents: Mapping[str, Path], archive: Path) -> None:
    """Writes files into a gzip-compressed tar without times, owners and order of their own.

    Args:
        contents: Name in the archive to file.
        archive: What to write.
    """
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size = contents[name].stat().st_size
            member.mode = 0o644
            with contents[name].open("rb") as source:
                tar.addfile(member, source)


def _files_of(folder: Path) -> dict[str, Path]:
    """The files below a folder by their paths in it; hidden ones and compiled Python are left out.

    Raises:
        ArtifactError: The folder is missing or holds a link or a device, which may lead anywhere.
    """
    if not folder.is_dir():
        raise ArtifactError("there is no such folder", where=folder)
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ArtifactError("is a link or a device", where=path, expected="plain files and folders only")
        if path.is_file():
            found[name.as_posix()] = path
    return found
