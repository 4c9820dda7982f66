"""Strings: concatenation, formatting and methods on strings of which some parts are known."""

from __future__ import annotations

import ast
import operator
import re
import string
from collections.abc import Callable
from functools import partial
from typing import Any

from . import attributes, calls, environment, expressions, iteration, mappings
from .atoms import BOOL, NOTHING, Atom, Chain, Const, EnumMember, Lib, PathAtom, Ref, Text, TupleAtom, Unknown, Value
from .interpreter import DeadEnd, Interpreter
from .patterns import Hole, Part
from .texts import MAX_CHAIN, chain_of, make_text, parts_of
from .values import const, join, unknown
from .widening import MAX_ATOMS, generalise
from .words import words

MAX_TEXT = 4096
EXECUTABLE = "sys.executable"


def chained(left: Atom, right: Atom) -> Chain:
    """Gives the chain of something made of two strings."""
    a, b = chain_of(left), chain_of(right)
    if not a or not b:
        return a or b
    return (*a, *(step for step in b if step not in a))[-MAX_CHAIN:]


def to_text(interp: Interpreter, value: Value, node: ast.AST) -> Value:
    """Gives what `str()` of a value may be."""
    result: Value = NOTHING
    for atom in value:
        if not (_may_be_missing(atom) and any(parts_of(other) is not None for other in value)):
            result = join(result, _text_of(interp, atom, node))
    return result


def _may_be_missing(atom: Atom) -> bool:
    """Tells whether an atom is the None of something that is given from outside: nobody means the word None."""
    return isinstance(atom, Const) and atom.value is None and atom.soft


def _text_of(interp: Interpreter, atom: Atom, node: ast.AST) -> Value:
    if isinstance(atom, PathAtom):
        return (atom.text,)
    if isinstance(atom, Text):
        return (atom,)
    if isinstance(atom, Const):
        if _may_be_missing(atom):
            return (Text((Hole("any", reason="what is given from outside, or None"),), atom.via),)
        return (atom,) if isinstance(atom.value, str) else (Const(_str(atom.value), atom.soft),)
    if isinstance(atom, EnumMember) and atom.cls.text_enum:
        return to_text(interp, atom.value, node)
    if isinstance(atom, Ref) and atom.obj.cls is not None:
        for name in ("__fspath__", "__str__", "__repr__"):
            method = attributes.find_method(interp, atom, name)
            if method is not None:
                return to_text(interp, calls.call(interp, method, calls.Arguments([]), node), node)
    return (Text((hole_for(atom),)),)


def _str(constant: Any) -> str:
    try:
        return str(constant)
    except ValueError:  # an integer of too many digits
        return ""


def hole_for(atom: Atom) -> Hole:
    """Gives the hole that stands for the text of something that is not a string."""
    if isinstance(atom, Unknown):
        return Hole("any", reason=atom.reason)
    if isinstance(atom, Lib):
        return Hole("any", EXECUTABLE if atom.name == EXECUTABLE else "", f"a value of {atom.name}")
    return Hole("any", reason="the text of an object")


def concatenate(left: Value, right: Value) -> Value:
    """Joins two strings end to end."""
    result: list[Atom] = []
    for a in left:
        first = parts_of(a)
        for b in right:
            second = parts_of(b)
            pieces: tuple[Part, ...] = (
                *(first if first is not None else (hole_for(a),)),
                *(second if second is not None else (hole_for(b),)),
            )
            soft = _is_soft(a) or _is_soft(b)
            atom = make_text(pieces, soft, chained(a, b))
            if isinstance(atom, Const) and len(atom.value) > MAX_TEXT:
                atom = make_text((Hole(reason="a very long string"),))
            result.append(atom)
    unique = tuple(dict.fromkeys(result))
    return unique if len(unique) <= MAX_ATOMS else generalise(unique)


def _is_soft(atom: Atom) -> bool:
    if isinstance(atom, PathAtom):
        atom = atom.text
    return isinstance(atom, (Const, Text)) and atom.soft


def each_text(value: Value, run: Callable[[str], str]) -> Value:
    """Applies a function to the known text of strings.

    Args:
        value: The strings.
        run: The function; it is applied piece by piece to a string with holes.

    Returns:
        The results.
    """
    result: list[Atom] = []
    for atom in value:
        if isinstance(atom, Const):
            result.append(Const(run(atom.value), atom.soft, atom.via))
        elif isinstance(atom, Text):
            parts = [run(part) if isinstance(part, str) else part for part in atom.parts]
            result.append(make_text(parts, True, atom.via))
    return tuple(dict.fromkeys(result))


# -- formatting -------------------------------------------------------------------------------------------

_PERCENT = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?(?P<flags>[#0\- +]*)(?P<width>\*|\d+)?(?:\.(\*|\d+))?[hlL]?(?P<kind>[diouxXeEfFgGcrsa%])"
)


def percent(interp: Interpreter, template: str, values: Value, node: ast.AST) -> Value:
    """Gives `template % values`."""
    queue: list[Value] | None = None
    for atom in values:
        if isinstance(atom, TupleAtom):
            queue = list(atom.items)
    if queue is None:
        queue = [values]
    result: Value = const("")
    end = 0
    for match in _PERCENT.finditer(template):
        result = concatenate(result, const(template[end : match.start()]))
        end = match.end()
        if match["kind"] == "%":
            result = concatenate(result, const("%"))
            continue
        if match["key"] is not None:
            value = mappings.mapping_value(interp, values, match["key"])
        else:
            value = queue.pop(0) if queue else unknown("a missing format argument")
        piece = to_text(interp, value, node)
        if match["kind"] not in "s" or match["width"]:
            spec = match[0]
            if match["key"] is not None:
                spec = spec.replace(f"({match['key']})", "")
            piece = _with_format(value, partial(operator.mod, spec))
        result = concatenate(result, piece)
    return concatenate(result, const(template[end:]))


def _format(spec: str, value: Any) -> str:
    return format(value, spec)


def _with_format(value: Value, run: Callable[[Any], str]) -> Value:
    result: Value = NOTHING
    for atom in value:
        if isinstance(atom, PathAtom):
            atom = atom.text
        if isinstance(atom, Const):
            try:
                result = join(result, (Const(run(atom.value), atom.soft, atom.via),))
            except (TypeError, ValueError):
                result = join(result, (Text((Hole("any", reason="a formatted value"),)),))
        else:
            result = join(result, (Text((hole_for(atom),)) if not isinstance(atom, Text) else atom,))
    return result


def formatted(interp: Interpreter, piece: Value, spec: Value, node: ast.FormattedValue) -> Value:
    """Gives a value under a format specification (`{value:03d}`)."""
    if spec == const(""):
        return piece
    if len(spec) != 1 or not isinstance(spec[0], Const):
        return (Text((Hole("any", reason="a formatted value"),)),)
    text = spec[0].value
    return _with_format(expressions.evaluate(interp, node.value), lambda each: format(each, text))


def format_method(
    interp: Interpreter, template: str, positional: list[Value], keywords: dict[str, Value], rest: Value, node: ast.AST
) -> Value:
    """Gives `template.format(*positional, **keywords)`."""
    result: Value = const("")
    count = 0
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError:
        return unknown("a format string that is not valid")
    for literal, field, spec, _conversion in pieces:
        result = concatenate(result, const(literal))
        if field is None:
            continue
        name = re.split(r"[.\[]", field, maxsplit=1)[0]
        if name == "":
            name, count = str(count), count + 1
        if name.isdigit():
            value = positional[int(name)] if int(name) < len(positional) else rest
        else:
            value = keywords.get(name) or environment.from_rest(interp, rest, name, node)
        value = _format_path(interp, value or unknown(f"format field {field!r}"), field, node)
        piece = _with_format(value, partial(_format, spec)) if spec else to_text(interp, value, node)
        result = concatenate(result, piece)
    return result


def _format_path(interp: Interpreter, value: Value, field: str, node: ast.AST) -> Value:
    """Follows the attributes and keys of a field such as `args.folder` or `paths[train]`."""
    for attribute, key in re.findall(r"\.([^.\[\]]+)|\[([^\]]*)\]", field):
        value = (
            attributes.load_attribute(interp, value, attribute, node)
            if attribute
            else mappings.mapping_value(interp, value, key)
        )
    return value


# -- methods ----------------------------------------------------------------------------------------------

_PIECEWISE = frozenset({"lower", "upper", "casefold", "swapcase"})
_PURE = frozenset(
    words(
        """lower upper title capitalize casefold swapcase strip lstrip rstrip replace split rsplit splitlines
        partition rpartition startswith endswith removeprefix removesuffix zfill ljust rjust center count find
        rfind index rindex isdigit isalpha isalnum isnumeric isidentifier islower isupper isspace expandtabs
        encode translate isdecimal istitle isascii"""
    )
)
_BOOLEAN = frozenset(
    words(
        """startswith endswith isdigit isalpha isalnum isnumeric isidentifier islower isupper isspace isdecimal
        isascii"""
    )
)


def string_method(
    interp: Interpreter,
    owner: Atom,
    name: str,
    positional: list[Value],
    keywords: dict[str, Value],
    rest: Value,
    node: ast.AST,
) -> Value:
    """Calls a method of a string."""
    if name == "join":
        return _join(interp, owner, positional[0] if positional else unknown("join"), node)
    if name in ("format", "format_map"):
        if name == "format_map":
            given = calls.Arguments()
            calls.unpack_mapping(interp, positional[0] if positional else unknown("format_map"), given)
            positional, keywords, rest = [], given.keywords, given.rest_keywords
        if isinstance(owner, Const):
            result = format_method(interp, owner.value, positional, keywords, rest, node)
            return tuple(Const(a.value, True, a.via) if owner.soft and isinstance(a, Const) else a for a in result)
        return (Text((Hole("any", reason="a format string that is not known"),)),)
    if name not in _PURE:
        return unknown(f"str.{name}")
    arguments = _constants(positional)
    options = _constants(list(keywords.values()))
    if isinstance(owner, Const) and arguments is not None and options is not None and not rest:
        return _apply(interp, owner, name, arguments, dict(zip(keywords, options, strict=True)))
    return _on_text(interp, owner, name, arguments, node)


def _constants(values: list[Value]) -> list[Any] | None:
    constants = []
    for value in values:
        if len(value) == 1 and isinstance(value[0], Const):
            constants.append(value[0].value)
        elif len(value) == 1 and isinstance(value[0], TupleAtom):
            inner = _constants(list(value[0].items))
            if inner is None:
                return None
            constants.append(tuple(inner))
        else:
            return None
    return constants


def _apply(interp: Interpreter, owner: Const, name: str, arguments: list[Any], options: dict[str, Any]) -> Value:

    if name in ("ljust", "rjust", "center", "zfill", "expandtabs", "replace") and any(
        isinstance(each, int) and each > MAX_TEXT for each in arguments
    ):
        return unknown(f"a long str.{name}")
    try:
        result = getattr(owner.value, name)(*arguments, **options)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise DeadEnd from error
    if isinstance(result, list):
        return expressions.new_list(interp, [(Const(each, owner.soft, owner.via),) for each in result])
    if isinstance(result, tuple):
        return (TupleAtom([(Const(each, owner.soft, owner.via),) for each in result]),)
    return (Const(result, owner.soft, owner.via),)


def _on_text(interp: Interpreter, owner: Atom, name: str, arguments: list[Any] | None, node: ast.AST) -> Value:
    """Calls a method whose object or arguments are known in part only."""
    hole: Value = (Text((Hole("any", reason=f"the result of str.{name}"),), chain_of(owner)),)
    parts = parts_of(owner) or ()
    if name in _BOOLEAN:
        head = parts[0] if parts and isinstance(parts[0], str) else ""
        if (
            name == "startswith"
            and arguments
            and isinstance(arguments[0], (str, tuple))
            and head.startswith(arguments[0])
        ):
            return const(True)
        return BOOL
    if name in _PIECEWISE:
        return each_text((owner,), lambda text: getattr(text, name)())
    if name in ("strip", "rstrip", "lstrip", "removesuffix", "removeprefix") and arguments is not None and parts:
        new = list(parts)
        if name in ("strip", "lstrip", "removeprefix") and isinstance(new[0], str):
            new[0] = getattr(new[0], "lstrip" if name == "strip" else name)(*arguments)
        if name in ("strip", "rstrip", "removesuffix") and isinstance(new[-1], str):
            new[-1] = getattr(new[-1], "rstrip" if name == "strip" else name)(*arguments)
        return (make_text(new, True, chain_of(owner)),)
    if name == "replace" and arguments and len(arguments) == 2 and all(isinstance(each, str) for each in arguments):
        return each_text((owner,), lambda text: text.replace(*arguments))
    if name in ("split", "rsplit", "splitlines"):
        return expressions.new_list(interp, None, hole)
    if name in ("partition", "rpartition"):
        return (TupleAtom([hole, hole, hole]),)
    if name in ("find", "rfind", "index", "rindex", "count"):
        return unknown(f"str.{name}")
    return hole


def _join(interp: Interpreter, separator: Atom, items: Value, node: ast.AST) -> Value:

    known = iteration.items_of(interp, items)
    if known is None:
        return (Text((Hole("any", reason="a join of strings that are not known"),)),)
    result: Value = const("")
    for index, item in enumerate(known):
        if index:
            result = concatenate(result, (separator,))
        result = concatenate(result, to_text(interp, item, node))
    return result
