"""What the analyser says of small programs, topic by topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_script_contracts.analysis import Analysis, analyse
from pipeline_script_contracts.analysis.facts import MISSING


def facts(tmp_path: Path, source: str, files: dict[str, str] | None = None) -> Analysis:
    for name, text in (files or {}).items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    script = tmp_path / "train.py"
    script.write_text(source, encoding="utf-8")
    return analyse(script)


def paths(analysis: Analysis, *kinds: str) -> set[str]:
    return {str(use.path) for use in analysis.paths if use.kind in kinds}


READS = {
    "match sequence": (
        "match ('/d', 'x'):\n    case (a, b):\n        open(a + '/' + b)\n    case _:\n        open('/no')"
    ),
    "match star": "match ['/d', 'x', 'y']:\n    case [a, *rest]:\n        open(a + '/x')",
    "match or": "match 2:\n    case 1 | 2:\n        open('/d/x')\n    case _:\n        open('/no')",
    "match none": "match None:\n    case None:\n        open('/d/x')\n    case _:\n        open('/no')",
    "match mapping": "match {'k': '/d/x'}:\n    case {'k': path, **rest}:\n        open(path)",
    "match class": (
        "class P:\n    def __init__(self, path):\n        self.path = path\n"
        "match P('/d/x'):\n    case P(path=p):\n        open(p)"
    ),
    "match guard": "match '/d/x':\n    case p if False:\n        open('/no')\n    case p:\n        open(p)",
    "while": "n = 0\nwhile True:\n    n += 1\n    if n > 2:\n        break\nopen(f'/d/{n}')",
    "while else": "n = 3\nwhile n:\n    n -= 1\nelse:\n    open('/d/x')",
    "endless return": "def f():\n    while True:\n        return '/d/x'\nopen(f())",
    "listed parents": "from pathlib import Path\nopen(Path('/d/x/y').parents[0])",
    "with_name": "from pathlib import Path\nPath('/d/y').with_name('x').open()",
    "with_stem": "from pathlib import Path\nPath('/d/y.csv').with_stem('x').read_text()",
    "path walk": "from pathlib import Path\nfor a, b, c in Path('/d').walk():\n    open(a / 'x')",
    "path suffixes": "from pathlib import Path\np = Path('/d/x')\nprint(p.suffixes, p.anchor, p.owner())\nopen(p)",
    "path pieces": "from pathlib import Path\np = Path('/d/x.csv')\nopen('/d/' + p.stem + p.suffix)",
    "split": "import os\nfolder, name = os.path.split('/d/x')\nopen(os.path.join(folder, name))",
    "relpath": "import os\nopen('/d/' + os.path.relpath('/a/b/x', '/a/b'))",
    "commonpath": "import os\nopen(os.path.commonpath(['/d/x/a', '/d/x/b']))",
    "getcwd": "import os\nos.chdir('/d')\nopen(os.path.join(os.getcwd(), 'x'))",
    "cwd": "import os\nfrom pathlib import Path\nos.chdir('/d')\nopen(Path.cwd() / 'x')",
    "expanduser": "import os\nopen(os.path.expanduser('~/x'))",
    "methods": "items = ['/d/x', '/no']\nitems.reverse()\nitems.insert(0, '/no')\nopen(items.pop())",
    "slices": "items = ['/no', '/d/x', '/no']\nopen(items[1:2][0])",
    "text slice": "open('/d/xyz'[:4])",
    "text item": "open('/d/' + 'xyz'[0])",
    "sorted backwards": "open(sorted(['/a', '/d/x'], reverse=True)[0])",
    "reduce": "from functools import reduce\nimport os\nopen(reduce(os.path.join, ['d', 'x'], '/'))",
    "product": "from itertools import product\nfor a, b in product(['/d'], ['x']):\n    open(a + '/' + b)",
    "chain": "from itertools import chain\nfor a in chain(['/d/x'], []):\n    open(a)",
    "chained": "from itertools import chain\nfor a in chain.from_iterable([['/d/x']]):\n    open(a)",
    "filter": "for a in filter(lambda p: p == '/d/x', ['/no', '/d/x']):\n    open(a)",
    "map": "for a in map(lambda n: '/d/' + n, ['x']):\n    open(a)",
    "next": "open(next(p for p in ['/d/x', '/no'] if True))",
    "getattr": "class A:\n    path = '/d/x'\nopen(getattr(A(), 'path', '/no'))",
    "getattr default": "class A:\n    pass\nopen(getattr(A(), 'path', '/d/x'))",
    "hasattr": "class A:\n    pass\nopen('/no' if hasattr(A(), 'path') else '/d/x')",
    "setattr": "class A:\n    pass\na = A()\nsetattr(a, 'path', '/d/x')\nopen(a.path)",
    "isinstance": "p = '/d/x'\nopen(p if isinstance(p, (str, bytes)) else '/no')",
    "issubclass": "class A: pass\nclass B(A): pass\nopen('/d/x' if issubclass(B, A) else '/no')",
    "globals": "FOLDER = '/d'\nopen(globals()['FOLDER'] + '/x')",
    "locals": "def f():\n    folder = '/d'\n    open(locals()['folder'] + '/x')\nf()",
    "vars": "class A:\n    def __init__(self):\n        self.path = '/d/x'\nopen(vars(A())['path'])",
    "exec": "exec(\"open('/d/x')\")",
    "eval": "open(eval(\"'/d/' + 'x'\"))",
    "enum": "from enum import Enum\nclass S(Enum):\n    A = 'x'\nfor s in S:\n    open('/d/' + s.value)",
    "enum by value": (
        "from enum import Enum\nclass S(str, Enum):\n    A = 'x'\n    B = 'y'\nopen('/d/' + S('x').value)"
    ),
    "enum by name": "from enum import Enum\nclass S(Enum):\n    A = 'x'\nopen('/d/' + S['A'].value)",
    "namedtuple": (
        "from collections import namedtuple\nP = namedtuple('P', 'a b', defaults=['x'])\n"
        "p = P('/d')\nopen(p.a + '/' + p.b)"
    ),
    "defaultdict": "from collections import defaultdict\nd = defaultdict(lambda: '/d/x')\nopen(d['any'])",
    "chain map": "from collections import ChainMap\nopen(ChainMap({'a': '/d/x'}, {'a': '/no'})['a'])",
    "namespace": "from types import SimpleNamespace\nopen(SimpleNamespace(path='/d/x').path)",
    "itemgetter": "from operator import itemgetter\nopen(itemgetter('a')({'a': '/d/x'}))",
    "attrgetter": "from operator import attrgetter\nclass A:\n    path = '/d/x'\nopen(attrgetter('path')(A()))",
    "copy": "import copy\na = ['/d/x']\nb = copy.copy(a)\na.clear()\nopen(b[0])",
    "deepcopy": "import copy\nclass A:\n    def __init__(self):\n        self.p = '/d/x'\nopen(copy.deepcopy(A()).p)",
    "fields": (
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: str = '/d'\n"
        "for f in dataclasses.fields(A):\n    open('/d/' + f.name)"
    ),
    "exit stack": "import contextlib\nwith contextlib.ExitStack() as s:\n    s.enter_context(open('/d/x'))",
    "null context": "import contextlib\nwith contextlib.nullcontext('/d/x') as p:\n    open(p)",
    "suppress": "import contextlib\nwith contextlib.suppress(OSError):\n    open('/d/x')",
    "percent width": "open('/d/%s' % 'x')",
    "format spec": "open('/{:s}/x'.format('d'))",
    "format attribute": "class A:\n    d = 'd'\nopen('/{a.d}/{b[k]}'.format(a=A(), b={'k': 'x'}))",
    "repr": "open('/d/' + f\"{'x'!s}\")",
    "partition": "open('/d/' + 'x=1'.partition('=')[0])",
    "str of object": "class A:\n    def __str__(self):\n        return '/d/x'\nopen(str(A()))",
    "fspath": "class A:\n    def __fspath__(self):\n        return '/d/x'\nopen(A())",
    "iterated object": "class A:\n    def __iter__(self):\n        yield '/d/x'\nfor p in A():\n    open(p)",
    "indexed object": "class A:\n    def __getitem__(self, key):\n        return '/d/' + key\nopen(A()['x'])",
    "added object": "class A:\n    def __add__(self, other):\n        return '/d/' + other\nopen(A() + 'x')",
    "context object": (
        "class A:\n    def __enter__(self):\n        return '/d/x'\n"
        "    def __exit__(self, *e):\n        pass\nwith A() as p:\n    open(p)"
    ),
    "classmethod": (
        "class A:\n    root = '/d'\n    @classmethod\n    def make(cls, n):\n"
        "        return cls.root + '/' + n\nopen(A.make('x'))"
    ),
    "new": (
        "class A:\n    def __new__(cls):\n        self = super().__new__(cls)\n"
        "        return self\n    p = '/d/x'\nopen(A().p)"
    ),
    "super property": (
        "class A:\n    @property\n    def p(self):\n        return '/d'\nclass B(A):\n"
        "    @property\n    def p(self):\n        return super().p + '/x'\nopen(B().p)"
    ),
    "setter": (
        "class A:\n    @property\n    def p(self):\n        return self._p\n    @p.setter\n"
        "    def p(self, v):\n        self._p = v\na = A()\na.p = '/d/x'\nopen(a.p)"
    ),
    "del": "d = {'a': '/no', 'b': '/d/x'}\ndel d['a']\nfor p in d.values():\n    open(p)",
    "nonlocal": (
        "def f():\n    p = '/no'\n    def g():\n        nonlocal p\n        p = '/d/x'\n    g()\n    open(p)\nf()"
    ),
    "global": "p = '/no'\ndef f():\n    global p\n    p = '/d/x'\nf()\nopen(p)",
    "yield from": "def f():\n    yield from ['/d/x']\nfor p in f():\n    open(p)",
    "async": "import asyncio\nasync def f():\n    open('/d/x')\nasyncio.run(f())",
    "swap": "a, b = '/no', '/d/x'\na, b = b, a\nopen(a)",
    "star target": "first, *rest = ['/no', '/d/x']\nopen(rest[0])",
    "walrus": "if (p := '/d/x'):\n    open(p)",
    "list times": "for p in ['/d/x'] * 2:\n    open(p)",
    "merged": "d = {'a': '/no'} | {'a': '/d/x'}\nopen(d['a'])",
    "popped": "d = {'a': '/d/x'}\nopen(d.pop('a'))",
    "setdefault": "d = {}\nopen(d.setdefault('a', '/d/x'))",
    "pairs": "d = dict([('a', '/d/x')])\nopen(d['a'])",
    "cat": "import subprocess\nsubprocess.run(['cat', '/d/x'])",
    "shell": "import os\nos.system('cat /d/x')",
    "shell words": "import subprocess\nsubprocess.run('bash -c \"cat /d/x\"', shell=True)",
    "tar": "import subprocess\nsubprocess.run(['tar', '-xzf', '/d/x', '-C', '/tmp'])",
    "s3": "import subprocess\nsubprocess.run(['aws', 's3', 'cp', '/d/x', 's3://bucket/x'])",
    "archive": "import shutil\nshutil.unpack_archive('/d/x', '/tmp')",
    "numbers": "x = 7 // 2 ** 1 - -1 % 3\nopen('/d/x' if x else '/d/x')",
    "set": "for p in {'/d/x'} | set():\n    open(p)",
}


@pytest.mark.parametrize("source", READS.values(), ids=READS.keys())
def test_the_read_is_found_and_no_other(tmp_path: Path, source: str) -> None:
    analysis = facts(tmp_path, source)
    found = paths(analysis, "read", "update")
    assert "/no" not in found
    assert any(each in ("/d/x", "/d/3", "/root/x") or each.startswith("/d/") for each in found), (
        found,
        analysis.unresolved,
    )


WRITES = {
    "make_archive": ("import shutil\nshutil.make_archive('/o/x', 'zip', '/d')", "/o/x.zip"),
    "rename": ("from pathlib import Path\nPath('/tmp/x').rename('/o/x')", "/o/x"),
    "tar": ("import subprocess\nsubprocess.run('tar czf /o/x.tgz /d', shell=True)", "/o/x.tgz"),
    "copy": ("import subprocess\nsubprocess.run(['cp', '-r', '/d', '/o/x'])", "/o/x"),
    "unzip": ("import subprocess\nsubprocess.run(['unzip', '/d/x.zip', '-d', '/o/x'])", "/o/x"),
    "os.open": ("import os\nos.open('/o/x', os.O_WRONLY | os.O_CREAT)", "/o/x"),
    "unknown mode": ("import sys\nopen('/o/x', 'w' if sys.argv else 'a')", "/o/x"),
    "pool": (
        "from multiprocessing import Pool\ndef f(a, b):\n    open(a + b, 'w')\nPool().starmap(f, [('/o/', 'x')])",
        "/o/x",
    ),
    "timer": (
        (
            "import threading\ndef f(p):\n    open(p, 'w')\nthreading.Timer(1, f)\n"
            "threading.Thread(target=f, kwargs={'p': '/o/x'}).start()"
        ),
        "/o/x",
    ),
    "atexit": ("import atexit\ndef f(p):\n    open(p, 'w')\natexit.register(f, '/o/x')", "/o/x"),
    "spawn": (
        "import torch.multiprocessing as mp\ndef f(rank, p):\n    open(p, 'w')\nmp.spawn(f, args=('/o/x',))",
        "/o/x",
    ),
    "joblib": (
        (
            "from joblib import Parallel, delayed\ndef f(p):\n    open(p, 'w')\n"
            "Parallel()(delayed(f)(p) for p in ['/o/x'])"
        ),
        "/o/x",
    ),
    "fire": ("import fire\ndef f(out='/o/x'):\n    open(out, 'w')\nfire.Fire(f)", "/o/x"),
    "click group": (
        "import click\n@click.group()\ndef cli():\n    pass\n@cli.command()\n@click.option('--out', default='/o/x')\n"
        "def run(out):\n    open(out, 'w')\ncli()",
        "/o/x",
    ),
}


@pytest.mark.parametrize(("source", "path"), WRITES.values(), ids=WRITES.keys())
def test_the_write_is_found(tmp_path: Path, source: str, path: str) -> None:
    assert path in paths(facts(tmp_path, source), "write")


UNRESOLVED = {
    "input": "open(input())",
    "socket": "import sys\nopen(sys.stdin.readline().strip())",
    "content": "import json\nopen(json.load(open('/d/c.json'))['path'])",
    "exec": "exec(open('/d/code').read())",
    "eval": "eval(open('/d/code').read())",
    "import": "import importlib\nimport os\nimportlib.import_module(os.environ['MODULE'])",
    "command": "import subprocess\nimport os\nsubprocess.run(os.environ['COMMAND'])",
    "program": "import subprocess\nsubprocess.run(['prepare', 'all'])",
    "script": "import subprocess\nsubprocess.run(['bash', 'run.sh'])",
    "code": "import subprocess\nsubprocess.run(['python', '-c', 'print(1)'])",
    "absent": "import subprocess\nsubprocess.run(['python', 'absent.py'])",
    "runpy": "import runpy\nrunpy.run_path('absent.py')",
    "opaque": "import helpers_elsewhere\nhelpers_elsewhere.run()",
}


@pytest.mark.parametrize("source", UNRESOLVED.values(), ids=UNRESOLVED.keys())
def test_what_cannot_be_followed_is_said(tmp_path: Path, source: str) -> None:
    analysis = facts(tmp_path, source)
    assert analysis.unresolved
    assert analysis.coverage < 1.0
    assert all(each.reason for each in analysis.unresolved)


def test_local_modules_packages_and_scripts_are_followed(tmp_path: Path) -> None:
    analysis = facts(
        tmp_path,
        "from package import *\nfrom package.inner import read as again\n"
        "import package.late\nimport runpy, subprocess, sys\n"
        "read('a')\nagain('b')\npackage.late.run()\nrunpy.run_path('other.py')\n"
        "subprocess.run([sys.executable, 'child.py', '/d/e'])\nsubprocess.run(['python', '-m', 'package.tool'])\n",
        {
            "package/__init__.py": (
                "from .inner import read\n__all__ = ['read']\ndef __getattr__(name):\n    return name\n"
            ),
            "package/inner.py": "from . import late\ndef read(name):\n    open('/d/' + name)\n",
            "package/late.py": "def run():\n    open('/d/c')\n",
            "package/tool.py": "open('/d/f')\n",
            "other.py": "open('/d/d')\n",
            "child.py": "import sys\nif __name__ == '__main__':\n    open(sys.argv[1])\n",
        },
    )
    assert paths(analysis, "read") == {"/d/a", "/d/b", "/d/c", "/d/d", "/d/e", "/d/f"}


def test_arguments_are_described(tmp_path: Path) -> None:
    analysis = facts(
        tmp_path,
        "import argparse\nbase = argparse.ArgumentParser(add_help=False)\n"
        "base.add_argument('--seed', type=int, default=1)\n"
        "p = argparse.ArgumentParser(parents=[base])\np.add_argument('data')\n"
        "p.add_argument('--flag', action='store_true')\n"
        "p.add_argument('--kind', choices=['a', 'b'], required=True)\np.add_argument('-v', action='count')\n"
        "sub = p.add_subparsers(dest='command')\nq = sub.add_parser('fit')\n"
        "q.add_argument('--rate', type=float, default=0.5)\n"
        "q.set_defaults(run=print)\nargs = p.parse_args()\nargs.run(args.rate)\n",
    )
    found = {each.name: each for each in analysis.arguments}
    assert set(found) == {"seed", "data", "flag", "kind", "v", "rate"}
    assert (found["seed"].default, found["seed"].type) == (1, "int")
    assert found["data"].positional
    assert found["flag"].flag
    assert (found["kind"].choices, found["kind"].required, found["kind"].default) == (("a", "b"), True, MISSING)
    assert analysis.arguments_open == ""


def test_a_handler_is_called_as_the_platform_does(tmp_path: Path) -> None:
    analysis = facts(
        tmp_path,
        "import os\ndef model_fn(model_dir, context=None):\n    return open(os.path.join(model_dir, 'm'))\n"
        "def predict_fn(data, model):\n    return model.read()\n",
    )
    assert analysis.handlers == ("model_fn", "predict_fn")
    assert {(str(use.path), use.place.phase) for use in analysis.paths} == {("/opt/ml/model/m", "serving")}


@pytest.mark.parametrize("folder", ["Path(path).parent / 'y'", "os.path.join(os.path.dirname(path), 'y')"])
def test_the_folder_of_a_path_with_an_open_end_stays_open(tmp_path: Path, folder: str) -> None:
    source = f"import os\nfrom pathlib import Path\npath = '/d/a'\nwhile input():\n    path += '/b'\nopen({folder})"
    assert paths(facts(tmp_path, source), "read") == {"/d/y", "/d/a/{?}/y"}
