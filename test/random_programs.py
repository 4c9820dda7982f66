"""Random programs that read and write files, for running them and for analysing them.

Every program terminates, touches only paths below `ROOT` and takes its branches by what the environment holds.
"""

from __future__ import annotations

from random import Random

from random_expressions import NAMES, SEGMENTS, Expressions

HEADER = """\
import contextlib
import dataclasses
import enum
import functools
import operator
import os
import os.path as osp
import random
import shutil
from os import environ as env
from os.path import join as pjoin
from pathlib import Path

ROOT = {root!r}
"""


class Program(Expressions):
    """Writes one program.

    Args:
        random: Makes the choices.
        root: The folder that all paths lie in.
    """

    def __init__(self, random: Random, root: str) -> None:
        super().__init__(random)
        self.lines = HEADER.format(root=root).splitlines()
        self.indent = 0

    def text(self, statements: int) -> str:
        """Gives the source of a program of about so many statements."""
        for _ in range(statements):
            self.statement(2)
        return "\n".join(self.lines) + "\n"

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def statement(self, depth: int) -> None:
        """Writes one statement."""
        kinds = ["sink", "sink", "assign", "assign", "segment", "items", "dict", "delete", "remove", "variable"]
        if depth:
            kinds += ["if", "for", "while", "try", "with", "function", "class", "comprehension", "augment", "match"]
        getattr(self, f"do_{self.pick(*kinds)}")(depth)

    def block(self, depth: int) -> None:
        """Writes an indented block; names bound in it are not used outside."""
        before = {kind: list(names) for kind, names in self.known.items()}
        self.indent += 1
        for _ in range(1 + self.random.randrange(3)):
            self.statement(depth - 1)
        self.indent -= 1
        self.known = before

    def do_sink(self, depth: int) -> None:
        path = f"{self.path()} + '/{self.pick(*NAMES)}'"
        match self.pick("write", "read", "pathlib", "copy", "text", "list", "append"):
            case "write":
                self.emit(f"with open({path}, {self.pick(repr('w'), repr('wt'), 'mode=' + repr('w'))}) as handle:")
                self.emit("    handle.write('x')")
            case "read":
                self.emit(f"open({path}).read()")
            case "append":
                self.emit(f"open({path}, 'a').close()")
            case "pathlib":
                self.emit(f"Path({path}).write_text('x')")
            case "text":
                self.emit(f"Path({path}).read_text()")
            case "copy":
                self.emit(f"shutil.copyfile({path}, {self.path()} + '/copy.bin')")
            case "list":
                self.emit(f"for entry in os.listdir({self.path()}):")
                self.emit("    str(entry)")

    def do_assign(self, depth: int) -> None:
        known = [name for name in self.known["path"] if name in self.variables]
        again = bool(known) and self.random.random() < 0.3
        name = known[self.random.randrange(len(known))] if again else self.name("p")
        self.emit(f"{name} = {self.path()}")
        if not again:
            self.variables.add(name)
            self.known["path"].append(name)

    def do_segment(self, depth: int) -> None:
        if self.random.random() < 0.3:
            name = self.name("flag")
            self.emit(f"{name} = {self.flag()}")
            self.known["flag"].append(name)
            return
        name = self.name("s")
        self.emit(f"{name} = {self.segment()}")
        self.known["segment"].append(name)

    def do_augment(self, depth: int) -> None:
        known = [name for name in self.known["path"] if name in self.variables]
        if known:
            self.emit(f"{known[self.random.randrange(len(known))]} += '/' + {self.segment()}")
        else:
            self.emit("pass")

    def do_items(self, depth: int) -> None:
        name = self.name("items")
        self.emit(f"{name} = [{self.segment()}, {self.segment()}]")
        if self.random.random() < 0.5:
            self.emit(f"{name}.append({self.segment()})")
        if self.random.random() < 0.3:
            self.emit(f"if {self.flag()}:")
            self.emit(f"    {name}.{self.pick('pop()', 'reverse()', 'extend([' + self.segment() + '])')}")
        if self.random.random() < 0.3:
            self.emit(
                self.pick(
                    f"list.append({name}, {self.segment()})",
                    f"operator.iconcat({name}, [{self.segment()}])",
                    f"{name}.__setitem__(0, {self.segment()})",
                    f"{name} += [{self.segment()}]",
                    f"{name}[1:] and operator.delitem({name}, 0)",
                )
            )
        if self.random.random() < 0.2:
            self.emit(
                self.pick(f"random.shuffle({name})", f"del {name}[:1]", f"del {name}[0]", f"del {name}[-1], {name}[:]")
            )
        self.known["items"].append(name)

    def do_dict(self, depth: int) -> None:
        name = self.name("table")
        self.emit(f"{name} = {{'a': {self.path()}, 'b': {self.path()}}}")
        if self.random.random() < 0.5:
            self.emit(f"if {self.flag()}:")
            self.emit(f"    {name}[{self.pick('a', 'b')!r}] = {self.path()}")
        if self.random.random() < 0.5:
            self.emit(
                self.pick(
                    f"{name}.update(b={self.path()})",
                    f"dict.update({name}, b={self.path()})",
                    f"operator.setitem({name}, 'a', {self.path()})",
                    f"{name}.__setitem__('b', {self.path()})",
                    f"{name} |= {{'a': {self.path()}}}",
                    f"dict.setdefault({name}, 'c', {self.path()})",
                )
            )
        self.known["dict"].append(name)

    def do_delete(self, depth: int) -> None:
        """Deletes a name, perhaps, looks whether it is there, and makes it anew."""
        known = [name for name in self.known["path"] if name in self.variables]
        if not known:
            self.emit("pass")
            return
        name = known[self.random.randrange(len(known))]
        before = self.hide("path", name)
        self.deleted(f"del {name}")
        self.emit("try:")
        self.emit(f"    open({name} + '/there.txt', 'w').close()")
        self.emit(f"except {self.pick('NameError', '(UnboundLocalError, NameError)', 'Exception')}:")
        self.emit(f"    {name} = {self.path()}")
        if self.random.random() < 0.5:
            self.emit(f"{name} = {self.path()}")
        self.known = before

    def do_remove(self, depth: int) -> None:
        """Removes an entry of a dict, perhaps, looks whether it is there, and makes it anew."""
        if not self.known["dict"]:
            self.emit("pass")
            return
        table, key = self.one("dict"), self.pick("a", "b")
        before = self.hide("dict", table)
        shown = f"open({table}.get({key!r}, ROOT) + '/shown.txt', 'w').close()"
        gone = self.pick(f"del {table}[{key!r}]", f"{table}.pop({key!r}, None)", f"{table}.clear()", "some")
        if gone == "some":
            self.emit(f"for key in list({table}):")
            self.emit(f"    if {self.flag()} or key == {key!r}:")
            self.emit(f"        {self.pick(f'del {table}[key]', f'{table}.pop(key)')}")
        else:
            self.deleted(gone)
        self.emit(shown)
        self.emit(f"if {key!r} {self.pick('in', 'not in')} {table}:")
        self.emit(f"    {shown.replace('shown', 'kept')}")
        for each in "ab":
            again = self.pick(f"{table}.setdefault({each!r}, {self.path()})", f"{table}[{each!r}] = {self.path()}")
            self.emit(again)
        self.known = before

    def hide(self, kind: str, name: str) -> dict[str, list[str]]:
        """Leaves out a name for a while, and the functions that may use it; gives what was known before."""
        before = {each: list(names) for each, names in self.known.items()}
        self.known[kind].remove(name)
        self.known["maker"] = []
        return before

    def deleted(self, statement: str) -> None:
        """Writes a deletion that happens, or perhaps does."""
        if self.random.random() < 0.5:
            self.emit(f"if {self.flag()}:")
            self.emit(f"    {statement}")
        else:
            self.emit(statement)

    def do_variable(self, depth: int) -> None:
        """Sets an environment variable, perhaps, and deletes it afterwards, perhaps."""
        name = self.pick("SUFFIX", "MODE", "SPLIT")
        self.deleted(f"os.environ[{name!r}] = {self.segment()}")
        self.emit(f"open({self.path()} + '/' + os.environ.get({name!r}, 'unset') + '.txt', 'w').close()")
        self.emit(f"if {name!r} in env:")
        self.emit(f"    {self.pick(f'del env[{name!r}]', f'os.environ.pop({name!r})', 'pass')}")
        self.emit(f"open({self.path()} + '/' + os.environ.get({name!r}, 'gone') + '.txt', 'w').close()")

    def do_if(self, depth: int) -> None:
        self.emit(f"if {self.flag()}:")
        self.block(depth)
        if self.random.random() < 0.6:
            self.emit("else:")
            self.block(depth)

    def do_for(self, depth: int) -> None:
        item = self.name("s")
        source = self.one("items") if self.known["items"] else f"({self.segment()}, {self.segment()})"
        match self.pick("plain", "enumerate", "sorted", "zip", "dict"):
            case "enumerate":
                self.emit(f"for number, {item} in enumerate({source}):")
            case "sorted":
                self.emit(f"for {item} in sorted(set({source})):")
            case "zip":
                self.emit(f"for {item}, position in zip({source}, range(9)):")
            case "dict":
                self.emit(f"for {item}, value in dict.fromkeys({source}, 1).items():")
            case _:
                self.emit(f"for {item} in {source}:")
        self.known["segment"].append(item)
        self.block(depth)
        self.known["segment"].remove(item)
        if self.random.random() < 0.4:
            self.emit(f"    if {self.flag()}:")
            self.emit(f"        {self.pick('break', 'continue')}")

    def do_while(self, depth: int) -> None:
        count = self.name("n")
        self.emit(f"{count} = 0")
        self.emit(f"while {count} < {self.random.randrange(1, 4)}:")
        self.emit(f"    {count} += 1")
        self.block(depth)

    def do_try(self, depth: int) -> None:
        self.emit("try:")
        self.block(depth)
        if self.random.random() < 0.5:
            self.emit(f"    if {self.flag()}:")
            self.emit("        raise KeyError('x')")
            if self.random.random() < 0.5:
                self.indent += 1
                self.do_sink(depth)
                self.indent -= 1
        self.emit(f"except {self.pick('KeyError', 'Exception', '(KeyError, ValueError)')}:")
        self.block(depth)
        if self.random.random() < 0.4:
            self.emit("finally:")
            self.block(depth)

    def do_with(self, depth: int) -> None:
        name = self.name("manager")
        argument = self.path()
        self.emit("@contextlib.contextmanager")
        self.emit(f"def {name}(path):")
        self.emit(f"    yield path + '/{self.pick(*SEGMENTS)}'")
        bound = self.name("p")
        self.emit(f"with {name}({argument}) as {bound}:")
        self.known["path"].append(bound)
        self.block(depth)
        if bound in self.known["path"]:
            self.known["path"].remove(bound)

    def do_function(self, depth: int) -> None:
        name = self.name("make")
        before = {kind: list(names) for kind, names in self.known.items()}
        variables, self.variables = self.variables, set()
        default = repr(self.pick(*SEGMENTS))
        kinds = ["def", "def", "lambda", "partial", "closure", "recursive"]
        kind = self.pick(*kinds, *["builder"] * (5 if self.known["class"] else 0))
        if kind == "builder":
            self.builder(name, default)
            self.known, self.variables = before, variables
            self.known["maker"].append(name)
            return
        if kind == "lambda":
            self.emit(
                f"{name} = lambda base, part={default}: {self.pick('pjoin(base, part)', 'base + chr(47) + part')}"
            )
        elif kind == "partial":
            self.emit(f"{name} = functools.partial(os.path.join, {self.path()})")
            self.emit(f"{name} = lambda base, part, inner={name}: inner(part)")
        elif kind == "closure":
            self.emit(f"def outer_{name}(front):")
            self.emit(f"    def {name}(base, part={default}):")
            self.emit("        return os.path.join(front, part)")
            self.emit(f"    return {name}")
            self.emit(f"{name} = outer_{name}({self.path()})")
        elif kind == "recursive":
            self.emit(f"def {name}(base, part, depth={self.random.randrange(1, 6)}):")
            self.emit("    if depth == 0:")
            self.emit("        return base")
            self.emit(f"    return {name}(base + '/' + part, part, depth - 1)")
        else:
            self.emit(f"def {name}(base, part={default}, *rest, **options):")
            self.known = {kind: list(names) for kind, names in before.items()}
            self.known["path"].append("base")
            self.known["segment"].append("part")
            self.block(1)
            if self.random.random() < 0.4:
                self.emit(f"    if {self.flag()}:")
                self.emit("        return base")
            self.emit(f"    return {self.pick('pjoin(base, part)', 'str(Path(base) / part)', 'base')}")
        self.known, self.variables = before, variables
        self.known["maker"].append(name)

    def builder(self, name: str, default: str) -> None:
        """Writes a function that makes objects on its ways and gives what one of them holds."""
        made, there = self.one("class"), self.pick("getattr(made, 'mark', base)", "vars(made).get('mark', base)")
        there = self.pick(there, "(made.mark if hasattr(made, 'mark') else base)")
        self.emit(f"def {name}(base, part={default}):")
        self.emit(f"    made = {made}(base)")
        for _ in range(1 + self.random.randrange(4)):
            self.emit(f"    if {self.flag()}:")
            self.emit("        " + self.pick(f"made = {self.one('class')}(root=base)", "pass"))
            self.emit(f"        {self.pick('made.mark = base + chr(47) + part', 'part += chr(45)', f'return {there}')}")
            self.emit(f"    {self.pick('made.mark = base', 'else:')}")
            if self.lines[-1].endswith("else:"):
                self.emit(f"        made = {self.one('class')}(base + '/other')")
                self.emit(f"        {self.pick('made.mark = base + chr(47)', f'return {there}', 'pass')}")
        self.emit(f"    return {there}")

    def do_class(self, depth: int) -> None:
        name = self.name("Store")
        kind = self.pick("plain", "dataclass", "property", "inherited", "mapping", "sequence")
        if kind == "dataclass":
            self.emit("@dataclasses.dataclass")
            self.emit(f"class {name}:")
            self.emit("    root: str")
            self.emit(f"    part: str = {self.pick(*SEGMENTS)!r}")
            self.emit("    def make(self, part):")
            self.emit("        return os.path.join(self.root, self.part, part)")
        elif kind == "property":
            self.emit(f"class {name}:")
            self.emit(f"    PART = {self.pick(*SEGMENTS)!r}")
            self.emit("    def __init__(self, root):")
            self.emit("        self._root = root")
            self.emit("    @property")
            self.emit("    def root(self):")
            self.emit("        return self._root + '/' + self.PART")
            self.emit("    def make(self, part):")
            self.emit("        return f'{self.root}/{part}'")
        elif kind == "mapping":
            self.emit(f"class {name}(dict):")
            self.emit("    def __init__(self, root):")
            self.emit("        super().__init__(root=root)")
            self.emit("        self['below'] = root")
            self.emit("    def __setitem__(self, key, value):")
            self.emit("        super().__setitem__(key, value + '/set')")
            self.emit("    def __getitem__(self, key):")
            self.emit("        return dict.__getitem__(self, key)")
            self.emit("    def make(self, part):")
            self.emit(f"        return self[{self.pick('root', 'below')!r}] + '/' + part")
        elif kind == "sequence":
            self.emit(f"class {name}(list):")
            self.emit("    def __init__(self, root):")
            self.emit("        super().__init__([root])")
            self.emit("    def append(self, part):")
            self.emit("        super().append(self[0] + '/' + part)")
            self.emit("    def make(self, part):")
            self.emit("        self.append(part)")
            self.emit(f"        return {self.pick('self[-1]', 'self[1]', 'list(self)[0]')}")
        else:
            self.emit(f"class {name}:")
            self.emit("    def __init__(self, root):")
            self.emit("        self.root = root")
            self.emit("    def make(self, part):")
            self.emit("        self.root = os.path.join(self.root, part)")
            self.emit("        return self.root")
            if kind == "inherited":
                self.emit(f"class {name}({name}):")
                self.emit("    def make(self, part):")
                self.emit("        return super().make(part) + '/below'")
        if self.random.random() < 0.5:
            self.emit(f"    mark = {self.path()}")
        self.known["class"].append(name)
        instance = self.name("store")
        self.emit(f"{instance} = {name}({self.path()})")
        if self.random.random() < 0.3:
            self.emit(f"if {self.flag()}:")
            self.emit(f"    {instance} = {name}(root={self.path()})")
        if self.random.random() < 0.4:
            self.emit(f"{instance}.extra = {self.path()}")
            self.deleted(self.pick(f"del {instance}.extra", f"delattr({instance}, 'extra')"))
            path = self.name("p")
            there = self.pick(
                f"getattr({instance}, 'extra', {self.path()})",
                f"({instance}.extra if hasattr({instance}, 'extra') else {self.path()})",
                f"vars({instance}).get('extra', {self.path()})",
            )
            self.emit(f"{path} = {there}")
            self.known["path"].append(path)
        path = self.name("p")
        self.emit(f"{path} = {instance}.make({self.segment()})")
        self.known["path"].append(path)

    def do_comprehension(self, depth: int) -> None:
        name = self.name("items")
        source = self.one("items") if self.known["items"] else f"[{self.segment()}, {self.segment()}]"
        condition = self.pick("", f" if {self.flag()}", " if each.startswith('t')")
        self.emit(f"{name} = [each + '-c' for each in {source}{condition}]")
        self.known["items"].append(name)

    def do_match(self, depth: int) -> None:
        self.emit(f"match {self.segment()}:")
        self.indent += 1
        self.emit(f"case {self.pick(*SEGMENTS)!r}:")
        self.block(depth)
        self.emit("case other:")
        self.known["segment"].append("other")
        self.block(depth)
        self.known["segment"].remove("other")
        self.indent -= 1
