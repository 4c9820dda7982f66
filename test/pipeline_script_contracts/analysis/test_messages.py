"""Paths that are only said in error messages, and those that are used besides."""

from pathlib import Path

import pytest
from analysis_samples import facts

PRELUDE = """
import os
class Wrong(ValueError):
    def __init__(self, what, where=None):
        super().__init__(f"{where}: {what}")
        self.where = where
class Noted(ValueError):
    def __init__(self, what, where):
        super().__init__(what)
        open(where + "/note", "w").write(str(what))
def wrong(what, where):
    return Wrong(what, where=f"{where} (folder)")
def opened(what, where):
    open(where + "/opened", "w")
    return Wrong(what)
def check(rows, where):
    if not rows:
        raise wrong("no rows", where)
    later(rows, where=where)
def later(rows, where):
    for row in rows:
        if row is None:
            raise Wrong(str(row), where)
"""


def test_a_path_that_is_only_said_makes_no_call_another_one(tmp_path: Path) -> None:
    def steps(*folders: str) -> int:
        calls = "".join(f"check(os.listdir('/in'), {folder!r})\n" for folder in folders)
        return facts(tmp_path, PRELUDE + calls).steps

    two, three, four = steps("/a", "/b"), steps("/a", "/b", "/c"), steps("/a", "/b", "/c", "/d")
    assert four - three == three - two < (two - steps()) / 4


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("    raise Noted('x', where)", {"/a/note", "/b/note"}),
        ("    raise opened('x', where)", {"/a/opened", "/b/opened"}),
        ("    raise Wrong(open(where + '/inside', 'w'))", {"/a/inside", "/b/inside"}),
        ("    check(rows, where)\n    open(where + '/besides', 'w')", {"/a/besides", "/b/besides"}),
        ("    def inner():\n        open(where + '/i', 'w')\n    inner()\n    check(rows, where)", {"/a/i", "/b/i"}),
        ("    check = opened\n    check(rows, where)", {"/a/opened", "/b/opened"}),
        ("    return wrong('x', where)", set()),
        ("    exec('open(where)')\n    check(rows, where)", set()),
    ],
)
def test_what_is_done_with_a_path_besides_is_followed(tmp_path: Path, body: str, written: set[str]) -> None:
    calls = [f"try:\n    look(os.listdir('/in'), {each!r})\nexcept ValueError:\n    pass\n" for each in ("/a", "/b")]
    found = facts(tmp_path, f"{PRELUDE}def look(rows, where):\n{body}\n{''.join(calls)}")
    assert {str(use.path) for use in found.writes} == written


def test_a_function_that_is_replaced_is_looked_at_anew(tmp_path: Path) -> None:
    calls = "check(os.listdir('/in'), '/a')\n"
    replaced = "later = lambda rows, where: open(where + '/replaced', 'w')\n"
    found = facts(tmp_path, PRELUDE + calls + replaced + calls.replace("/a", "/b"))
    assert {str(use.path) for use in found.writes} == {"/b/replaced"}
