"""What is deleted is not there any more, and of what is drawn by chance any may come: what each program opens."""

from pathlib import Path

import pytest
from analysis_samples import facts

GONE = {
    "a name": ("x = '/a'\ndel x\ntry:\n    open(x)\nexcept NameError:\n    open('/gone')", {"/gone"}),
    "a name on one way": (
        "import os\nx = '/a'\nif os.environ.get('X'):\n    del x\ntry:\n    open(x)\nexcept NameError:\n"
        "    open('/gone')",
        {"/a", "/gone"},
    ),
    "a local name": (
        "path = '/outer'\ndef f():\n    path = '/inner'\n    open(path)\n    del path\n    try:\n        open(path)\n"
        "    except UnboundLocalError:\n        open('/unbound')\nf()",
        {"/inner", "/unbound"},
    ),
    "a global name in a function": (
        "path = '/a'\ndef f():\n    global path\n    open(path)\n    del path\nf()\n"
        "path = path if 'path' in globals() else '/b'\n"
        "open('/b')",
        {"/a", "/b"},
    ),
    "a name that hides a built-in function": ("open = print\ndel open\nopen('/a')", {"/a"}),
    "an entry": (
        "d = {'a': '/a', 'b': '/b'}\ndel d['a']\nfor path in d.values():\n    open(path)\nopen(d.get('a', '/gone'))",
        {"/b", "/gone"},
    ),
    "some entry": (
        "import json\nd = {'a': '/a', 'b': '/b'}\nfor key in json.load(open('/j')):\n    del d[key]\n"
        "open('/in' if 'a' in d else '/not')\nopen(d.get('b', '/gone'))",
        {"/j", "/in", "/not", "/b", "/gone"},
    ),
    "an entry taken out by a name that is not known": (
        "import json\nd = {'a': '/a'}\nd.pop(json.load(open('/j'))['key'], None)\nopen('/in' if 'a' in d else '/not')",
        {"/j", "/in", "/not"},
    ),
    "entry after entry": (
        "d = {'a': '/a', 'b': '/b'}\nfor key in list(d):\n    path = d[key]\n    open(path)\n    del d[key], path\n"
        "open('/full' if d else '/empty')",
        {"/a", "/b", "/empty"},
    ),
    "any entry until none is left": (
        "d = {'a': '/a', 'b': '/b'}\nwhile d:\n    key, path = d.popitem()\n    open(path)\nopen('/after')",
        {"/a", "/b", "/after"},
    ),
    "an item in a condition, once": (
        "import os\nitems = ['/a', '/b', '/c', '/d']\nname = os.environ['X']\nif name == items.pop():\n    pass\n"
        "if name.endswith(items.pop()):\n    pass\nopen(items[-1])",
        {"/b"},
    ),
    "an entry by its method": ("d = {'a': '/a'}\nd.__delitem__('a')\nopen('/in' if 'a' in d else '/not')", {"/not"}),
    "items of a list": (
        "items = ['/a', '/b', '/c']\ndel items[0]\nopen(items[0])\ndel items[:]\nitems.append('/d')\nopen(items[0])\n"
        "import sys\nitems += ['/e']\ndel items[len(sys.argv)]\nopen(items[0])\nmore = ['/f', '/g']\ndel more[1:]\n"
        "for each in more:\n    open(each)",
        {"/b", "/d", "/e", "/f", "/g"},
    ),
    "an attribute": (
        "class A:\n    path = '/class'\na = A()\na.path = '/own'\nopen(a.path)\ndel a.path\nopen(a.path)",
        {"/own", "/class"},
    ),
    "an attribute of one of two objects": (
        "import sys\nclass A:\n    pass\na, b = A(), A()\na.path, b.path = '/a', '/b'\n"
        "del (a if len(sys.argv) > 1 else b).path\n"
        "for each in (a, b):\n    open(getattr(each, 'path', '/gone'))",
        {"/a", "/b", "/gone"},
    ),
    "an attribute by its name": (
        "class A:\n    pass\na = A()\na.x, a.y, a.z = '/x', '/y', '/z'\ndelattr(a, 'x')\ndel a.__dict__['y']\n"
        "for path in vars(a).values():\n    open(path)\nopen('/in' if hasattr(a, 'x') else '/not')",
        {"/z", "/not"},
    ),
    "an attribute of a class": (
        "class A:\n    path = '/a'\nclass B(A):\n    path = '/b'\nopen(B.path)\ndel B.path\nopen(B.path)\n"
        "open(B().path + '/c')",
        {"/a", "/b", "/a/c"},
    ),
    "an attribute of a module": (
        "import other\nopen(other.PATH)\ndel other.PATH\nopen(getattr(other, 'PATH', '/gone'))",
        {"/other", "/gone"},
    ),
    "an argument": (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--a', default='/a')\nargs = p.parse_args()\n"
        "open(args.a)\ndel args.a\nopen(getattr(args, 'a', '/gone'))",
        {"/a", "/gone"},
    ),
    "what a class does about it": (
        "class T:\n    def __init__(self):\n        self.d = {'a': '/a'}\n    def __delitem__(self, key):\n"
        "        open(self.d[key])\n    @property\n    def path(self):\n        return '/p'\n    @path.deleter\n"
        "    def path(self):\n        open('/deleted')\nclass U:\n    def __delattr__(self, name):\n"
        "        open('/del/' + name)\nt, u = T(), U()\ndel t['a'], t.path, u.other\ndelattr(u, 'third')",
        {"/a", "/deleted", "/del/other", "/del/third"},
    ),
    "a variable": (
        "import os\nos.environ['X'] = '/x'\ndel os.environ['X']\nopen(os.environ.get('X', '/gone'))\n"
        "os.environ['Y'] = '/y'\nopen(os.environ.pop('Y'))\nopen(os.getenv('Y', '/also'))",
        {"/gone", "/y", "/also"},
    ),
    "one of two variables": (
        "import os, sys\nos.environ['A'] = '/a'\nos.environ['B'] = '/b'\n"
        "del os.environ['A' if len(sys.argv) > 1 else 'B']\n"
        "open(os.environ.get('A', '/gone'))\nopen(os.environ.get('B', '/gone'))",
        {"/a", "/b", "/gone"},
    ),
    "a variable that was set on one way only": (
        "import os\nif os.environ.get('A'):\n    os.environ['X'] = '/x'\nopen(os.environ.get('X', '/d'))\n"
        "open((os.environ.get('X') or '/e') + '/f')",
        {"/x", "/d", "/x/f", "/e/f"},
    ),
    "items of what is not known": (
        "import json\nd = json.load(open('/j'))\ndel d['a'], d[0]\nopen('/after')",
        {"/j", "/after"},
    ),
}
THERE = {
    "an attribute set on one way": (
        "import os\nclass A:\n    pass\na = A()\nif os.environ.get('X'):\n    a.path = '/a'\n"
        "open(a.path if hasattr(a, 'path') else '/none')",
        {"/a", "/none"},
    ),
    "an attribute of a file": (
        "import json\nclass C:\n    def __init__(self, table):\n        for key, value in table.items():\n"
        "            setattr(self, key, value)\nc = C(json.load(open('/j')))\n"
        "open('/has' if hasattr(c, 'out') else '/has/not')",
        {"/j", "/has", "/has/not"},
    ),
    "an attribute made up when it is asked for": (
        "class C:\n    def __getattr__(self, name):\n        return '/' + name\nc = C()\n"
        "open(c.a if hasattr(c, 'a') else '/b')",
        {"/a", "/b"},
    ),
    "a name of a module that makes names up": (
        "import making\nopen(making.a if hasattr(making, 'a') else '/b')\nopen('/c' if hasattr(making, 'b') else '/d')",
        {"/made/a", "/b", "/c", "/d"},
    ),
}
DRAWN = {
    "one item": (
        "import random, secrets\nopen(random.choice(['/a', '/b']))\nopen(random.Random(3).choice(('/c', '/d')))\n"
        "open(secrets.choice(['/e']))\nopen('/f' + random.choice('12'))",
        {"/a", "/b", "/c", "/d", "/e", "/f1", "/f2"},
    ),
    "several items": (
        "import random\nfor each in random.sample(['/a', '/b'], 1):\n    open(each)\n"
        "open(random.choices(['/c', '/d'], k=2)[0])",
        {"/a", "/b", "/c", "/d"},
    ),
    "items of NumPy": (
        "import numpy as np\nopen(np.random.choice(['/a', '/b']))\nrng = np.random.default_rng(0)\n"
        "open(rng.choice(['/c']))\n"
        "for each in rng.choice(['/d', '/e'], size=1):\n    open(each)\nfor each in np.random.permutation(['/f']):\n"
        "    open(each)",
        {"/a", "/b", "/c", "/d", "/e", "/f"},
    ),
    "a place in a list that was mixed": (
        "import random, os\nitems = ['/a', '/b']\nrandom.shuffle(items)\nopen(items[0])\nfound = os.listdir('/in')\n"
        "random.shuffle(found)\nopen(os.path.join('/in', found[0]))",
        {"/a", "/b", "/in", "/in/{?}"},
    ),
    "parts of lists": (
        "from sklearn.model_selection import train_test_split\nfrom sklearn.utils import shuffle\nimport pandas as pd\n"
        "train, rest = train_test_split(['/a', '/b'], test_size=0.5)\nopen(train[0])\n"
        "files, others, rows, more = train_test_split(['/c'], pd.DataFrame())\nopen(others[0])\n"
        "rows.to_csv('/rows.csv')\nopen(shuffle(['/d', '/e'])[0])",
        {"/a", "/b", "/c", "/d", "/e"},
    ),
    "nothing": (
        "import random\ntry:\n    random.choice([])\n    open('/never')\nexcept IndexError:\n    open('/empty')",
        {"/empty"},
    ),
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [*GONE.values(), *THERE.values(), *DRAWN.values()],
    ids=[
        *(f"deleted: {each}" for each in GONE),
        *(f"there: {each}" for each in THERE),
        *(f"drawn: {each}" for each in DRAWN),
    ],
)
def test_what_is_opened_is_known(source: str, expected: set[str], tmp_path: Path) -> None:
    making = "def __getattr__(name):\n    return '/made/' + name\n"
    found = facts(tmp_path, source, other="PATH = '/other'\n", making=making)
    assert {str(use.path) for use in found.reads} == expected


@pytest.mark.parametrize(
    "source",
    [
        "import json, random\nopen(random.choice(json.load(open('/j'))['files']))",
        "import numpy as np\nimport pandas as pd\nfor each in np.random.choice(pd.read_csv('/t')['path']):\n"
        "    open(each)",
        "from sklearn.model_selection import train_test_split\nimport json\n"
        "train, rest = train_test_split(*json.load(open('/j')))\nopen(train[0])",
    ],
)
def test_what_is_drawn_from_something_unknown_is_open(source: str, tmp_path: Path) -> None:
    assert facts(tmp_path, source).unresolved
