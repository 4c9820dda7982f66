"""YAML with the line of every key, without the surprises of YAML 1.1: `no` and `on` are words, `1e-3` is a number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_steps.problems import CONFIGURATION, PipelineError, Problem

KeyPath = tuple[str | int, ...]
_SCALARS = (
    (re.compile(r"(?:|~|null|Null|NULL)"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
)


@dataclass
class YamlDocument:
    """A YAML file as plain values.

    Args:
        path: The file.
        value: Its content: mappings, lists, strings, numbers, booleans and None.
        lines: The line of each key and list entry, from 1.
    """

    path: Path
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, key_path: KeyPath) -> int:
        """Gives the line of a key, or of the nearest key above it."""
        while key_path and key_path not in self.lines:
            key_path = key_path[:-1]
        return self.lines.get(key_path, 1)


def read_yaml(path: Path) -> YamlDocument:
    """Reads a YAML (or JSON) file.

    Args:
        path: The file.

    Raises:
        PipelineError: It cannot be read, is not YAML, or repeats a key.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 text: {error.reason}"
        raise PipelineError([_problem(path, 0, f"cannot read it: {reason}")]) from error
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        reason = getattr(error, "problem", None) or str(error)
        raise PipelineError([_problem(path, line, f"not valid YAML: {reason}")]) from error
    document = YamlDocument(path, None)
    try:
        document.value = None if node is None else _construct(document, node, ())
    except RecursionError as error:
        raise PipelineError([_problem(path, 0, "an alias stands within what it stands for")]) from error
    return document


def _construct(document: YamlDocument, node: Any, path: KeyPath) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if node.id == "mapping":
        return _mapping(document, node, path)
    if node.id == "sequence":
        return [_construct(document, inner, (*path, index)) for index, inner in enumerate(node.value)]
    return _scalar(node)


def _mapping(document: YamlDocument, node: Any, path: KeyPath) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key_node.id != "scalar":
            raise PipelineError([_problem(document.path, line, "a key must be a single word")])
        if key in values:
            raise PipelineError([_problem(document.path, line, f"the key '{key}' occurs twice; keep one")])
        document.lines[(*path, key)] = line
        values[key] = _construct(document, value_node, (*path, key))
    return values


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style:
        return text
    for pattern, make in _SCALARS:
        if pattern.fullmatch(text):
            return make(text)
    return text


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(CONFIGURATION, message, filename=str(path), line=line)
