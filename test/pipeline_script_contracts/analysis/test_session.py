"""Scripts looked at one after another in a session give the same facts as each by itself."""

from __future__ import annotations

import ast
import gc
import itertools
from pathlib import Path

import pytest

from pipeline_script_contracts.analysis import Analysis, Session, analyse
from pipeline_script_contracts.cli.checking import Analyses

ROOT = Path(__file__).resolve().parents[3]

LIBRARY = {
    "lib/__init__.py": "",
    "lib/state.py": """
ROWS = []
SEEN = {}
class Box:
    kind = "box"
    def __init__(self, name):
        self.name = name
        self.parts = []
    def add(self, part):
        self.parts.append(part)
        return self
box = Box("/shared/box")
""",
    "lib/plugins.py": "from lib import state\nstate.ROWS.append('/plugin/rows.csv')\n",
    "lib/switch.py": "from lib import state\nstate.box.name = '/switched/box'\n",
    "lib/tools.py": """
import functools
import os
import json
import acme
import lib
from lib import state

def joined(folder, name="x.csv"):
    return os.path.join(folder, name)

def make(name):
    made = state.Box(name)
    made.add(joined(name))
    return made

def read_all(box):
    for part in box.parts:
        open(part).read()

def each(box):
    for part in box.parts:
        yield part

def lazily():
    from lib import plugins
    return plugins

def helped(name):
    import helper
    return helper.path(name)

def rows():
    return [open(row).read() for row in state.ROWS]

def note(key, value):
    state.SEEN[key] = value

def variable():
    return os.environ.get("FOLDER", "/default")

def called(function, value):
    return function(value)

def hyper(path):
    with open(path) as handle:
        return json.load(handle)["rate"]

class Kid(state.Box):
    def up(self):
        return super()
    def go(self):
        return with_parent(super())
    def show(self, *rest):
        open(self.name + "/shown")
    def me(self):
        return self

def with_parent(parent):
    parent.add("/with/parent")
    return parent

def later(folder):
    return functools.partial(joined, folder)

def opened(path):
    return open(path)

def copied(handle):
    open(handle.name + "/copy", "w")

def shower(name):
    return Kid(name).show

def read_parts(box):
    for part in box.parts:
        open(part.name + "/part")

def missing(table, box):
    return table["missing"]

def late():
    return getattr(lib, "LATE", "/not/late")

def in_phases(path):
    import statistics
    return statistics.mean(hyper(path))

def quiet(*rest):
    open("/quiet")

def call_back(function):
    acme.register(function)

def call_back_own(name):
    acme.register(Kid(name).show)

def closure(folder):
    def inner(name):
        return folder + "/" + name
    return inner

LAST = "/last/none"

def remember(path):
    global LAST
    LAST = path

def last():
    return LAST

def current():
    return state.box.name

def kind():
    return "/" + state.Box.kind
""",
    "lib/early.py": "import os\nFOLDER = os.environ.get('EARLY', '/default')\nopen(FOLDER)\n",
    "lib/ring_a.py": "FIRST = '/ring/first'\nfrom lib import ring_b\nopen(ring_b.SECOND)\n",
    "lib/ring_b.py": "from lib import ring_a\nSECOND = getattr(ring_a, 'FIRST', '/ring') + '/second'\n",
}
FACTORY = """
from collections import defaultdict
kid, other = tools.Kid('/one'), tools.Kid('/two')
first, second, third = (defaultdict(kid.show) for _ in range(3))
tools.missing(first, other)
tools.missing(second, other)
tools.missing(third, kid)
"""
ITSELF = """
from collections import defaultdict
kid = tools.Kid('/me')
first, second = defaultdict(kid.me), defaultdict(kid.me)
tools.missing(first, 1).add('/me/1')
tools.missing(second, 1).add('/me/2')
tools.read_all(kid)
"""
BODIES = {
    "boxes": "box = tools.make('/a')\nother = tools.make('/a')\nother.add('/b/only')\ntools.read_all(box)",
    "same_boxes": "box = tools.make('/a')\nother = tools.make('/a')\ntools.read_all(other)",
    "both": "box = tools.make('/a')\ntools.read_all(box)\nbox.add('/c/late')\ntools.read_all(box)",
    "generator": "for part in tools.each(tools.make('/g')):\n    open(part)",
    "plugin": "from lib import plugins\ntools.rows()",
    "no_plugin": "tools.rows()",
    "lazy_plugin": "tools.lazily()\ntools.rows()",
    "tried_plugin": "try:\n    tools.lazily()\nexcept ImportError:\n    pass\ntools.rows()",
    "switched": "from lib import switch\nopen(tools.state.box.name)",
    "not_switched": "open(tools.state.box.name)",
    "noted": "tools.note('k', '/noted/x')\nopen(tools.state.SEEN['k'])",
    "not_noted": "open(tools.state.SEEN.get('k', '/fresh/x'))",
    "variable": "open(tools.variable())",
    "variable_again": "import os\nos.environ['FOLDER'] = '/set'\nopen(tools.variable())",
    "variable_once_more": "open(tools.variable() + '/more')",
    "callback": "def own(value):\n    return value + '/one'\nopen(tools.called(own, '/cb'))",
    "callback_again": "def own(value):\n    return value + '/two'\nopen(tools.called(own, '/cb'))",
    "hyper": "tools.hyper('/opt/ml/input/config/hyperparameters.json')",
    "hyper_again": "PATH = '/opt/ml/input/config/hyperparameters.json'\ntools.hyper(PATH)",
    "closure": "open(tools.closure('/k')('x'))",
    "closure_again": "inside = tools.closure('/k')\nopen(inside('y'))\nopen(inside('x'))",
    "ring": "from lib import ring_a\nopen(ring_a.FIRST)",
    "ring_from_the_other_side": "from lib import ring_b\nfrom lib import ring_a\nopen(ring_b.SECOND)",
    "helped": "open(tools.helped('a'))",
    "current": "open(tools.current())\nopen(tools.last())\nopen(tools.kind())",
    "replaced": "tools.state.box = tools.state.Box('/other/box')\nopen(tools.current())",
    "replaced_in_a_branch": (
        "import os\nif os.path.exists('/x'):\n    tools.state.box = tools.state.Box('/branch/box')\n"
        "    open(tools.current() + '/inside')\nelse:\n    open(tools.current() + '/beside')\n"
        "open(tools.current() + '/after')"
    ),
    "remembered": (
        "open(tools.last())\ntools.remember('/r/1')\nopen(tools.last())\ntools.remember('/r/2')\nopen(tools.last())"
    ),
    "remembered_perhaps": (
        "import os\nfor name in os.listdir('/in'):\n    open(tools.last() + '/before')\n"
        "    tools.remember('/in/' + name)\n"
        "open(tools.last() + '/after')"
    ),
    "kinds": "open(tools.kind())\ntools.state.Box.kind = 'chest'\nopen(tools.kind())",
    "kinds_in_a_branch": (
        "try:\n    tools.state.Box.kind = 'crate'\n    open(tools.kind())\n"
        "except OSError:\n    open(tools.kind() + '/failed')\n"
        "open(tools.kind() + '/after')"
    ),
    "early": "from lib import early",
    "early_again": "import os\nos.environ['EARLY'] = '/set'\nfrom lib import early",
    "late": "open(tools.late())",
    "late_again": "import lib\nlib.LATE = '/late'\nopen(tools.late())",
    "super": "kid = tools.Kid('/kid')\nfor _ in 'ab':\n    kid.up().add('/up')\n    kid.go()\ntools.read_all(kid)",
    "partial": "open(tools.later('/p')())\nopen(tools.later('/p')('again.csv'))",
    "handle": "tools.opened('/h').read()\nprint(tools.opened('/h').name)",
    "handles": "for path in ('/h/1', '/h/1', '/h/2'):\n    tools.copied(tools.opened(path))",
    "handle_of_a_file_written": "tools.copied(tools.opened('/h/1'))\ntools.copied(open('/h/1', 'w'))",
    "partial_handed_over": (
        "for folder in ('/p/1', '/p/1', '/p/2'):\n    open(tools.called(tools.later(folder), 'x'))\n"
        "open(tools.called(lambda name: '/p/3/' + name, 'x'))"
    ),
    "bound": "for name in ('/s/1', '/s/1', '/s/2'):\n    tools.shower(name)()",
    "unlike_parts": (
        "first, second = tools.state.Box('/first'), tools.state.Box('/second')\n"
        "first.add(tools.state.Box('/part'))\nsecond.add(tools.Kid('/kid'))\n"
        "tools.read_parts(first)\ntools.read_parts(second)\ntools.read_parts(first)"
    ),
    "factory": FACTORY,
    "factory_again": FACTORY,
    "itself": ITSELF,
    "phases": "PATH = '/opt/ml/input/config/hyperparameters.json'\n"
    "def work():\n    tools.in_phases(PATH)\nwork()\nif __name__ == '__main__':\n    work()",
    "called_back": "tools.call_back(tools.quiet)\ntools.call_back(tools.Kid('/cb').show)",
    "called_back_before": "import acme\nacme.register(tools.quiet)\ntools.call_back(tools.quiet)",
    "called_back_own": "tools.call_back_own('/own')\ntools.call_back_own('/own')",
    "called_back_with": "kid = tools.Kid('/with')\ntools.call_back(kid.show)\ntools.call_back(kid.show)",
}


def described(analysis: Analysis) -> list[str]:
    facts = [
        *analysis.paths,
        *analysis.unresolved,
        *analysis.env,
        *analysis.arguments,
        *analysis.hyperparameters,
        *analysis.imports,
        *analysis.problems,
    ]
    files = sorted(map(str, analysis.local_modules))
    return [*sorted(map(repr, facts)), analysis.arguments_open, *analysis.handlers, *files]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in LIBRARY.items():
        target = tmp_path / "src" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for number, (name, body) in enumerate(BODIES.items()):
        folder = tmp_path / ("one" if number % 2 else "two")
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(f"from lib import tools\n{body}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("limit", ["MAX_READS", "MAX_ENTRIES"])
def test_what_is_not_remembered_is_followed_again(project: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    def uses(session: Session | None = None) -> list[tuple[str, str, str]]:
        analyses = [analyse(script, source_roots=[project / "src"], session=session) for script in scripts]
        return sorted((use.kind, str(use.path), repr(use.place)) for each in analyses for use in each.paths)

    scripts = sorted(project.glob("*/*.py"))
    alone = uses()
    monkeypatch.setattr(f"pipeline_script_contracts.analysis.memory.{limit}", 0)
    assert uses(Session()) == alone


@pytest.mark.parametrize("backwards", [False, True])
def test_scripts_of_a_session_are_looked_at_as_if_each_were_the_only_one(
    project: Path, backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_script_contracts.analysis.session.MAX_SCRIPTS", 1000)
    scripts = sorted([*project.glob("one/*.py"), *project.glob("two/*.py")], reverse=backwards)
    roots = [project / "src"]
    session = Session()
    for script in itertools.chain(scripts, scripts):
        alone = described(analyse(script, source_roots=roots))
        assert described(analyse(script, source_roots=roots, session=session)) == alone, script


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("current", {"/shared/box", "/last/none", "/box"}),
        ("replaced", {"/other/box"}),
        (
            "replaced_in_a_branch",
            {"/branch/box/inside", "/shared/box/beside", "/branch/box/after", "/shared/box/after", "/x"},
        ),
        ("remembered", {"/last/none", "/r/1", "/r/2"}),
        ("kinds", {"/box", "/chest"}),
        ("handles", {"/h/1", "/h/1/copy", "/h/2", "/h/2/copy"}),
        ("handle_of_a_file_written", {"/h/1", "/h/1/copy"}),
        ("partial_handed_over", {"/p/1/x", "/p/2/x", "/p/3/x"}),
        ("bound", {"/s/1/shown", "/s/2/shown"}),
        ("unlike_parts", {"/part/part", "/kid/part"}),
        ("kinds_in_a_branch", {"/crate", "/box/failed", "/crate/failed", "/crate/after", "/box/after"}),
    ],
)
def test_what_differs_between_calls_is_seen_by_the_functions(project: Path, name: str, paths: set[str]) -> None:
    (script,) = project.glob(f"*/{name}.py")
    assert {str(use.path) for use in analyse(script, source_roots=[project / "src"]).paths} == paths


def test_a_function_is_told_of_in_each_phase_that_calls_it(project: Path) -> None:
    script = project / "one" / "serve.py"
    script.write_text(
        "from lib import tools\n"
        "def model_fn(model_dir):\n    return tools.hyper(tools.joined(model_dir, 'params.json'))\n"
        "if __name__ == '__main__':\n    tools.read_all(tools.make('/a'))\n"
        "    tools.hyper(tools.joined('/opt/ml/model', 'params.json'))\n"
        "def predict_fn(data, model):\n    tools.read_all(tools.make('/a'))\n",
        encoding="utf-8",
    )
    paths = analyse(script, source_roots=[project / "src"]).paths
    found = {(str(use.path), use.place.phase) for use in paths}
    both = {("/a/x.csv", "main"), ("/a/x.csv", "serving")}
    assert found == both | {("/opt/ml/model/params.json", phase) for phase in ("main", "serving")}


def test_a_module_beside_a_script_is_not_taken_for_that_of_another(project: Path) -> None:
    roots = [project / "src"]
    session = Session()
    scripts = []
    for name in ("first", "second", "third"):
        folder = project / name
        folder.mkdir()
        (folder / "helper.py").write_text(f"def path(name):\n    return '/{name}/' + name\n", encoding="utf-8")
        (folder / "run.py").write_text("from lib import tools\nopen(tools.helped('x'))\n", encoding="utf-8")
        scripts.append(folder / "run.py")
    (project / "third" / "helper.py").unlink()
    found = [analyse(script, source_roots=roots, session=session) for script in scripts]
    opened = [{str(use.path) for use in each.paths if use.kind == "read"} for each in found]
    assert opened == [{"/first/x"}, {"/second/x"}, set()]


def test_a_changed_module_is_read_again(project: Path) -> None:
    script, module = project / "one" / "own.py", project / "src" / "lib" / "tools.py"
    script.write_text("from lib import tools\nopen(tools.joined('/a'))\n", encoding="utf-8")
    session = Session()
    before = analyse(script, source_roots=[project / "src"], session=session)
    module.write_text(module.read_text(encoding="utf-8").replace("x.csv", "other.csv"), encoding="utf-8")
    after = analyse(script, source_roots=[project / "src"], session=session)
    assert {str(use.path) for use in before.paths} == {"/a/x.csv"}
    assert {str(use.path) for use in after.paths} == {"/a/other.csv"}


def test_a_changed_module_that_a_function_imports_is_read_again(project: Path) -> None:
    scripts, module = [], project / "src" / "lib" / "plugins.py"
    for name in ("first", "second"):
        scripts.append(project / "one" / f"{name}.py")
        scripts[-1].write_text("from lib import tools\ntools.lazily()\ntools.rows()\n", encoding="utf-8")
    session = Session()
    before = analyse(scripts[0], source_roots=[project / "src"], session=session)
    module.write_text(module.read_text(encoding="utf-8").replace("rows.csv", "others.csv"), encoding="utf-8")
    after = analyse(scripts[1], source_roots=[project / "src"], session=session)
    assert {str(use.path) for use in before.paths} == {"/plugin/rows.csv"}
    assert {str(use.path) for use in after.paths} == {"/plugin/others.csv"}


def test_what_two_scripts_share_is_followed_once(project: Path) -> None:
    script, twin = project / "one" / "shared.py", project / "two" / "shared.py"
    for each in (script, twin):
        each.write_text("from lib import tools\ntools.read_all(tools.make('/a'))\n", encoding="utf-8")
    session = Session()
    first = analyse(script, source_roots=[project / "src"], session=session)
    second = analyse(twin, source_roots=[project / "src"], session=session)
    assert second.steps < first.steps / 2
    assert [str(use.path) for use in second.paths] == [str(use.path) for use in first.paths] == ["/a/x.csv"]


def test_a_session_forgets_what_many_scripts_have_shared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_script_contracts.analysis.session.MAX_SCRIPTS", 3)
    script = project / "one" / "shared.py"
    script.write_text("from lib import tools\ntools.read_all(tools.make('/a'))\n", encoding="utf-8")
    session = Session()
    steps = [analyse(script, source_roots=[project / "src"], session=session).steps for _ in range(7)]
    assert steps[0] == steps[3] == steps[6]
    assert max(steps[1], steps[2], steps[4], steps[5]) < steps[0] / 2


def test_a_session_forgets_the_source_roots_that_it_has_not_seen_for_long(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_script_contracts.analysis.session.MAX_PARTS", 2)
    script = project / "one" / "shared.py"
    script.write_text("from lib import tools\ntools.read_all(tools.make('/a'))\n", encoding="utf-8")
    session = Session()

    def steps(*more: str) -> int:
        return analyse(script, source_roots=[project / "src", *map(Path, more)], session=session).steps

    first = steps()
    assert steps("/more") == first
    assert steps() < first / 2
    assert steps("/others") == first
    assert steps() < first / 2
    assert steps("/more") == first


def test_without_a_session_nothing_is_kept(project: Path) -> None:
    def trees() -> int:
        gc.collect()
        return sum(isinstance(each, ast.Module) for each in gc.get_objects())

    before = trees()
    for script in project.glob("one/*.py"):
        analyse(script, source_roots=[project / "src"])
    assert trees() == before


def test_the_scripts_of_this_repository_are_looked_at_as_if_each_were_the_only_one() -> None:
    folder = ROOT / "dockers" / "names3risk_pytorch"
    scripts = [folder / name for name in ("tabular_preprocessing.py", "model_packaging.py", "payload.py")]
    analyses = Analyses()
    for script in scripts:
        alone = described(analyse(script, source_roots=[ROOT / "src"]))
        assert described(analyses.of(script, [ROOT / "src"])) == alone
