"""A step's outputs on their way to S3: written down first, so that a broken attempt can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline_steps.local.errors import StepError
from pipeline_steps.local.files import regular_files, write_json
from pipeline_steps.local.job import Job
from pipeline_steps.local.storage import LocalS3, join_uri

JOURNAL = "uploads.json"


def folder_files(folder: Path, uri: str, what: str) -> dict[str, Path]:
    """The files of an output folder, by the URI each one gets.

    Args:
        folder: The output's folder.
        uri: Where it goes.
        what: For messages, as in "output 'model'".

    Raises:
        StepError: The folder is gone, or holds a link that leads outside.
    """
    if not folder.is_dir():
        raise StepError(f"{what}: the script removed its folder {folder}, or put a file in its place")
    try:
        return {join_uri(uri, name): path for name, path in regular_files(folder)}
    except ValueError as error:
        raise StepError(f"{what}: {error}", mend="write the data itself into the output folder") from None


def upload(job: Job, files: Mapping[str, Path], *, move: bool = True) -> None:
    """Puts files at their URIs; which of them are new is written down before.

    Args:
        job: The attempt.
        files: URI to file.
        move: The files may leave the step's folder.
    """
    storage = job.run.storage
    move = move and len({path.resolve() for path in files.values()}) == len(files)  # links may name a file twice
    new = [uri for uri in files if not storage.path(uri).exists()]
    write_json(job.folder / JOURNAL, {"new": new})
    storage.upload(files, move=move and not job.run.keep_work)


def take_back(folders: Iterable[Path], storage: LocalS3) -> None:
    """Removes what unfinished jobs put into S3.

    Args:
        folders: The jobs' folders.
        storage: Where S3 is.
    """
    for folder in folders:
        journal = folder / JOURNAL
        if journal.is_file():
            storage.remove(json.loads(journal.read_text(encoding="utf-8"))["new"])
            journal.unlink()
