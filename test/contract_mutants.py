"""Mutants of a script: what it says of its contract's paths, variables and arguments, renamed or dropped.

They are made from the syntax tree, not listed. Strings that name a path, variable or argument of the contract, or one
of its logical names, are the targets; changed are the strings themselves and whatever holds them: statements, arguments
of calls, entries of dictionaries, parts of joined paths, lookups. What a script does with a value after it has read it
is no matter of the contract.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline_script_contracts import InferenceScriptContract, ScriptContract
from pipeline_script_contracts.analysis import Analysis
from pipeline_script_contracts.findings import Finding, Verdict

LOOKUPS = ("os.environ.get", "os.getenv")
OPTIONS = ("default", "type", "action")
"""What an argument is declared with; `help` is for people, and contracts say nothing of `choices`."""
Span = tuple[int, int, int, int]
"""Where something begins and ends: line, column, line, column, counted from 1."""
Change = tuple[str, ast.AST | None]


@dataclass(frozen=True)
class Mutant:
    """A source with one change.

    Attributes:
        change: What was changed.
        line: Where.
        source: What the file holds then.
    """

    change: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.change}"


def script_mutants(contract: ScriptContract, source: str) -> Iterator[Mutant]:
    """Gives every mutant of a script.

    Args:
        contract: Tells which strings matter.
        source: The script.
    """
    tree = ast.parse(source)
    strings = strings_of(contract, tree)
    for parent in ast.walk(tree):
        for field, index, node in children(parent):
            if not any(id(each) in strings for each in ast.walk(node)):
                continue
            for change, replacement in changes_of(parent, field, node, strings):
                yield Mutant(change, node.lineno, mutated(tree, parent, field, index, replacement))


def without(source: str, places: set[Span]) -> str:
    """Gives a source in which the expressions at some places are None.

    Raises:
        AssertionError: There is no expression at one of the places.
    """
    tree = ast.parse(source)
    left = set(places)
    for parent in ast.walk(tree):
        for field, index, node in children(parent):
            place = (node.lineno, node.col_offset + 1, node.end_lineno or 0, (node.end_col_offset or 0) + 1)
            if isinstance(node, ast.expr) and place in left:
                left.remove(place)
                replace(parent, field, index, ast.copy_location(ast.Constant(None), node))
    assert not left, f"no expression at {left}"
    return ast.unparse(tree)


def places_of(analysis: Analysis, clause: str, subject: str) -> dict[str, set[Span]]:
    """Gives where in which file a script does what a clause asks for.

    Args:
        analysis: What the script does.
        clause: `input`, `output`, `env` or `argument`.
        subject: The declared path, variable or argument.
    """
    places = [read.place for read in analysis.env if clause == "env" and read.name == subject]
    places += [each.place for each in analysis.arguments if clause == "argument" and each.name == subject]
    kinds = {"input": ("read", "update", "list"), "output": ("write", "update")}.get(clause, ())
    for use in analysis.paths:
        text = str(use.path)
        above = use.tree and subject.startswith(f"{text}/")
        if use.kind in kinds and (text == subject or text.startswith(f"{subject}/") or above):
            places.append(use.place)
    found: dict[str, set[Span]] = {}
    for place in places:
        begin, end = place.location, place.end_location
        found.setdefault(place.filename, set()).add((begin.line, begin.column, end.line, end.column))
    return found


def children(parent: ast.AST) -> Iterator[tuple[str, int, Any]]:
    """Gives the nodes right below a node that have a place, with the field that holds them; -1 where it is no list."""
    for field, value in ast.iter_fields(parent):
        for index, node in enumerate(list(value)) if isinstance(value, list) else [(-1, value)]:
            if hasattr(node, "lineno"):
                yield field, index, node


def changes_of(parent: Any, field: str, node: ast.AST, strings: set[int]) -> Iterator[Change]:
    """Gives the changes of one node: what is done, and what stands there afterwards (None for nothing)."""
    text = ast.unparse(node)
    if isinstance(node, ast.stmt):
        yield f"dropped {text.splitlines()[0]}", ast.copy_location(ast.Pass(), node)
    elif isinstance(parent, ast.Call) and field in ("args", "keywords"):
        yield f"dropped {text} in {ast.unparse(parent.func)}", None
    elif isinstance(parent, ast.Dict) and field == "values":
        yield f"dropped the entry of {text}", None
    elif isinstance(node, ast.alias) and len(parent.names) > 1:
        yield f"dropped {text} in {ast.unparse(parent)}", None
    match node:
        case ast.alias(name) if id(node) in strings:
            yield f"renamed {name}", ast.copy_location(ast.alias(name, f"{name}_mutant"), node)
        case ast.Constant(str(value)) if id(node) in strings:
            where = f" in {ast.unparse(parent)}" if isinstance(parent, ast.Subscript) else ""
            yield f"renamed {value}{where}", ast.copy_location(ast.Constant(f"{value}_mutant"), node)
        case ast.BinOp(left, ast.Div(), right) if any(id(each) in strings for each in ast.walk(right)):
            yield f"dropped / {ast.unparse(right)}", left
        case ast.Call(ast.Attribute() as called, [_, default]) if ast.unparse(called) in LOOKUPS:
            yield f"dropped the lookup {text}", default
            yield f"dropped the default of {text}", ast.Call(called, node.args[:1], [])
        case ast.Call(ast.Attribute(_, "add_argument") as called, args, keywords):
            for each in keywords:
                if each.arg in OPTIONS:
                    rest = [other for other in keywords if other is not each]
                    yield f"dropped {ast.unparse(each)} of {ast.unparse(args[0])}", ast.Call(called, args, rest)


def mutated(tree: ast.Module, parent: ast.AST, field: str, index: int, replacement: ast.AST | None) -> str:
    """Gives the text of a tree in which one node is another, or is left out."""
    before = {name: list(value) if isinstance(value, list) else value for name, value in ast.iter_fields(parent)}
    try:
        replace(parent, field, index, replacement)
        return ast.unparse(tree)
    finally:
        for name, value in before.items():
            setattr(parent, name, value)


def replace(parent: ast.AST, field: str, index: int, replacement: ast.AST | None) -> None:
    """Puts another node in the place of one, or nothing."""
    if index < 0:
        setattr(parent, field, replacement)
    elif replacement is not None:
        getattr(parent, field)[index] = replacement
    else:
        for name in (field, "keys") if isinstance(parent, ast.Dict) else (field,):
            del getattr(parent, name)[index]


def strings_of(contract: ScriptContract, tree: ast.Module) -> set[int]:
    """Gives the nodes of a script that name a path, variable or argument of its contract, or a logical name.

    A serving script is given the path of its model by the platform: what names that handler counts.
    """
    paths = {**contract.expected_input_paths, **contract.expected_output_paths}
    variables = {*contract.optional_env_vars, *contract.required_env_vars}
    arguments = {f"--{name}" for name in contract.expected_arguments}
    asked = {
        id(each.args[0]): ast.unparse(each.func)
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and each.args and isinstance(each.func, ast.Attribute)
    }
    serves = isinstance(contract, InferenceScriptContract)
    found = set()
    for node in ast.walk(tree):
        if serves and isinstance(node, ast.alias) and (node.asname or node.name) == "model_fn":
            found.add(id(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            caller = asked.get(id(node), "")
            is_tail = len(node.value) > 4 and any(path.endswith(f"/{node.value}") for path in paths.values())
            is_variable = node.value in variables and caller in LOOKUPS
            is_argument = node.value in arguments and caller.endswith(".add_argument")
            if is_tail or is_variable or is_argument or node.value in paths or node.value in paths.values():
                found.add(id(node))
    return found


def noticed(before: list[Finding], after: list[Finding]) -> bool:
    """Tells whether something is violated, no longer proven, or an open question that was none before."""
    if any(finding.verdict is Verdict.VIOLATED for finding in after):
        return True
    known = {(each.code, each.clause, each.subject, each.verdict) for each in before}
    now = {(each.code, each.clause, each.subject, each.verdict) for each in after}
    lost = any(each[3] is Verdict.PROVEN for each in known - now)
    return lost or any(each[3] is Verdict.UNRESOLVED for each in now - known)
