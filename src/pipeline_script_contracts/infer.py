"""The contract that a script's behaviour implies: a first draft for scripts that have none yet.

Every clause comes from something that the script was seen to do. What could not be followed is listed as remarks,
for a person to decide.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .analysis.facts import MISSING, Analysis, Argument, EnvRead, PathUse
from .analysis.platform import CHANNEL_PREFIX, is_platform_path, is_platform_variable
from .analysis.said import telling
from .contract import (
    ARGUMENT_NAME,
    VARIABLE_NAME,
    InferenceScriptContract,
    ProcessingScriptContract,
    ScriptContract,
    TrainingScriptContract,
)

CLASSES: dict[str, type[ScriptContract]] = {
    "training": TrainingScriptContract,
    "processing": ProcessingScriptContract,
    "inference": InferenceScriptContract,
}

_NAMES = {
    "/opt/ml/output/data": "data_output",
    "/opt/ml/checkpoints": "checkpoints",
    "/opt/ml/input/config/hyperparameters.json": "config",
    "/opt/ml/processing/output": "output",
    "/opt/ml/processing/input": "input",
}
_TRAINING_OUTPUTS = ("/opt/ml/model", "/opt/ml/output/data", "/opt/ml/checkpoints")
_CHANNELS = "/opt/ml/input/data"
_PROCESSING_ONLY = ("/opt/ml/processing", "/opt/ml/config")
_UNPACKS = ("extractall", "extract", "unpack_archive")
# What is handed to code that is not here is read or written there, as its place in the container says.
_INPUTS = {
    "training": (_CHANNELS,),
    "processing": ("/opt/ml/processing/input",),
    "inference": ("/opt/ml/model",),
}
_OUTPUTS = {"training": _TRAINING_OUTPUTS, "processing": ("/opt/ml/processing/output",), "inference": ()}


_ARCHIVE = re.compile(r"\.(tar|gz|tgz|zip|bz2|xz)$")


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
    skipped = "main" if chosen == "inference" else "serving"
    uses = [use for use in analysis.paths if use.place.phase != skipped and not _beside_source(use)]
    unpacked = _unpacked(uses, chosen)
    written = _folders((use for use in uses if use.kind in ("write", "update")), chosen) - unpacked
    written |= _handed_over(uses, chosen, _OUTPUTS)
    read = _read_folders(uses, chosen, written) | _handed_over(uses, chosen, _INPUTS)
    outputs, no_outputs = _sort_out(written, CLASSES[chosen].output_roots)
    inputs, no_inputs = _sort_out(read, CLASSES[chosen].input_roots)
    inputs = [path for path in inputs if not any(_below(path, output) for output in outputs)]
    refused = {f"{path} is written" for path in no_outputs} | {
        f"{path} is read" for path in no_inputs if not any(_below(path, output) for output in outputs)
    }
    arguments, read_variables = _arguments(analysis, skipped), _variables(analysis)
    unfit = _unfit_arguments(arguments)
    variables = {name: read_variables[name] for name in read_variables if VARIABLE_NAME.fullmatch(name)}
    fields: dict[str, Any] = {
        "entry_point": analysis.script.name,
        "expected_input_paths": _named(inputs, {"/opt/ml/model": "model"}),
        "expected_output_paths": _named(outputs, {"/opt/ml/model": "model_output"}, taken=_named(inputs, {})),
        "expected_arguments": {name: arguments[name] for name in arguments if name not in unfit},
        "required_env_vars": sorted(name for name, default in variables.items() if default is None),
        "optional_env_vars": {name: default for name, default in variables.items() if default is not None},
        "framework_requirements": _pins(requirements),
    }
    remarks = [f"{what}, which {chosen} contracts do not allow" for what in sorted(refused)]
    remarks += [f"argument {name!r} {why}, which contracts do not allow" for name, why in unfit.items()]
    odd = sorted(read_variables.keys() - variables.keys())
    remarks += [f"environment variable {name!r} is read, a name which contracts do not allow" for name in odd]
    remarks += [f"{path} is an input, and an archive is unpacked into it" for path in sorted(unpacked)]
    remarks += [
        f"{CHANNEL_PREFIX}{channel.upper()} is asked for, and nothing is seen to be read there; declare what is needed"
        for channel in _idle_channels(analysis, inputs, chosen, skipped)
    ]
    remarks += _remarks(analysis, skipped)
    return Draft(chosen, {name: value for name, value in fields.items() if value}, tuple(dict.fromkeys(remarks)))


def _idle_channels(analysis: Analysis, inputs: Sequence[str], kind: str, skipped: str) -> list[str]:
    """Gives the channels of a training job whose variables are read though nothing is known to be read there."""
    asked = (read.name for read in analysis.env if read.place.phase != skipped and not read.probe)
    channels = {name[len(CHANNEL_PREFIX) :].lower() for name in asked if name.startswith(CHANNEL_PREFIX)}
    idle = (each for each in channels if not any(_below(f"{_CHANNELS}/{each}", path) for path in inputs))
    return sorted(idle) if kind == "training" else []


def _kind(analysis: Analysis) -> str:
    texts = [str(use.path) for use in analysis.paths]
    if any(_below(text, place) for text in texts for place in _PROCESSING_ONLY):
        return "processing"
    outside = [use for use in analysis.paths if use.place.phase != "serving"]
    if any(_below(str(use.path), "/opt/ml") for use in outside):
        return "training"
    return "inference" if any(use.place.phase == "serving" for use in analysis.paths) else "training"


def _beside_source(use: PathUse) -> bool:
    """Tells whether a path is found from where the script lies, as outside of a container."""
    return bool(use.chain) and use.chain[0].text == "__file__"


def _unpacked(uses: Sequence[PathUse], kind: str) -> set[str]:
    """Gives the folders of inputs into which nothing but the archives that lie there is written."""
    writes = [use for use in uses if use.kind in ("write", "update")]
    unpacks = [use for use in writes if use.sink.endswith(_UNPACKS)]
    others = _folders((use for use in writes if use not in unpacks), kind)
    archives = _folders((use for use in uses if use.kind == "read" and _ARCHIVE.search(str(use.path))), kind)
    return {path for path in _folders(unpacks, kind) & archives if not any(_below(other, path) for other in others)}


def _handed_over(uses: Sequence[PathUse], kind: str, places: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Gives the folders in some places that are handed to code that is not here."""
    handed = [use for use in uses if use.kind == "delegate" and use.sink != "sys.path"]
    found = _folders((use for use in handed if posixpath.splitext(str(use.path))[1]), kind)
    found |= _folders((replace(use, tree=True) for use in handed if not posixpath.splitext(str(use.path))[1]), kind)
    return {path for path in found if any(_below(path, place) and path != _CHANNELS for place in places[kind])}


def _read_folders(uses: Sequence[PathUse], kind: str, written: set[str]) -> set[str]:
    """Gives the folders that are read; one that is only listed is none where something below it is named."""
    walked = [use for use in uses if use.kind == "list" and use.tree and str(use.path).rstrip("/") != _CHANNELS]
    opened = _folders([*(use for use in uses if use.kind in ("read", "update")), *walked], kind)
    listed = _folders((use for use in uses if use.kind == "list"), kind)
    named = opened | written
    return opened | {path for path in listed if not any(_below(other, path) and other != path for other in named)}


def _folders(uses: Iterable[PathUse], kind: str) -> set[str]:
    """Gives the folders, or the well-known files, that uses lie in."""
    found = set()
    for use in uses:
        parts = []
        for component in use.path.components:
            if len(component) != 1 or not isinstance(component[0], str) or "*" in component[0]:
                break
            parts.append(component[0])
        full = "/" + "/".join(parts)
        least = 3 if parts[:1] in ([], ["opt"]) else 1  # nothing but a hole below /opt/ml says nothing
        is_open = not use.path.is_known and len(parts) < least
        if not use.path.is_absolute or is_open or (is_platform_path(full) and full not in _NAMES):
            continue
        is_file = (
            use.path.is_known
            and len(parts) == len(use.path.components)
            and not use.tree
            and use.kind != "list"
            and posixpath.splitext(full)[1] != ""  # tables of many files are read and written by their folder
            and full not in (*_NAMES, *_TRAINING_OUTPUTS)
        )
        found.add(_settle(posixpath.dirname(full) if is_file else full, kind))
    return found


def _sort_out(paths: set[str], roots: Sequence[str]) -> tuple[list[str], list[str]]:
    """Gives the outermost paths that lie below the roots, and those that do not."""
    allowed = {path for path in paths if any(_below(path, root) for root in roots)}
    return _outermost(allowed), _outermost(paths - allowed)


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


def _named(paths: Sequence[str], names: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    named: dict[str, str] = {}
    for path in paths:
        stem = {**_NAMES, **names}.get(path, posixpath.basename(path))
        name = "".join(sign if sign.isalnum() else "_" for sign in posixpath.splitext(stem)[0]) or "data"
        name = name if not name[0].isdigit() else f"_{name}"
        if name in named or name in taken:
            name = f"{posixpath.basename(posixpath.dirname(path))}_{name}".replace("-", "_").replace(".", "_")
        named[name] = path
    return named


def _arguments(analysis: Analysis, skipped: str) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    files = list(dict.fromkeys(each.place.filename for each in analysis.arguments))
    for each in sorted(analysis.arguments, key=lambda each: (files.index(each.place.filename), each.place.location)):
        if each.place.phase == skipped or _is_platform(each, analysis.env):
            continue
        if each.flag:
            declared[each.name] = bool(each.default) if isinstance(each.default, bool) else False
        else:
            is_constant = each.default_known and isinstance(each.default, str | int | float | bool)
            declared[each.name] = each.default if is_constant else None
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


def _unfit_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """Gives the arguments that a contract cannot declare, with the reason."""
    unfit: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for name in arguments:
        other = spelled.setdefault(name.replace("-", "_"), name)
        if not ARGUMENT_NAME.fullmatch(name):
            unfit[name] = "has an odd name"
        elif other != name:
            unfit[name] = f"differs from {other!r} only by hyphen and underscore"
    return unfit


def _variables(analysis: Analysis) -> dict[str, str | None]:
    """Gives the variables with their defaults, None for those that the script cannot do without."""
    by_name: dict[str, list[EnvRead]] = {}
    for read in analysis.env:
        if read.name and not is_platform_variable(read.name):
            by_name.setdefault(read.name, []).append(read)
    return {name: _default(telling(analysis, by_name[name])) for name in sorted(by_name)}


def _default(reads: Sequence[EnvRead]) -> str | None:
    if any(read.enforced for read in reads):
        return None
    constants = [read.default for read in reads if read.default_known and isinstance(read.default, str | int | float)]
    if constants:
        return str(constants[-1])
    fails_without = any(read.default is MISSING and not (read.guarded or read.probe) for read in reads)
    return None if fails_without else ""


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


def _remarks(analysis: Analysis, skipped: str) -> Iterable[str]:
    for each in analysis.unresolved:
        if each.place.phase != skipped:
            yield f"line {each.place.location.line}: {each.sink} could not be followed: {each.reason}"
    told = set()
    for use in analysis.paths:
        text = str(use.path)
        if use.kind == "delegate" and text.startswith("/") and (text, use.sink) not in told and not _beside_source(use):
            told.add((text, use.sink))
            yield f"line {use.place.location.line}: {text} is given to {use.sink}, which cannot be seen"
    names = sorted({use.name for use in analysis.hyperparameters if use.name != "*"})
    if names:
        yield f"hyperparameters in use: {', '.join(names)}; declare them in a pydantic model and name it"
    for argument in analysis.arguments:
        left_out = argument.place.phase == skipped or _is_platform(argument, analysis.env)
        if not argument.default_known and not left_out:
            yield f"--{argument.name}: its default is no constant; None declares it as required"
    for problem in analysis.problems:
        yield f"{problem.filename}: {problem.message}"
