"""The contract that a script's behaviour implies: a first draft for scripts that have none yet.

Every clause comes from something that the script was seen to do. What could not be followed is listed as remarks,
for a person to decide.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .analysis.facts import MISSING, Analysis, Argument, EnvRead, PathUse
from .analysis.patterns import components
from .analysis.platform import is_platform_path, is_platform_variable

_NAMES = {
    "/opt/ml/model": "model_output",
    "/opt/ml/output/data": "data_output",
    "/opt/ml/checkpoints": "checkpoints",
    "/opt/ml/input/config/hyperparameters.json": "config",
    "/opt/ml/processing/output": "output",
    "/opt/ml/processing/input": "input",
}
_TRAINING_OUTPUTS = ("/opt/ml/model", "/opt/ml/output/data", "/opt/ml/checkpoints")
_CHANNELS = "/opt/ml/input/data"


@dataclass(frozen=True)
class Draft:
    """A contract in the making: its type, its fields, and what a person should look at."""

    kind: str
    fields: dict[str, Any]
    remarks: tuple[str, ...]


def infer_contract(analysis: Analysis, kind: str | None = None, requirements: Path | None = None) -> Draft:
    """Drafts the contract of an analysed script.

    Args:
        analysis: What the script does.
        kind: `training`, `processing` or `inference`; by default judged from the paths and handlers.
        requirements: The requirements file whose pins the contract repeats.

    Returns:
        The draft.
    """
    chosen = kind or _kind(analysis)
    uses = [use for use in analysis.paths if chosen == "inference" or use.place.phase != "serving"]
    if chosen == "inference":
        uses = [use for use in uses if use.place.phase != "main"]
    written = _folders((use for use in uses if use.kind in ("write", "update")), chosen)
    read = _folders((use for use in uses if use.kind in ("read", "list", "update")), chosen)
    outputs = _outermost(written)
    inputs = [path for path in _outermost(read) if not any(_below(path, output) for output in outputs)]
    if chosen == "inference":
        inputs, outputs = sorted({*inputs, "/opt/ml/model"} if read else set()), []
    fields: dict[str, Any] = {
        "entry_point": analysis.script.name,
        "expected_input_paths": _named(inputs),
        "expected_output_paths": _named(outputs, taken=_named(inputs)),
        "expected_arguments": _arguments(analysis),
        "required_env_vars": sorted(name for name, default in _variables(analysis.env).items() if default is None),
        "optional_env_vars": {n: default for n, default in _variables(analysis.env).items() if default is not None},
        "framework_requirements": _pins(requirements),
    }
    return Draft(chosen, {name: value for name, value in fields.items() if value}, tuple(_remarks(analysis)))


def _kind(analysis: Analysis) -> str:
    texts = [str(use.path) for use in analysis.paths]
    if any(_below(text, "/opt/ml/processing") for text in texts):
        return "processing"
    outside = [use for use in analysis.paths if use.place.phase != "serving"]
    if any(_below(str(use.path), "/opt/ml") for use in outside):
        return "training"
    return "inference" if any(use.place.phase == "serving" for use in analysis.paths) else "training"


def _folders(uses: Iterable[PathUse], kind: str) -> set[str]:
    """Gives the folders, or the well-known files, that uses lie in."""
    found = set()
    for use in uses:
        parts = []
        for component in components(use.path):
            if len(component) != 1 or not isinstance(component[0], str):
                break
            parts.append(component[0])
        full = "/" + "/".join(parts)
        if not use.path.is_absolute or (is_platform_path(full) and full not in _NAMES):
            continue
        is_file = use.path.is_known and not use.tree and use.kind != "list" and full not in _NAMES
        found.add(_settle(posixpath.dirname(full) if is_file else full, kind))
    return {path for path in found if path.count("/") > 2}


def _settle(path: str, kind: str) -> str:
    """Widens a path to the folder that SageMaker mounts."""
    if kind == "training":
        for output in _TRAINING_OUTPUTS:
            if _below(path, output):
                return output
        if _below(path, _CHANNELS) and path != _CHANNELS:
            return "/".join(path.split("/")[:6])
    if kind == "inference" and _below(path, "/opt/ml/model"):
        return "/opt/ml/model"
    return path


def _outermost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(paths):
        if not any(_below(path, other) for other in kept):
            kept.append(path)
    return kept


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _named(paths: Sequence[str], taken: Iterable[str] = ()) -> dict[str, str]:
    named: dict[str, str] = {}
    for path in paths:
        stem = _NAMES.get(path, posixpath.basename(path))
        name = "".join(sign if sign.isalnum() else "_" for sign in posixpath.splitext(stem)[0]) or "data"
        name = name if not name[0].isdigit() else f"_{name}"
        if name in named or name in taken:
            name = f"{posixpath.basename(posixpath.dirname(path))}_{name}".replace("-", "_").replace(".", "_")
        named[name] = path
    return named


def _arguments(analysis: Analysis) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    for each in analysis.arguments:
        if each.positional or not each.default_known or _is_platform(each, analysis.env):
            continue
        if each.flag:
            declared[each.name] = bool(each.default) if isinstance(each.default, bool) else False
        elif each.default is MISSING or each.default is None:
            declared[each.name] = None
        elif isinstance(each.default, str | int | float | bool):
            declared[each.name] = each.default
    return declared


def _is_platform(argument: Argument, reads: Iterable[EnvRead]) -> bool:
    """Tells whether an argument's default is one of SageMaker's own variables."""
    place = argument.place
    return any(
        is_platform_variable(read.name)
        and read.place.filename == place.filename
        and place.location <= read.place.location <= place.end_location
        for read in reads
    )


def _variables(reads: Iterable[EnvRead]) -> dict[str, str | None]:
    """Gives the variables with their defaults, None for those that the script cannot do without."""
    found: dict[str, str | None] = {}
    for read in reads:
        if not read.name or is_platform_variable(read.name):
            continue
        has_default = read.default_known and isinstance(read.default, str | int | float)
        default = str(read.default) if has_default else found.get(read.name)
        if read.guarded or read.probe or not read.default_known:
            default = default or ""
        found[read.name] = default
    return dict(sorted(found.items()))


def _pins(requirements: Path | None) -> dict[str, str]:
    if requirements is None or not requirements.is_file():
        return {}
    pins = {}
    for line in requirements.read_text(encoding="utf-8", errors="replace").splitlines():
        text = line.partition("#")[0].partition(";")[0].strip()
        name, sign, version = text.partition("==")
        if sign and not text.startswith("-"):
            pins[name.partition("[")[0].strip()] = f"=={version.strip()}"
    return pins


def _remarks(analysis: Analysis) -> Iterable[str]:
    for each in analysis.unresolved:
        yield f"line {each.place.location.line}: {each.sink} could not be followed: {each.reason}"
    for use in analysis.paths:
        if use.kind == "delegate":
            yield f"line {use.place.location.line}: {use.path} is given to {use.sink}, which cannot be seen"
    names = sorted({use.name for use in analysis.hyperparameters if use.name != "*"})
    if names:
        yield f"hyperparameters in use: {', '.join(names)}; declare them in a pydantic model and name it"
    for problem in analysis.problems:
        yield f"{problem.filename}: {problem.message}"
