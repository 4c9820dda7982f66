"""Parameters that are only said in error messages: whatever they are, the function does the same.

A file's name that is handed down for the text of an exception would otherwise make every call another one. What an
exception holds is not followed anyway: whoever catches it gets something unknown.
"""

from __future__ import annotations

import ast
from typing import Any

from .atoms import Atom, ClassAtom, Function, Lib, ModuleAtom, Value
from .imports import absolute_name
from .interpreter import BUILTINS, Interpreter
from .scopes import ClassInfo, FunctionInfo, Scope
from .values import unknown
from .words import words

SAID: Value = unknown("what is only said in error messages")
TEXT_FUNCTIONS = frozenset(words("abs bool float int len list max min repr round set sorted str sum tuple type"))
TEXT_METHODS = frozenset(words("capitalize format join lower lstrip rstrip split strip title upper"))
_PARTS = (ast.JoinedStr, ast.FormattedValue, ast.keyword, ast.IfExp, ast.BoolOp, ast.BinOp, ast.Tuple)
_LOOKING = frozenset(words("locals vars eval exec dir"))
_MAKING = frozenset(words("__init__ __new__ __post_init__"))
Cells = dict[tuple[Scope, str], Any]


def only_said(interp: Interpreter, function: Function) -> frozenset[str]:
    """Gives the parameters of a function that reach nothing but the texts of exceptions, from its second call on."""
    key = ("only said", function.info)
    if key not in interp.infos:
        interp.infos[key] = None  # most functions are called once: looking through them would not pay
        return frozenset()
    known: tuple[frozenset[str], Cells] | None = interp.infos[key]
    if known is None or not all(interp.store.get(*name) is cell for name, cell in known[1].items()):
        known = interp.infos[key] = _Search(interp).parameters(function)
    return known[0]


class _Names:
    """The names of a function.

    Attributes:
        parents: What each node is a part of.
        uses: Where each name is used.
        bound: What binds each name that is local.
    """

    def __init__(self, info: FunctionInfo) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self.uses: dict[str, list[ast.AST]] = {}
        self.bound: dict[str, list[ast.AST]] = {}
        pending: list[Any] = [info.node]
        while pending:
            node = pending.pop()
            kind = type(node)
            if kind is ast.Name:
                names = self.uses if type(node.ctx) is ast.Load else self.bound
                names.setdefault(node.id, []).append(node)
                continue
            if kind is ast.Import or kind is ast.ImportFrom:
                for alias in node.names:
                    self._bind(alias.asname or alias.name.partition(".")[0], node)
                continue
            if kind is ast.arg:
                self._bind(node.arg, node)
            elif node is not info.node:
                self._bind(getattr(node, "name", None), node)
            for field in node._fields:
                child = getattr(node, field, None)
                for each in child if type(child) is list else (child,):
                    if isinstance(each, ast.AST) and type(each) is not ast.Constant:
                        self.parents[each] = node
                        pending.append(each)

    def _bind(self, name: str | None, node: ast.AST) -> None:
        if name is not None:
            self.bound.setdefault(name, []).append(node)


class _Search:
    """Follows parameters through the functions that they are handed to.

    Attributes:
        cells: The cells that the answer depends on.
    """

    def __init__(self, interp: Interpreter) -> None:
        self.interp = interp
        self.cells: Cells = {}
        self._answers: dict[tuple[FunctionInfo, str, bool], bool] = {}

    def parameters(self, function: Function) -> tuple[frozenset[str], Cells]:
        """Gives the parameters that are only said, and the cells that this depends on."""
        if function.scope.kind not in ("module", "class"):
            return frozenset(), {}
        info = function.info
        names = (*info.positional, *(each.arg for each in info.node.args.kwonlyargs))
        return frozenset(name for name in names if self._says(info, name, False)), self.cells

    def _says(self, info: FunctionInfo, name: str, returned: bool) -> bool:
        """Tells whether a parameter is only said, where what is returned may be said only, too."""
        key = (info, name, returned)
        if key not in self._answers:
            self._answers[key] = False  # a function that calls itself may do anything with it
            names = self._names(info)
            uses = names.uses.get(name, [])
            self._answers[key] = (
                bool(uses)
                and len(names.bound.get(name, ())) == 1
                and not names.uses.keys() & _LOOKING
                and all(self._is_said(info, names, use, returned) for use in uses)
            )
        return self._answers[key]

    def _names(self, info: FunctionInfo) -> _Names:
        key = ("names", info)
        if key not in self.interp.infos:
            self.interp.infos[key] = _Names(info)
        names: _Names = self.interp.infos[key]
        return names

    def _is_said(self, info: FunctionInfo, names: _Names, node: ast.AST, returned: bool) -> bool:
        parent = names.parents[node]
        while isinstance(parent, _PARTS) or (isinstance(parent, ast.Call) and _makes_text(names, parent, node)):
            node, parent = parent, names.parents[parent]
        if not isinstance(parent, ast.Call) or node is parent.func:
            return False
        around = names.parents[parent]
        called = self._resolve(info, names, parent.func)
        if isinstance(called, Function):
            name = _parameter(called.info, parent, node)
            return name is not None and self._says(called.info, name, isinstance(around, ast.Raise))
        if not (isinstance(around, ast.Raise) or (returned and isinstance(around, ast.Return))):
            return False
        if isinstance(called, ClassAtom):
            return only_keeps(self.interp, called.info)
        return isinstance(called, Lib) and called.name.endswith(("Error", "Exception"))

    def _resolve(self, info: FunctionInfo, names: _Names, expression: ast.expr) -> Atom | None:
        """Gives what a name, or a name of a module, stands for in a function."""
        if isinstance(expression, ast.Attribute):
            owner = self._resolve(info, names, expression.value)
            return self._cell(owner.info.scope, expression.attr) if isinstance(owner, ModuleAtom) else None
        if not isinstance(expression, ast.Name):
            return None
        name, bound = expression.id, names.bound.get(expression.id, [])
        if not bound:
            found = self._cell(info.module.scope, name)
            return Lib(f"builtins.{name}") if found is None and name in BUILTINS else found
        node = bound[0]
        if len(bound) > 1 or not isinstance(node, ast.ImportFrom):
            return None
        module = self.interp.sources.find(absolute_name(info.module, node) or "")
        original = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
        return self._cell(module.scope, original) if module is not None else None

    def _cell(self, scope: Scope, name: str) -> Atom | None:
        cell = self.cells[scope, name] = self.interp.store.get(scope, name)
        return cell[0] if isinstance(cell, tuple) and len(cell) == 1 else None


def _makes_text(names: _Names, call: ast.Call, argument: ast.AST) -> bool:
    """Tells whether a call only makes a text of its arguments."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return argument is not function and function.attr in TEXT_METHODS and isinstance(function.value, ast.Constant)
    return isinstance(function, ast.Name) and function.id in ("str", "repr") and function.id not in names.bound


def _parameter(info: FunctionInfo, call: ast.Call, argument: ast.AST) -> str | None:
    """Gives the parameter that takes an argument of a call."""
    if isinstance(argument, ast.keyword):
        return argument.arg
    if any(isinstance(each, ast.Starred) for each in call.args):
        return None
    return next((name for name, each in zip(info.positional, call.args, strict=False) if each is argument), None)


def only_keeps(interp: Interpreter, info: ClassInfo) -> bool:
    """Tells whether an exception only keeps what it is given."""
    key = ("only keeps", info)
    if key not in interp.infos:
        every = [statement for cls in info.mro if cls.node is not None for statement in cls.node.body]
        makers = [each for each in every if isinstance(each, ast.FunctionDef) and each.name in _MAKING]
        calls = [each for maker in makers for each in ast.walk(maker) if isinstance(each, ast.Call)]
        interp.infos[key] = info.flavour in ("plain", "dataclass") and all(map(_is_call_of_text, calls))
    keeps: bool = interp.infos[key]
    return keeps


def _is_call_of_text(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in TEXT_FUNCTIONS or function.id == "super"
    return isinstance(function, ast.Attribute) and (function.attr in TEXT_METHODS or function.attr in _MAKING)
