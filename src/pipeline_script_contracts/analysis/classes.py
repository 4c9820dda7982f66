"""Classes of the analysed code: definition, fields and making objects."""

from __future__ import annotations

import ast

from . import (
    attributes,
    calls,
    descriptors,
    environment,
    escapes,
    expressions,
    imagined,
    inherited,
    library,
    mappings,
    sequences,
    statements,
    validators,
)
from . import library as library_module
from .atoms import CONTENT, NOTHING, ClassAtom, Const, Document, EnumMember, Function, Lib, Obj, Ref, Unknown, Value
from .containers import ListState
from .interpreter import Frame, Interpreter
from .scopes import ClassInfo, Scope
from .texts import with_step
from .values import const, join, unknown
from .words import words
from .written import annotation

_FLAVOURS = {
    "pydantic.BaseModel": "pydantic",
    "pydantic.RootModel": "pydantic",
    "pydantic.dataclasses.dataclass": "dataclass",
    "pydantic_settings.BaseSettings": "settings",
    "pydantic.BaseSettings": "settings",
    "typing.NamedTuple": "namedtuple",
    "enum.Enum": "enum",
    "enum.StrEnum": "enum",
    "enum.IntEnum": "enum",
    "enum.Flag": "enum",
    "enum.IntFlag": "enum",
    "typing.TypedDict": "typeddict",
}
_DATACLASSES = frozenset(
    {
        "dataclasses.dataclass",
        "dataclasses.dataclass()",
        "pydantic.dataclasses.dataclass",
        "pydantic.dataclasses.dataclass()",
        "attr.s",
        "attr.s()",
        "attr.attrs",
        "attrs.define",
        "attrs.define()",
        "attr.define",
        "attrs.frozen",
        "attrs.frozen()",
        "attr.dataclass",
    }
)
_SEEN_BASES = frozenset(
    words(
        """builtins.object abc.ABC typing.Protocol typing.Generic builtins.Exception builtins.ValueError
        builtins.RuntimeError enum.Enum builtins.str builtins.int builtins.dict builtins.list"""
    )
)


def define_class(interp: Interpreter, node: ast.ClassDef) -> None:
    """Runs a class definition."""
    scope = Scope("class", interp.frame.scope.module, interp.frame.scope)
    scope.captured = True
    each: Scope | None = scope.parent
    while each is not None and not each.captured:
        each.captured = True
        each = each.parent
    info = ClassInfo(node.name, interp.frame.scope.module, node, scope)
    for base in node.bases:
        value = expressions.evaluate(interp, base)
        _add_base(info, value)
        if isinstance(base, ast.Subscript) and value == (Lib("pydantic.RootModel"),):
            info.fields["root"] = None
            interp.infos[("annotation", info, "root")] = base.slice
    for keyword in node.keywords:
        expressions.evaluate(interp, keyword.value)
    for name in info.library:
        info.flavour = _FLAVOURS.get(name, info.flavour)
    info.text_enum = info.flavour == "enum" and info.is_a("builtins.str", "enum.StrEnum")
    _run_body(interp, info, node)
    if info.flavour == "enum":
        _collect_members(interp, info, node)
    descriptors.announce(interp, info, node)
    made: Value = (ClassAtom(info),)
    for decorator in reversed(node.decorator_list):
        made = _decorate(interp, info, expressions.evaluate(interp, decorator), made, decorator)
    interp.bind(node.name, made, node)
    _init_subclass(interp, info, node)


def _add_base(info: ClassInfo, base: Value) -> None:
    info.bases.append(base)
    for atom in base:
        if isinstance(atom, ClassAtom):
            info.mro.extend(each for each in atom.info.mro if each not in info.mro)
            info.library.extend(each for each in atom.info.library if each not in info.library)
            info.unseen = info.unseen or atom.info.unseen
            if atom.info.flavour != "plain":
                info.flavour = atom.info.flavour
        elif isinstance(atom, Lib):
            info.library.append(atom.name)
            info.unseen = info.unseen or atom.name not in _SEEN_BASES
        elif isinstance(atom, Unknown):
            info.unseen = True


def _run_body(interp: Interpreter, info: ClassInfo, node: ast.ClassDef) -> None:

    frame = Frame(info.scope, interp.store.depth)
    frame.cls = info
    interp.frames.append(frame)
    try:
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                if "ClassVar" not in annotation(info.module, statement.annotation):
                    info.fields[statement.target.id] = statement.value
                interp.infos[("annotation", info, statement.target.id)] = statement.annotation
            statements.run_block(interp, [statement])
            if isinstance(statement, ast.Assign) and ("field", statement.value) in interp.infos:  # `attr.ib()`
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        info.info.setdefault("calls", {})[target.id] = statement.value
    finally:
        interp.frames.pop()


def _collect_members(interp: Interpreter, info: ClassInfo, node: ast.ClassDef) -> None:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    value = interp.store.get(info.scope, target.id) or unknown("an enum value")
                    if any(isinstance(atom, Lib) and atom.name == "enum.auto()" for atom in value):
                        value = const(target.id.lower()) if info.text_enum else unknown("an automatic enum value")
                    member = EnumMember(info, target.id, value)
                    info.members[target.id] = member
                    interp.store.set(info.scope, target.id, (member,))


def _decorate(interp: Interpreter, info: ClassInfo, wrapper: Value, value: Value, node: ast.expr) -> Value:
    for atom in wrapper:
        if isinstance(atom, Lib):
            if atom.name in _DATACLASSES:
                info.flavour = "dataclass"
        elif isinstance(atom, Function):
            result = calls.call(interp, (atom,), calls.Arguments([value]), node)
            if not any(isinstance(each, Unknown) for each in result):
                return result
    return value


def _init_subclass(interp: Interpreter, info: ClassInfo, node: ast.ClassDef) -> None:
    """Runs a base's `__init_subclass__`, with which classes register themselves."""
    for base in info.mro[1:]:
        hook = interp.store.get(base.scope, "__init_subclass__")
        if hook is not None:
            keywords = {each.arg: expressions.evaluate(interp, each.value) for each in node.keywords if each.arg}
            calls.call(interp, hook, calls.Arguments([(ClassAtom(info),)], keywords), node)
            return


def instantiate(interp: Interpreter, info: ClassInfo, arguments: calls.Arguments, node: ast.AST) -> Value:
    """Makes an object of a class."""
    if info.flavour == "enum" and info.members:
        return _member_by_value(info, arguments)
    if info.flavour == "typeddict":
        return mappings.make_dict(interp, arguments, node)
    maker = attributes.class_attribute(interp, info, "__new__")
    obj = Obj("instance", info, set())
    result: Value = (Ref(obj),)
    if maker is not None and isinstance(maker[0], Function):
        made = calls.call(interp, maker, arguments.after((ClassAtom(info),)), node)
        if any(isinstance(atom, Ref) for atom in made):
            result = tuple(atom for atom in made if isinstance(atom, Ref))
            obj = result[0].obj  # type: ignore[attr-defined]
    if info.is_a("argparse.ArgumentParser"):
        obj.kind = "argparse.ArgumentParser"
        interp.store.set(obj, CONTENT, ListState())
    initialiser = attributes.class_attribute(interp, info, "__init__")
    if info.is_a("builtins.dict", "collections.UserDict", "collections.OrderedDict"):
        given = calls.Arguments() if initialiser is not None else arguments
        interp.store.set(obj, CONTENT, mappings.dict_state(interp, given))
    elif info.is_a("builtins.list", "collections.UserList"):
        interp.store.set(obj, CONTENT, ListState())
        if initialiser is None and arguments.positional:
            sequences.extend(interp, obj, arguments.get(0))
    if initialiser is not None:
        calls.call(interp, initialiser, arguments.after(result), node)
    elif info.flavour in ("dataclass", "pydantic", "settings", "namedtuple"):
        fill_fields(interp, info, obj, arguments, node)
        for hook in ("__post_init__", "model_post_init"):
            method = attributes.class_attribute(interp, info, hook)
            if method is not None:
                calls.call(interp, method, calls.Arguments([result]), node)
    elif info.unseen:
        _library_base(interp, info, obj, arguments, node)
    if info.flavour == "pydantic":
        validators.run_after(interp, info, obj, node)
    if info.unseen:
        inherited.made(interp, Ref(obj), node)
    return result


def _member_by_value(info: ClassInfo, arguments: calls.Arguments) -> Value:
    wanted = arguments.get(0)
    result: Value = NOTHING
    for member in info.members.values():
        assert isinstance(member, EnumMember)
        exact = all(isinstance(atom, Const) and not atom.soft for atom in (*wanted, *member.value))
        if not exact or any(atom in member.value for atom in wanted):
            result = join(result, (member,))
    return result or unknown("an enum member")


def _library_base(interp: Interpreter, info: ClassInfo, obj: Obj, arguments: calls.Arguments, node: ast.AST) -> None:
    """An object whose initialiser is a library's: what it is given is handed to that library."""
    name = next((each for each in info.library if each not in _SEEN_BASES), "")
    if name:
        library.call_library(interp, name, arguments, node)
    for cls in info.mro:
        for cell in interp.store.of(cls.scope):
            if isinstance(cell, tuple):
                escapes.hand_over(interp, cell, f"{info.name}, whose base class is a library's", node)


def all_fields(info: ClassInfo) -> dict[str, tuple[ClassInfo, ast.expr | None]]:
    """Gives the fields of a class, inherited ones first."""
    fields: dict[str, tuple[ClassInfo, ast.expr | None]] = {}
    for cls in reversed(info.mro):
        for name, default in cls.fields.items():
            fields[name] = (cls, default)
        for name, default in cls.info.get("calls", {}).items() if info.flavour == "dataclass" else ():
            fields.setdefault(name, (cls, default))
    return fields


def _filled_fields(interp: Interpreter, info: ClassInfo) -> list[tuple[str, ClassInfo, ast.expr | None, list[str]]]:
    """Gives the fields of a class with the names under which they are given."""
    key = ("filled fields", info)
    if key not in interp.infos:
        interp.infos[key] = [
            (name, cls, default, [name, *_aliases(interp, default)])
            for name, (cls, default) in all_fields(info).items()
        ]
    found: list[tuple[str, ClassInfo, ast.expr | None, list[str]]] = interp.infos[key]
    return found


def fill_fields(interp: Interpreter, info: ClassInfo, obj: Obj, arguments: calls.Arguments, node: ast.AST) -> None:
    """Gives the fields of a dataclass, pydantic model or named tuple their values."""
    for index, (name, cls, default, aliases) in enumerate(_filled_fields(interp, info)):
        positional = index if info.flavour != "pydantic" else None
        value = arguments.get(positional, *aliases)
        if any(isinstance(atom, Document) for atom in value):
            value = unknown("a hyperparameter")
        if not value or (arguments.rest_keywords and not any(alias in arguments.keywords for alias in aliases)):
            own = field_default(interp, cls, name, default, node)
            value = join(own, value) if own else value or unknown(f"field {name!r} of {info.name}")
        given = any(alias in arguments.keywords for alias in aliases)
        if info.flavour == "settings" and name not in arguments.keywords:
            value = _from_environment(interp, info, name, value, default, node)
        value = _converted(interp, cls, name, value)
        if info.flavour == "pydantic" and value and all(isinstance(atom, Unknown) for atom in value):
            annotation = interp.infos[("annotation", cls, name)]
            value = imagined.imagine(interp, annotation, cls.scope, node) or value
        changed = validators.validated(interp, info, name, value, given or bool(arguments.rest_keywords), obj)
        value = changed if given or not arguments.rest_keywords else join(value, changed)
        obj.info.add(name)
        interp.store.set(obj, name, with_step(value, interp.step(f"{info.name}.{name}", default or node)))
    if info.flavour == "pydantic":
        for name, value in arguments.keywords.items():
            if name not in obj.info:
                obj.info.add(name)
                interp.store.set(obj, name, value)


def _aliases(interp: Interpreter, default: ast.expr | None) -> list[str]:
    if isinstance(default, ast.Call):
        return [
            each.value.value
            for each in default.keywords
            if each.arg in ("alias", "validation_alias")
            and isinstance(each.value, ast.Constant)
            and isinstance(each.value.value, str)
        ]
    return []


def field_default(interp: Interpreter, cls: ClassInfo, name: str, default: ast.expr | None, node: ast.AST) -> Value:
    """Gives the default of a field, or nothing where it has none."""
    if default is None:
        return NOTHING
    value = interp.store.get(cls.scope, name)
    if not isinstance(default, ast.Call):
        return value if isinstance(value, tuple) else NOTHING
    made = interp.infos.get(("field", default))
    if made is None:
        return value if isinstance(value, tuple) else NOTHING
    if made.keywords.get("default") or made.positional:
        return _not_ellipsis(made.get(0, "default"))
    factory = made.keywords.get("default_factory") or made.keywords.get("factory")
    return calls.call(interp, factory, calls.Arguments([]), node) if factory else NOTHING


def _not_ellipsis(value: Value) -> Value:
    return tuple(atom for atom in value if not (isinstance(atom, Const) and atom.value is ...))


def _converted(interp: Interpreter, cls: ClassInfo, name: str, value: Value) -> Value:
    """Applies what a pydantic model does to a field: a path is made of a string, a number is read from one."""
    if cls.flavour not in ("pydantic", "settings"):
        return value
    node = interp.infos[("annotation", cls, name)]
    key = ("annotation as text", node)
    if key not in interp.infos:
        interp.infos[key] = annotation(cls.module, node)
    return library_module.conversions.convert(interp, interp.infos[key], value)


def _from_environment(
    interp: Interpreter, info: ClassInfo, name: str, default: Value, node: ast.expr | None, place: ast.AST
) -> Value:
    """A field of a settings class is read from the environment."""
    prefix = ""
    for cls in info.mro:
        config = interp.store.get(cls.scope, "model_config") or _inner_config(interp, cls)
        for atom in config or ():
            if mappings.mapping_state(interp, atom) is not None:
                for each in mappings.mapping_value(interp, (atom,), "env_prefix"):
                    if isinstance(each, Const) and isinstance(each.value, str):
                        prefix = each.value
    names = _aliases(interp, node) or [f"{prefix}{name}".upper()]
    has_default = node is not None and default
    written = next((interp.infos[key] for cls in info.mro if (key := ("annotation", cls, name)) in interp.infos), place)
    return environment.read(interp, const(names[0]), default if has_default else None, written)


def _inner_config(interp: Interpreter, cls: ClassInfo) -> Value:
    """Gives the settings of the older form, a class `Config` in the body, as a mapping."""
    for atom in interp.store.get(cls.scope, "Config") or ():
        if isinstance(atom, ClassAtom):
            prefix = interp.store.get(atom.info.scope, "env_prefix") or const("")
            return mappings.make_dict(interp, calls.Arguments([], {"env_prefix": prefix}), atom.info.node)
    return NOTHING
