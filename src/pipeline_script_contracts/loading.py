"""Contracts from where a project declares them: `package`, `module:NAME`, JSON and YAML files."""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .plain_yaml import load_plain_yaml
from .settings import UsageError

if TYPE_CHECKING:
    from .contract import ScriptContract

_KINDS = {
    "training": "TrainingScriptContract",
    "processing": "ProcessingScriptContract",
    "inference": "InferenceScriptContract",
    "script": "ScriptContract",
}
FILE_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True)
class LoadedContract:
    """A contract, what it is called and the files it was made from."""

    name: str
    source: str
    contract: ScriptContract


@dataclass(frozen=True)
class Loaded:
    """All contracts of some references, and every file whose change could change them."""

    contracts: tuple[LoadedContract, ...]
    files: tuple[Path, ...]


def is_file_reference(reference: str) -> bool:
    """Tells whether a reference names JSON or YAML files rather than a module."""
    return reference.endswith(FILE_SUFFIXES)


def load_contracts(references: Sequence[str], root: Path, import_roots: Sequence[Path] = ()) -> Loaded:
    """Loads the contracts that references name.

    Args:
        references: `package` (all its contracts), `module:NAME`, or a path or pattern of JSON or YAML files.
        root: The folder that paths are relative to, and that modules may be imported from.
        import_roots: More folders that modules may be imported from.

    Returns:
        The contracts, in the order of the references, without repetition.

    Raises:
        UsageError: A reference leads nowhere, or to something that is not a valid contract.
    """
    found: dict[tuple[str, str], LoadedContract] = {}
    files: set[Path] = set()
    for reference in references:
        if is_file_reference(reference):
            for path in contract_files(reference, root):
                files.add(path)
                for each in read_contract_file(path, root):
                    found[each.source, each.name] = each
            continue
        with _importable([root, *import_roots]):
            for each in _from_module(reference):
                found[each.source, each.name] = each
        files.update(_module_files(reference.partition(":")[0], root))
    return Loaded(tuple(found.values()), tuple(sorted(files)))


def contract_files(reference: str, root: Path) -> list[Path]:
    """Gives the files that a path or pattern names, sorted.

    Raises:
        UsageError: There is none.
    """
    if any(sign in reference for sign in "*?["):
        paths = sorted(root.glob(reference))
    else:
        path = root / reference
        paths = [path] if path.is_file() else []
    if not paths:
        raise UsageError(f"no contract file {reference} below {root}; name a JSON or YAML file of a contract")
    return paths


def read_contract_file(path: Path, root: Path) -> list[LoadedContract]:
    """Reads the contract, or the list of contracts, of a JSON or YAML file.

    Raises:
        UsageError: The file cannot be read or a field is wrong; the message names it.
    """
    document = _parse(path)
    source = _relative(path, root)
    entries = document if isinstance(document, list) else [document]
    contracts = []
    for index, entry in enumerate(entries):
        where = f"{path}: contract {index + 1}" if isinstance(document, list) else str(path)
        if not isinstance(entry, dict):
            raise UsageError(f"{where}: expected the fields of a contract, found {type(entry).__name__}")
        contract = _build(dict(entry), where)
        contracts.append(LoadedContract(f"{source}:{contract.entry_point}", source, contract))
    return contracts


def _parse(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text: {error}") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot read the contract: {error.strerror}") from error
    if path.suffix == ".json":
        try:
            return json.loads(text, object_pairs_hook=_without_repetition)
        except ValueError as error:
            raise UsageError(f"{path}: not valid JSON: {error}") from error
    try:
        import yaml
    except ImportError as error:
        raise UsageError(f"{path}: reading YAML needs PyYAML; install pyyaml, or write the contract as JSON") from error
    try:
        return load_plain_yaml(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise ValueError(f"the key {key!r} occurs twice; keep one")
        fields[key] = value
    return fields


def _build(entry: dict[str, Any], where: str) -> ScriptContract:
    from pydantic import ValidationError

    from . import contract as module

    kind = entry.pop("type", "script")
    name = _KINDS.get(kind, kind) if isinstance(kind, str) else ""
    if name not in _KINDS.values():
        raise UsageError(f"{where}: type: expected one of {', '.join(_KINDS)}, found {kind!r}")
    try:
        return getattr(module, name).model_validate(entry)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise UsageError(f"{where}: invalid contract: {describe_validation(error)}") from error


def describe_validation(error: Any) -> str:
    """Gives the problems of a pydantic ValidationError as one line, each with its field."""
    problems = []
    for each in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden":
            message = f"a contract has no such field; {_fields_like(field)}"
        problems.append(f"{field}: {message}" if field and not message.startswith(field) else message)
    return "; ".join(problems)


def _fields_like(name: str) -> str:
    """Says which field may be meant by a name that is none."""
    from .contract import ScriptContract

    known = ["type", *ScriptContract.model_fields]
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"


def _from_module(reference: str) -> list[LoadedContract]:
    module_name, _, attribute = reference.partition(":")
    module = _import(module_name)
    if attribute:
        if not hasattr(module, attribute):
            raise UsageError(f"{reference}: module {module_name} has no {attribute!r}")
        value = getattr(module, attribute)
        if not _is_contract(value):
            raise UsageError(f"{reference}: expected a ScriptContract, found {type(value).__name__}")
        return [LoadedContract(attribute, module_name, value)]
    modules = [module]
    if hasattr(module, "__path__"):
        names = sorted(each.name for each in pkgutil.iter_modules(module.__path__, f"{module_name}."))
        modules += [_import(name) for name in names if "contract" in name.rpartition(".")[2]]
    contracts = {
        name: LoadedContract(name, module_name, value)
        for each in modules
        for name, value in sorted(vars(each).items())
        if _is_contract(value) and not name.startswith("_")
    }
    if not contracts:
        raise UsageError(f"{reference}: no contract there; expected module-level constants that are ScriptContracts")
    return list(contracts.values())


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
            raise UsageError(f"{name}: invalid contract: {describe_validation(error)}") from error
        raise UsageError(
            f"cannot import the contracts of {name!r}: {type(error).__name__}: {error}; "
            "expected module:NAME, a package, or a file with the suffix .json, .yaml or .yml"
        ) from error


def _is_contract(value: object) -> bool:
    # By name, since a contract may come from this package under another name (src.pipeline_script_contracts).
    return any(base.__name__ == "ScriptContract" for base in type(value).__mro__)


@contextmanager
def _importable(roots: Sequence[Path]) -> Iterator[None]:
    """Puts folders in front of sys.path for the time of an import, and `src` folders with them."""
    before = list(sys.path)
    folders = [str(folder) for root in roots for folder in (root, root / "src") if folder.is_dir()]
    sys.path[:0] = [folder for folder in dict.fromkeys(folders) if folder not in before]
    try:
        yield
    finally:
        sys.path[:] = before


def _module_files(module_name: str, root: Path) -> set[Path]:
    """Gives the loaded source files of a module's package, and those that were loaded from the project."""
    package = module_name.partition(".")[0]
    installed = {Path(each).resolve() for each in (*site.getsitepackages(), *_library_folders())}
    files = set()
    for name, module in list(sys.modules.items()):
        origin = getattr(module, "__file__", None)
        if not origin or not origin.endswith(".py"):
            continue
        path = Path(origin).resolve()
        own = name == package or name.startswith(package + ".")
        in_project = path.is_relative_to(root) and not any(path.is_relative_to(each) for each in installed)
        if own or in_project:
            files.add(path)
    return files


def _library_folders() -> list[str]:
    return [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
