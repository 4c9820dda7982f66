"""Environment variables: reading, probing and setting them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from ..findings import ChainStep
from . import expressions, mappings
from .atoms import NONE, NOTHING, UNDEFINED, Atom, Const, Document, EnumMember, Lib, PathAtom, Text, Value
from .facts import MISSING, EnvRead, HyperparameterUse
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
from .texts import chain_of, hole_text, make_text, parts_of, with_step
from .values import join
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
    for atom in expressions.evaluate_again(interp, name):
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
        note_hyperparameter(interp, key, default, node, "env")
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


def note_hyperparameter(interp: Interpreter, key: str, default: Value | None, node: ast.AST, via: str) -> None:
    """Records that a hyperparameter is asked for by name, and what is taken where it is not given."""
    known, constant = constant_of(default) if default and not depends_on_place(default) else (False, MISSING)
    given = constant if known else MISSING
    interp.record.hyperparameter(HyperparameterUse(key, interp.place(node), via=via, default=given))


def depends_on_place(value: Value) -> bool:
    """Tells whether a value is worked out from where the script stands: it is another one in another image."""
    return any(step.text == "__file__" for atom in value for step in chain_of(atom))


def _is_path(value: Value) -> bool:
    """Tells whether a value is an absolute path: a variable with such a default is no document, whatever its name."""
    return any(isinstance(part, str) and part.startswith("/") for atom in value for part in (parts_of(atom) or ())[:1])


def _with_source(atom: Atom, step: ChainStep) -> Atom:
    """Notes in an empty default whose it is, for the case that the script does not put up with it."""
    return Const("", True, (step,)) if isinstance(atom, Const) and atom.value == "" else atom


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
        known = known and not depends_on_place(default)
    present = any(name in frame.guards for frame in interp.frames)
    guarded = default is None and (interp.catches("KeyError", "LookupError") or present)
    place = interp.place(node)
    interp.reads_of_variables.append(EnvRead(name, place, guarded=present))
    only_set = default is not None and node is interp.discarded  # `os.environ.setdefault(...)`, for others
    own = only_set or (interp.store.get(_OWNER, name) is not None and not interp.store.get(_DEFAULTS, name))
    conditional = may_be_skipped(interp)
    interp.record.env(EnvRead(name, place, constant, known, guarded=guarded, own=own, conditional=conditional))


def may_be_skipped(interp: Interpreter) -> bool:
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
    elif value and all(isinstance(atom, Const) for atom in value):  # from outside, and the same by other ways
        constants = {(type(atom.value), atom.value) for atom in value if isinstance(atom, Const)}
        if len(constants) == 1:
            return True, constants.pop()[1]
    return False, None


def soften(value: Value) -> Value:
    """Marks constants as replaceable from outside, so that they decide no branch."""
    return tuple(
        Const(atom.value, True, atom.via) if isinstance(atom, Const) and not atom.soft else atom for atom in value
    )


def is_variable(atom: Atom) -> bool:
    """Tells whether an atom is the value of a variable that is set outside of the script."""
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
    if not known and variables and all(map(is_variable, variables)):
        known, constant = True, None  # one variable stands in for the other, and there may be neither
        beside = tuple(filter(is_variable, left))
    reads = interp.record.analysis.env
    for index, each in enumerate(reads):
        if each.name in names and each.default is None and each.default_known and not each.probe:
            reads[index] = replace(each, default=constant, default_known=known)
    set_here = tuple(each for each in left if isinstance(each, (Const, Text, PathAtom)) and not is_variable(each))
    set_here = tuple(each for each in set_here if not isinstance(each, Const) or each.value)
    return join(join(set_here, beside), soften(right))
