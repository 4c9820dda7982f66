"""Variables that are not set: what a script does then, told to the reads of them.

A script may end, put a default in their place, or fail where it needs a value.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from ..findings import ChainStep
from . import environment, expressions
from .atoms import Atom, Const, Lib, Text, Value
from .facts import MISSING, Place
from .interpreter import Interpreter
from .patterns import Hole
from .scopes import ModuleInfo
from .texts import with_step
from .words import words
from .written import dotted


def replaceable(interp: Interpreter, test: ast.expr, holds: bool) -> frozenset[str]:
    """Gives the variables that are not alone in what a condition asks for: something else may stand there instead.

    `given.get("key", os.environ.get("NAME"))` needs the variable only where the key is not given, and an argument that
    defaults to a variable only where it is not passed.

    Args:
        interp: The interpreter, in the state before the condition.
        test: The condition.
        holds: Whether it is true or false where the script ends.
    """
    names: set[str] = set()
    for each in _empty_ones(interp.frame.scope.module, test, holds):
        value = expressions.evaluate(interp, each)
        asked = {name for atom in value for name in (*_variable_of(atom), *_source_of(atom))}
        filled = [atom for atom in value if not (isinstance(atom, Const) and atom.value in ("", None))]
        if len(asked) > 1 or any(map(_is_argument, value)) or not all(map(environment.is_variable, filled)):
            names |= asked
    return frozenset(names)


def _source_of(atom: Atom) -> list[str]:
    """Gives the variable whose empty default an atom is."""
    if not (isinstance(atom, Const) and atom.value in ("", None)):
        return []
    return [step.text[len("os.environ['") : -2] for step in atom.via[:1]]


def as_argument(value: Value, step: ChainStep) -> Value:
    """Adds the step that makes an argument of its default, also to what an empty variable leaves."""
    named = (
        Const(each.value, each.soft, (*each.via, step)) if isinstance(each, Const) and _source_of(each) else each
        for each in value
    )
    return with_step(tuple(named), step)


def _is_argument(atom: Atom) -> bool:
    return isinstance(atom, (Const, Text)) and any(step.text.startswith("argument ") for step in atom.via)


def note_end(interp: Interpreter, test: ast.expr, holds: bool, replaced: frozenset[str] = frozenset()) -> None:
    """Notes the variables that must not be empty: the script ends on this way of a condition.

    Args:
        interp: The interpreter, in the state of that way.
        test: The condition.
        holds: Whether it is true or false there.
        replaced: The variables that something else may stand in for.
    """
    if any(caught and environment.ENDS not in caught for frame in interp.frames for caught in frame.catches):
        return
    names = {
        name
        for each in _empty_ones(interp.frame.scope.module, test, holds)
        for atom in expressions.evaluate(interp, each)
        for name in _source_of(atom)
    }
    if names:
        interp.record.taint()
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.name in names and each.default in ("", None):
            alone = each.name not in replaced and not environment.may_be_skipped(interp)
            certain = alone or (each.enforced and not each.conditional)
            reads[index] = replace(each, enforced=True, conditional=not certain)


_FAILS_FOR_NONE = frozenset(
    words("builtins.int builtins.float builtins.open json.loads pathlib.Path os.path.join os.listdir glob.glob")
)


def note_needed(interp: Interpreter, node: ast.Call, callee: Value) -> None:
    """Notes the variables that the script fails without: what is None then is asked for a method, or made a number."""
    function = node.func
    needed = [function.value] if isinstance(function, ast.Attribute) else []
    if any(isinstance(atom, Lib) and atom.name in _FAILS_FOR_NONE for atom in callee):
        needed += node.args
    places = [interp.place(each) for each in needed if isinstance(each, ast.Call)]
    if not places or interp.catches("TypeError", "AttributeError"):
        return
    guards = {name for frame in interp.frames for name in frame.guards}
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.default is None and each.default_known and each.place in places and each.name not in guards:
            reads[index] = replace(each, default=MISSING, guarded=not each.name)


def note_replacement(interp: Interpreter, test: ast.expr, holds: bool, body: list[ast.stmt]) -> None:
    """Takes what statements give instead of an empty variable for the default of its read.

    Args:
        interp: The interpreter, in the state before the condition.
        test: The condition.
        holds: Whether it is true or false where the statements run.
        body: The statements: `return default`, or one that sets the name that is tested, behind what only tells of it.
    """
    first = next((each for each in body if not isinstance(each, ast.Expr)), body[0])
    if isinstance(first, ast.Return) and isinstance(_uncast(first.value), ast.Name):
        note_fallback(interp, test, holds, _uncast(first.value), "")
    elif isinstance(first, ast.Assign) and len(first.targets) == 1:
        note_fallback(interp, test, holds, _uncast(first.value), ast.unparse(first.targets[0]))
    else:
        _note_unknown_replacement(interp, test, holds, body)


def _note_unknown_replacement(interp: Interpreter, test: ast.expr, holds: bool, body: list[ast.stmt]) -> None:
    """Notes the empty variables for which statements may take something else, which is not known."""
    inside = [node for each in body for node in ast.walk(each)]
    returns = any(isinstance(node, ast.Return) and node.value is not None for node in inside)
    bound = (ast.Name, ast.Attribute)
    stored = {ast.unparse(node) for node in inside if isinstance(node, bound) and isinstance(node.ctx, ast.Store)}
    names = {
        name
        for each in _empty_ones(interp.frame.scope.module, test, holds)
        if returns or ast.unparse(each) in stored
        for atom in expressions.evaluate(interp, each)
        for name in _variable_of(atom)
    }
    if names:
        interp.record.taint()
    reads = interp.record.analysis.env
    for index, read in enumerate(reads):
        if read.name in names and not read.probe:
            reads[index] = replace(read, replaced=True)


def _uncast(node: ast.expr | None) -> ast.expr:
    """Gives `value` for `float(value)`, and any other expression as it is."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _CASTS
        and len(node.args) == 1
    ):
        return node.args[0]
    return node or ast.Constant(None)


def note_fallback(interp: Interpreter, test: ast.expr, holds: bool, value: ast.expr, only: str) -> None:
    """Takes a value that stands in for an empty variable for the default of its read; of `only` one name if given."""
    if not isinstance(value, (ast.Constant, ast.Name, ast.Attribute)):
        return
    empty = _empty_ones(interp.frame.scope.module, test, holds)
    names = {
        name
        for each in empty
        if only in ("", ast.unparse(each)) and ast.unparse(each) != ast.unparse(value)
        for atom in expressions.evaluate(interp, each)
        for name in _variable_of(atom)
    }
    known, constant = environment.constant_of(expressions.evaluate(interp, value)) if names else (False, None)
    if not names or (known and constant in (None, "")):
        return
    interp.record.taint()
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.name in names and each.default in (None, "") and each.default_known and not each.probe:
            reads[index] = replace(each, default=constant, default_known=known)


def _variable_of(atom: Atom) -> list[str]:
    """Gives the variable that an atom is the value of, or the empty default of."""
    if isinstance(atom, Const) and atom.value == "":
        return [step.text[len("os.environ['") : -2] for step in atom.via[:1]]
    return [part.name for part in atom.parts if isinstance(part, Hole)] if environment.is_variable(atom) else []  # type: ignore[attr-defined]


def _empty_ones(module: ModuleInfo, test: ast.expr, holds: bool) -> list[ast.expr]:
    """Gives the names that may each be what is empty where a condition is true, or false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _empty_ones(module, test.operand, not holds)
    if isinstance(test, ast.BoolOp):
        each_alone = isinstance(test.op, ast.Or) == holds
        return [name for each in test.values if each_alone for name in _empty_ones(module, each, holds)]
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.Is) if holds else (ast.NotEq, ast.IsNot)):
        other = test.comparators[0]
        return (
            _empty_ones(module, test.left, False)
            if isinstance(other, ast.Constant) and other.value in (None, "")
            else []
        )
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "strip":
        return _empty_ones(module, test.func.value, holds)
    asks = isinstance(test, ast.Call) and dotted(module, test.func).endswith(("environ.get", "getenv"))
    return [test] if (asks or isinstance(test, (ast.Name, ast.Attribute))) and not holds else []


def note_handler(interp: Interpreter, node: ast.Try, since: int, ends: bool) -> None:
    """Takes what a handler does about a missing variable for the default of the read.

    `try: x = os.environ[name]` with `except KeyError: x = default` reads with a default; where every handler that could
    catch the error ends the program, the variable is not optional after all.

    Args:
        interp: The interpreter.
        node: The statement.
        since: How many variables had been read before it.
        ends: Whether the program ends when a variable is missing.
    """
    pairs = {(read.name, read.place) for read in interp.reads_of_variables[since:] if not read.guarded}
    default = _handler_default(interp, node)
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if (each.name, each.place) not in pairs or each.default is not MISSING or not each.guarded:
            continue
        if ends and not interp.catches("KeyError", "LookupError"):
            reads[index] = replace(each, guarded=False)
        elif default is not None and default[0] == each.place:
            known, constant = environment.constant_of(default[1])
            reads[index] = replace(each, default=constant, default_known=known)


def _handler_default(interp: Interpreter, node: ast.Try) -> tuple[Place, Value] | None:
    """Gives the place of the read and the value that a handler puts in its place, where that is all the two do."""
    bodies = [node.body, *(handler.body for handler in node.handlers)]
    if len(bodies) != 2 or not all(len(body) == 1 for body in bodies):
        return None
    tried, instead = bodies[0][0], bodies[1][0]
    if isinstance(tried, ast.Assign) and isinstance(instead, ast.Assign):
        if [ast.dump(each) for each in tried.targets] != [ast.dump(each) for each in instead.targets]:
            return None
    elif not (isinstance(tried, ast.Return) and isinstance(instead, ast.Return)):
        return None
    read, value = tried.value, instead.value
    read = _uncast(read)
    if isinstance(value, ast.Constant):
        return interp.place(read or tried), (Const(value.value),)
    if isinstance(value, ast.Name):
        return interp.place(read or tried), interp.lookup(value.id)
    return None


_CASTS = ("int", "float", "str", "Path")


def note_default(interp: Interpreter, node: ast.IfExp) -> None:
    """Takes the `else` of `os.environ[name] if name in os.environ else default` for the default of the read."""
    test = node.test
    if not (
        isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In) and isinstance(node.orelse, ast.Constant)
    ):
        return
    place = interp.place(node.body)
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.place == place and each.guarded and each.default is MISSING:
            reads[index] = replace(each, default=node.orelse.value)
