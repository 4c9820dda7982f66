"""`functools`, `collections`, `itertools`, `dataclasses`, `copy`, threads and executors."""

from __future__ import annotations

import ast
import itertools
from typing import Any

from .. import (
    attributes,
    calls,
    classes,
    contexts,
    escapes,
    expressions,
    functions,
    iteration,
    mappings,
    subscripts,
)
from .. import fields as fields_module
from ..atoms import CONTENT, FALSE, NONE, NOTHING, ClassAtom, Const, Lib, Obj, Partial, Ref, TupleAtom, Value
from ..containers import DictState, ListState, text_key
from ..interpreter import Interpreter, strings_in
from ..scopes import ClassInfo, Scope
from ..values import join, unknown
from ..widening import widened_value
from . import outside

MAX_ROUNDS = 3
MAX_PRODUCT = 64


def _partial(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    if not arguments.positional:
        return unknown("a partial of nothing")
    function, *bound = arguments.positional
    return (Partial(function, tuple(bound), tuple(arguments.keywords.items())),)


def _identity_decorator(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`lru_cache(f)`: gives back the function."""
    return arguments.get(0) if arguments.positional else (Lib("functools.identity"),)


def _wraps(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`functools.wraps(f)`: what it decorates stands for `f`."""
    return (Ref(Obj("functools.wraps", info=arguments.get(0, "wrapped"))),)


def _update_wrapper(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    functions.stands_for(interp, arguments.get(0, "wrapper"), arguments.get(1, "wrapped"))
    return arguments.get(0, "wrapper") or unknown("nothing")


def _identity(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return arguments.get(0) or unknown("nothing")


def _defaultdict(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    factory = arguments.get(0)
    rest = calls.Arguments(arguments.positional[1:], arguments.keywords, arguments.rest, arguments.rest_keywords)
    made = mappings.make_dict(interp, rest, node)
    obj = Obj("dict", info=factory or None)
    interp.store.set(obj, CONTENT, interp.store.get(made[0].obj, CONTENT))  # type: ignore[attr-defined]
    return (Ref(obj),)


def _chain_map(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    state = DictState({})
    for value in reversed(arguments.positional):
        state = expressions.merge_mapping(interp, state, value)
    return expressions.new_object(interp, "dict", state)


def _namespace(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    made = mappings.make_dict(interp, calls.Arguments([], arguments.keywords, NOTHING, arguments.rest_keywords), node)
    obj = Obj("namespace")
    interp.store.set(obj, CONTENT, interp.store.get(made[0].obj, CONTENT))  # type: ignore[attr-defined]
    return (Ref(obj),)


def _deep(interp: Interpreter, state: DictState, levels: int) -> DictState:
    """Makes the dicts in a dict what it is itself, one whose keys are attributes too."""
    for key, value in state.entries.items():
        inner = mappings.mapping_state(interp, value[0]) if len(value) == 1 and levels else None
        if inner is not None:
            state = state.set(key, expressions.new_object(interp, "namespace", _deep(interp, inner, levels - 1)))
    return state


def _attribute_dict(name: str) -> Any:
    """Makes a dict whose keys are attributes too, out of a dict that is known; `${...}` in it is not followed."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        if all(mappings.mapping_state(interp, atom) is not None for atom in arguments.get(0)) and (
            "${" not in ast.unparse(node)
        ):
            return expressions.new_object(interp, "namespace", _deep(interp, mappings.dict_state(interp, arguments), 4))
        outside.notice(interp, name, name.partition(".")[0], arguments, node)
        escapes.delegate(interp, arguments, name, node, f"{name} is not known")
        return (Lib(f"{name}()"),)

    return run


_ATTRIBUTE_DICTS = (
    "easydict.EasyDict",
    "munch.Munch",
    "box.Box",
    "addict.Dict",
    "omegaconf.DictConfig",
    "omegaconf.OmegaConf.create",
)


def _namedtuple(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    names = strings_in(arguments.get(0, "typename")) or ["tuple"]
    module = interp.frame.scope.module
    info = ClassInfo(names[0], module, None, Scope("class", module, interp.frame.scope))
    info.flavour = "namedtuple"
    fields = arguments.get(1, "field_names")
    for text in strings_in(fields):
        for name in text.replace(",", " ").split():
            info.fields[name] = None
    for item in iteration.items_of(interp, fields) or () if not strings_in(fields) else ():
        inner = iteration.items_of(interp, item)
        for name in strings_in(item) or (strings_in(inner[0]) if inner else []):
            info.fields[name] = None
    _defaults(interp, info, arguments.get(None, "defaults"))
    return (ClassAtom(info),)


def _defaults(interp: Interpreter, info: ClassInfo, defaults: Value) -> None:
    values = iteration.items_of(interp, defaults) if defaults else None
    names = list(info.fields)
    for name, value in zip(names[len(names) - len(values or ()) :], values or (), strict=True):
        info.fields[name] = ast.Constant(None)
        interp.store.set(info.scope, name, value)


def _field(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`dataclasses.field(...)`, `pydantic.Field(...)`: remembered for when an object is made."""
    interp.infos[("field", node)] = arguments
    interp.pinned.append(arguments)
    return arguments.get(None, "default") or (Lib("dataclasses.field()"),)


def _pydantic_field(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    interp.infos[("field", node)] = arguments
    interp.pinned.append(arguments)
    default = arguments.get(0, "default")
    return default or (Lib("pydantic.Field()"),)


def _asdict(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0):
        if isinstance(atom, Ref) and atom.obj.cls is not None:
            result = join(result, fields_module.dump(interp, atom, node))
        else:
            result = join(result, unknown("the fields of something that is not known"))
    return result


def _replace(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`dataclasses.replace`: makes a new object of the old one's fields and the changes."""
    result: Value = NOTHING
    for atom in arguments.get(0):
        if not isinstance(atom, Ref) or atom.obj.cls is None:
            result = join(result, (atom,))
            continue
        keywords: dict[str, Value] = {}
        for name, (_, default) in classes.all_fields(atom.obj.cls).items():
            declared = interp.infos.get(("field", default))
            if declared is None or declared.get(None, "init") != FALSE:
                keywords[name] = interp.store.get(atom.obj, name) or unknown(f"field {name!r}")
        changed = calls.Arguments([], {**keywords, **arguments.keywords})
        result = join(result, classes.instantiate(interp, atom.obj.cls, changed, node))
    return result


def _fields(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items: list[Value] = []
    for atom in arguments.get(0):
        info = atom.info if isinstance(atom, ClassAtom) else atom.obj.cls if isinstance(atom, Ref) else None
        for name in info.fields if info is not None else ():
            state = DictState({}).set(text_key("name"), (Const(name),))
            items.append(expressions.new_object(interp, "namespace", state))
    return expressions.new_list(interp, items)


def _copy(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0):
        if isinstance(atom, Ref):
            state = interp.store.get(atom.obj, CONTENT)
            if isinstance(state, (ListState, DictState)):
                obj = Obj(atom.obj.kind, info=atom.obj.info)
                interp.store.set(obj, CONTENT, state)
                result = join(result, (Ref(obj),))
                continue
            if atom.obj.cls is not None:
                result = join(result, fields_module.copy(interp, atom, calls.Arguments()))
                continue
        result = join(result, (atom,))
    return result


def _product(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    columns = [iteration.items_of(interp, value) for value in arguments.positional]
    known = [column for column in columns if column is not None]
    if len(known) == len(columns) and not arguments.keywords:
        rows = list(itertools.islice(itertools.product(*known), MAX_PRODUCT + 1))
        if len(rows) <= MAX_PRODUCT:
            return expressions.new_list(interp, [(TupleAtom(row),) for row in rows])
    elements = [iteration.element_of(interp, value) for value in arguments.positional]
    return expressions.new_list(
        interp, None, (TupleAtom(elements),) if all(elements) and not arguments.keywords else unknown("an item")
    )


def _chain(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    values = arguments.positional
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "from_iterable":
        values = iteration.items_of(interp, arguments.get(0)) or [iteration.element_of(interp, arguments.get(0))]
    items: list[Value] = []
    rest: Value = NOTHING
    exact = True
    for value in values:
        known = iteration.items_of(interp, value)
        exact = exact and known is not None
        items.extend(known or [])
        rest = join(rest, iteration.element_of(interp, value))
    return expressions.new_list(interp, items) if exact else expressions.new_list(interp, None, rest)


def _any_item(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return expressions.new_list(interp, None, iteration.element_of(interp, arguments.get(0)) or unknown("an item"))


def _reduce(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(1))
    value = arguments.get(2)
    if items is None or len(items) > MAX_PRODUCT:
        return _reduce_any(interp, arguments, value, node)
    for item in items:
        value = calls.call(interp, arguments.get(0), calls.Arguments([value, item]), node) if value else item
    return value or unknown("an empty reduction")


def _reduce_any(interp: Interpreter, arguments: Any, start: Value, node: ast.AST) -> Value:
    """`reduce` over any number of items: to a bounded fixpoint."""
    element = iteration.element_of(interp, arguments.get(1))
    value = start or element
    for _ in range(MAX_ROUNDS):
        given = calls.Arguments([value, element])
        joined = join(value, run_elsewhere(interp, arguments.get(0), given, node))
        grown = value if joined == value else widened_value(joined)
        if grown == value:
            return value
        value = grown
    return join(value, unknown("a reduction of values that are not known"))


def _thread(first: int) -> Any:
    """Models `Thread(target=f, args=(...))` and `Timer(1, f, (...))`, which run the function."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        target = arguments.get(1, "target", "function")
        if target:
            given = arguments.get(first, "args") or (TupleAtom([]),)
            items = iteration.items_of(interp, given)
            rest = NOTHING if items is not None else iteration.element_of(interp, given)
            keywords: dict[str, Value] = {}
            for atom in arguments.get(first + 1, "kwargs"):
                state = mappings.mapping_state(interp, atom)
                for key, value in state.entries.items() if state is not None else ():
                    if isinstance(key, tuple) and isinstance(key[1], str):
                        keywords[key[1]] = value
            run_elsewhere(interp, target, calls.Arguments(items or [], keywords, rest), node)
        return (Lib("threading.Thread()"),)

    return run


def run_elsewhere(interp: Interpreter, function: Value, arguments: Any, node: ast.AST) -> Value:
    """Runs a function elsewhere: whether it fails does not matter here."""
    result, changes = interp.explore(lambda: calls.call(interp, function, arguments, node))
    interp.store.merge([{}, changes] if changes is not None else [{}])
    return result or unknown("the result of a function that fails")


def _spawn(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    items = iteration.items_of(interp, arguments.get(1, "args") or (TupleAtom([]),)) or []
    return run_elsewhere(interp, arguments.get(0, "fn"), calls.Arguments([unknown("a rank"), *items]), node)


def _submit(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    function = arguments.get(0, "func", "fn")
    given = calls.Arguments(arguments.positional[1:], arguments.keywords, arguments.rest, arguments.rest_keywords)
    result = run_elsewhere(interp, function, given, node)
    return expressions.new_object(interp, "namespace", DictState({}).set(text_key("value"), result))


def _pool_map(star: bool) -> Any:
    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        function = arguments.get(0, "func", "fn")
        sources = arguments.positional[1:] or [arguments.get(1, "iterable") or unknown("what is mapped over")]
        elements = [iteration.element_of(interp, source) for source in sources]
        if star:
            rows = [iteration.items_of(interp, (atom,)) or [] for atom in elements[0]]
            results = [run_elsewhere(interp, function, calls.Arguments(list(row)), node) for row in rows]
        else:
            columns = [iteration.items_of(interp, source) for source in sources]
            known = [column for column in columns if column is not None and len(column) <= MAX_PRODUCT]
            rows_of = list(zip(*known, strict=False)) if len(known) == len(columns) else [tuple(elements)]
            results = [run_elsewhere(interp, function, calls.Arguments(list(row)), node) for row in rows_of if all(row)]
        joined: Value = NOTHING
        for each in results:
            joined = join(joined, each)
        return expressions.new_list(interp, None, joined)

    return run


def _delayed(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return arguments.get(0) or unknown("a delayed function")


def _joblib_parallel(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    element = iteration.element_of(interp, arguments.get(0))
    return expressions.new_list(interp, None, element)


def _caller(kind: str) -> Any:
    """Models `operator.methodcaller` and its like: remembered until it is called."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        return (Ref(Obj(f"operator.{kind}", info=arguments)),)

    return run


def call_operator(interp: Interpreter, made: Obj, arguments: Any, node: ast.AST) -> Value:
    """Calls what `operator.methodcaller`, `itemgetter` or `attrgetter` made."""
    given, owner = made.info, arguments.get(0)
    if made.kind == "operator.methodcaller":
        result: Value = NOTHING
        for name in strings_in(given.get(0)):
            method = attributes.load_attribute(interp, owner, name, node)
            rest = calls.Arguments(given.positional[1:], given.keywords, given.rest, given.rest_keywords)
            result = join(result, calls.call(interp, method, rest, node))
        return result or unknown("a method whose name is not known")
    results: list[Value] = []
    for key in given.positional:
        if made.kind == "operator.itemgetter":
            results.append(subscripts.get_item(interp, owner, key, node))
        else:
            value = owner
            for name in (strings_in(key) or [""])[0].split("."):
                value = attributes.load_attribute(interp, value, name, node)
            results.append(value)
    return results[0] if len(results) == 1 else (TupleAtom(results),)


def _apply(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`pool.apply(f, args, kwds)`."""
    items = iteration.items_of(interp, arguments.get(1, "args") or (TupleAtom([]),)) or []
    given = calls.Arguments(list(items))
    for atom in arguments.get(2, "kwds"):
        calls.unpack_mapping(interp, (atom,), given)
    return run_elsewhere(interp, arguments.get(0, "func"), given, node)


def _holding(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`nullcontext(value)` and `closing(value)`: entering them gives the value."""
    return (Ref(Obj("contextlib.nullcontext", info=arguments.get(0) or NONE)),)


def _change_folder(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Ref(Obj("contextlib.chdir", info=arguments.get(0, "path"))),)


def _enter_context(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    return contexts.enter(interp, arguments.get(0), node)[0]


def _suppress(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    return (Lib("contextlib.suppress()"),)


def _call_argument(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`atexit.register(f, ...)`, `asyncio.run(f())`: runs what it is given."""
    if not arguments.positional:
        return NONE
    function, *rest = arguments.positional
    run_elsewhere(interp, function, calls.Arguments(rest, arguments.keywords), node)
    return NONE


_EXECUTORS = (
    "concurrent.futures.ThreadPoolExecutor()",
    "concurrent.futures.ProcessPoolExecutor()",
    "multiprocessing.Pool()",
    "multiprocessing.pool.ThreadPool()",
    "multiprocessing.pool.Pool()",
    "multiprocessing.get_context().Pool()",
    "multiprocessing.get_context()",
    "concurrent.futures.thread.ThreadPoolExecutor()",
)
MODELS: dict[str, Any] = {
    "functools.partial": _partial,
    "functools.wraps": _wraps,
    "functools.update_wrapper": _update_wrapper,
    "operator.methodcaller": _caller("methodcaller"),
    "operator.itemgetter": _caller("itemgetter"),
    "operator.attrgetter": _caller("attrgetter"),
    "contextlib.chdir": _change_folder,
    "pydantic_settings.SettingsConfigDict": lambda interp, arguments, node: mappings.make_dict(interp, arguments, node),
    "pydantic.ConfigDict": lambda interp, arguments, node: mappings.make_dict(interp, arguments, node),
    "functools.identity": _identity,
    "functools.lru_cache": _identity_decorator,
    "functools.cache": _identity_decorator,
    "functools.lru_cache()": _identity,
    "functools.reduce": _reduce,
    "collections.defaultdict": _defaultdict,
    "collections.OrderedDict": lambda interp, arguments, node: mappings.make_dict(interp, arguments, node),
    "collections.ChainMap": _chain_map,
    "collections.namedtuple": _namedtuple,
    "collections.deque": _any_item,
    "types.SimpleNamespace": _namespace,
    "types.MappingProxyType": _identity,
    "argparse.Namespace": _namespace,
    **{name: _attribute_dict(name) for name in _ATTRIBUTE_DICTS},
    "omegaconf.OmegaConf.to_container": _identity,
    "dataclasses.field": _field,
    "attr.ib": _field,
    "attrs.field": _field,
    "attr.field": _field,
    "pydantic.Field": _pydantic_field,
    "dataclasses.asdict": _asdict,
    "attr.asdict": _asdict,
    "attrs.asdict": _asdict,
    "dataclasses.replace": _replace,
    "dataclasses.fields": _fields,
    "copy.copy": _copy,
    "copy.deepcopy": _copy,
    "itertools.product": _product,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain,
    "itertools.islice": _any_item,
    "itertools.cycle": _any_item,
    "tqdm.tqdm": lambda interp, arguments, node: arguments.get(0, "iterable") or (Lib("tqdm.tqdm()"),),
    "tqdm.auto.tqdm": lambda interp, arguments, node: arguments.get(0, "iterable") or (Lib("tqdm.tqdm()"),),
    "tqdm.notebook.tqdm": lambda interp, arguments, node: arguments.get(0, "iterable") or (Lib("tqdm.tqdm()"),),
    "rich.progress.track": lambda interp, arguments, node: arguments.get(0, "sequence") or unknown("nothing"),
    "typing.cast": lambda interp, arguments, node: arguments.get(1) or unknown("nothing"),
    "threading.Thread": _thread(3),
    "threading.Timer": _thread(2),
    "multiprocessing.Process": _thread(3),
    "multiprocessing.spawn": _spawn,
    "torch.multiprocessing.spawn": _spawn,
    "joblib.delayed": _delayed,
    "joblib.Parallel()": _joblib_parallel,
    "contextlib.ExitStack().enter_context": _enter_context,
    "contextlib.closing": _holding,
    "contextlib.nullcontext": _holding,
    "contextlib.suppress": _suppress,
    "atexit.register": _call_argument,
    "asyncio.run": _identity,
    "asyncio.gather": lambda interp, arguments, node: expressions.new_list(interp, list(arguments.positional)),
    "asyncio.to_thread": _call_argument,
    **{f"{name}.submit": _submit for name in _EXECUTORS},
    **{f"{name}.apply_async": _apply for name in _EXECUTORS},
    **{f"{name}.apply": _apply for name in _EXECUTORS},
    **{f"{name}.map": _pool_map(star=False) for name in _EXECUTORS},
    **{f"{name}.imap": _pool_map(star=False) for name in _EXECUTORS},
    **{f"{name}.imap_unordered": _pool_map(star=False) for name in _EXECUTORS},
    **{f"{name}.starmap": _pool_map(star=True) for name in _EXECUTORS},
}
