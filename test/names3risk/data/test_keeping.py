"""Things that are made once: by one of several processes, complete whenever one is killed, removed when unused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from names3risk.data.keeping import Keep
from names3risk.errors import DataError, OutputError

CHILD = """
import sys, time
from pathlib import Path
from names3risk.data.keeping import Keep

def make(folder):
    (folder / "half").touch()
    if sys.argv[2] == "making":
        print("ready", flush=True)
        time.sleep(60)

keep = Keep(sys.argv[1], "things")
keep.once("theirs", make)
print("ready", flush=True)
time.sleep(60)
"""


def make(folder: Path) -> None:
    (folder / "content").write_text("all of it")


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a process that uses the thing "theirs", or is killed while making it."""
    started: list[subprocess.Popen[str]] = []

    def start(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CHILD, str(tmp_path), what]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None
        assert started[-1].stdout.readline() == "ready\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_what_a_process_uses_is_not_removed_by_others(
    tmp_path: Path, child: Callable[[str], subprocess.Popen[str]]
) -> None:
    theirs = child("using")
    keep = Keep(tmp_path, "things")
    mine = keep.once("mine", make)
    Keep(tmp_path, "things").once("of an earlier run", make)  # whose lock ends with the object
    assert len(entries(tmp_path)) == 3
    keep.remove_others()
    assert len(entries(tmp_path)) == 2
    theirs.kill()
    theirs.wait()
    keep.remove_others()
    assert entries(tmp_path) == [mine.name]
    assert (mine / "content").read_text() == "all of it"


def test_what_was_half_made_when_a_process_was_killed_is_made_anew(
    tmp_path: Path, child: Callable[[str], subprocess.Popen[str]]
) -> None:
    killed = child("making")
    killed.kill()
    killed.wait()
    assert len(entries(tmp_path)) == 1
    keep = Keep(tmp_path, "things")
    other = keep.once("other", make)
    theirs = keep.once("theirs", make)
    assert sorted(path.name for path in theirs.iterdir()) == [".lock", "content"]
    child("using")  # takes what is there
    (tmp_path / ".things-left").mkdir()
    Keep(tmp_path, "things").remove_others()
    assert entries(tmp_path) == sorted([theirs.name, other.name])


def test_errors_leave_nothing_behind(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        make(folder)
        raise DataError("wrong input")

    def fill_up(folder: Path) -> None:
        make(folder)
        raise OSError(28, "No space left on device")

    keep = Keep(tmp_path, "things")
    with pytest.raises(DataError, match="wrong input"):
        keep.once("a", fail)
    with pytest.raises(OutputError, match="cannot keep things: No space left on device"):
        keep.once("a", fill_up)
    assert entries(tmp_path) == []
    assert keep.once("a", make) == keep.once("a", fail), "it is there"
    Keep(tmp_path / "absent", "things").remove_others()
