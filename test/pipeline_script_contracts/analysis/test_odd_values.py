"""Values in odd places: what each small program opens."""

from pathlib import Path

import pytest
from analysis_samples import facts

CLOSED = {
    "a name changed many times before an exception": (
        "path = '/0'\ntry:\n"
        + "".join(f"    path = '/{number}'\n    int('x')\n" for number in range(1, 13))
        + "except ValueError:\n    open(path)",
        {f"/{number}" for number in range(13)},
    ),
    "text of an enum": (
        "import enum\nclass E(str, enum.Enum):\n    A = '/a'\n    def __str__(self):\n        return self.value\n"
        "open(f'{E.A.value}/x')\nopen('/b' if E.A == E['A'] else '/c')",
        {"/a/x", "/b"},
    ),
    "two text enums": (
        "import enum\nclass E(str, enum.Enum):\n    A = 'a'\nclass F(str, enum.Enum):\n    A = 'a'\n"
        "open('/same' if 'a' == F.A else '/other')",
        {"/same"},
    ),
    "enum members as keys": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\ntable = {E.A: '/a', E.B: '/b'}\n"
        "for key in table:\n    open(table[key])",
        {"/a", "/b"},
    ),
    "a method that wraps": (
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def inner(*a):\n"
        "        return f(*a)\n    return inner\n"
        "@deco\ndef path():\n    return '/x'\nopen(path())\nopen(path.__wrapped__())",
        {"/x"},
    ),
    "a fresh object from __new__": (
        "class One:\n    made = None\n    def __new__(cls):\n        if cls.made is None:\n"
        "            cls.made = object.__new__(cls)\n"
        "        return cls.made\n    def path(self):\n        return '/one'\n"
        "open(One().path())\nopen(One().path())",
        {"/one"},
    ),
    "attrs by calls": (
        "import attr\n@attr.s\nclass A:\n    path = attr.ib(default='/attr')\nopen(A().path)\nopen(A('/given').path)",
        {"/attr", "/given"},
    ),
    "what stands in a dataclass without an annotation": (
        "import os\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    root: str\n"
        "    shared = os.path.join('/s', 't')\n@dataclass\nclass B(A):\n    name: str\nb = B('/r', 'n')\n"
        "open(b.root + '/' + b.name)\nopen(b.shared)\nopen(vars(b).get('shared', '/none'))",
        {"/r/n", "/s/t", "/none"},
    ),
    "comparisons that fail": (
        "try:\n    flag = 1 < 'a'\n    open('/never')\nexcept TypeError:\n    open('/typed')\n"
        "try:\n    -'a'\n    open('/never')\nexcept TypeError:\n    open('/signed')\n"
        "try:\n    [each + 1 for each in ['a']]\n    open('/never')\nexcept TypeError:\n    open('/added')",
        {"/typed", "/signed", "/added"},
    ),
    "paths compared": (
        "from pathlib import Path\nopen('/equal' if Path('/a') / 'b' == Path('/a/b') else '/unequal')\n"
        "open('/differs' if Path('/a') != Path('/b') else '/never')",
        {"/equal", "/differs"},
    ),
    "nonlocal through two functions": (
        "def outer():\n    path = '/old'\n    def middle():\n        def inner():\n"
        "            nonlocal path\n            path = '/new'\n"
        "        inner()\n    middle()\n    return path\nopen(outer())",
        {"/new"},
    ),
    "walrus in a comprehension": ("[last := each for each in ['/a', '/b']]\nopen(last)", {"/b"}),
    "one alternative of a callee": ("f = open if 1 else print\nf('/x')", {"/x"}),
    "mapping patterns": (
        "match {'kind': 'file', 'path': '/m', 'more': 1}:\n"
        "    case {'kind': 'file', 'path': path, **rest}:\n        open(path)\n"
        "match ['a', '/s', 'c']:\n    case [_, _]:\n        open('/never')\n"
        "    case [first, *others] if first == 'a':\n        open(others[0])",
        {"/m", "/s"},
    ),
    "classes by position": (
        "class P:\n    pass\nmatch P():\n    case str():\n        open('/never')\n    case P():\n        open('/p')",
        {"/p"},
    ),
    "deleting and slicing": (
        "d = {'a': '/a', 'b': '/b'}\ndel d['b']\nx = y = 1\ndel (x, y)\nfor path in d.values():\n    open(path)",
        {"/a"},
    ),
    "a setter of items": (
        "class Table:\n    def __init__(self):\n        self.rows = {}\n"
        "    def __setitem__(self, key, value):\n        self.rows[key] = value\n"
        "    def __getitem__(self, key):\n        return self.rows[key]\nt = Table()\nt['a'] = '/a'\nopen(t['a'])",
        {"/a"},
    ),
    "pop at an index, insert into the unknown": (
        "items = ['/a', '/b']\nopen(items.pop(0))\nitems = sorted(items)\nitems.insert(0, '/c')\nopen(items[0])",
        {"/a", "/c"},
    ),
    "numbers in a text": (("n = 10 ** 3\nopen(f'/n/{n:05d}')\nopen('/n/%(a)s-%%' % {'a': 1})"), {"/n/01000", "/n/1-%"}),
    "strings asked": (
        "open('/digits' if '12'.isdigit() else '/never')\nopen('/ab'.replace('b', 'c', 1))\n"
        "open('/x/'.strip('/').join(['/', '']))",
        {"/digits", "/ac", "/x"},
    ),
    "a parser that ends": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--a', default='/a')\na = p.parse_args()\n"
        "if a.a == '/b':\n    p.error('no')\n    open('/never')\nopen(a.a)",
        {"/a"},
    ),
    "several names for one declaration": (
        "import argparse\np = argparse.ArgumentParser()\nfor name in ('--in', '--out'):\n"
        "    p.add_argument(name, default='/d' + name[2:])\n"
        "a = p.parse_args()\nopen(getattr(a, 'in'))\nopen(a.out)",
        {"/din", "/dout"},
    ),
    "maps of unpacked columns": (
        "import os\nopen(list(map(os.path.join, ['/a'], ['b']))[0])\n"
        "for path in filter(None, ['/c', '']):\n    open(path)",
        {"/a/b", "/c"},
    ),
    "paths of everything": (
        "from pathlib import Path\nopen(Path() / '/x')\n"
        "open(Path('/a/b').absolute().parents[0])\nopen(Path('/a') / 'c' / Path('..') / 'd')",
        {"/x", "/a", "/a/c/../d"},
    ),
    "an open file is its own context": ("with open('/a').__enter__() as stream:\n    stream.read()", {"/a"}),
    "a loop over while else": (
        "n = 0\nwhile n < 2:\n    n += 1\nelse:\n    open('/else')\nwhile True:\n    break\nopen('/after')",
        {"/else", "/after"},
    ),
    "module attributes": (
        "import other\nimport other as o\nopen(vars(o)['PATH'])\nopen(getattr(other, 'PATH'))",
        {"/other"},
    ),
    "a spec of a local file": (
        "import importlib.util as u\ns = u.spec_from_file_location('other', 'other.py')\n"
        "m = u.module_from_spec(s)\n"
        "s.loader.exec_module(m)\nopen(m.PATH)",
        {"/other", "other.py"},
    ),
    "definite recursion": (
        "from pathlib import Path\ndef down(path, names):\n"
        "    return down(path / names[0], names[1:]) if names else path\n"
        "open(down(Path('/r'), ('a', 'b', 'c', 'd', 'e', 'f')))",
        {"/r/a/b/c/d/e/f"},
    ),
    "a default of a called field": (
        "from dataclasses import dataclass, field\n@dataclass\nclass A:\n"
        "    paths: list = field(default_factory=lambda: ['/f'])\n"
        "for path in A().paths:\n    open(path)",
        {"/f"},
    ),
    "joined with None and tuples": (
        "import os\nimport pandas as pd\nname = None\nopen(os.path.join('/a', name or 'b'))\n"
        "pd.read_csv(('/t1',)[0])\nopen(os.path.join(*('/t', 'u')))",
        {"/a/b", "/t1", "/t/u"},
    ),
    "values of a class behind super": (
        "class A:\n    root = '/a'\nclass B(A):\n    root = '/b'\n    def path(self):\n"
        "        return super().root\n"
        "open(B().path())",
        {"/a"},
    ),
    "enum members with an attribute of the class": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    def __init__(self, number):\n"
        "        self.number = number\n"
        "    @classmethod\n    def path(cls):\n        return '/e'\nopen(E.A.path())\n"
        "open({1: '/one'}[E['A'].value])",
        {"/e", "/one"},
    ),
    "an item of a list of paths": (
        "from pathlib import Path\nopen([*Path('/a/b').parents][0])\nopen(Path('/c/d.txt').with_name('e.txt'))",
        {"/a", "/c/e.txt"},
    ),
    "several callees": (
        "import json\nflag = json.load(open('/flag'))\ndef a():\n    return '/a'\ndef b():\n    raise ValueError\n"
        "f = a if flag else b\nopen(f())",
        {"/flag", "/a"},
    ),
    "properties of the namespace": (
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--path', default='/p')\na = p.parse_args()\n"
        "for name in ('path', 'path'):\n    setattr(a, name, getattr(a, name) + '/x')\nopen(a.path)",
        {"/p/x/x"},
    ),
    "isinstance of many": (
        "from pathlib import Path\nx = Path('/i')\nopen('/never' if isinstance(x, (list, str)) else x)\n"
        "open('/never' if isinstance([], dict) else '/list')",
        {"/i", "/list"},
    ),
    "own names as a mapping": (
        ("def f():\n    path = '/l'\n    return locals()\nopen(f()['path'])\nx = '/g'\nopen(vars()['x'])"),
        {"/l", "/g"},
    ),
    "code that does not parse": (
        "try:\n    exec('1 +')\n    open('/never')\nexcept SyntaxError:\n    open('/exec')\n"
        "try:\n    eval('1 +')\n    open('/never')\nexcept SyntaxError:\n    open('/eval')",
        {"/exec", "/eval"},
    ),
    "a glob of several patterns": (
        "import glob, os\nfor pattern in ('/a/*.csv', '/b/c.csv'):\n"
        "    for path in glob.glob(pattern):\n        open(path)\n"
        "os.path.basename('/x')",
        {"/a", "/a/*.csv", "/b/c.csv"},
    ),
    "a command with holes": (
        "import os, subprocess\nname = os.environ.get('NAME')\n"
        "subprocess.run(f'cat /logs/{name}.txt /logs/all.txt', shell=True)",
        {"/logs/{NAME}.txt", "/logs/all.txt"},
    ),
    "an endless loop that ends": (
        "n = 0\nwhile n < 100:\n    n += 1\n    if n > 200:\n        break\nelse:\n    open('/hundred')\nopen('/done')",
        {"/hundred", "/done"},
    ),
    "patterns with stars of anything": (
        "import json\nmatch json.load(open('/j')):\n    case [first, *rest]:\n"
        "        open('/rest')\n    case {'a': 1}:\n        open('/dict')\n"
        "    case None:\n        pass",
        {"/j", "/rest", "/dict"},
    ),
    "texts of classes": (
        "class P:\n    def __str__(self):\n        return '/s'\n"
        "    def __format__(self, spec):\n        return '/f'\nopen(str(P()))",
        {"/s"},
    ),
    "a parser's own commands": (
        "import click\ncli = click.Group()\n@cli.command\ndef run():\n    open('/run')\ncli()",
        {"/run"},
    ),
    "a pop of everything": ("d = {'a': '/a'}\nkey, path = d.popitem()\nopen(path)", {"/a"}),
    "a filter that keeps what may be": (
        "import os\nfor path in filter(lambda each: each != '/b', ['/a', '/b']):\n"
        "    open(path)\nfor path in map(str, []):\n    open(path)",
        {"/a"},
    ),
    "old attributes of a model": (
        "from pydantic import BaseModel\nclass M(BaseModel):\n    path: str = '/m'\n"
        "    def __init__(self, **values):\n"
        "        super().__init__(**values)\nopen(M().path)\nopen(M.model_construct(path='/c').path)",
        {"/m", "/c"},
    ),
    "validators that see the other fields": (
        "from pydantic import BaseModel, validator\nclass M(BaseModel):\n"
        "    root: str = '/r'\n    path: str = 'p'\n"
        "    @validator('path', always=True)\n    def join(cls, value, values):\n"
        "        return values['root'] + '/' + value\n"
        "open(M().path)\nopen(M(root='/s', path='q').path)",
        {"/r/p", "/s/q"},
    ),
    "an environment asked with getenv": (
        ("import os\nopen(os.getenv('A_PATH', default='/env'))\nopen(os.environ.get('B') or '/b')"),
        {"/env", "/b"},
    ),
    "members of an enum by name": (
        (
            "import enum\nclass E(enum.Enum):\n    A = '/a'\n    B = '/b'\nfor name in E.__members__:\n"
            "    open(E[name].value)\nopen(E['NONE'].value) if len(E) > 5 else None\n"
        ),
        {"/a", "/b"},
    ),
    "None unpacked": (
        ("import os\nsettings = None\ntable = {**({} if settings is None else settings), 'a': '/a'}\nopen(table['a'])"),
        {"/a"},
    ),
    "a walrus compared": (
        (
            "import os\nif (found := os.environ.get('A')) is not None:\n    open('/set')\nelse:\n"
            "    open('/unset')\n    assert found is None"
        ),
        {"/set", "/unset"},
    ),
    "a pool's keywords": (
        (
            "from multiprocessing import Pool\ndef f(a, b='/never'):\n    open(a)\n    open(b)\n"
            "Pool(2).apply(f, ('/a',), {'b': '/b'})"
        ),
        {"/a", "/b"},
    ),
    "a path's type": (
        (
            "import argparse, os\np = argparse.ArgumentParser()\n"
            "p.add_argument('--a', default='/a', type=os.path.abspath)\n"
            "open(p.parse_args(['--a', '/a']).a if False else p.parse_args().a)"
        ),
        {"/a"},
    ),
    "a glob of a path": (
        ("import glob\nfrom pathlib import Path\nfor each in glob.glob(Path('/data') / '*.csv'):\n    open(each)"),
        {"/data", "/data/*.csv"},
    ),
    "shell words that are none": (
        ("import shlex\ntry:\n    words = shlex.split('\"open')\nexcept ValueError:\n    open('/bad')"),
        {"/bad"},
    ),
    "an index too far in text": (
        ("try:\n    open('/never' + 'abc'[7])\nexcept IndexError:\n    open('/short')\nopen('/' + 'abc'[1])"),
        {"/b", "/short"},
    ),
    "a sort of what has no order": (
        ("try:\n    print(sorted(['a', 1]))\nexcept TypeError:\n    open('/mixed')\nopen('/after')"),
        {"/after", "/mixed"},
    ),
    "text of a path in a format": (
        (
            "from pathlib import Path\nopen('{}/{:>3}'.format(Path('/a'), 'x'.strip()))\n"
            "open('%5s' % '/b')\nopen(f\"{'/c':}\")"
        ),
        {"   /b", "/a/  x", "/c"},
    ),
    "a width of an argument": (
        ("import sys\nwidth = len(sys.argv)\nopen(f\"/a{'x':>{width}}\")"),
        {"/a{?}"},
    ),
    "a format of numbers": (
        (
            "try:\n    open('/%d' % 'x')\nexcept TypeError:\n    open('/typed')\nopen('/%03d' % 7)\n"
            "open('/{:04.1f}'.format(2.5))"
        ),
        {"/007", "/02.5", "/typed", "/{?}"},
    ),
    "a set and an insert": (
        (
            "seen = set()\nseen.add('/a')\nfor each in seen:\n    open(each)\nlines = []\n"
            "lines.insert(0, '/b')\nopen(lines[0])"
        ),
        {"/a", "/b"},
    ),
    "a deque from the left": (
        ("from collections import deque\nd = deque(['/a'])\nd.appendleft('/b')\nfor each in d:\n    open(each)"),
        {"/a", "/b"},
    ),
    "no positional to register": (
        (
            "import atexit\ndef f():\n    open('/f')\natexit.register(f)\nimport asyncio\nasync def g():\n"
            "    open('/g')\nasyncio.run(main=g())"
        ),
        {"/f", "/g"},
    ),
    "a long pad": (
        ("open('/a' + ''.ljust(9000))\nopen('/b'.ljust(2))"),
        {"/a{?}", "/b"},
    ),
    "a huge number's text": (
        ("try:\n    print(str(10 ** 9000))\nexcept ValueError:\n    open('/huge')\nopen('/after')"),
        {"/after", "/huge"},
    ),
    "a matrix product": (
        ("try:\n    print(1 @ 2)\nexcept TypeError:\n    open('/no')"),
        {"/no"},
    ),
    "a path's parts": (
        ("import sys\nfrom pathlib import Path\nparts = Path(sys.argv[1]).parts\nopen('/a/' + parts[-1])"),
        {"/a/{?}"},
    ),
    "an empty path": (
        ("from pathlib import Path\nopen(Path('') / 'a.txt')\nopen(Path(*['/x', 'y']))"),
        {"/x/y", "a.txt"},
    ),
    "an item of a path": (
        ("from pathlib import Path\ntry:\n    Path('/a')[0]\nexcept TypeError:\n    open('/a')"),
        {"/a"},
    ),
    "a text enum in text": (
        (
            "import enum\nclass E(enum.StrEnum):\n    A = 'a'\nopen(f'/{E.A}')\nopen('/x/' + E.A)\n"
            "import os\nopen(os.path.join(E.A, 'b'))"
        ),
        {"/a", "/x/a", "a/b"},
    ),
    "an enum opened": (
        ("import enum\nclass E(str, enum.Enum):\n    A = '/a'\nopen(E.A)"),
        {"/a"},
    ),
    "a tuple of files": (
        ("import pandas as pd\npd.read_csv(('/a', '/b'))"),
        {"/a", "/b"},
    ),
    "startswith known": (
        ("import sys\nname = '/a/' + sys.argv[1]\nopen('/yes' if name.startswith('/a') else '/no')"),
        {"/yes"},
    ),
    "starred alone": (
        ("a = ['/a']\nfor each in (*a, '/b'):\n    open(each)\nprint(*a)"),
        {"/a", "/b"},
    ),
    "copies": (
        ("import copy\nopen(copy.copy('/a'))\nopen(copy.deepcopy({'a': '/b'})['a'])"),
        {"/a", "/b"},
    ),
    "environ by any name": (
        ("import os, sys\nif sys.argv[1] in os.environ:\n    open('/a')"),
        {"/a"},
    ),
    "hyperparameters by any name": (
        ("import os, sys\nopen('/a' + os.environ['SM_HP_' + sys.argv[1]])"),
        {"/a{?}"},
    ),
    "strings changed": (
        (
            "import sys\nopen(('/a' + sys.argv[1]).strip())\nopen(('/B' + sys.argv[1]).lower())\n"
            "open(('/c/' + sys.argv[1]).replace('c', 'd'))"
        ),
        {"/a{argv[1]}", "/b{argv[1]}", "/d/{argv[1]}"},
    ),
    "a validator not here": (
        (
            "from pydantic import BaseModel, field_validator\nfrom lib import check\nclass M(BaseModel):\n"
            "    path: str = '/m'\n    model_config = {'validate_default': True}\n"
            "    _c = field_validator('path')(check)\nopen(M().path)"
        ),
        {"/m"},
    ),
    "match on types": (
        (
            "import sys\nmatch sys.argv:\n    case [_, a, *rest]:\n        open('/a')\n    case str():\n"
            "        open('/never')\n    case _:\n        open('/b')\nmatch ['x']:\n"
            "    case [a, b, *rest]:\n        open('/never2')\n    case [a]:\n        open('/one')"
        ),
        {"/a", "/b", "/never", "/one"},
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_what_is_opened_is_known(name: str, tmp_path: Path) -> None:
    source, expected = CLOSED[name]
    found = facts(tmp_path, source, other="PATH = '/other'\n")
    assert {str(use.path) for use in found.reads} == expected
    assert not found.unresolved


OPEN = {
    "JSON that is none": "import json\nopen(json.loads('{')['a'])",
    "a literal that is none": "import ast\nopen(ast.literal_eval('1 +'))",
    "an attribute of no member": "import enum\nclass E(enum.Enum):\n    A = 1\nopen(E.A.nothing)",
    "super outside": "open(super().path)",
    "a format that is none": "open('{'.format(1))",
    "a format from outside": "import sys\nopen(sys.stdin.readline() % 1)",
    "a byte string of no text": "open(b'\\xff'.decode() + '')",
    "a matrix product": "open([1] @ [2])",
    "an item of anything": "import acme\nopen(acme.table()['a'])",
    "code from outside": "import sys\nexec(sys.argv[1])",
    "a program from outside": "import subprocess, sys\nsubprocess.run([sys.argv[1], 'x'])",
    "a quote that never ends": 'import subprocess\nsubprocess.run("cp \'a b", shell=True)',
    "a folder from outside": "import os, json\nos.chdir(json.load(open('a'))['x'])\nopen('y')",
    "a mapping of anything": "def f(path='/a'):\n    open(path)\nimport json\nf(**json.load(open('x.json')))",
    "a partial of nothing": "import functools\nopen(functools.partial()())",
    "a command of anything": "import os, json\nos.system(json.load(open('x')))",
    "a mode from outside": "import sys\nopen('/x', sys.argv[1])",
    "a template from outside": "import sys\nopen(sys.stdin.read().format('x'))",
    "a slice of an object": "class A:\n    def __getitem__(self, i):\n        return i\nopen(A()[1:2])",
    "columns of anything": "import json\nfor path in map(open, *json.load(open('x'))):\n    pass",
    "words of anything": "import json, shlex\nopen(shlex.split(json.load(open('x')))[0])",
    "a character of anything": "import sys\nopen(sys.stdin.readline()[0])",
    "an object that is none": "class A:\n    pass\nfor path in A():\n    open(path)",
    "paths unpacked": ("from pathlib import Path\nimport sys\nopen(Path(*sys.argv[1:]))"),
    "format map": ("import sys\nopen(sys.argv[1].format(a='x'))\nopen('{a}'.format_map({'a': '/y'}))"),
    "percent of unknown": ("import sys\nopen(sys.argv[1] % 'x')"),
    "replace of a library's": (
        "import dataclasses, lib\nopen(dataclasses.replace(lib.make(), path='/x').path)\n"
        "open(dataclasses.asdict(lib.make())['path'])"
    ),
    "text of a model": (
        "import json\nfrom pydantic import BaseModel\nclass M(BaseModel):\n    path: str = '/m'\n"
        "    on: bool = False\nopen(M.parse_file('/opt/ml/m.json').path)\nopen(M().path)\n"
        "for each in M.model_fields:\n    open('/f/' + each)\nM(on='yes')"
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_known_is_open(name: str, tmp_path: Path) -> None:
    found = facts(tmp_path, OPEN[name])
    assert found.unresolved or any(use.kind == "delegate" for use in found.paths)
