"""Abstract values: bounded sets of atoms.

A value is a tuple of atoms without repetition: the things that an expression may be at run time. The empty tuple is
the value of code that does not run. An `Unknown` among the atoms says that it may be something else besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from ..findings import ChainStep
from .patterns import Parts

Chain = tuple[ChainStep, ...]
SERIALS = count()  # scopes and objects are numbered in the order in which they are made


class Atom:
    """One thing that a value may be. Atoms are compared by what they are, never by the chain that led to them."""

    __slots__ = ()


Value = tuple[Atom, ...]


class Const(Atom):
    """A Python constant.

    Attributes:
        value: The constant.
        soft: True when the platform or the command line may replace it, so that no branch is decided by it.
        via: The steps that led to it.
        tag: What stands behind a string: a hyperparameter whose string it stands for, else empty.
    """

    __slots__ = ("soft", "value", "via")

    def __init__(self, value: Any, soft: bool = False, via: Chain = ()) -> None:
        self.value = value
        self.soft = soft
        self.via = via

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Const
            and type(self.value) is type(other.value)
            and (self.value is other.value or self.value == other.value)
            and self.soft == other.soft
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


class Text(Atom):
    """A string with holes."""

    __slots__ = ("parts", "soft", "via")

    def __init__(self, parts: Parts, via: Chain = ()) -> None:
        self.parts = parts
        self.via = via
        self.soft = True

    def __eq__(self, other: object) -> bool:
        return type(other) is Text and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


class PathAtom(Atom):
    """A pathlib path; `text` is what `str()` of it gives."""

    __slots__ = ("text",)

    def __init__(self, text: Const | Text) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is PathAtom and self.text == other.text

    def __hash__(self) -> int:
        return hash((PathAtom, self.text))


class TupleAtom(Atom):
    """A tuple of known length."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Value]) -> None:
        self.items = tuple(items)

    def __eq__(self, other: object) -> bool:
        return type(other) is TupleAtom and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)


class Obj:
    """The identity of a mutable object; its contents live in the store.

    Attributes:
        kind: `list`, `dict`, `set`, `instance` or the name of a modelled class such as `argparse.ArgumentParser`.
        cls: The class of an instance.
        info: What a model keeps about it that never changes.
    """

    __slots__ = ("cls", "info", "kind", "serial")

    def __init__(self, kind: str, cls: Any = None, info: Any = None) -> None:
        self.serial = next(SERIALS)
        self.kind = kind
        self.cls = cls
        self.info = info


class Ref(Atom):
    """A reference to an object."""

    __slots__ = ("obj",)

    def __init__(self, obj: Obj) -> None:
        self.obj = obj

    def __eq__(self, other: object) -> bool:
        return type(other) is Ref and self.obj is other.obj

    def __hash__(self) -> int:
        return id(self.obj)


class Function(Atom):
    """A function of the analysed code, with what it closes over.

    Attributes:
        info: Its source (`scopes.FunctionInfo`).
        scope: The scope that it was defined in.
        defaults: The values of its parameters' defaults, by parameter.
        cls: The class in whose body it stands.
        binding: `plain`, `static`, `class` or `property`.
    """

    __slots__ = ("binding", "cls", "defaults", "info", "scope")

    def __init__(
        self, info: Any, scope: Any, defaults: dict[str, Value], cls: Any = None, binding: str = "plain"
    ) -> None:
        self.info = info
        self.scope = scope
        self.defaults = defaults
        self.cls = cls
        self.binding = binding

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Function
            and self.info is other.info
            and self.scope is other.scope
            and self.binding == other.binding
            and self.defaults == other.defaults
        )

    def __hash__(self) -> int:
        return hash((id(self.info), id(self.scope)))


class Bound(Atom):
    """A method with its object: `function` is called with `owner` in front."""

    __slots__ = ("function", "owner")

    def __init__(self, function: Function, owner: Value) -> None:
        self.function = function
        self.owner = owner

    def __eq__(self, other: object) -> bool:
        return type(other) is Bound and self.function == other.function and self.owner == other.owner

    def __hash__(self) -> int:
        return hash((self.function, self.owner))


class Method(Atom):
    """A method of a value that the analyser itself models: `"text".join`, `items.append`, `path.glob`."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Atom, name: str) -> None:
        self.owner = owner
        self.name = name

    def __eq__(self, other: object) -> bool:
        return type(other) is Method and self.name == other.name and self.owner == other.owner

    def __hash__(self) -> int:
        return hash((self.owner, self.name))


class Partial(Atom):
    """`functools.partial`: a callable with arguments that are already bound."""

    __slots__ = ("function", "keywords", "positional")

    def __init__(self, function: Value, positional: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]) -> None:
        self.function = function
        self.positional = positional
        self.keywords = keywords

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Partial
            and self.function == other.function
            and self.positional == other.positional
            and self.keywords == other.keywords
        )

    def __hash__(self) -> int:
        return hash((self.function, self.positional))


class ClassAtom(Atom):
    """A class of the analysed code (`scopes.ClassInfo`)."""

    __slots__ = ("info",)

    def __init__(self, info: Any) -> None:
        self.info = info

    def __eq__(self, other: object) -> bool:
        return type(other) is ClassAtom and self.info is other.info

    def __hash__(self) -> int:
        return id(self.info)


class Super(Atom):
    """`super()` inside a method."""

    __slots__ = ("cls", "owner")

    def __init__(self, cls: Any, owner: Value) -> None:
        self.cls = cls
        self.owner = owner


class EnumMember(Atom):
    """A member of an enum of the analysed code."""

    __slots__ = ("cls", "name", "value")

    def __init__(self, cls: Any, name: str, value: Value) -> None:
        self.cls = cls
        self.name = name
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is EnumMember and self.cls is other.cls and self.name == other.name

    def __hash__(self) -> int:
        return hash((id(self.cls), self.name))


class ModuleAtom(Atom):
    """A module of the analysed code (`scopes.ModuleInfo`)."""

    __slots__ = ("info",)

    def __init__(self, info: Any) -> None:
        self.info = info

    def __eq__(self, other: object) -> bool:
        return type(other) is ModuleAtom and self.info is other.info

    def __hash__(self) -> int:
        return id(self.info)


class Lib(Atom):
    """Something of a library that is not analysed, by its dotted name; `()` stands for the result of a call."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return type(other) is Lib and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def root(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0].partition("(")[0]


class Handle(Atom):
    """An open file: what was opened and how."""

    __slots__ = ("path", "sink", "writes")

    def __init__(self, path: Value, writes: bool, sink: str = "open") -> None:
        self.path = path
        self.writes = writes
        self.sink = sink

    def __eq__(self, other: object) -> bool:
        return type(other) is Handle and self.path == other.path and self.writes == other.writes

    def __hash__(self) -> int:
        return hash((Handle, self.path))


class Document(Atom):
    """The parsed content of a file or variable whose keys are facts: SageMaker's hyperparameters.

    Attributes:
        kind: `hyperparameters`.
        via: How it was reached: `json` or `env`.
    """

    __slots__ = ("kind", "via")

    def __init__(self, kind: str, via: str = "json") -> None:
        self.kind = kind
        self.via = via

    def __eq__(self, other: object) -> bool:
        return type(other) is Document and self.kind == other.kind and self.via == other.via

    def __hash__(self) -> int:
        return hash((Document, self.kind, self.via))


class Unknown(Atom):
    """Anything. The reason is for people; two unknowns are equal."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __eq__(self, other: object) -> bool:
        return type(other) is Unknown

    def __hash__(self) -> int:
        return 7


class Undefined(Atom):
    """The absence of a variable or attribute on some way here."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is Undefined

    def __hash__(self) -> int:
        return 11


CONTENT = "[]"  # the cell that holds what a container holds
ANY = "*"  # the cell that holds what was set under a name that is not known
CAUGHT = "a caught exception"
UNDEFINED = Undefined()
NOTHING: Value = ()
NONE: Value = (Const(None),)
TRUE: Value = (Const(True),)
FALSE: Value = (Const(False),)
BOOL: Value = (Const(True, soft=True), Const(False, soft=True))
