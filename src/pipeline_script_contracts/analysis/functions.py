"""Functions of the analysed code: definition, decorators and calls."""

from __future__ import annotations

import ast
from functools import partial

from . import calls, environment, expressions, library, messages, statements
from .atoms import (
    CONTENT,
    NONE,
    NOTHING,
    Atom,
    Bound,
    Const,
    Function,
    Lib,
    PathAtom,
    Ref,
    Text,
    TupleAtom,
    Unknown,
    Value,
)
from .containers import DictState, ListState, text_key
from .garbage import Reachable
from .interpreter import MAX_DEPTH, BudgetExhaustedError, DeadEnd, Frame, Interpreter
from .library import outside
from .scopes import FunctionInfo, FunctionNode, Scope
from .store import Changes
from .texts import pathlike, with_step
from .values import join, unknown
from .widening import widened_value
from .words import words

MAX_CELLS = 200_000  # what a script keeps: the largest of this repository keeps 9,000
MAX_RECURSION = 3
MAX_WRAPPERS = 10
MAX_KNOWN_RECURSION = 30  # where all arguments are known, recursion comes to its own end
# Library decorators that give back the function, changed in a way that does not matter here.
TRANSPARENT = frozenset(
    words(
        """builtins functools contextlib torch numba tensorflow jax typing abc atexit tenacity retrying retry
        backoff overrides beartype typeguard deprecated numpy pytest line_profiler memory_profiler cachetools
        lightning transformers pydantic attr attrs dataclasses asyncio warnings unittest timeit joblib ray"""
    )
)


def make_function(interp: Interpreter, node: FunctionNode, prefix: str = "") -> Function:
    """Makes a function of its definition: evaluates its defaults and closes over the current scope."""
    scope = interp.frame.scope
    key = ("function", node)
    info = interp.infos.get(key)
    if info is None:
        info = FunctionInfo(node, scope.module, prefix)
        interp.infos[key] = info
    each: Scope | None = scope
    while each is not None and not each.captured:
        each.captured = True
        each = each.parent
    defaults: dict[str, Value] = {}
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
    ):
        defaults[argument.arg] = expressions.evaluate(interp, default)
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            defaults[argument.arg] = expressions.evaluate(interp, keyword_default)
    return Function(info, scope, defaults, interp.frame.cls if scope.kind == "class" else None)


def define(interp: Interpreter, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Runs a function definition."""
    prefix = f"{interp.frame.cls.name}." if interp.frame.cls is not None and interp.frame.scope.kind == "class" else ""
    value: Value = (make_function(interp, node, prefix),)
    for decorator in reversed(node.decorator_list):
        value = decorate(interp, decorator, value, node)
    interp.store.set(interp.scope_of(node.name), _setter_name(node) or node.name, value)


def _setter_name(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """A property's setter is kept apart from its getter."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter"):
            return f"{node.name}.{decorator.attr}"
    return None


def decorate(interp: Interpreter, decorator: ast.expr, value: Value, node: ast.AST) -> Value:
    """Applies a decorator."""
    if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter", "getter"):
        return value
    if _is_variant(interp, decorator, value):
        return value
    wrapper = expressions.evaluate(interp, decorator)
    interp.current = decorator
    if len(wrapper) == 1 and isinstance(wrapper[0], Lib):
        name = wrapper[0].name
        if name in ("functools.singledispatch", "functools.singledispatchmethod"):
            for atom in value:
                if isinstance(atom, Function):
                    interp.infos["variants", atom.info] = []
                    interp.record.taint()
            return value
        binding = _BINDINGS.get(name)
        if binding is not None:
            return tuple(_with_binding(atom, binding) for atom in value)
        command = library.command_line.command_decorator(interp, name, value, decorator)
        if command is not None:
            return command
        root = wrapper[0].root
        outside.notice(interp, name, root, calls.Arguments(), decorator)
        if root not in TRANSPARENT:
            interp.deferred.append((value, f"decorated by {name}", decorator))
            interp.pinned.append(value)
            interp.record.taint()
        return value
    if len(wrapper) == 1 and isinstance(wrapper[0], Ref):
        if wrapper[0].obj.kind == "functools.wraps":
            stands_for(interp, value, wrapper[0].obj.info)
            return value
        command = library.frameworks.decorate_command(interp, wrapper[0], value)
        if command is not None:
            return command
    if any(isinstance(atom, Function) or not isinstance(atom, Lib) for atom in wrapper):
        result = calls.call(interp, wrapper, calls.Arguments([value]), decorator)
        if any(type(atom).__name__ in ("Unknown", "Lib") for atom in result):
            return join(value, tuple(atom for atom in result if type(atom).__name__ not in ("Unknown", "Lib")))
        return result
    return value


def _is_variant(interp: Interpreter, decorator: ast.expr, value: Value) -> bool:
    """Takes a function under `@function.register` for one of those that `functools.singledispatch` chooses among."""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(node, ast.Attribute) or node.attr != "register":
        return False
    found = False
    for atom in expressions.evaluate(interp, node.value):
        if isinstance(atom, Function) and ("variants", atom.info) in interp.infos:
            interp.infos["variants", atom.info].extend(each for each in value if isinstance(each, Function))
            interp.pinned.append(value)
            interp.record.taint()
            found = True
    return found


_BINDINGS = {
    "builtins.property": "property",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "functools.cached_property": "property",
    "abc.abstractproperty": "property",
    "abc.abstractclassmethod": "class",
    "abc.abstractstaticmethod": "static",
    "pydantic.computed_field": "property",
}


def stands_for(interp: Interpreter, wrapper: Value, wrapped: Value) -> None:
    """Notes that a function was made to stand for another one: whoever asks for its parameters is told those."""
    for each in wrapped:
        inner = each.function if isinstance(each, Bound) else each
        for atom in wrapper:
            if isinstance(atom, Function) and isinstance(inner, Function):
                interp.infos["stands for", atom.info, atom.scope] = inner


def shown(interp: Interpreter, function: Function) -> Function:
    """Gives the function whose parameters and annotations a function shows: that which it was made to stand for."""
    for _ in range(MAX_WRAPPERS):
        inner = interp.infos.get(("stands for", function.info, function.scope))
        if inner is None:
            break
        function = inner
    return function


def _with_binding(atom: Atom, binding: str) -> Atom:
    if isinstance(atom, Function):
        return Function(atom.info, atom.scope, atom.defaults, atom.cls, binding)
    return atom if binding == "static" else Unknown(f"a {binding} made of something that is no plain function")


def call_function(interp: Interpreter, function: Function, arguments: calls.Arguments, node: ast.AST) -> Value:
    """Calls a function of the analysed code: runs its body on the arguments.

    Args:
        interp: The interpreter.
        function: The function.
        arguments: Its arguments.
        node: The call.

    Returns:
        What it may return.

    Raises:
        DeadEnd: It never returns.
    """
    info = function.info
    variants: list[Function] = interp.infos.get(("variants", info), [])
    if variants and not interp.active.get(info, 0):
        every = [function, *variants]  # the type of the first argument decides
        return interp.either([partial(_call, interp, each, arguments, node, 0) for each in every])
    active = interp.active.get(info, 0)
    if active >= MAX_RECURSION and not (active < MAX_KNOWN_RECURSION and _is_definite(interp, arguments)):
        interp.record.taint()
        if info in interp.widened:
            return unknown(f"the result of {info.name}, which calls itself")
        interp.widened.add(info)
        try:
            return _call(interp, function, _widened(arguments), node, active)
        finally:
            interp.widened.discard(info)
    return _call(interp, function, arguments, node, active)


def _call(interp: Interpreter, function: Function, arguments: calls.Arguments, node: ast.AST, active: int) -> Value:
    info = function.info
    if len(interp.frames) > MAX_DEPTH:
        interp.record.taint()
        return unknown(f"the result of {info.name}, which calls itself")
    bound = _bind(interp, function, arguments, node)
    bound.update(dict.fromkeys(messages.only_said(interp, function), messages.SAID))
    given = tuple(bound.values())
    key = interp.memory.key((info, function.scope, function.binding), given)
    caught, phase = interp.caught, interp.phase
    known, earlier = interp.memory.recall(key, given, caught, phase)
    if known:
        return _returned(earlier)
    began = interp.memory.begin()
    pinned = len(interp.pinned)
    frame, falls, result = _activate(interp, function, bound, active)
    store = interp.store
    if len(store.cells) > MAX_CELLS:
        raise BudgetExhaustedError
    ways: list[Changes] = [changes for _, changes in frame.returns if changes is not None]
    stays = bool(frame.returns) and frame.returns[-1][1] is None  # the state is that of the last way out
    if stays and not ways:
        made = Reachable([store.since(frame.depth)], began.serial)
    else:
        last = store.pop()
        if stays:
            ways.insert(0 if falls else len(ways), last)
        made = Reachable(ways, began.serial)
    made.mark(result, frame.yields, *interp.pinned[pinned:])
    if info.generator:
        if not ways and stays:
            store.commit(made.garbage)
        else:
            store.merge(ways or [{}], made.garbage)
        result = expressions.new_list(interp, *((None, frame.yields) if frame.yields else ([], NOTHING)))
        made.add(result)
        interp.memory.remember(key, given, began, made, result, caught, phase)
        return result
    if not frame.returns and isinstance(info.node, ast.AsyncFunctionDef):  # it runs beside its caller, who goes on
        return unknown(f"the result of {info.name}, which never returns")
    if ways:
        store.merge(ways, made.garbage)
    elif stays:
        store.commit(made.garbage)
    interp.memory.remember(key, given, began, made, result if frame.returns else None, caught, phase)
    return _returned(result if frame.returns else None)


def _returned(result: Value | None) -> Value:
    if result is None:
        raise DeadEnd
    return result


def _activate(
    interp: Interpreter, function: Function, bound: dict[str, Value], active: int
) -> tuple[Frame, bool, Value]:
    """Runs the body in a branch that it leaves open; gives the activation, whether its end is reached, the result."""
    info = function.info
    scope = Scope("function", info.module, function.scope, info.locals, info.outer)
    frame = Frame(scope, interp.store.depth, info)
    frame.cls = function.cls
    if frame.cls is not None and info.positional:
        frame.owner = bound.get(info.positional[0], NOTHING)
    interp.store.push()
    interp.frames.append(frame)
    interp.active[info] = active + 1
    try:
        for name, value in bound.items():
            interp.store.set(scope, name, value)
        falls = _run_body(interp, frame, info.node)
    finally:
        interp.active[info] = active
        interp.frames.pop()
    result: Value = NONE if falls else NOTHING
    for value, _ in frame.returns:
        result = join(result, value)
    if falls:
        frame.returns.append((NONE, None))
    return frame, falls, result


def _run_body(interp: Interpreter, frame: Frame, node: FunctionNode) -> bool:

    if not isinstance(node, ast.Lambda):
        return statements.run_block(interp, node.body)
    try:
        value = expressions.evaluate(interp, node.body)
    except DeadEnd:
        return False
    frame.returns.append((value, None))
    return False


def _is_definite(interp: Interpreter, arguments: calls.Arguments) -> bool:
    """Tells whether the arguments of a recursive call are known, so that it ends as it would at run time."""
    values = arguments.every()
    return not arguments.rest and not arguments.rest_keywords and all(_is_known(interp, value) for value in values)


def _is_known(interp: Interpreter, value: Value) -> bool:
    if len(value) != 1:
        return False
    atom = value[0]
    if isinstance(atom, Const):
        return not atom.soft
    if isinstance(atom, TupleAtom):
        return all(_is_known(interp, item) for item in atom.items)
    if isinstance(atom, Ref):
        state = interp.store.get(atom.obj, CONTENT)
        if isinstance(state, ListState):
            return state.items is not None
        return state.is_exact if isinstance(state, DictState) else atom.obj.cls is not None
    if isinstance(atom, PathAtom):
        return isinstance(atom.text, Const)
    return not isinstance(atom, (Unknown, Text, Lib))


def _widened(arguments: calls.Arguments) -> calls.Arguments:
    """Covers what the arguments of ever deeper recursion may be."""

    def widen(value: Value) -> Value:
        return widened_value(value) if any(pathlike(atom) for atom in value) else value

    return calls.Arguments(
        [widen(value) for value in arguments.positional],
        {name: widen(value) for name, value in arguments.keywords.items()},
        widen(arguments.rest),
        widen(arguments.rest_keywords),
    )


def _bind(interp: Interpreter, function: Function, arguments: calls.Arguments, node: ast.AST) -> dict[str, Value]:
    """Gives each parameter its value."""
    info = function.info
    spec = info.node.args
    bound: dict[str, Value] = {}
    keywords = dict(arguments.keywords)
    positional = arguments.positional
    behind = _behind(function, arguments)
    for index, name in enumerate(info.positional):
        if name in behind:
            bound[name] = _passed(interp, info.name, name, behind[name], node)
        elif index < len(positional):
            bound[name] = _passed(interp, info.name, name, positional[index], node)
        elif name in keywords:
            bound[name] = _passed(interp, info.name, name, keywords.pop(name), node)
        else:
            bound[name] = _missing(interp, function, name, join(arguments.rest, arguments.rest_keywords), node)
    for argument in spec.kwonlyargs:
        if argument.arg in keywords:
            bound[argument.arg] = _passed(interp, info.name, argument.arg, keywords.pop(argument.arg), node)
        else:
            bound[argument.arg] = _missing(interp, function, argument.arg, arguments.rest_keywords, node)
    if spec.vararg is not None:
        extra = positional[len(info.positional) :]
        if arguments.rest:
            rest = arguments.rest
            if arguments.trailing:  # any of them would stand for each of those behind it
                rest = join(arguments.unpacked, unknown("an argument behind an unpacked one"))
            for value in extra:
                rest = join(rest, value)
            bound[spec.vararg.arg] = expressions.new_list(interp, None, rest)
        else:
            bound[spec.vararg.arg] = (TupleAtom(extra),)
    if spec.kwarg is not None:
        state = DictState({})
        for name, value in keywords.items():
            state = state.set(text_key(name), value)
        if arguments.rest_keywords:
            others = unknown("a keyword argument")  # under names that are not among the known ones
            state = DictState(state.entries, state.certain, arguments.rest_keywords, others)
        bound[spec.kwarg.arg] = expressions.new_object(interp, "dict", state)
    return bound


def _behind(function: Function, arguments: calls.Arguments) -> dict[str, Value]:
    """Gives the parameters that take what stands in a call behind an unpacked iterable of unknown length.

    Where none of the parameters has a default, the last arguments are for the last parameters. Otherwise their number
    does not tell, and each may be anything.
    """
    info = function.info
    if not arguments.trailing or info.node.args.vararg is not None:
        return {}
    names = [name for name in info.positional[len(arguments.positional) :] if name not in arguments.keywords]
    if any(name in function.defaults for name in names):
        return dict.fromkeys(names, unknown("an argument behind an unpacked one"))
    size = len(names) - len(arguments.trailing)
    front = dict.fromkeys(names[:size], arguments.unpacked)
    return front | dict(zip(names[size:], arguments.trailing, strict=False)) if size >= 0 else {}


def _missing(interp: Interpreter, function: Function, name: str, rest: Value, node: ast.AST) -> Value:
    value = join(function.defaults.get(name, NOTHING), environment.from_rest(interp, rest, name, node))
    return value or unknown(f"parameter {name!r} of {function.info.name}")


def _passed(interp: Interpreter, function: str, name: str, value: Value, node: ast.AST) -> Value:
    if not any(map(pathlike, value)):
        return value
    return with_step(value, interp.step(f"{function}({name}=)", node))
