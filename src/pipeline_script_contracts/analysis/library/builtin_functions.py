"""Built-in functions."""

from __future__ import annotations

import ast
from typing import Any

from .. import (
    attributes,
    calls,
    conditions,
    expressions,
    fields,
    iteration,
    mappings,
    sequences,
    statements,
    strings,
    targets,
)
from .. import expressions as expressions_module
from .. import numbers as numbers_module
from ..containers import DictState, ListState, text_key
from ..interpreter import DeadEnd, Interpreter, strings_in
from ..patterns import Hole
from ..values import (
    BOOL,
    CONTENT,
    NONE,
    NOTHING,
    Atom,
    Bound,
    ClassAtom,
    Const,
    EnumMember,
    Function,
    Lib,
    ModuleAtom,
    PathAtom,
    Ref,
    Super,
    Text,
    TupleAtom,
    Unknown,
    Value,
    atoms_of,
    const,
    has_unknown,
    join,
    unknown,
)
from . import conversions

MAX_RANGE = 64
MAX_BOUND = 1_000_000


def _str(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return strings.to_text(interp, arguments.get(0, "object", default=const("")), node)


def _number(name: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return conversions.to_number(name, arguments.get(0)) if arguments.positional else const(0)

    return run


def _bool(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (
        expressions_module.outcome_value(conditions.truth(interp, arguments.get(0)))
        if arguments.positional
        else const(False)
    )


def _len(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    value = arguments.get(0)
    if len(value) == 1:
        items = iteration.items_of(interp, value)
        if items is not None and not (isinstance(value[0], Const) and value[0].soft):
            return const(len(items))
    return unknown("a length")


def _range(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    bounds = []
    for value in arguments.positional:
        numbers_module.used_as_number(interp, value, node)
        if len(value) == 1 and isinstance(value[0], Const) and isinstance(value[0].value, int) and not value[0].soft:
            bounds.append(value[0].value)
    small = bounds and all(abs(bound) < MAX_BOUND for bound in bounds) and bounds[2:] != [0]
    if small and len(bounds) == len(arguments.positional) and not arguments.rest:
        numbers = range(*bounds)
        if len(numbers) <= MAX_RANGE:
            return (TupleAtom([(Const(each),) for each in numbers]),)
    return expressions_module.new_list(interp, None, unknown("a number of a range"))


def _sequence(kind: str) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        if not arguments.positional:
            return (TupleAtom([]),) if kind == "tuple" else expressions_module.new_object(interp, kind, ListState())
        items = iteration.items_of(interp, arguments.get(0))
        if kind == "tuple" and items is not None:
            return (TupleAtom(items),)
        if items is not None:
            return expressions_module.new_object(interp, kind, ListState(tuple(items)))
        return expressions_module.new_object(
            interp, "list" if kind == "tuple" else kind, ListState(None, iteration.element_of(interp, arguments.get(0)))
        )

    return run


def _sorted(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    value = arguments.get(0, "iterable")
    _key_call(interp, arguments, value, node)
    items = iteration.items_of(interp, value)
    if items is None:
        return expressions_module.new_list(interp, None, iteration.element_of(interp, value))
    return expressions_module.new_list(interp, sequences.in_order(items, arguments))


def _key_call(interp: Interpreter, arguments: Any, value: Value, node: ast.AST) -> None:
    key = arguments.keywords.get("key")
    if key and any(isinstance(atom, Function | Bound) for atom in key):
        calls.call(interp, key, calls.Arguments([iteration.element_of(interp, value) or unknown("an item")]), node)


def _reversed(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(0))
    if items is None:
        return expressions_module.new_list(interp, None, iteration.element_of(interp, arguments.get(0)))
    return expressions_module.new_list(interp, items[::-1])


def _enumerate(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(0, "iterable"))
    start = arguments.get(1, "start", default=const(0))
    first = start[0].value if len(start) == 1 and isinstance(start[0], Const) else None
    if items is not None and isinstance(first, int):
        return expressions_module.new_list(
            interp, [(TupleAtom([const(first + index), item]),) for index, item in enumerate(items)]
        )
    element = iteration.element_of(interp, arguments.get(0, "iterable"))
    return expressions_module.new_list(
        interp, None, (TupleAtom([unknown("a number"), element]),) if element else NOTHING
    )


def _zip(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    columns = [iteration.items_of(interp, value) for value in arguments.positional]
    if columns and all(column is not None for column in columns) and not arguments.rest:
        rows = zip(*[column for column in columns if column is not None], strict=False)
        return expressions_module.new_list(interp, [(TupleAtom(row),) for row in rows])
    elements = [iteration.element_of(interp, value) for value in arguments.positional]
    if not all(elements):
        return expressions_module.new_list(interp, [])
    return expressions_module.new_list(interp, None, (TupleAtom(elements),))


def _map(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    function, *sources = arguments.positional or [arguments.rest]
    if arguments.rest:  # `map(f, *columns)`: how many there are is not known
        given = calls.Arguments([], {}, iteration.element_of(interp, arguments.rest) or unknown("an item"))
        result, changes = interp.explore(lambda: calls.call(interp, function, given, node))
        interp.store.merge([{}, changes] if changes is not None else [{}])
        return expressions_module.new_list(interp, None, result or NOTHING)
    columns = [iteration.items_of(interp, value) for value in sources]
    if all(column is not None and len(column) <= MAX_RANGE for column in columns):
        rows = zip(*[column for column in columns if column is not None], strict=False)
        return expressions_module.new_list(
            interp, [calls.call(interp, function, calls.Arguments(list(row)), node) for row in rows]
        )
    elements = [iteration.element_of(interp, value) for value in sources]
    if not all(elements):
        return expressions_module.new_list(interp, [])
    result, changes = interp.explore(lambda: calls.call(interp, function, calls.Arguments(elements), node))
    interp.store.merge([{}, changes] if changes is not None else [{}])
    return expressions_module.new_list(interp, None, result or NOTHING)


def _filter(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    function, source = arguments.get(0), arguments.get(1)
    items = iteration.items_of(interp, source)
    kept: list[Value] = []
    exact = items is not None and len(items) <= MAX_RANGE
    each = items if items is not None and exact else [iteration.element_of(interp, source)]
    for item in each:
        if not item:
            continue
        if all(isinstance(atom, Const) and atom.value is None for atom in function):
            yes, no = conditions.truth(interp, item)
        else:
            yes, no = conditions.truth(interp, calls.call(interp, function, calls.Arguments([item]), node))
        exact = exact and not (yes and no)
        if yes:
            kept.append(item)
    if exact:
        return expressions_module.new_list(interp, kept)
    rest: Value = NOTHING
    for item in kept:
        rest = join(rest, item)
    return expressions_module.new_list(interp, None, rest)


def _next(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    element = iteration.element_of(interp, arguments.get(0))
    items = iteration.items_of(interp, arguments.get(0))
    default: Value = arguments.get(1, default=NOTHING)
    if items and isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.GeneratorExp):
        return items[0]
    if items == []:
        if not default:
            raise DeadEnd
        return default
    return join(element, default) or unknown("the next item")


def _getattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner, names = arguments.get(0), arguments.get(1)
    default = arguments.get(2, default=NOTHING)
    known = [atom for atom in names if isinstance(atom, Const) and isinstance(atom.value, str)]
    if len(known) == len(names):
        result: Value = NOTHING
        for atom in known:
            result = join(result, _one_attribute(interp, owner, atom.value, default, node))
        return result
    for atom in owner:
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            fields.note_all_fields(interp, atom, node)
    return join(_any_attribute(interp, owner), default)


def _one_attribute(interp: Interpreter, owner: Value, name: str, default: Value, node: ast.AST) -> Value:
    """An attribute by name; the default where it certainly or possibly is not there."""
    result: Value = NOTHING
    for atom in owner:
        has = _has(interp, atom, name)
        if has[0]:
            result = join(result, attributes.load_attribute(interp, (atom,), name, node))
        if has[1] and default:
            result = join(result, default)
    return result or default or unknown(f"attribute {name!r}")


def _has(interp: Interpreter, atom: Atom, name: str) -> conditions.Outcome:
    if isinstance(atom, Ref) and atom.obj.kind == "namespace":
        state = mappings.mapping_state(interp, atom)
        assert state is not None

        key = text_key(name)
        if key in state.certain:
            return (True, False)
        return conditions.EITHER if key in state.entries or state.rest else (False, True)
    if isinstance(atom, Ref) and atom.obj.cls is not None:
        if (
            isinstance(interp.store.get(atom.obj, name), tuple)
            or attributes.class_attribute(interp, atom.obj.cls, name) is not None
        ):
            return (True, False)
        return conditions.EITHER if atom.obj.cls.unseen else (False, True)
    if isinstance(atom, ModuleAtom):
        return (True, False) if interp.store.get(atom.info.scope, name) is not None else (False, True)
    return conditions.EITHER


def _any_attribute(interp: Interpreter, owner: Value) -> Value:
    """An attribute whose name is not known: any function or value of the object or module."""
    result: Value = NOTHING
    for atom in owner:
        if isinstance(atom, ModuleAtom):
            for scope, name in list(interp.store.cells):
                cell = interp.store.get(scope, name) if scope is atom.info.scope else None
                if isinstance(cell, tuple):
                    result = join(result, tuple(each for each in cell if isinstance(each, Function | ClassAtom)))
        elif isinstance(atom, Ref):
            if atom.obj.kind == "namespace":
                state = mappings.mapping_state(interp, atom)
                result = join(result, state.element if state is not None else NOTHING)
            elif atom.obj.cls is not None:
                result = join(result, mappings.attributes_state(interp, atom).element)
                for cls in atom.obj.cls.mro:
                    for statement in cls.node.body if cls.node is not None else ():
                        if isinstance(statement, ast.FunctionDef):
                            result = join(result, attributes.find_method(interp, atom, statement.name) or NOTHING)
        elif isinstance(atom, Lib):
            result = join(result, (Lib(f"{atom.name}.*"),))
    return join(result, unknown("an attribute whose name is not known"))


def _setattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    owner, names, value = arguments.get(0), arguments.get(1), arguments.get(2)
    texts = strings_in(names)
    for name in texts:
        if len(texts) == 1 and len(names) == 1:
            targets.set_attribute(interp, owner, name, value, node)
        else:
            for atom in owner:
                targets.set_attribute(interp, (atom, atom), name, value, node)
    if len(texts) < len(names):
        _set_any(interp, owner, value)
    return NONE


def _set_any(interp: Interpreter, owner: Value, value: Value) -> None:
    """An attribute whose name is not known was set."""
    for atom in owner:
        if isinstance(atom, Ref) and atom.obj.kind == "namespace":
            state = mappings.mapping_state(interp, atom)
            assert state is not None
            interp.store.set(atom.obj, CONTENT, state.set_unknown(unknown("a name"), value))
        elif isinstance(atom, Ref):
            for name in atom.obj.info or ():
                cell = interp.store.get(atom.obj, name)
                if isinstance(cell, tuple):
                    interp.store.set(atom.obj, name, join(cell, value))


def _hasattr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    names = strings_in(arguments.get(1))
    yes = no = False
    for atom in arguments.get(0):
        for name in names:
            outcome = _has(interp, atom, name)
            yes, no = yes or outcome[0], no or outcome[1]
    return expressions_module.outcome_value((yes, no)) if yes or no else BOOL


def is_instance(interp: Interpreter, value: Value, classes: Value) -> conditions.Outcome:
    """Tells whether a value may be, and may not be, an object of one of some classes."""
    wanted: list[Atom] = []
    for atom in classes:
        wanted.extend(each for item in atom.items for each in item) if isinstance(atom, TupleAtom) else wanted.append(
            atom
        )
    yes = no = False
    for atom in value:
        outcomes = [_is_a(atom, cls) for cls in wanted]
        yes = yes or any(outcome[0] for outcome in outcomes)
        no = no or not any(outcome == (True, False) for outcome in outcomes)
    return (yes, no) if value and wanted else conditions.EITHER


_TYPE_NAMES: dict[str, type] = {
    "builtins.str": str,
    "builtins.int": int,
    "builtins.float": float,
    "builtins.bool": bool,
    "builtins.bytes": bytes,
}


def _is_a(atom: Atom, cls: Atom) -> conditions.Outcome:
    if isinstance(atom, Unknown | Lib):
        return conditions.EITHER
    if isinstance(cls, ClassAtom):
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            return (True, False) if cls.info in atom.obj.cls.mro else (False, True)
        if isinstance(atom, EnumMember):
            return (True, False) if cls.info in atom.cls.mro else (False, True)
        return (False, True)
    if not isinstance(cls, Lib):
        return conditions.EITHER
    expected = _TYPE_NAMES.get(cls.name)
    if isinstance(atom, Const):
        if expected is None:
            return (
                (False, True)
                if cls.name in ("builtins.list", "builtins.dict", "builtins.tuple", "pathlib.Path")
                else conditions.EITHER
            )
        return (True, False) if isinstance(atom.value, expected) else (False, True)
    if isinstance(atom, Text):
        return (True, False) if expected is str else conditions.EITHER
    if isinstance(atom, PathAtom):
        if cls.name.startswith("pathlib.") or cls.name == "os.PathLike":
            return (True, False)
        return (False, True) if cls.name.startswith("builtins.") else conditions.EITHER
    if isinstance(atom, Ref) and atom.obj.kind in ("list", "dict", "set") and cls.name.startswith("builtins."):
        return (True, False) if cls.name == f"builtins.{atom.obj.kind}" else (False, True)
    if isinstance(atom, TupleAtom) and cls.name.startswith("builtins."):
        return (True, False) if cls.name == "builtins.tuple" else (False, True)
    if isinstance(atom, Ref) and atom.obj.cls is not None and expected is not None:
        return (False, True)
    return conditions.EITHER


def _isinstance(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return expressions_module.outcome_value(is_instance(interp, arguments.get(0), arguments.get(1)))


def _vars(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    if not arguments.positional:
        return _namespace_of(interp, interp.frame.scope)
    result: Value = NOTHING
    for atom in arguments.get(0):
        state = mappings.mapping_state(interp, atom)
        if state is not None:
            result = join(result, expressions_module.new_object(interp, "dict", state))
        elif isinstance(atom, Ref) and atom.obj.cls is not None:
            result = join(result, fields.dump(interp, atom, node))
        elif isinstance(atom, ModuleAtom):
            result = join(result, _namespace_of(interp, atom.info.scope))
        else:
            result = join(result, unknown("the attributes of something that is not known"))
    return result


def _namespace_of(interp: Interpreter, scope: Any) -> Value:

    state = DictState({})
    for owner, name in list(interp.store.cells):
        if owner is scope and isinstance(name, str):
            cell = interp.store.get(scope, name)
            if isinstance(cell, tuple):
                state = state.set(text_key(name), cell)
    return expressions_module.new_object(interp, "dict", state)


def _globals(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return _namespace_of(interp, interp.frame.scope.module.scope)


def _locals(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return _namespace_of(interp, interp.frame.scope)


def _type(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0):
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            result = join(result, (ClassAtom(atom.obj.cls),))
        elif isinstance(atom, Const):
            result = join(result, (Lib(f"builtins.{type(atom.value).__name__}"),))
        else:
            result = join(result, unknown("a type"))
    return result


def _exit(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    raise DeadEnd


def _exec(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    sources = strings_in(arguments.get(0))
    if len(sources) == len(arguments.get(0)) == 1:
        try:
            tree = ast.parse(sources[0])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise DeadEnd from None
        for each in ast.walk(tree):
            ast.copy_location(each, node)
        statements.run_block(interp, tree.body)
        return NONE
    interp.record.unresolved("any", "exec", "the code that is run is not known", interp.place(node))
    return NONE


def _eval(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    sources = strings_in(arguments.get(0))
    if len(sources) == len(arguments.get(0)) == 1:
        try:
            tree = ast.parse(sources[0].strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise DeadEnd from None
        for each in ast.walk(tree):
            ast.copy_location(each, node)
        return expressions.evaluate(interp, tree.body)
    if has_unknown(arguments.get(0)) or not sources:
        interp.record.unresolved("any", "eval", "the code that is run is not known", interp.place(node))
    return unknown("the value of code that is not known")


def _import(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0, "name"):
        if isinstance(atom, Const) and isinstance(atom.value, str):
            name = atom.value
            if name.startswith("."):
                package = strings_in(arguments.get(1, "package"))
                name = (package[0] if package else interp.frame.scope.module.package) + name
            result = join(result, interp.import_module(name.strip("."), node))
        else:
            interp.record.unresolved(
                "any", "import_module", "the module that is imported is not known", interp.place(node)
            )
            result = join(result, unknown("a module whose name is not known"))
    return result


def _extreme(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`max` and `min`: one of the items."""
    if len(arguments.positional) == 1:
        _key_call(interp, arguments, arguments.get(0), node)
        result = iteration.element_of(interp, arguments.get(0))
    else:
        result = NOTHING
        for value in arguments.positional:
            numbers_module.used_as_number(interp, value, node)
            result = join(result, value)
    return join(result, arguments.keywords.get("default", NOTHING)) or unknown("an item")


def _any_all(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return BOOL


def _iter(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (
        arguments.get(0)
        if len(arguments.positional) == 1
        else expressions_module.new_list(interp, None, unknown("an item"))
    )


def _from_keys(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`dict.fromkeys(keys, value)`."""
    state = DictState({})
    value = arguments.get(1, default=NONE)
    keys = iteration.items_of(interp, arguments.get(0))
    if keys is None:
        element = iteration.element_of(interp, arguments.get(0))
        return expressions.new_object(interp, "dict", state.set_unknown(element, value) if element else state)
    for key in keys:
        state = expressions.put(state, key, value)
    return expressions.new_object(interp, "dict", state)


def _print(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return NONE


def _super(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    for atom in arguments.get(0):
        if isinstance(atom, ClassAtom):
            return (Super(atom.info, arguments.get(1)),)
    return unknown("super()")


def _chr(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Text((Hole("any", reason="a character"),)),)


def _object(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Lib("builtins.object()"),)


def _issubclass(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    yes = no = False
    for atom in arguments.get(0):
        for other in atoms_of(arguments.get(1), ClassAtom):
            if isinstance(atom, ClassAtom):
                same = other.info in atom.info.mro
                yes, no = yes or same, no or not same
    return expressions_module.outcome_value((yes, no)) if yes or no else BOOL


def _system(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return const("Linux")


MODELS = {
    "platform.system": _system,
    "builtins.str": _str,
    "builtins.repr": _chr,
    "builtins.int": _number("int"),
    "builtins.float": _number("float"),
    "builtins.bool": _bool,
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.list": _sequence("list"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.dict": lambda interp, arguments, node: mappings.make_dict(interp, arguments, node),
    "builtins.dict.fromkeys": _from_keys,
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "builtins.next": _next,
    "builtins.iter": _iter,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.hasattr": _hasattr,
    "builtins.isinstance": _isinstance,
    "builtins.issubclass": _issubclass,
    "builtins.vars": _vars,
    "builtins.globals": _globals,
    "builtins.locals": _locals,
    "builtins.type": _type,
    "builtins.exit": _exit,
    "builtins.quit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
    "os.abort": _exit,
    "builtins.exec": _exec,
    "builtins.eval": _eval,
    "builtins.__import__": _import,
    "importlib.import_module": _import,
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.any": _any_all,
    "builtins.all": _any_all,
    "builtins.print": _print,
    "builtins.super": _super,
    "builtins.chr": _chr,
    "builtins.object": _object,
}
