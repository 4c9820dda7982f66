"""Differential soundness: random programs are run for real and analysed; whatever a run does, the analysis has said.

The number of programs can be raised: `SOUNDNESS_PROGRAMS=100000 pytest test/.../test_soundness.py`.
"""

from __future__ import annotations

import builtins
import io
import os
import re
import shutil
from collections import UserDict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import Program
from rewritings import REWRITINGS, Rewriting

from pipeline_script_contracts.analysis import Analysis, analyse
from pipeline_script_contracts.analysis.patterns import Pattern

PROGRAMS = int(os.environ.get("SOUNDNESS_PROGRAMS", "2500"))


class Environment(UserDict):
    """An environment that remembers which variables are asked for, but those that the program has set itself."""

    def __init__(self, values: dict[str, str]) -> None:
        self.asked: set[str] = set()
        self.own: set[str] = set()
        super().__init__()
        self.data.update(values)

    def _ask(self, name: object) -> None:
        if name not in self.own:
            self.asked.add(str(name))

    def __getitem__(self, name: str) -> str:
        self._ask(name)
        return super().__getitem__(name)

    def __setitem__(self, name: str, value: str) -> None:
        self.own.add(name)
        super().__setitem__(name, value)

    def __contains__(self, name: object) -> bool:
        self._ask(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._ask(name)
        return self.data.get(name, default)


def run(source: str, root: Path, variables: dict[str, str]) -> tuple[set[tuple[str, str]], set[str]]:
    """Runs a program and gives the paths that it touched, by kind, and the variables that it asked for."""
    touched: set[tuple[str, str]] = set()
    environment = Environment(variables)
    real_open, real_listdir = builtins.open, os.listdir

    def recording_open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        path = Path(os.fspath(file))
        assert path.is_relative_to(root), path
        path.parent.mkdir(parents=True, exist_ok=True)
        writes = any(letter in mode for letter in "wax+")
        if not writes and not path.exists():
            real_open(path, "w").close()
        touched.add(("write" if writes else "read", os.fspath(file)))
        return real_open(file, mode, *rest, **options)

    def recording_listdir(path: Any) -> list[str]:
        Path(path).mkdir(parents=True, exist_ok=True)
        touched.add(("read", os.fspath(path)))
        return real_listdir(path)

    patches = (
        mock.patch.object(builtins, "open", recording_open),
        mock.patch.object(io, "open", recording_open),
        mock.patch.object(os, "listdir", recording_listdir),
        mock.patch.object(os, "environ", environment),
    )
    with patches[0], patches[1], patches[2], patches[3]:
        exec(compile(source, "program.py", "exec"), {"__name__": "__main__"})
    return touched, environment.asked


def covers(pattern: Pattern, path: str) -> bool:
    """Tells whether a path is one of those that a pattern stands for; slashes too many mean nothing."""
    text = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in pattern.parts)
    text = re.sub(r"/\.\*(?=/|$)", "(/.*)?", re.sub(r"/+", "/", text))
    return re.fullmatch(text, re.sub(r"/+", "/", path), re.DOTALL) is not None


def missing(analysis: Analysis, touched: set[tuple[str, str]], asked: set[str]) -> list[str]:
    """Gives what a run did and the analysis did not say."""
    problems = []
    for kind, path in sorted(touched):
        uses = analysis.reads if kind == "read" else analysis.writes
        open_uses = [each for each in analysis.unresolved if each.kind in (kind, "update", "any", "list")]
        if not open_uses and not any(covers(use.path, path) for use in uses):
            problems.append(f"{kind} {path}")
    known = {read.name for read in analysis.env}
    problems += [f"variable {name}" for name in sorted(asked - known) if "" not in known]
    return problems


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.mark.slow
@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    random=st.randoms(use_true_random=True),
    size=st.integers(2, 9),
    flag=st.booleans(),
    rewriting=st.sampled_from((None, None, *REWRITINGS)),
)
def test_what_a_run_does_has_been_foreseen(
    root: Path, random: Any, size: int, flag: bool, rewriting: type[Rewriting] | None
) -> None:
    folder = root / "files"
    source = Program(random, str(folder)).text(size)
    source = source if rewriting is None else rewriting().rewrite(source)
    script = root / "program.py"
    script.write_text(source, encoding="utf-8")
    touched, asked = run(source, folder, {"FLAG": "1"} if flag else {})
    analysis = analyse(script)
    assert not analysis.exhausted
    assert not analysis.problems
    problems = missing(analysis, touched, asked)
    assert not problems, "\n".join([*problems, source, *(f"{use.kind} {use.path}" for use in analysis.paths)])
    shutil.rmtree(folder, ignore_errors=True)


def test_the_programs_do_something(root: Path) -> None:
    """The comparison means something only when programs run to their end and touch files."""
    from random import Random

    counts = []
    for seed in range(60):
        source = Program(Random(seed), str(root / "files")).text(10)
        touched, _ = run(source, root / "files", {})
        counts.append(len(touched))
    assert sum(1 for count in counts if count) > 50
    assert sum(counts) > 200
