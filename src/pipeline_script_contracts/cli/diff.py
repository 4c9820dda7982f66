"""`validate_contracts diff REVISION`: which changes of contracts since a git revision break their consumers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..diff import Change, Impact, compare
from ..loading import contract_files, is_file_reference, read_contract_file
from ..settings import Settings, UsageError, load_settings
from .options import Parser

# Runs in a fresh process with the old tree in front of sys.path; contracts are told by the fields they have.
_READER = """
import importlib, json, pkgutil, sys
sys.path[:0] = sys.argv[1].split("\\n")
found = {}
for reference in sys.argv[2:]:
    module_name, _, attribute = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            continue
        raise
    modules = [module]
    if not attribute and hasattr(module, "__path__"):
        names = [each.name for each in pkgutil.iter_modules(module.__path__, module_name + ".")]
        modules += [importlib.import_module(name) for name in names if "contract" in name.rpartition(".")[2]]
    for each in modules:
        for name in [attribute] if attribute else sorted(vars(each)):
            value = getattr(each, name, None)
            if hasattr(value, "expected_input_paths") and not isinstance(value, type) and not name.startswith("_"):
                found[name] = {"type": type(value).__name__, **value.model_dump(mode="json")}
json.dump(found, sys.stdout)
"""


def run_diff(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
        argv: The arguments after `diff`.

    Returns:
        0 when no change breaks consumers, 1 when one does.

    Raises:
        UsageError: The usage is wrong, or git does not know the revision.
    """
    parser = Parser(
        prog="validate_contracts diff",
        description="Says which changes of contracts since a git revision break those who rely on them.",
    )
    parser.add_argument("revision", help="for instance HEAD~1, main or a tag")
    parser.add_argument("--output-format", choices=("concise", "json"), default="concise")
    parser.add_argument("--config", type=Path)
    arguments = parser.parse_args(argv)
    settings = load_settings(arguments.config, Path.cwd())
    if not settings.contracts:
        raise UsageError(
            "no contracts to compare: list them under [tool.validate_contracts] contracts in pyproject.toml"
        )
    root = settings.root
    with tempfile.TemporaryDirectory(prefix="validate_contracts-") as scratch:
        old_root = _check_out(arguments.revision, root, Path(scratch))
        old = _read_tree(old_root, settings)
    changes = compare(old, _read_tree(root, settings))
    print(_render(changes, arguments.revision, arguments.output_format), end="")
    return 1 if any(change.impact is Impact.BREAKING for change in changes) else 0


def _check_out(revision: str, root: Path, scratch: Path) -> Path:
    """Unpacks the project as it was at a revision and gives its folder."""
    top = _git(root, "rev-parse", "--show-toplevel").decode().strip()
    _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", shown=revision)
    archive = _git(Path(top), "archive", "--format=tar", revision)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(scratch, filter="data")
    return scratch / root.resolve().relative_to(Path(top).resolve())


def _git(folder: Path, *arguments: str, shown: str = "") -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("git is not installed; diff compares with a git revision") from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip() or f"git does not know the revision {shown!r}"
        raise UsageError(f"{folder}: {reason}")
    return done.stdout


def _read_tree(root: Path, settings: Settings) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    modules = [reference for reference in settings.contracts if not is_file_reference(reference)]
    for reference in settings.contracts:
        if is_file_reference(reference) and _has_files(reference, root):
            for path in contract_files(reference, root):
                for each in read_contract_file(path, root):
                    kind = type(each.contract).__name__
                    found[each.name] = {"type": kind, **each.contract.model_dump(mode="json")}
    if modules:
        roots = [root, root / "src", *(root / each for each in settings.source_roots or ())]
        existing = "\n".join(dict.fromkeys(str(each) for each in roots if each.is_dir()))
        command = [sys.executable, "-c", _READER, existing, *modules]
        done = subprocess.run(command, capture_output=True, check=False, cwd=root if root.is_dir() else None)
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise UsageError(f"{root}: cannot read the contracts: {lines[-1] if lines else 'no message'}")
        found |= json.loads(done.stdout)
    return found


def _has_files(reference: str, root: Path) -> bool:
    return (any(sign in reference for sign in "*?[") and any(root.glob(reference))) or (root / reference).is_file()


def _render(changes: Sequence[Change], revision: str, output_format: str) -> str:
    if output_format == "json":
        return json.dumps({"revision": revision, "changes": [each.to_dict() for each in changes]}, indent=2) + "\n"
    lines = [f"{each.contract}: {each.impact.value}: {each.message}" for each in changes]
    breaking = sum(each.impact is Impact.BREAKING for each in changes)
    lines.append(f"{len(changes)} changes since {revision}, {breaking} breaking")
    return "".join(f"{line}\n" for line in lines)
