"""Names, attributes and items that are only known as a program runs: what each small program may open."""

from pathlib import Path

import pytest
from analysis_samples import facts

KNOWN = {
    "a name of an object that is one of two": (
        "import sys\nclass A:\n    pass\na = A()\na.x = '/x'\na.y = '/y'\n"
        "setattr(a, 'x' if len(sys.argv) > 1 else 'y', '/z')\nopen(a.x)\nopen(a.y)",
        {"/x", "/y", "/z"},
    ),
    "reversed words of a set": (
        "for path in reversed(sorted({'/a', '/b'})):\n    open(path)",
        {"/a", "/b"},
    ),
    "a list that is turned round": ("for path in reversed(['/a', '/b']):\n    open(path)\n    break", {"/b"}),
    "a module named from its package": (
        "import importlib\nopen(importlib.import_module('.other', package='').PATH)",
        {"/other"},
    ),
    "the fields of a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    left: int = 1\n    right: int = 2\n"
        "for name in A.__dataclass_fields__:\n    open('/f/' + name)",
        {"/f/left", "/f/right"},
    ),
    "an attribute of one of two classes": (
        "import sys\nclass A:\n    path = '/a'\nclass B:\n    path = '/b'\n"
        "thing = A() if len(sys.argv) > 1 else B()\nopen(thing.__class__.path)",
        {"/a", "/b"},
    ),
    "the dictionary of an object": (
        "class A:\n    def __init__(self):\n        self.path = '/a'\nopen(A().__dict__['path'])",
        {"/a"},
    ),
    "a member by a name that is one of two": (
        "import enum, sys\nclass E(enum.Enum):\n    A = '/a'\n    B = '/b'\n"
        "open(E['A' if len(sys.argv) > 1 else 'B'].value)",
        {"/a", "/b"},
    ),
    "the rest of a mapping that is matched": (
        "match {'a': 1, 'path': '/rest'}:\n    case {'a': 1, **rest}:\n        open(rest['path'])",
        {"/rest"},
    ),
    "a rest that is unpacked": (
        "def f(*paths):\n    for path in paths:\n        open(path)\nf(*['/a'], *('/b',))",
        {"/a", "/b"},
    ),
    "an item that is replaced": (
        "paths = ['/a', '/b']\npaths[-1] = '/c'\nfor path in paths:\n    open(path)",
        {"/a", "/c"},
    ),
    "lists of two ways": (
        "import sys\npaths = ['/a', '/b']\nif len(sys.argv) > 1:\n    paths[0] = '/c'\nopen(paths[0])\nopen(paths[1])",
        {"/a", "/b", "/c"},
    ),
    "a list that takes two more": (
        "paths = ['/a']\npaths.insert(0, '/b')\nmore = paths.copy()\nmore.reverse()\nfor path in more:\n    open(path)",
        {"/a", "/b"},
    ),
    "a set joined with another": (
        "for path in {'/a'}.union({'/b'}, ['/c']):\n    open(path)",
        {"/a", "/b", "/c"},
    ),
    "an isinstance of a member": (
        "import enum\nclass E(enum.Enum):\n    A = '/a'\nopen(E.A.value if isinstance(E.A, E) else '/no')",
        {"/a"},
    ),
    "a class that says its own name": (
        "class A:\n    def path(self):\n        return f'/{type(self).__name__}'\nopen(A().path())",
        {"/A"},
    ),
    "an attribute of the class that an object may replace": (
        "import sys\nclass A:\n    path = '/a'\na = A()\n"
        "setattr(a, 'path' if len(sys.argv) > 1 else 'x', '/b')\nopen(a.path)",
        {"/a", "/b"},
    ),
    "a name from outside that may be any attribute": (
        "import sys\nclass A:\n    path = '/a'\n    def __init__(self):\n        self.other = '/o'\n"
        "a = A()\nsetattr(a, sys.argv[1], '/b')\nopen(a.path)\nopen(a.other)",
        {"/a", "/b", "/o"},
    ),
    "the dictionary of an object that is changed": (
        "class A:\n    path = '/a'\n    def __init__(self, **more):\n        self.other = '/o'\n"
        "        self.__dict__.update(more)\na = A(path='/b')\nopen(a.path)\nopen(a.other)\n"
        "vars(a)['other'] = '/p'\nopen(a.other)",
        {"/b", "/o", "/p"},
    ),
    "arguments that are changed": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--path', default='/a')\n"
        "args = parser.parse_args([])\nvars(args).update({'path': '/b'})\nopen(args.path)\n"
        "args.__dict__['path'] = '/c'\nopen(args.path)",
        {"/b", "/c"},
    ),
    "a variable that is taken away": (
        "import os\nos.environ['PLACE'] = '/p'\nopen(os.environ.pop('PLACE'))",
        {"/p"},
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_everything_that_may_be_opened_is_found(name: str, tmp_path: Path) -> None:
    source, expected = KNOWN[name]
    compile(source, name, "exec")
    found = facts(tmp_path, source, other="PATH = '/other'\n")
    assert {str(use.path) for use in found.reads} == expected
    assert not found.unresolved


UNKNOWN = {
    "a name of an object from outside": (
        "import sys\nclass A:\n    path = '/a'\na = A()\nsetattr(a, sys.argv[1], '/b')\nopen(getattr(a, sys.argv[2]))"
    ),
    "a name of a namespace from outside": (
        "import argparse, sys\na = argparse.Namespace(path='/a')\nsetattr(a, sys.argv[1], '/b')\nopen(a.path)\n"
        "open(getattr(a, sys.argv[2]))"
    ),
    "a name of a module from outside": "import other, sys\nopen(getattr(other, sys.argv[1])())",
    "a name that is nowhere": "from other import nothing\nopen(nothing)",
    "a way out of all packages": "import package.inner\nopen(package.inner.PATH)",
    "the attributes of anything": "import json\nopen(vars(json.load(open('/x')))['path'])",
    "a slice of anything": "class A:\n    pass\nopen(A()['path'])",
    "a module from outside": "import importlib, sys\nopen(importlib.import_module(sys.argv[1]).PATH)",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_may_be_anything_is_open(name: str, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "inner.py").write_text("from ...elsewhere import PATH\n", encoding="utf-8")
    found = facts(tmp_path, UNKNOWN[name], other="PATH = '/other'\ndef path():\n    return '/p'\n")
    assert found.unresolved


def test_a_module_may_make_up_what_is_imported_from_it(tmp_path: Path) -> None:
    found = facts(
        tmp_path, "from maker import rows\nopen(rows)", maker="def __getattr__(name):\n    return f'/made/{name}'\n"
    )
    assert {str(use.path) for use in found.reads} == {"/made/rows"}


def test_arguments_that_a_loop_declares_are_all_known(tmp_path: Path) -> None:
    source = (
        "import argparse, sys\nparser = argparse.ArgumentParser()\n"
        "for name in {'--left', '--right'}:\n    parser.add_argument(name)\nparser.parse_args()"
    )
    found = facts(tmp_path, source)
    assert {flag for argument in found.arguments for flag in argument.options} >= {"--left", "--right"}
