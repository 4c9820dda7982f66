"""Ways that few programs take: what each small program opens, and what of it cannot be known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from analysis_samples import facts

from pipeline_script_contracts import TrainingScriptContract, Verdict
from pipeline_script_contracts.analysis import Analysis
from pipeline_script_contracts.rules import check

CHOICE = "import json\nkey = json.load(open('/choice'))['key']\n"
MORE = {
    "other": "PATH = '/other'\n",
    "more": "PATH = '/more'\n",
    "errors": "class Wrong(Exception):\n    pass\n",
    "reading": (
        "def read(path, label):\n    from errors import Wrong\n    try:\n        return open(path).read()\n"
        "    except OSError:\n        raise Wrong(f'no {label}')\n"
    ),
}

CLOSED = {
    "one of several methods of an object": (
        CHOICE
        + "class A:\n    def __init__(self, p):\n        self.p = p\n    def a(self):\n        return '/a' + self.p\n"
        "    def b(self):\n        return '/b' + self.p\nx = A('/x')\nopen({'a': x.a, 'b': x.b}[key]())",
        {"/choice", "/a/x", "/b/x"},
    ),
    "one of several modules": (
        CHOICE + "import other, more\nopen({'a': other, 'b': more}[key].PATH)",
        {"/choice", "/other", "/more"},
    ),
    "a class method taken from an object": (
        "class A:\n    root = '/a'\n    @classmethod\n    def make(cls, name):\n        return cls.root + name\n"
        "class B(A):\n    root = '/b'\nmake = B().make\nopen(make('/x'))\nopen(A().make('/y'))",
        {"/b/x", "/a/y"},
    ),
    "a validator that tries": (
        "from pydantic import BaseModel, model_validator\nclass M(BaseModel):\n    path: str\n"
        "    @model_validator(mode='after')\n    def check(self):\n        try:\n            open(self.path + '/x')\n"
        "        except OSError:\n            pass\n        return self\nfor path in ('/a', '/b'):\n    M(path=path)",
        {"/a/x", "/b/x"},
    ),
    "a class within two functions": (
        "def f(root):\n    def g():\n        class A:\n            path = root + '/a'\n"
        "            def get(self):\n                return self.path + name\n        return A()\n"
        "    name = '/n'\n    return g()\nopen(f('/r').get())",
        {"/r/a/n"},
    ),
    "a dict and an object as conditions": (
        "import os\nd = {'a': '/a'}\nif os.environ.get('X'):\n    d['b'] = '/b'\nopen('/yes' if d else '/no')\n"
        "open('/no' if {} else '/empty')\nclass A:\n    pass\nopen('/object' if A() else '/no')",
        {"/yes", "/empty", "/object"},
    ),
    "a Python that may run, and a version that is none": (
        "import sys\nopen('/new' if sys.version_info >= (3, 99) else '/old')\n"
        "open('/text' if sys.version_info >= ('3', 5) else '/number')\n"
        "open('/now' if sys.version_info >= (3, 6) else '/never')",
        {"/new", "/old", "/text", "/number", "/now"},
    ),
    "constants compared by identity": (
        "import os\nMODE = 'a'\nopen('/same' if MODE is 'a' else '/never')\n"
        "open('/true' if (1 == 1) is True else '/never')\n"
        "open('/given' if os.environ.get('A', 'a') is 'a' else '/other')",
        {"/same", "/true", "/given", "/other"},
    ),
    "a decorator that hands on to code out of sight": (
        "import acme\ndef traced(f):\n    return acme.wrap(f)\n@traced\ndef path():\n    return '/p'\nopen(path())",
        {"/p"},
    ),
    "a function as decorator that is data": (
        "import json\nwrap = json.load(open('/j'))\n@wrap\ndef f():\n    open('/f')\nf()",
        {"/j", "/f"},
    ),
    "an object as decorator": (
        "class D:\n    def __call__(self, f):\n        return f\n@D()\ndef f():\n    return '/f'\nopen(f())",
        {"/f"},
    ),
    "recursion that hands a dict down": (
        "def f(table, n):\n    if n == 0:\n        return table['path']\n    return f(table, n - 1)\n"
        "open(f({'path': '/p'}, 6))",
        {"/p"},
    ),
    "relative imports of a script": (
        "from . import other\nfrom .more import PATH\nopen(other.PATH)\nopen(PATH)",
        {"/other", "/more"},
    ),
    "a name that is bound on one way, and before that elsewhere": (
        "import os\npath = '/outside'\nclass A:\n    if os.environ.get('A'):\n        path = '/inside'\n"
        "    open(path)\n"
        "if os.environ.get('A'):\n    other = '/set'\nopen(other)\n"
        "def f():\n    if os.environ.get('A'):\n        path = '/local'\n    open(path)\nf()",
        {"/outside", "/inside", "/set", "/local"},
    ),
    "a built-in function that is replaced on one way": (
        "import os\nif os.environ.get('QUIET'):\n    open = print\nopen('/x')",
        {"/x"},
    ),
    "an attribute that a class has on one way, and its parent on the other": (
        "import os\nclass A:\n    path = '/a'\nclass B(A):\n    if os.environ.get('B'):\n        path = '/b'\n"
        "    def above(self):\n        return super().path\n"
        "open(B().path)\nopen(B.path + '/c')\nopen(B().above() + '/d')",
        {"/a", "/b", "/a/c", "/b/c", "/a/d"},
    ),
    "a list that may be None": (
        "import os\nx = None\nif os.environ.get('A'):\n    x = ['/a']\nfor each in x:\n    open(each)",
        {"/a"},
    ),
    "the ends of what is listed": (
        "import os\nfor each in reversed(os.listdir('/in')):\n    open('/in/' + each)",
        {"/in", "/in/{?}"},
    ),
    "the next of nothing": (
        "try:\n    next(iter([]))\n    open('/never')\nexcept StopIteration:\n    open('/stop')\n"
        "open(next(iter([]), '/default'))",
        {"/stop", "/default"},
    ),
    "a dict from keys": (
        "for key, value in dict.fromkeys(['/a', '/b'], '/c').items():\n    open(key)\n    open(value)",
        {"/a", "/b", "/c"},
    ),
    "a path without variables expanded": (
        "import os\nopen(os.path.expandvars('/a/b'))\nopen(os.path.normcase('/a/B'))",
        {"/a/b", "/a/B"},
    ),
    "a method whose name is an argument": (
        "import sys\nclass A:\n    size = 1\n    def load(self):\n        open('/load')\n    def save(self):\n"
        "        open('/save')\ngetattr(A(), sys.argv[1])()",
        {"/load", "/save"},
    ),
    "instances of what is no class, or out of sight": (
        "import acme\nclass A:\n    pass\nopen('/a' if isinstance('/x', A()) else '/b')\n"
        "open('/c' if isinstance(A(), acme.B) else '/d')\nopen('/e' if isinstance([], acme.B) else '/f')",
        {"/a", "/b", "/c", "/d", "/e", "/f"},
    ),
    "attributes put into the table of an object": (
        "import json, acme\nclass A:\n    pass\na = A() if json.load(open('/j')) else None\nvars(a).update(path='/a')\n"
        "open(a.path)\nb = A()\nb.path = '/b'\nfor name in json.load(open('/k')):\n"
        "    b.__dict__.setdefault(name, '/c')\nopen(b.path)\nvars(acme).update(path='/d')",
        {"/j", "/a", "/k", "/b", "/c"},
    ),
    "an exception that a function imports": (
        "from reading import read\nfor path in ('/a', '/b', '/c'):\n    read(path, 'the file ' + path)",
        {"/a", "/b", "/c"},
    ),
    "a path joined in too many ways": (
        CHOICE + "import os\nfolder = {str(i): '/d%d' % i for i in range(6)}[key]\n"
        "name = {str(i): 'e%d' % i for i in range(6)}[key]\nopen(os.path.join(folder, name))",
        {"/choice", *(f"/d{i}/{{?}}" for i in range(6))},
    ),
    "many names of one folder and single ones of others": (
        CHOICE + "table = {str(i): '/many/%d' % i for i in range(30)}\ntable['x'] = '/single'\ntable['y'] = '/a/b/c'\n"
        "open(table[key])",
        {"/choice", "/many/{?}", "/single", "/a/b/c"},
    ),
    "points resolved around what is not known": (
        "import os, sys\nopen(os.path.normpath('/a/./' + sys.argv[1] + '/../b'))\n"
        "open(os.path.abspath(sys.argv[1] + '/./c'))\nopen(os.path.realpath('/' + sys.argv[1]))",
        {"/a/b", "{argv[1]}/c", "/{argv[1]}"},
    ),
    "places in a list that are not known": (
        "import sys\nn = len(sys.argv)\nitems = ['/a']\nitems.insert(n, '/b')\nopen(items[0])\n"
        "others = ['/c', '/d']\nopen(others.pop(n))\nopen(others[0] + '/left')\n"
        "more = ['/e', '/f']\nmore[n] = '/g'\nopen(more[0])",
        {"/a", "/b", "/c", "/d", "/c/left", "/d/left", "/e", "/f", "/g"},
    ),
    "sets of nothing": (
        "for each in set().union([]):\n    open('/never')\nfor each in filter(None, set().union()):\n"
        "    open('/never')\nopen('/after')",
        {"/after"},
    ),
    "a bare except": ("try:\n    import nothing\nexcept:\n    open('/bare')\nopen('/after')", {"/bare", "/after"}),
    "a text cut where something is found": (
        "import sys\nname = sys.argv[1]\nopen('/a' + name[name.find('x'):])\nopen('/b/' + str(name.count('x')))",
        {"/a{?}", "/b/{?}"},
    ),
    "a class with an index": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A:\n    def __class_getitem__(cls, item):\n"
        "        return '/item/' + item\nclass B(Generic[T]):\n    def path(self):\n        return '/b'\n"
        "open(A['x'])\nopen(B[int]().path())",
        {"/item/x", "/b"},
    ),
    "a reduction that comes to rest": (
        "import functools, os\nopen(functools.reduce(lambda a, b: '/fixed', os.listdir('/in'), '/start'))",
        {"/in", "/{?}"},
    ),
    "a class with a base that is data": (
        "import acme, json\nclass A(json.load(open('/j'))):\n    def run(self):\n        open('/run')\n"
        "acme.register(A)\nacme.register(A)",
        {"/j", "/run"},
    ),
}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_what_is_opened_is_known(name: str, tmp_path: Path) -> None:
    source, expected = CLOSED[name]
    found = facts(tmp_path, source, **MORE)
    assert {str(use.path) for use in found.reads} == expected
    assert not [each for each in found.unresolved if not each.package]


OPEN = {
    "an attribute that nobody sets": ("class A:\n    pass\nopen(A().nothing)", "attribute 'nothing' of something"),
    "a method that nobody defines": (
        "import abc\nclass A(abc.ABC):\n    pass\nopen(A().nothing('/x'))",
        "method 'nothing' of A",
    ),
    "a class method that nobody defines": ("class A:\n    pass\nopen(A.nothing('/x'))", "'nothing' of class A"),
    "a method of models that gives no fields": (
        "from pydantic import BaseModel\nclass M(BaseModel):\n    path: str = '/m'\n"
        "open(M.model_json_schema()['title'])",
        "pydantic.BaseModel.model_json_schema()",
    ),
    "a method of a tuple": ("x = ('/a', '/b')\nopen(x.count('/a'))", "tuple.count"),
    "a text and what is none": ("open('/a' + ['b'])", "an addition to a string"),
    "a property made of an object": (
        "class Memo:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self, owner):\n"
        "        return self.f(owner)\nclass A:\n    @property\n    @Memo\n    def path(self):\n        return '/x'\n"
        "open(A().path)",
        "a property made of something that is no plain function",
    ),
    "a name that is bound nowhere": ("open(nothing)", "where 'nothing' comes from cannot be seen"),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_known_is_open_and_says_why(name: str, tmp_path: Path) -> None:
    source, reason = OPEN[name]
    found = facts(tmp_path, source)
    assert [each for each in found.unresolved if reason in each.reason], [each.reason for each in found.unresolved]


def test_a_path_deep_within_what_is_handed_over_is_not_looked_for(tmp_path: Path) -> None:
    source = "import acme\nacme.take({'a': {'b': {'c': {'d': '/deep/path'}}}})\nacme.take([[[[['/deeper/path']]]]])"
    assert {str(use.path) for use in facts(tmp_path, source).paths if use.kind == "delegate"} == {"/deep/path"}


def test_what_a_decorator_is_given_that_is_data_is_told(tmp_path: Path) -> None:
    source = "import json\nwrap = json.load(open('/j'))\n@wrap\ndef f():\n    return '/opt/ml/model/x'\n"
    (handed,) = (use for use in facts(tmp_path, source).paths if use.kind == "delegate")
    assert str(handed.path) == "/opt/ml/model/x"
    assert handed.sink == "the result of a function given to a call"


def test_a_module_imports_from_the_package_above_its_own(tmp_path: Path) -> None:
    inner = tmp_path / "package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    (inner / "deep.py").write_text("from ..top import PATH\nfrom ...outside import OTHER\n")
    (inner.parent / "top.py").write_text("PATH = '/top'\n")
    found = facts(
        tmp_path, "from package.inner.deep import PATH, OTHER\nopen(PATH)\nopen(OTHER)", outside="OTHER = '/o'\n"
    )
    assert {str(use.path) for use in found.reads} == {"/top"}
    assert len(found.unresolved) == 1  # what leads out of the packages is not here


def test_a_typer_app_that_is_no_decorator_leaves_the_function_alone(tmp_path: Path) -> None:
    source = "import typer\napp = typer.Typer()\n@app.command()\ndef run():\n    open('/run')\napp()"
    assert {str(use.path) for use in facts(tmp_path, source).reads} == {"/run"}


CLASS = (
    "import os\nflag = os.environ.get('FLAG')\nclass A:\n    path = '/class'\n"
    "    def __init__(self, path):\n        self.path = path\n"
)
MADE = {
    "on either way": ("a = A('/x') if flag else A('/y')\nopen(a.path)", {"/x", "/y"}),
    "in either branch": (
        "if flag:\n    a = A('/x')\nelse:\n    a = A('/y')\nopen(a.path if hasattr(a, 'path') else '/no')",
        {"/x", "/y"},
    ),
    "by a function that returns early": (
        "def make():\n    if flag:\n        return A('/x')\n    return A('/y')\nopen(make().path)",
        {"/x", "/y"},
    ),
    "in some rounds": (
        "a = None\nfor name in os.listdir('.'):\n    if flag:\n        a = A('/x/' + name)\nopen(a.path)",
        {".", "/x/{?}"},
    ),
    "before, and changed on one way": (
        "class B:\n    path = '/class'\nb = B()\nif flag:\n    b.path = '/x'\nopen(b.path)",
        {"/x", "/class"},
    ),
    "before an early return, and changed after it": (
        "class B:\n    path = '/class'\ndef make():\n    b = B()\n    if flag:\n        return b\n    b.path = '/x'\n"
        "    return b\nopen(make().path)",
        {"/x", "/class"},
    ),
    "before an inner return, and changed after it": (
        "class B:\n    path = '/class'\ndef make():\n    if os.environ.get('OTHER'):\n        b = B()\n"
        "        if flag:\n"
        "            return b\n        b.path = '/x'\n        return b\n    return A('/y')\nopen(make().path)",
        {"/x", "/y", "/class"},
    ),
    "in a round that is left early, and changed after that": (
        "class B:\n    path = '/class'\nfor name in ['a']:\n    b = B()\n    if flag:\n        break\n"
        "    b.path = '/x/' + name\nopen(b.path)",
        {"/x/a", "/class"},
    ),
    "in a `try` that may end in the middle": (
        "class B:\n    path = '/class'\ntry:\n    b = B()\n    int(flag)\n    b.path = '/x'\n"
        "except ValueError:\n    pass\n"
        "open(b.path)",
        {"/x", "/class"},
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_an_object_has_what_it_was_given_where_it_was_made(name: str, tmp_path: Path) -> None:
    source, expected = MADE[name]
    assert {str(use.path) for use in facts(tmp_path, CLASS + source).reads} == expected


def test_facts_come_in_the_same_order_whatever_the_hashes_are(tmp_path: Path) -> None:
    names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]
    (tmp_path / "main.py").write_text(
        "class A:\n    pass\na = A()\n"
        + "".join(f"a.{name} = '/{name}'\n" for name in names)
        + "for path in vars(a).values():\n    open(path)\nimport acme\nacme.take(a)\n"
    )
    code = (
        "import sys\nfrom pathlib import Path\nfrom pipeline_script_contracts.analysis import analyse\n"
        "print([str(use.path) for use in analyse(Path(sys.argv[1])).paths])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "main.py")]
    outputs = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("/") == 2 * len(names)


def test_arguments_that_the_platform_gives_a_default(tmp_path: Path) -> None:
    source = (
        "import argparse, os\nimport sagemaker_training.environment\np = argparse.ArgumentParser()\n"
        "p.add_argument('--model', default=len(sagemaker_training.environment.Environment().hosts) + 1)\n"
        "told = os.environ.get('SM_HOSTS', '[]')\np.add_argument('--hosts', default=len(told))\n"
        "p.add_argument('--distributed', default='SM_HOSTS' in os.environ)\n"
        "p.add_argument('--rounds', default=10 if 'SM_HOSTS' in os.environ else 20)\np.parse_args()\n"
    )
    given = {each.name: each.platform for each in facts(tmp_path, source).arguments}
    assert given == {"model": True, "hosts": True, "distributed": False, "rounds": False}


def test_a_relative_import_out_of_nested_packages_and_out_of_everything(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent, inner.parent.parent):
        (folder / "__init__.py").touch()
    (inner.parent / "top.py").write_text("PATH = '/top'\n")
    found = facts(
        inner,
        "from ..top import PATH\nfrom other import OTHER\nopen(PATH)\nopen(OTHER)\n",
        other=f"from {'.' * 60}far import OTHER\n",
    )
    assert {str(use.path) for use in found.reads} == {"/top"}
    assert [each.reason for each in found.unresolved] == ["a relative import that leads out of the package"]


def test_annotations_in_quotes_speak_of_classes_too(tmp_path: Path) -> None:
    source = (
        "from fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\nclass Item(BaseModel):\n"
        "    name: str\n    def load(self):\n        open('/load')\n"
        "@app.post('/x')\ndef f(item: 'Item', other: 'not ('):\n    item.load()\n"
        "@app.post('/y')\ndef g(item: Item = None, /, other=3):\n    open('/given')\n    item.load()\n"
    )
    assert {str(use.path) for use in facts(tmp_path, source).reads} == {"/load", "/given"}


def test_without_facts_every_clause_is_broken(tmp_path: Path) -> None:
    contract = TrainingScriptContract(
        entry_point="train.py",
        expected_input_paths={"train": "/opt/ml/input/data/train"},
        required_env_vars=["MODE"],
        expected_arguments={"epochs": 3},
    )
    findings = check(contract, Analysis(tmp_path / "train.py"))
    assert {(each.code, each.verdict) for each in findings} == {
        ("SC101", Verdict.VIOLATED),
        ("SC201", Verdict.VIOLATED),
        ("SC301", Verdict.VIOLATED),
    }
