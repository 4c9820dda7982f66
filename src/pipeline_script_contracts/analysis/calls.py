"""Calls: evaluating arguments and finding what is called."""

from __future__ import annotations

import ast
from functools import partial

from . import (
    absent_variables,
    attributes,
    classes,
    environment,
    escapes,
    expressions,
    file_contents,
    functions,
    iteration,
    library,
    live_tables,
    mappings,
    methods,
)
from . import library as library_module
from .atoms import (
    NOTHING,
    Atom,
    Bound,
    ClassAtom,
    Const,
    Document,
    Function,
    Lib,
    Method,
    Partial,
    Ref,
    Super,
    Unknown,
    Value,
)
from .containers import DictState, key_value
from .facts import HyperparameterUse
from .interpreter import DeadEnd, Interpreter
from .values import join, unknown

_ARGV: Value = (Lib("sys.argv[]"),)


class Arguments:
    """The arguments of a call.

    Attributes:
        positional: The positional ones.
        keywords: The keyword ones.
        rest: What further positional ones may be, after an unpacked iterable of unknown length.
        rest_keywords: What further keyword ones may be, after an unpacked mapping that is not known.
        unpacked: What the unpacked iterable itself holds.
        trailing: The positional ones behind it; `rest` covers them too.
    """

    __slots__ = ("keywords", "positional", "rest", "rest_keywords", "trailing", "unpacked")

    def __init__(
        self,
        positional: list[Value] | None = None,
        keywords: dict[str, Value] | None = None,
        rest: Value = NOTHING,
        rest_keywords: Value = NOTHING,
        unpacked: Value = NOTHING,
        trailing: list[Value] | None = None,
    ) -> None:
        self.positional = [] if positional is None else positional
        self.keywords = {} if keywords is None else keywords
        self.rest = rest
        self.rest_keywords = rest_keywords
        self.unpacked = unpacked
        self.trailing = [] if trailing is None else trailing

    def get(self, index: int | None, *names: str, default: Value | None = ()) -> Value:
        """Gives an argument by position or by any of its names."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        if index is not None and index < len(self.positional):
            return self.positional[index]
        if self.rest or self.rest_keywords:
            result = join(self.rest if index is not None else NOTHING, self.rest_keywords if names else NOTHING)
            return join(result, default) if default else result
        return default or NOTHING

    def every(self) -> list[Value]:
        """Gives all arguments."""
        every = [*self.positional, *self.keywords.values()]
        if self.rest or self.rest_keywords:
            every += [each for each in (self.rest, self.rest_keywords) if each]
        return every

    def after(self, *values: Value) -> Arguments:
        """Gives the same arguments with others in front."""
        front = [*values, *self.positional]
        return Arguments(front, self.keywords, self.rest, self.rest_keywords, self.unpacked, self.trailing)


def evaluate_call(interp: Interpreter, node: ast.Call) -> Value:
    """Evaluates a call expression."""
    callee = _evaluate_callee(interp, node)
    if callee is None:
        return _super(interp)
    arguments = evaluate_arguments(interp, node)
    interp.current = node
    absent_variables.note_needed(interp, node, callee)
    result = call(interp, callee, arguments, node)
    live_tables.follow(interp, node, callee)
    return result


def _evaluate_callee(interp: Interpreter, node: ast.Call) -> Value | None:

    callee = expressions.evaluate(interp, node.func)
    if not node.args and isinstance(node.func, ast.Name) and callee == (Lib("builtins.super"),):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("update", "setdefault"):
        return file_contents.method_of_dict(interp, node.func, callee)
    return callee


def _super(interp: Interpreter) -> Value:
    for frame in reversed(interp.frames):
        if frame.cls is not None:
            return (Super(frame.cls, frame.owner),)
    return unknown("super() outside of a class")


def evaluate_arguments(interp: Interpreter, node: ast.Call) -> Arguments:
    """Evaluates the arguments of a call."""
    arguments = Arguments()
    for each in node.args:
        if not isinstance(each, ast.Starred):
            value = expressions.evaluate(interp, each)
            _add_positional(arguments, [value])
            continue
        unpacked = expressions.evaluate(interp, each.value)
        items = iteration.items_of(interp, unpacked)
        if items is not None:
            _add_positional(arguments, items)
        else:
            element = _unpacked_element(interp, unpacked)
            arguments.rest = arguments.unpacked = join(arguments.rest, element)
            arguments.trailing = []
    for keyword in node.keywords:
        value = expressions.evaluate(interp, keyword.value)
        if keyword.arg is not None:
            arguments.keywords[keyword.arg] = value
        else:
            unpack_mapping(interp, value, arguments)
    return arguments


def _unpacked_element(interp: Interpreter, unpacked: Value) -> Value:
    """Gives what any one item of `*unpacked` may be; who is called decides what `*sys.argv` means."""
    if unpacked == (Lib("sys.argv"),):
        return _ARGV
    return iteration.element_of(interp, unpacked) or unknown("an unpacked argument")


def _add_positional(arguments: Arguments, values: list[Value]) -> None:
    if not arguments.rest:
        arguments.positional.extend(values)
        return
    arguments.trailing.extend(values)
    for value in values:
        arguments.rest = join(arguments.rest, value)


def unpack_mapping(interp: Interpreter, value: Value, arguments: Arguments) -> None:
    """Adds the entries of an unpacked mapping to keyword arguments."""
    for atom in value:
        state = mappings.mapping_state(interp, atom)
        if environment.is_environment(atom):
            arguments.rest_keywords = join(arguments.rest_keywords, (atom,))
        elif isinstance(atom, Document):
            interp.record.hyperparameter(HyperparameterUse("**", interp.place(interp.current), via=atom.via))
            arguments.rest_keywords = join(arguments.rest_keywords, (atom,))
        elif isinstance(state, DictState):
            for key, each in state.entries.items():
                name = key_value(key)
                if isinstance(name, Const) and isinstance(name.value, str):
                    known = arguments.keywords.get(name.value, NOTHING) if len(value) > 1 else NOTHING
                    arguments.keywords[name.value] = join(known, each)
            if state.rest:
                arguments.rest_keywords = join(arguments.rest_keywords, state.rest)
        else:
            arguments.rest_keywords = join(arguments.rest_keywords, unknown("an unpacked mapping"))


def call(interp: Interpreter, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
    """Calls whatever a value may be.

    Args:
        interp: The interpreter.
        callee: What is called.
        arguments: Its arguments.
        node: The call.

    Returns:
        What any of the calls may return.

    Raises:
        DeadEnd: None of them returns.
    """
    interp.tick()
    if arguments.unpacked == _ARGV and not all(isinstance(atom, Lib) for atom in callee):
        interp.record.arguments_open = "arguments are taken from sys.argv"
    if len(callee) == 1:
        return _call_atom(interp, callee[0], arguments, node)
    if not callee:
        return unknown("a call of nothing")
    return interp.either([partial(_call_atom, interp, atom, arguments, node) for atom in callee])


def _call_atom(interp: Interpreter, atom: Atom, arguments: Arguments, node: ast.AST) -> Value:

    if isinstance(atom, Function):
        return functions.call_function(interp, atom, arguments, node)
    if isinstance(atom, Bound):
        return functions.call_function(interp, atom.function, arguments.after(atom.owner), node)
    if isinstance(atom, Lib):
        return library.call_library(interp, atom.name, arguments, node)
    if isinstance(atom, Method):
        return methods.call_method(interp, atom.owner, atom.name, arguments, node)
    if isinstance(atom, ClassAtom):
        return classes.instantiate(interp, atom.info, arguments, node)
    if isinstance(atom, Partial):
        bound = Arguments(
            [*atom.positional, *arguments.positional],
            {**dict(atom.keywords), **arguments.keywords},
            arguments.rest,
            arguments.rest_keywords,
        )
        return call(interp, atom.function, bound, node)
    if isinstance(atom, Ref):
        method = attributes.find_method(interp, atom, "__call__")
        if method is not None:
            return call(interp, method, arguments, node)
        if atom.obj.kind == "functools.wraps":
            functions.stands_for(interp, arguments.get(0), atom.obj.info)
            return arguments.get(0) or unknown("nothing")
        if atom.obj.kind.startswith("operator."):
            return library_module.collections_models.call_operator(interp, atom.obj, arguments, node)
        if isinstance(atom.obj.info, library_module.frameworks.Command):
            return library_module.frameworks.run_command(interp, atom.obj.info, node)
        modelled = library.object_method(interp, atom, "__call__", arguments, node)
        if modelled is not None:
            return modelled
    if isinstance(atom, Const) and not atom.soft:
        raise DeadEnd
    return call_unknown(interp, atom, arguments, node)


def call_unknown(interp: Interpreter, atom: Atom, arguments: Arguments, node: ast.AST) -> Value:
    """Calls something that cannot be seen."""
    reason = atom.reason if isinstance(atom, Unknown) else "what is called is not known"
    escapes.delegate(interp, arguments, callee_text(node), node, reason)
    return unknown(reason)


def callee_text(node: ast.AST) -> str:
    """Gives the written name of what a call calls."""
    if isinstance(node, ast.Call):
        try:
            return ast.unparse(node.func)[:60]
        except (RecursionError, ValueError):
            return "a call"
    return "a call"
