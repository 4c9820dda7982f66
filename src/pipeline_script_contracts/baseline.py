"""Findings that are known already: a file that lets a project begin with the tool and fail on new findings only.

A finding is recognised by what it says, not by its line, so that a baseline outlives edits above it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .cache import write_atomically
from .findings import Finding
from .settings import UsageError

VERSION = 1


def fingerprint(finding: Finding, root: Path | None = None) -> str:
    """Gives a stable identity of a finding: its code, file, clause and subject.

    Args:
        finding: The finding.
        root: The folder that the file is named relative to; by default the working directory.

    Returns:
        32 hexadecimal digits.
    """
    parts = (finding.code, relative_name(finding.filename, root), finding.clause, finding.subject)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def relative_name(filename: str, root: Path | None = None) -> str:
    """Gives a file's name relative to a folder, with forward slashes; the full name where it lies elsewhere."""
    path, base = Path(filename).absolute(), (root or Path.cwd()).absolute()
    for folder in (base, base.resolve()):  # a script's name is resolved, the folder may be reached through a link
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


def write_baseline(path: Path, findings: Sequence[Finding], root: Path) -> None:
    """Writes the findings to a baseline file, completely or not at all.

    Raises:
        UsageError: The file cannot be written.
    """
    entries = [
        {
            "code": each.code,
            "file": relative_name(each.filename, root),
            "subject": each.subject,
            "fingerprint": fingerprint(each, root),
        }
        for each in findings
    ]
    entries.sort(key=lambda entry: (entry["file"], entry["code"], entry["subject"]))
    try:
        write_atomically(path, json.dumps({"version": VERSION, "findings": entries}, indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot write the baseline: {error.strerror}") from error


def apply_baseline(path: Path, findings: Sequence[Finding], root: Path) -> tuple[list[Finding], int, int]:
    """Takes out the findings that a baseline knows.

    Args:
        path: The baseline file.
        findings: The findings that count.
        root: The folder that files are named relative to.

    Returns:
        The findings that are new, how many were known, and how many known ones no longer occur.

    Raises:
        UsageError: The file cannot be read or is not a baseline.
    """
    known = _read(path)
    fresh, matched = [], 0
    for each in findings:
        identity = fingerprint(each, root)
        if known[identity] > 0:
            known[identity] -= 1
            matched += 1
        else:
            fresh.append(each)
    return fresh, matched, sum(known.values())


def _read(path: Path) -> Counter[str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise UsageError(f"{path}: baseline of version {document['version']}; write it anew with --write-baseline")
        return Counter(str(entry["fingerprint"]) for entry in document["findings"])
    except OSError as error:
        raise UsageError(
            f"{path}: cannot read the baseline: {error.strerror}; make it with --write-baseline"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a baseline file: {type(error).__name__}: {error}") from error
