"""Functions, classes, modules and scopes of the analysed code."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from .atoms import SERIALS, Atom, Value

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BINDING = (
    ast.Import,
    ast.ImportFrom,
    ast.Global,
    ast.Nonlocal,
    ast.ExceptHandler,
    ast.Yield,
    ast.YieldFrom,
    ast.MatchAs,
    ast.MatchStar,
    ast.MatchMapping,
)
_INNER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    """The variables of one activation of a module, function or class body.

    Attributes:
        kind: `module`, `function` or `class`.
        parent: The scope that names are looked up in next.
        names: The names that are local here; None for a module or class body, where any name may be.
        module: The module that the code stands in.
        captured: True when a function may still use the variables after the activation ends.
    """

    __slots__ = ("captured", "globals", "kind", "module", "names", "parent", "serial")

    def __init__(
        self,
        kind: str,
        module: ModuleInfo,
        parent: Scope | None = None,
        names: frozenset[str] | None = None,
        outer: dict[str, str] | None = None,
    ) -> None:
        self.serial = -1 if kind == "module" else next(SERIALS)  # a module outlives whatever made it run
        self.kind = kind
        self.module = module
        self.parent = parent
        self.names = names
        self.globals = outer or {}
        self.captured = kind == "module"


class ModuleInfo:
    """A source file.

    Attributes:
        name: The dotted name it is imported by.
        path: The file.
        tree: The parsed source; None where it cannot be parsed.
        is_package: True for an `__init__.py`.
        own: True when it was found in the script's folder, not through a source root.
        state: `new`, `loading` or `loaded`.
        partial: True when it uses, or is used by, another module that is not complete.
    """

    __slots__ = (
        "_imported",
        "is_main",
        "is_package",
        "name",
        "own",
        "partial",
        "path",
        "scope",
        "stars",
        "state",
        "text",
        "tree",
    )

    def __init__(self, name: str, path: Path, tree: ast.Module | None, own: bool, is_main: bool = False) -> None:
        self.name = name
        self.path = path
        self.tree = tree
        self.own = own
        self.is_main = is_main
        self.is_package = path.name == "__init__.py"
        self.state = "new"
        self.partial = False
        self.stars: list[str] = []
        self.text = str(path)
        self.scope = Scope("module", self)
        self._imported: dict[str, str] | None = None

    @property
    def imported(self) -> dict[str, str]:
        """What the names that imports bind, anywhere in the module, stand for."""
        if self._imported is None:
            self._imported = {}
            for node in ast.walk(self.tree) if self.tree is not None else ():
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    source = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
                    for each in node.names:
                        whole = source + each.name if each.asname or source else each.name.partition(".")[0]
                        self._imported[each.asname or whole.rpartition(".")[2]] = whole
        return self._imported

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


class FunctionInfo:
    """The source of a function or lambda."""

    __slots__ = (
        "_calls_locals",
        "_locals",
        "cls_name",
        "generator",
        "module",
        "name",
        "node",
        "outer",
        "positional",
        "qualified",
    )

    def __init__(self, node: FunctionNode, module: ModuleInfo, prefix: str = "") -> None:
        self.node = node
        self.module = module
        self.name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        self.qualified = f"{prefix}{self.name}"
        self._locals: frozenset[str] | None = None
        self.outer: dict[str, str] = {}
        self.generator = False
        self.positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]

    @property
    def locals(self) -> frozenset[str]:
        """The names that are local to the function."""
        if self._locals is None:
            collector = _Names()
            arguments = self.node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                collector.bound.add(argument.arg)
            for extra in (arguments.vararg, arguments.kwarg):
                if extra is not None:
                    collector.bound.add(extra.arg)
            body = [self.node.body] if isinstance(self.node, ast.Lambda) else self.node.body
            collector.run(body)
            self.outer = collector.outer
            self.generator = collector.generator
            self._locals = frozenset(collector.bound - collector.outer.keys())
        return self._locals


class ClassInfo:
    """A class of the analysed code.

    Attributes:
        name: Its name.
        qualified: Module and name.
        bases: The values of its bases.
        mro: The class and its local ancestors, in the order of lookup.
        library: Dotted names of its ancestors in libraries that are not analysed.
        fields: Annotated names of the body, in order.
        flavour: `plain`, `dataclass`, `pydantic`, `settings`, `namedtuple`, `enum` or `typeddict`.
    """

    __slots__ = (
        "bases",
        "fields",
        "flavour",
        "info",
        "library",
        "members",
        "module",
        "mro",
        "name",
        "node",
        "qualified",
        "scope",
        "text_enum",
        "unseen",
    )

    def __init__(self, name: str, module: ModuleInfo, node: ast.ClassDef | None, scope: Scope) -> None:
        self.name = name
        self.module = module
        self.node = node
        self.scope = scope
        self.qualified = f"{module.name}.{name}"
        self.bases: list[Value] = []
        self.mro: list[ClassInfo] = [self]
        self.library: list[str] = []
        self.unseen = False
        self.fields: dict[str, ast.expr | None] = {}
        self.flavour = "plain"
        self.text_enum = False
        self.members: dict[str, Atom] = {}
        self.info: dict[str, Any] = {}

    def is_a(self, *names: str) -> bool:
        """Tells whether the class descends from one of these library classes."""
        return any(name in self.library for name in names)


class _Names:
    """Collects what a function body binds, without entering inner functions."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.outer: dict[str, str] = {}
        self.generator = False

    def run(self, body: list[Any]) -> None:
        """Walks a body."""
        pending: list[Any] = list(body)
        while pending:
            node = pending.pop()
            kind = type(node)
            if kind is ast.Name:
                if type(node.ctx) is not ast.Load:
                    self.bound.add(node.id)
            elif kind is ast.Attribute:
                pending.append(node.value)
            elif kind in _SCOPED:
                self.bound.add(node.name)
                pending.extend(node.decorator_list)
            elif kind in _INNER:
                self._walrus(node)
            elif kind is not ast.Constant and isinstance(node, ast.AST):
                if kind in _BINDING:
                    self._statement(node)
                for field in node._fields:
                    child = getattr(node, field, None)
                    if type(child) is list:
                        pending.extend(child)
                    elif child is not None:
                        pending.append(child)

    def _statement(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                self.bound.add(alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.Global):
            self.outer.update(dict.fromkeys(node.names, "global"))
        elif isinstance(node, ast.Nonlocal):
            self.outer.update(dict.fromkeys(node.names, "nonlocal"))
        elif isinstance(node, ast.ExceptHandler):
            if node.name:
                self.bound.add(node.name)
        elif isinstance(node, (ast.Yield, ast.YieldFrom)):
            self.generator = True
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)):
            if node.name:
                self.bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.bound.add(node.rest)

    def _walrus(self, node: ast.AST) -> None:
        """A walrus in a comprehension binds a name of the function around it."""
        if isinstance(node, ast.Lambda):
            return
        for child in ast.walk(node):
            if isinstance(child, ast.NamedExpr) and isinstance(child.target, ast.Name):
                self.bound.add(child.target.id)
