"""Ways to write a program otherwise that leave what it does as it is.

Each takes every place of its kind and writes it in one of several ways, in turn. What a program means does not depend
on them, so neither may the verdicts.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

PRELUDE = """
import contextlib as _contextlib
import functools as _functools
import pathlib as _pathlib


def _same(value):
    return value


class _Box:
    def __init__(self, value):
        self.value = value


def _plain(function):
    @_functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper
"""
_LEFT_ALONE = (ast.AsyncFunctionDef, ast.Lambda, ast.JoinedStr, ast.Delete)
_OF_THEIR_FRAME = {"super", "locals", "globals", "vars", "dir", "exec", "eval", "__class__", "__name__", "__file__"}


def filled(text: str, /, **parts: ast.expr) -> ast.expr:
    """Gives an expression with other expressions in the places of names."""
    found: ast.expr = _Fill(parts).visit(ast.parse(text, mode="eval").body)
    return found


def statements(text: str, body: list[ast.stmt] | None = None, /, **parts: ast.expr) -> list[ast.stmt]:
    """Gives statements with expressions in the places of names, and others where `BODY` stands."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for field in ("body", "finalbody"):
            block = getattr(node, field, None)
            first = block[0] if isinstance(block, list) and block else None
            if isinstance(first, ast.Expr) and ast.unparse(first) == "BODY":
                setattr(node, field, [*(body or []), *block[1:]])
    return [_Fill(parts).visit(each) for each in tree.body]


class _Fill(ast.NodeTransformer):
    def __init__(self, parts: dict[str, ast.expr]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.parts.get(node.id, node)


def has(node: ast.AST, *kinds: type[ast.AST]) -> bool:
    return any(isinstance(each, kinds) for each in ast.walk(node))


def names_in(*nodes: ast.AST) -> set[str]:
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def stored_in(*nodes: ast.AST) -> set[str]:
    stored = (ast.Store, ast.Del)
    found = (each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in found if isinstance(each.ctx, stored)}


def parameters_of(node: ast.FunctionDef) -> set[str]:
    return {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}


def start_of(body: list[ast.stmt]) -> int:
    """Gives where a body begins behind its docstring and what has to stand in front."""
    for index, node in enumerate(body):
        is_text = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_text and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            return index
    return len(body)


class Rewriting(ast.NodeTransformer):
    """Keeps out of annotations, decorators, patterns, the parts of f-strings and the test of the main guard."""

    ways: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.turns: Iterator[str] = itertools.cycle(self.ways)
        self.numbers = itertools.count(1)
        self.in_class = False
        self.in_function = False

    def rewrite(self, source: str) -> str:
        """Gives the source of the same program, written otherwise."""
        tree = self.visit(ast.parse(source))
        at = start_of(tree.body)
        tree.body[at:at] = ast.parse(PRELUDE).body
        return ast.unparse(ast.fix_missing_locations(tree))

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        at = start_of(body)
        rewritten = body[:at]
        for each in body[at:]:
            found = self.visit(each)
            rewritten += found if isinstance(found, list) else [found]
        return rewritten

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = self.block(node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        around = self.in_class, self.in_function
        self.in_class, self.in_function = False, True
        node.body = self.block(node.body)
        self.in_class, self.in_function = around
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        around = self.in_class
        self.in_class = True
        node.body = self.block(node.body)
        self.in_class = around
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        if "__name__" not in names_in(node.test):
            node.test = self.visit(node.test)
        node.body, node.orelse = self.block(node.body), self.block(node.orelse)
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        for case in node.cases:
            case.body = self.block(case.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit(self, node: ast.AST) -> ast.AST:
        return node if isinstance(node, _LEFT_ALONE) else super().visit(node)


class SplitTexts(Rewriting):
    """Texts are put together of two halves."""

    ways = ("A + B", "''.join([A, B])", "f'{A}{B}'", "'%s%s' % (A, B)", "'{}{}'.format(A, B)", "str.join('', (A, B))")

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or "/" not in node.value:
            return node
        half = len(node.value) // 2
        return filled(next(self.turns), A=ast.Constant(node.value[:half]), B=ast.Constant(node.value[half:]))


class PassedValues(Rewriting):
    """Arguments, results and what is assigned go through something that gives them back."""

    ways = (
        "_same(E)",
        "[E][0]",
        "{'key': E}['key']",
        "_Box(E).value",
        "(lambda value: value)(E)",
        "next(iter([E]))",
        "[E].pop()",
        "E if True else None",
        "{'key': E}.get('key')",
        "(None, E)[-1]",
        "list(map(_same, [E]))[0]",
        "dict(key=E)['key']",
        "list(zip([E], [1]))[0][0]",
        "list({'key': E}.values())[0]",
    )
    spelled = ("action", "nargs", "type", "alias", "default_factory")

    def passed(self, node: ast.expr) -> ast.expr:
        node = self.visit(node)
        cannot = has(node, ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.Starred)
        return node if cannot or names_in(node) & _OF_THEIR_FRAME else filled(next(self.turns), E=node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if not self.in_class:
            node.value = self.passed(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if node.value is not None:
            node.value = self.passed(node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.func = self.visit(node.func)
        node.args = [each if isinstance(each, ast.Starred) else self.passed(each) for each in node.args]
        for each in node.keywords:
            if each.arg is not None and each.arg not in self.spelled:
                each.value = self.passed(each.value)
        return node


class IndirectCalls(Rewriting):
    """Calls unpack their arguments, or go through a partial or `getattr`."""

    ways = ("unpacked", "partial", "keywords first", "getattr")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        unpacks = any(isinstance(each, ast.Starred) for each in node.args) or any(
            not each.arg for each in node.keywords
        )
        if unpacks or not node.args or names_in(node.func) & _OF_THEIR_FRAME or self.in_class:
            return node
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("add_argument", "get", "getenv", "strip"):
            return node  # whose defaults and places are told as they are written
        partial = filled("_functools.partial")
        match next(self.turns):
            case "unpacked":
                return ast.Call(node.func, [ast.Starred(ast.List(node.args, ast.Load()), ast.Load())], node.keywords)
            case "partial":
                return ast.Call(ast.Call(partial, [node.func, *node.args], []), [], node.keywords)
            case "keywords first":
                return ast.Call(ast.Call(partial, [node.func], node.keywords), node.args, [])
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            node.func = filled("getattr(E, N)", E=node.func.value, N=ast.Constant(node.func.attr))
        return node


class Assignments(Rewriting):
    """A name is bound by something else than a plain assignment."""

    ways = (
        "{x} = {t} = E",
        "{t} = E\n{x} = {t}",
        "{x}, {t} = E, None",
        "[{x}] = [E]",
        "({x} := E)",
        "for {x} in [E]:\n    pass",
        "with _contextlib.nullcontext(E) as {x}:\n    pass",
    )

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        target = node.targets[0]
        plain = len(node.targets) == 1 and isinstance(target, ast.Name) and not target.id.startswith("__")
        if not plain or self.in_class or has(node.value, ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr):
            return node
        assert isinstance(target, ast.Name)
        return statements(next(self.turns).format(x=target.id, t=f"_t{next(self.numbers)}"), E=node.value)


class Blocks(Rewriting):
    """Statements stand in blocks that run once."""

    ways = (
        "try:\n    BODY\nfinally:\n    pass",
        "for _once in range(1):\n    BODY",
        "with _contextlib.nullcontext():\n    BODY",
        "try:\n    BODY\nexcept Exception:\n    raise",
        "while True:\n    BODY\n    break",
        "if True:\n    BODY",
    )
    wrapped = (ast.Assign, ast.Expr, ast.For, ast.With, ast.Return, ast.AugAssign)

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        rewritten: list[ast.stmt] = []
        for each in super().block(body):
            leaves = has(each, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
            text = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            if isinstance(each, self.wrapped) and not (leaves or text or self.in_class):
                rewritten += statements(next(self.turns), [each])
            else:
                rewritten.append(each)
        return rewritten


class InnerFunctions(Rewriting):
    """The body of a function stands in another one within it."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        super().visit_FunctionDef(node)
        at = start_of(node.body)
        body = node.body[at:]
        cannot = any(has(each, ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.Global) for each in body)
        if body and not cannot and not parameters_of(node) & stored_in(*body) and not names_in(*body) & _OF_THEIR_FRAME:
            name = f"_inner{next(self.numbers)}"
            node.body = [*node.body[:at], *statements(f"def {name}():\n    BODY\nreturn {name}()", body)]
        return node


class Decorated(Rewriting):
    """Functions have a decorator that keeps them."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outermost = not self.in_class and not self.in_function
        super().visit_FunctionDef(node)
        if outermost and not node.decorator_list and not has(node, ast.Yield, ast.YieldFrom):
            node.decorator_list = [ast.Name("_plain", ast.Load())]
        return node


class Renamed(Rewriting):
    """The local variables of functions have other names."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        kept = (ast.Global, ast.Nonlocal, ast.MatchAs, ast.Import, ast.ImportFrom)
        inside = [each for each in ast.walk(node) if each is not node]
        if any(isinstance(each, (*scopes, *kept)) for each in inside) or names_in(node) & _OF_THEIR_FRAME:
            return node
        handlers = [each for each in inside if isinstance(each, ast.ExceptHandler) and each.name]
        stored = (stored_in(*node.body) | {str(each.name) for each in handlers}) - parameters_of(node)
        other = {name: f"_v{number}" for number, name in enumerate(sorted(stored))}
        for each in inside:
            if isinstance(each, ast.Name):
                each.id = other.get(each.id, each.id)
        for handler in handlers:
            handler.name = other.get(str(handler.name), handler.name)
        return node


class Imports(Rewriting):
    """What is imported has another name."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        every = list(ast.walk(node))
        imports = [each for each in every if isinstance(each, (ast.Import, ast.ImportFrom))]
        bound = [each.asname or each.name for one in imports for each in one.names]
        defined = {each.name for each in every if isinstance(each, (ast.FunctionDef, ast.ClassDef))}
        taken = defined | stored_in(node) | {each.arg for each in every if isinstance(each, ast.arg)}
        taken |= {each.value for each in every if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        taken |= {name.partition(".")[0] for name in bound if "." in name} | {"*"}
        for one in imports:
            if isinstance(one, ast.ImportFrom) and (one.level or one.module == "__future__"):
                taken |= {each.name for each in one.names}
        other = {name: f"_m{number}" for number, name in enumerate(bound) if name not in taken and "." not in name}
        for one in imports:
            for each in one.names:
                each.asname = other.get(each.asname or each.name, each.asname)
        for name in every:
            if isinstance(name, ast.Name):
                name.id = other.get(name.id, name.id)
        return node


class OtherJoins(Rewriting):
    """Paths are joined by another function; a file is opened and closed without `with`."""

    ways = ("str(P)", "str(Q)", "one by one", "_functools.reduce(F, L)")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) != "os.path.join" or any(isinstance(each, ast.Starred) for each in node.args):
            return node
        path, (first, *rest) = filled("_pathlib.Path"), node.args
        way = next(self.turns)
        divided: ast.expr = ast.Call(path, [first], [])
        nested = first
        for each in rest:
            divided = ast.BinOp(divided, ast.Div(), each)
            nested = ast.Call(node.func, [nested, each], [])
        if way == "one by one":
            return nested
        return filled(way, P=divided, Q=ast.Call(path, node.args, []), F=node.func, L=ast.List(node.args, ast.Load()))

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        node.body = self.block(node.body)
        item = node.items[0]
        item.context_expr = self.visit(item.context_expr)
        opens = isinstance(item.context_expr, ast.Call) and ast.unparse(item.context_expr.func) == "open"
        if len(node.items) == 1 and isinstance(item.optional_vars, ast.Name) and opens:
            name = item.optional_vars.id
            return statements(
                f"{name} = E\ntry:\n    BODY\nfinally:\n    {name}.close()", node.body, E=item.context_expr
            )
        return node


class Gathered(Rewriting):
    """Dictionaries and lists are filled one by one."""

    ways = ("{x}[K] = V", "{x}.update({{K: V}})", "{x}.setdefault(K, V)")

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        target, value = node.targets[0], node.value
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or self.in_class or target.id in names_in(value):
            return node
        if isinstance(value, ast.Dict) and all(value.keys):
            made = statements(f"{target.id} = {{}}")
            for key, each in zip(value.keys, value.values, strict=True):
                assert key is not None
                made += statements(next(self.turns).format(x=target.id), K=key, V=each)
            return made
        if isinstance(value, ast.ListComp) and len(value.generators) == 1 and not value.generators[0].is_async:
            inner = statements(f"{target.id}.append(E)", E=value.elt)
            for test in reversed(value.generators[0].ifs):
                inner = [ast.If(test, inner, [])]
            loop = ast.For(value.generators[0].target, value.generators[0].iter, inner, [])
            return [*statements(f"{target.id} = []"), loop]
        return node


class Inverted(Rewriting):
    """Conditions are negated, and their ways exchanged."""

    def visit_If(self, node: ast.If) -> ast.AST:
        super().visit_If(node)
        chained = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
        if "__name__" in names_in(node.test) or chained or has(node.test, ast.NamedExpr):
            return node
        return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse or [ast.Pass()], node.body)


REWRITINGS: tuple[type[Rewriting], ...] = (
    SplitTexts,
    PassedValues,
    IndirectCalls,
    Assignments,
    Blocks,
    InnerFunctions,
    Decorated,
    Renamed,
    Imports,
    OtherJoins,
    Gathered,
    Inverted,
)
