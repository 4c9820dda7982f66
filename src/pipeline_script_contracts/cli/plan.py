"""Which script is checked against which contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..settings import Settings, UsageError
from .catalogue import Record


@dataclass(frozen=True)
class Job:
    """One script and the contract it is checked against."""

    script: Path
    record: Record


def plan(records: Sequence[Record], settings: Settings, targets: Sequence[Path], chosen: bool, cwd: Path) -> list[Job]:
    """Pairs scripts with contracts.

    Args:
        records: The contracts.
        settings: Where scripts are, and the bindings that the entry points alone do not tell.
        targets: Scripts and folders from the command line; empty for the whole project.
        chosen: True when the contracts were named on the command line, so that each named script is meant for them.
        cwd: The folder that targets are relative to.

    Returns:
        The pairs, in the order of targets and contracts, each once.

    Raises:
        UsageError: A script or folder does not exist, or has no contract, or more than one.
    """
    _check_bindings(settings)
    jobs: list[Job] = []
    for target in targets:
        path = (cwd / target).resolve()
        if path.is_dir():
            jobs += _of_folder(path, target, records, settings)
        elif path.is_file():
            jobs += _of_script(path, target, records, settings, chosen)
        else:
            raise UsageError(f"{target}: no such script or folder")
    if not targets:
        jobs = [job for record in records for job in _of_contract(record, settings, cwd)]
    return list(dict.fromkeys(jobs))


def training_script(job: Job, records: Sequence[Record], settings: Settings, cwd: Path) -> Path | None:
    """Gives the training script whose artefacts a script is given.

    It is that of the contract that `trained_by` names; for an inference script, otherwise the only training script in
    the same folder.

    Args:
        job: The job of the script that is given the model.
        records: All contracts.
        settings: The bindings of scripts to contracts, and `trained_by`.
        cwd: The folder that scripts are looked for in where no other is set.

    Returns:
        The script; None where there is none or more than one.

    Raises:
        UsageError: `trained_by` names a contract that does not exist.
    """
    named = settings.trained_by.get(job.record.name)
    if named is not None:
        jobs = [each for record in records if record.name == named for each in _of_contract(record, settings, cwd)]
        if not jobs:
            known = ", ".join(sorted(record.name for record in records))
            raise UsageError(
                f"[tool.validate_contracts.trained_by] {job.record.name}: no contract {named!r}; there are {known}"
            )
        beside = [each.script for each in jobs if each.script.parent == job.script.parent]
        found = beside or [each.script for each in jobs]
    elif job.record.kind == "InferenceScriptContract":
        candidates = {
            job.script.parent / record.entry_point
            for record in records
            if record.kind == "TrainingScriptContract"
            and _bound(job.script.parent / record.entry_point, settings) in (None, record.name)
        }
        found = [script for script in candidates if script.is_file()]
    else:
        return None
    return found[0] if len(found) == 1 else None


def _of_folder(path: Path, shown: Path, records: Sequence[Record], settings: Settings) -> list[Job]:
    jobs = [Job(path / record.entry_point, record) for record in records if (path / record.entry_point).is_file()]
    jobs = [job for job in jobs if _bound(job.script, settings) in (None, job.record.name)]
    if not jobs:
        raise UsageError(
            f"{shown}: no contract has its entry point in this folder; known entry points: {_known(records)}"
        )
    return jobs


def _of_script(path: Path, shown: Path, records: Sequence[Record], settings: Settings, chosen: bool) -> list[Job]:
    bound = _bound(path, settings)
    if bound is not None and not chosen:
        return [Job(path, record) for record in records if record.name == bound]
    matches = [record for record in records if _ends_with(path, record.entry_point)]
    if chosen and not matches:
        matches = list(records)
    if len(matches) == 1 or (matches and len({record.digest for record in matches}) == 1):
        return [Job(path, matches[0])]
    if not matches:
        hint = "name the contract with --contract, or list it under [tool.validate_contracts] contracts"
        raise UsageError(f"{shown}: no contract has this entry point; known entry points: {_known(records)}; {hint}")
    names = ", ".join(record.name for record in matches)
    raise UsageError(
        f"{shown}: {len(matches)} contracts have this entry point: {names}; name one with --contract, or bind the "
        "script under [tool.validate_contracts.bindings]"
    )


def _of_contract(record: Record, settings: Settings, cwd: Path) -> list[Job]:
    bound = [script for script, name in settings.bindings.items() if name == record.name]
    if bound:
        return [Job((settings.root / script).resolve(), record) for script in bound]
    folders = _script_folders(record, settings, cwd)
    scripts = [folder / record.entry_point for folder in folders if (folder / record.entry_point).is_file()]
    scripts = [script.resolve() for script in scripts if _bound(script.resolve(), settings) is None]
    if not scripts:
        where = ", ".join(str(folder) for folder in folders) or "no folder; set [tool.validate_contracts] scripts"
        raise UsageError(f"{record.name}: no script {record.entry_point} for this contract; looked in {where}")
    return [Job(script, record) for script in scripts]


def _script_folders(record: Record, settings: Settings, cwd: Path) -> list[Path]:
    if settings.scripts:
        found = (path for pattern in settings.scripts for path in sorted(settings.root.glob(pattern)) if path.is_dir())
        return list(dict.fromkeys(found))
    beside = [settings.root / record.folder] if record.folder else []
    return [*beside, cwd]


def _check_bindings(settings: Settings) -> None:
    for script in settings.bindings:
        if not (settings.root / script).is_file():
            raise UsageError(f"[tool.validate_contracts.bindings] {script}: no such script below {settings.root}")


def _bound(script: Path, settings: Settings) -> str | None:
    if not script.is_relative_to(settings.root):
        return None
    return settings.bindings.get(script.relative_to(settings.root).as_posix())


def _ends_with(path: Path, entry_point: str) -> bool:
    parts = PurePosixPath(entry_point).parts
    return path.parts[-len(parts) :] == parts


def _known(records: Sequence[Record]) -> str:
    return ", ".join(sorted({record.entry_point for record in records})) or "none"
