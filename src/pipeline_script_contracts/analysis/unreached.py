"""Methods that nothing was seen to call, and that an object nobody knows may have: what else a script may do.

A name that is called on an object that is not known (`job.run()`, the object unpickled, taken from a registry, sent to
a generator) may mean any method of that name. Such a method is not followed, for it may never be called; but that it
stands there is a reason not to say that the script never does what the method does. The same goes for the methods of a
class that is given to a library by a decorator.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from .scopes import ModuleInfo
from .words import words
from .written import dotted, last_name

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TOUCHES_FILES = re.compile(
    r"(open|(im|f)?(read|write|load|save|dump)(_.*|txt|z|v)?|to_(csv|parquet|json|pickle|feather|excel|hdf)"
    r"|from_(file|pretrained|csv|json)|copy(2|file|tree)|extractall|glob|rglob|listdir|iterdir|scandir"
    r"|unpack_archive|make_archive|download(_file|_fileobj)?|savefig)"
)
_LEAVE_ALONE = frozenset(  # decorators that only add to a class
    words(
        """dataclass define frozen mutable attrs attrib s total_ordering final runtime_checkable unique verify
        add_start_docstrings deprecated typechecked beartype register_keras_serializable register_pytree_node_class"""
    )
)
_PARSES_ARGUMENTS = frozenset({"add_argument", "parse_args", "parse_known_args"})


@dataclass(eq=False)
class _Code:
    """A function, or what stands outside of functions, by the names and texts in it."""

    label: str = ""
    method: bool = False
    handed: bool = False
    on_objects: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def take(self, node: ast.AST) -> None:
        """Adds a node without what is below it."""
        if isinstance(node, ast.Attribute):
            self.attributes.add(node.attr)
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                self.on_objects.add(node.attr)
        elif isinstance(node, ast.Name):
            self.names.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.texts.add(node.value)


@dataclass
class Unreached:
    """What may be called although nothing was seen to call it; it is looked for when it is asked for.

    Attributes:
        modules: The modules that ran.
        entered: The functions that were followed.
        served: Whether a server out of sight may run the classes that descend from a library's.
    """

    modules: list[ModuleInfo]
    entered: frozenset[ast.AST]
    served: bool = False

    def that_speaks_of(self, text: str) -> str:
        """Tells which method has a text in it, or a name that a module gives to the text; empty for none."""
        for code in self._found:
            if text in code.texts or any(name in code.names for name in self._named.get(text, ())):
                return code.label
        return ""

    def that_uses(self, path: str) -> str:
        """Tells which method calls what reads or writes files, where the program speaks of a path at all."""
        ran, others = self._sorted
        last = re.compile(rf"(?<![a-z0-9]){re.escape(path.rstrip('/').rpartition('/')[2])}(?![a-z0-9])", re.IGNORECASE)
        touching = (code.label for code in self._found if any(map(_TOUCHES_FILES.fullmatch, _called(code))))
        label = next(touching, "")
        spoken_of = label and any(map(last.search, chain(ran.texts, *(code.texts for code in others.values()))))
        return label if spoken_of else ""

    @property
    def that_parses_arguments(self) -> str:
        """A method that parses the command line; empty for none."""
        return next((code.label for code in self._found if code.attributes & _PARSES_ARGUMENTS), "")

    @cached_property
    def _sorted(self) -> tuple[_Code, dict[ast.AST, _Code]]:
        """Gives what ran, taken together, and the functions that did not."""
        ran, others = _Code(), dict[ast.AST, _Code]()
        for module in self.modules:
            pending: list[tuple[ast.AST, _Code, str, bool]] = [(each, ran, "", False) for each in _body(module)]
            while pending:
                node, code, owner, handed = pending.pop()
                if isinstance(node, _FUNCTIONS) and code is ran and node not in self.entered:
                    label = f"{owner}{node.name} ({module.path.name} line {node.lineno})"
                    code = others[node] = _Code(label, bool(owner), handed)
                    code.texts.add(node.name)
                code.take(node)
                inner = (
                    f"{node.name}." if isinstance(node, ast.ClassDef) else "" if isinstance(node, _FUNCTIONS) else owner
                )
                if isinstance(node, ast.ClassDef):
                    handed = any(self._hands_over(module, each) for each in node.decorator_list)
                    handed = handed or (self.served and any(self._is_of_library(module, each) for each in node.bases))
                pending.extend((child, code, inner, handed) for child in ast.iter_child_nodes(node))
        return ran, others

    def _hands_over(self, module: ModuleInfo, decorator: ast.expr) -> bool:
        """Tells whether a decorator of a class gives the class to code out of sight."""
        last = last_name(module, decorator.func if isinstance(decorator, ast.Call) else decorator)
        return last not in _LEAVE_ALONE and last not in self._functions

    def _is_of_library(self, module: ModuleInfo, base: ast.expr) -> bool:
        root = dotted(module, base).partition(".")[0]
        imported = isinstance(base, ast.Attribute) or (isinstance(base, ast.Name) and base.id in module.imported)
        return imported and all(each.name.partition(".")[0] != root for each in self.modules)

    @cached_property
    def _functions(self) -> frozenset[str]:
        """The names of the functions that the modules define."""
        nodes = (node for module in self.modules for each in _body(module) for node in ast.walk(each))
        return frozenset(node.name for node in nodes if isinstance(node, _FUNCTIONS))

    @cached_property
    def _found(self) -> list[_Code]:
        """The methods that may be meant by a call on an object that is not known, and what these call."""
        ran, others = self._sorted
        by_name: dict[str, list[_Code]] = {}
        for node, code in others.items():
            by_name.setdefault(getattr(node, "name", ""), []).append(code)
        asked = ran.on_objects | (ran.texts if "getattr" in ran.names else set())
        found = dict.fromkeys(code for name in asked for code in by_name.get(name, ()) if code.method)
        found.update(dict.fromkeys(code for code in others.values() if code.handed))
        pending = list(found)
        while pending:
            code = pending.pop()
            for name in (*code.attributes, *code.names):
                for each in by_name.get(name, ()):
                    if each not in found:
                        found[each] = None
                        pending.append(each)
        return list(found)

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        """Text to the names that are given what it is part of."""
        found: dict[str, set[str]] = {}
        for node in chain.from_iterable(ast.walk(each) for module in self.modules for each in _body(module)):
            if isinstance(node, ast.Assign):
                names = {each.id for each in node.targets if isinstance(each, ast.Name)}
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Constant):
                        found.setdefault(str(part.value), set()).update(names)
        return found


def _body(module: ModuleInfo) -> Iterable[ast.stmt]:
    return module.tree.body if module.tree is not None else ()


def _called(code: _Code) -> Iterable[str]:
    """Gives what may be the name of something that is called, `getattr(pandas, "read_csv")` too."""
    return (*code.attributes, *code.names, *code.texts)
