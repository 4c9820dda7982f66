"""Environment variables: reading, probing and setting them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from ..findings import ChainStep
from . import expressions, mappings
from .atoms import NONE, NOTHING, UNDEFINED, Atom, Const, Document, EnumMember, Lib, PathAtom, Text, Value
from .facts import MISSING, EnvRead, HyperparameterUse, Place
from .interpreter import Interpreter
from .patterns import Hole
from .platform import (
    CHANNEL_FOLDER,
    CHANNEL_PREFIX,
    HYPERPARAMETER_PREFIX,
    JSON_VARIABLES,
    documented_value,
    is_platform_variable,
)
from .scopes import ModuleInfo
from .texts import hole_text, make_text, parts_of, with_step
from .values import join
from .words import words
from .written import dotted

ENVIRONMENT = frozenset({"os.environ", "os.environb"})
_OWNER = "environment"
_DEFAULTS = "defaults of the environment"  # what the script gave variables that were not set
ENDS = "and the program ends"  # among what a `try` catches: no handler goes on


def is_environment(atom: object) -> bool:
    """Tells whether an atom is `os.environ`."""
    return isinstance(atom, Lib) and (atom.name in ENVIRONMENT or atom.name == "os.environ.copy()")


def whose_keys(module: ModuleInfo, container: ast.expr) -> ast.expr:
    """Gives `os.environ` for `os.environ.keys()`, and any other expression as it is."""
    function = container.func if isinstance(container, ast.Call) else None
    if (
        isinstance(function, ast.Attribute)
        and function.attr == "keys"
        and dotted(module, function.value).endswith("environ")
    ):
        return function.value
    return container


def guard(interp: Interpreter, container: ast.expr, name: ast.expr) -> None:
    """Notes that a variable is known to be there, after `name in os.environ`."""
    container = whose_keys(interp.frame.scope.module, container)
    if not isinstance(container, (ast.Name, ast.Attribute, ast.Call)):
        return
    for atom in expressions.evaluate(interp, name):
        if isinstance(atom, Const) and isinstance(atom.value, str):
            interp.frame.guards.add(atom.value)


def probe(interp: Interpreter, name: Atom) -> None:
    """Records that the presence of a variable is asked for."""
    node = interp.current
    if isinstance(name, Const) and isinstance(name.value, str):
        interp.record.env(EnvRead(name.value, interp.place(node), probe=True, guarded=True))
    elif not is_platform_variable(str((parts_of(name) or ("",))[0])):
        interp.record.env(EnvRead("", interp.place(node), probe=True, guarded=True))


def set_variable(interp: Interpreter, name: Value, value: Value) -> None:
    """Remembers that the script itself sets a variable."""
    for atom in name:
        if isinstance(atom, Const) and isinstance(atom.value, str):
            other = interp.store.get(_OWNER, atom.value) or (UNDEFINED,)
            interp.store.set(_OWNER, atom.value, value if len(name) == 1 else join(other, value))
            if interp.store.get(_DEFAULTS, atom.value):
                interp.store.set(_DEFAULTS, atom.value, NOTHING)


def set_default(interp: Interpreter, name: Value, default: Value, node: ast.AST) -> Value:
    """Sets a variable unless it is set, and gives what it then is; as a statement, that is no read of it yet."""
    value = read(interp, name, default, node)
    names = [atom.value for atom in name if isinstance(atom, Const) and isinstance(atom.value, str)]
    free = [each for each in names if interp.store.get(_OWNER, each) is None] if node is interp.discarded else []
    set_variable(interp, name, value)
    for each in free:
        interp.store.set(_DEFAULTS, each, default)
    return value


def unset_variable(interp: Interpreter, name: Value) -> None:
    """Remembers that the script itself deletes a variable: what it has set is gone, here or in a copy."""
    set_variable(interp, name, (UNDEFINED,))


def _own_default(interp: Interpreter, name: str, default: Value | None) -> Value | None:
    """Gives the default of a read: what the script itself sets where it found the variable missing counts as one."""
    own = interp.store.get(_OWNER, name)
    if default is not None or own is None or UNDEFINED not in own or name not in interp.frame.guards:
        return default
    return tuple(each for each in own if each is not UNDEFINED)


def read(interp: Interpreter, name: Value, default: Value | None, node: ast.AST) -> Value:
    """Reads a variable.

    Args:
        interp: The interpreter.
        name: Its name.
        default: What is taken when it is not set; None when that is an error.
        node: The expression.

    Returns:
        Its value.
    """
    result: Value = NOTHING
    for atom in name:
        result = join(result, _read_one(interp, atom, default, node))
    return result


def _read_one(interp: Interpreter, atom: Atom, default: Value | None, node: ast.AST) -> Value:
    if not (isinstance(atom, Const) and isinstance(atom.value, str)):
        return _read_unnamed(interp, atom, default, node)
    name = atom.value
    own = interp.store.get(_OWNER, name)
    if own is not None and all(isinstance(each, (Const, Text, PathAtom)) for each in own):
        instead = tuple(each for each in interp.store.get(_DEFAULTS, name) or () if each is not UNDEFINED)
        if instead:
            _record(interp, name, instead, node)
        return tuple(each for each in own)
    if name.startswith(HYPERPARAMETER_PREFIX):
        key = name[len(HYPERPARAMETER_PREFIX) :].lower()
        interp.record.hyperparameter(HyperparameterUse(key, interp.place(node), via="env"))
        given: Value = (hole_text("hyperparameter", key),)
        return join(given, soften(default)) if default else given
    if name == "SM_USER_ARGS":
        interp.record.arguments_open = "the command line is taken from SM_USER_ARGS"
    default = _own_default(interp, name, default)
    _record(interp, name, default, node)
    documented = documented_value(name)
    step = f"os.environ[{name!r}]"
    if documented is not None and _is_of_processing(default):
        value, step = soften(default or NOTHING), f"os.environ.get({name!r})"
    elif documented is not None:
        value = (Const(documented, soft=True),)
    elif default is None or (name in JSON_VARIABLES and not _is_path(default)):
        value = (hole_text("env", name, f"environment variable {name}"),)
    elif default == NONE:
        nothing = Const(None, True, (interp.step(step, node),))
        value = (nothing, hole_text("env", name, f"environment variable {name}"))
    else:
        value = tuple(_with_source(atom, interp.step(step, node)) for atom in soften(default))
    set_here = tuple(each for each in own or () if isinstance(each, (Const, Text, PathAtom)))
    return with_step(join(value, set_here), interp.step(step, node))


def _is_path(value: Value) -> bool:
    """Tells whether a value is an absolute path: a variable with such a default is no document, whatever its name."""
    return any(isinstance(part, str) and part.startswith("/") for atom in value for part in (parts_of(atom) or ())[:1])


def _with_source(atom: Atom, step: ChainStep) -> Atom:
    """Notes in an empty default whose it is, for the case that the script does not put up with it."""
    return Const("", True, (step,)) if isinstance(atom, Const) and atom.value == "" else atom


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
        if len(asked) > 1 or any(map(_is_argument, value)) or not all(map(_is_variable, filled)):
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
    if any(caught and ENDS not in caught for frame in interp.frames for caught in frame.catches):
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
            alone = each.name not in replaced and not _may_be_skipped(interp)
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


def note_replacement(interp: Interpreter, test: ast.expr, holds: bool, first: ast.stmt) -> None:
    """Takes what a statement gives instead of an empty variable for the default of its read.

    Args:
        interp: The interpreter, in the state before the condition.
        test: The condition.
        holds: Whether it is true or false where the statement runs.
        first: The statement: `return default`, or one that sets the name that is tested.
    """
    if isinstance(first, ast.Return) and isinstance(_uncast(first.value), ast.Name):
        note_fallback(interp, test, holds, _uncast(first.value), "")
    elif isinstance(first, ast.Assign) and len(first.targets) == 1:
        note_fallback(interp, test, holds, _uncast(first.value), ast.unparse(first.targets[0]))


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
    known, constant = constant_of(expressions.evaluate(interp, value)) if names else (False, None)
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
    return [part.name for part in atom.parts if isinstance(part, Hole)] if _is_variable(atom) else []  # type: ignore[attr-defined]


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


def _is_of_processing(default: Value | None) -> bool:
    """Tells whether a default is a folder of processing jobs, which are not given the variables of training jobs."""
    return bool(default) and all(
        isinstance(atom, Const) and str(atom.value).startswith("/opt/ml/processing") for atom in default or ()
    )


def _read_unnamed(interp: Interpreter, atom: Atom, default: Value | None, node: ast.AST) -> Value:
    parts = parts_of(atom) or ()
    head = parts[0] if parts and isinstance(parts[0], str) else ""
    if head.startswith(CHANNEL_PREFIX):
        rest = (head[len(CHANNEL_PREFIX) :].lower(), *parts[1:])
        return (make_text((f"{CHANNEL_FOLDER}/", *rest), True),)
    if head.startswith(HYPERPARAMETER_PREFIX):
        interp.record.hyperparameter(HyperparameterUse("*", interp.place(node), via="env"))
    interp.record.env(EnvRead("", interp.place(node), default=None if default else MISSING, guarded=True))
    value: Value = (hole_text("any", reason="an environment variable whose name is not known"),)
    return join(value, soften(default)) if default else value


def _record(interp: Interpreter, name: str, default: Value | None, node: ast.AST) -> None:
    known, constant = True, MISSING
    if default is not None:
        known, constant = constant_of(default)
    present = any(name in frame.guards for frame in interp.frames)
    guarded = default is None and (interp.catches("KeyError", "LookupError") or present)
    place = interp.place(node)
    interp.reads_of_variables.append(EnvRead(name, place, guarded=present))
    only_set = default is not None and node is interp.discarded  # `os.environ.setdefault(...)`, for others
    own = only_set or (interp.store.get(_OWNER, name) is not None and not interp.store.get(_DEFAULTS, name))
    conditional = _may_be_skipped(interp)
    interp.record.env(EnvRead(name, place, constant, known, guarded=guarded, own=own, conditional=conditional))


def _may_be_skipped(interp: Interpreter) -> bool:
    """Tells whether what runs now lies below a condition, or after a return, that may go either way."""
    return interp.undecided > 0 or any(frame.returns for frame in interp.frames)


def from_rest(interp: Interpreter, rest: Value, name: str, node: ast.AST) -> Value:
    """Gives a keyword argument out of those that are not known.

    After `**os.environ` it is a variable, after `**hyperparameters` a hyperparameter.
    """
    result: Value = NOTHING
    for atom in rest:
        if is_environment(atom):
            interp.frame.guards.add(name)
            result = join(result, read(interp, (Const(name),), None, node))
        elif isinstance(atom, Document):
            result = join(result, mappings.item(interp, atom, (Const(name),), node))
        else:
            result = join(result, (atom,))
    return result


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
            known, constant = constant_of(default[1])
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


def constant_of(value: Value) -> tuple[bool, Any]:
    """Gives whether a value is one constant, and which."""
    if len(value) == 1:
        atom = value[0]
        if isinstance(atom, Const):
            return True, atom.value
        if isinstance(atom, PathAtom) and isinstance(atom.text, Const):
            return True, atom.text.value
        if isinstance(atom, EnumMember):  # on the command line it goes by its value
            return constant_of(atom.value)
    return False, None


def soften(value: Value) -> Value:
    """Marks constants as replaceable from outside, so that they decide no branch."""
    return tuple(
        Const(atom.value, True, atom.via) if isinstance(atom, Const) and not atom.soft else atom for atom in value
    )


def _is_variable(atom: Atom) -> bool:
    hole = atom.parts[0] if isinstance(atom, Text) and len(atom.parts) == 1 else None
    return isinstance(hole, Hole) and hole.kind == "env"


def with_fallback(interp: Interpreter, left: Value, right: Value) -> Value | None:
    """Gives the value of `os.environ.get(name) or fallback`, or None when `left` is no such read.

    The fallback becomes the default of the recorded read.
    """
    names = {
        part.name
        for atom in left
        if isinstance(atom, Text) and len(atom.parts) == 1
        for part in atom.parts
        if isinstance(part, Hole) and part.kind == "env"
    }
    if not names:
        return None
    if names <= JSON_VARIABLES and not _is_path(right):
        return left
    interp.record.taint()
    known, constant = constant_of(right)
    beside: Value = NOTHING
    variables = [atom for atom in right if not (isinstance(atom, Const) and atom.value is None)]
    if not known and variables and all(map(_is_variable, variables)):
        known, constant = True, None  # one variable stands in for the other, and there may be neither
        beside = tuple(filter(_is_variable, left))
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.name in names and each.default is None and each.default_known and not each.probe:
            reads[index] = replace(each, default=constant, default_known=known)
    set_here = tuple(each for each in left if isinstance(each, (Const, Text, PathAtom)) and not _is_variable(each))
    set_here = tuple(each for each in set_here if not isinstance(each, Const) or each.value)
    return join(join(set_here, beside), soften(right))
