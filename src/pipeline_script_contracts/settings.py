"""The table `[tool.validate_contracts]` of pyproject.toml: where contracts and scripts are, and what counts."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

TABLE = "validate_contracts"
OUTPUT_FORMATS = ("concise", "full", "json", "sarif", "github")
SEVERITIES = ("error", "warning", "off")


class UsageError(Exception):
    """Wrong usage or an unusable contract: told in one message, exit code 2."""


@dataclass(frozen=True)
class Settings:
    """What to check and how.

    Attributes:
        root: The project's folder; every relative path below is relative to it.
        contracts: Where contracts are declared: `package`, `module:NAME`, or a pattern of JSON or YAML files.
        scripts: Folders, or patterns of folders, that hold the scripts; a contract's entry point is looked up in them.
        source_roots: Folders that local packages are imported from; None looks for the `src` folders above a script.
        bindings: Script to the name of its contract, where the entry point alone does not decide.
        trained_by: Name of the contract of a script that is given a trained model, to the training contract's name.
        select: Codes, or beginnings of codes, to report; empty means all.
        ignore: Codes, or beginnings of codes, not to report.
        rules: Code to `error`, `warning` (reported, does not fail) or `off`.
        per_script_ignores: Pattern of scripts to the codes not reported for them.
        strict: What is unresolved fails too.
        coverage_fail_under: Least share of resolved I/O calls, in percent.
        baseline: File of findings that are known already.
        output_format: One of `concise`, `full`, `json`, `sarif`, `github`.
        cache_dir: Folder of cached results; empty for none.
    """

    root: Path
    contracts: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    source_roots: tuple[str, ...] | None = None
    bindings: Mapping[str, str] = field(default_factory=dict)
    trained_by: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    per_script_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    strict: bool = False
    coverage_fail_under: float | None = None
    baseline: str = ""
    output_format: str = "concise"
    cache_dir: str = ".validate_contracts_cache"


def find_config(start: Path) -> Path | None:
    """Gives the nearest pyproject.toml at or above `start` that has the table, or None."""
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        if candidate.is_file() and TABLE in candidate.read_text(encoding="utf-8", errors="replace"):
            return candidate
    return None


def load_settings(config: Path | None, start: Path) -> Settings:
    """Reads the settings.

    Args:
        config: The file to read: a pyproject.toml, or a TOML file that holds the table's keys at its top. By default
            the nearest pyproject.toml that has the table.
        start: Where to start looking, and the root where nothing is found.

    Returns:
        The settings; the defaults where there is no such table.

    Raises:
        UsageError: The file cannot be read, or a key or value in it is wrong.
    """
    path = config or find_config(start)
    if path is None:
        return Settings(root=start)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: cannot read the configuration: {getattr(error, 'strerror', None) or error}"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    is_project = path.name == "pyproject.toml" or "tool" in document
    table = document.get("tool", {}).get(TABLE, {}) if is_project else document
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.{TABLE}] must be a table")
    return _settings(table, path)


def _settings(table: Mapping[str, Any], path: Path) -> Settings:
    known = {each.name for each in fields(Settings)} - {"root"}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        where = f"{path}: [tool.{TABLE}] {key}"
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise UsageError(f"{where}: no such setting" + (f"; did you mean {near[0]!r}?" if near else ""))
        values[name] = _value(name, value, where)
    return Settings(root=path.resolve().parent, **values)


def _value(name: str, value: Any, where: str) -> Any:
    if name in ("contracts", "scripts", "source_roots", "select", "ignore"):
        return _strings(value, where)
    if name in ("bindings", "trained_by", "rules", "per_script_ignores"):
        if not isinstance(value, dict):
            raise UsageError(f"{where}: expected a table, found {value!r}")
        if name == "per_script_ignores":
            return {key: _strings(each, f"{where}.{key}") for key, each in value.items()}
        return {
            key: _string(each, f"{where}.{key}", SEVERITIES if name == "rules" else ()) for key, each in value.items()
        }
    if name == "strict":
        if not isinstance(value, bool):
            raise UsageError(f"{where}: expected true or false, found {value!r}")
        return value
    if name == "coverage_fail_under":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise UsageError(f"{where}: expected a percentage from 0 to 100, found {value!r}")
        return float(value)
    return _string(value, where, OUTPUT_FORMATS if name == "output_format" else ())


def _string(value: Any, where: str, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where}: expected a string, found {value!r}")
    if choices and value not in choices:
        raise UsageError(f"{where}: expected one of {', '.join(choices)}, found {value!r}")
    return value


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{where}: expected a list of strings, found {value!r}")
    return tuple(value)
