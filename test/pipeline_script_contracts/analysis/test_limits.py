"""Sources that cannot be analysed get a finding, never a crash, and every analysis ends."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from pathlib import Path
from random import Random

import pytest

from pipeline_script_contracts import TrainingScriptContract, Verdict
from pipeline_script_contracts.analysis import analyse, sources
from pipeline_script_contracts.rules import check

CONTRACT = TrainingScriptContract(
    entry_point="train.py",
    expected_input_paths={"train": "/opt/ml/input/data/train"},
    expected_output_paths={"model": "/opt/ml/model"},
    required_env_vars=["MODE"],
    expected_arguments={"epochs": 3},
)
FILES = int(os.environ.get("FUZZ_FILES", "120"))


def findings_of(tmp_path: Path, source: bytes, **options: int) -> list:
    script = tmp_path / "train.py"
    script.write_bytes(source)
    return check(CONTRACT, analyse(script, **options))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"def f(:\n", "cannot be parsed"),
        (b"name = '\xff\xfe caf\xe9'\n", "not UTF-8"),
        (b"x = 1\0\n", "cannot be parsed"),
        (b"# coding: nonsense\nx = 1\n", "cannot be parsed"),
        (b"(" * 5000 + b")" * 5000, "cannot be parsed"),
        (b"x = " + b"-" * 200_000 + b"1\n", "deep"),
        (b"if x:\n    continue\n", "cannot be parsed: 'continue' not properly in loop"),
        (b"def f():\n    break\nf()\n", "cannot be parsed: 'break' outside loop"),
        (b"return 1\n", "cannot be parsed: 'return' outside function"),
        (b"def f(a, a):\n    pass\n", "cannot be parsed: duplicate argument 'a'"),
    ],
    ids=["syntax", "encoding", "null", "codec", "brackets", "signs", "continue", "break", "return", "arguments"],
)
def test_what_cannot_be_parsed_is_told(tmp_path: Path, source: bytes, message: str) -> None:
    findings = findings_of(tmp_path, source)
    problem = next(finding for finding in findings if finding.code == "SC903")
    assert message in problem.message
    assert all(finding.verdict is Verdict.UNRESOLVED for finding in findings)


def test_a_library_that_python_would_refuse_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "broken.py").write_text("def f():\n    break\ndef g():\n    continue\n")
    (tmp_path / "jobs").mkdir()
    script = tmp_path / "jobs" / "run.py"
    script.write_text("import broken\nopen('/a')\ntry:\n    broken.f()\n    broken.g()\nfinally:\n    open('/b')\n")
    found = analyse(script, source_roots=[tmp_path / "lib"])
    assert {str(use.path) for use in found.reads} == {"/a", "/b"}


def test_what_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    findings = findings_of(tmp_path, b"# " + b"x" * 200)
    assert any("too large" in finding.message for finding in findings)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "helper.py").mkdir()
    analysis = analyse(tmp_path / "helper.py")
    assert "cannot be read" in analysis.problems[0].message


def test_deep_expressions_are_told(tmp_path: Path) -> None:
    source = "x = " + "[" * 90 + "1" + "]" * 90 + "\n" + "y = " + "+".join(["1"] * 5000) + "\n"
    assert not any(finding.code == "SC903" for finding in findings_of(tmp_path, source.encode()))


def test_what_is_nested_too_deeply_to_be_followed_is_told(tmp_path: Path) -> None:
    source = "open('/opt/ml/input/data/train/x')\nx = " + "not " * 4000 + "1\n"
    findings = findings_of(tmp_path, source.encode())
    assert any("nested too deeply to be analysed" in finding.message for finding in findings)
    assert not any(finding.verdict is Verdict.VIOLATED for finding in findings)


def test_a_call_that_is_too_long_to_be_shown_is_told_in_short(tmp_path: Path) -> None:
    source = "import json\nx = json.load(open('a'))\nx[lambda: " + "not " * 4500 + "1]('/opt/ml/model/x')\n"
    findings = findings_of(tmp_path, source.encode())
    assert any("is handed to a call," in finding.message for finding in findings)


def test_a_long_chain_of_calls_ends(tmp_path: Path) -> None:
    lines = ["def f0(x):", "    return x"]
    for number in range(1, 300):
        lines += [f"def f{number}(x):", f"    return f{number - 1}(x) + f{number - 1}(x)"]
    lines.append("open(f299('/opt/ml/model/x'), 'w')")
    began = time.process_time()
    findings = findings_of(tmp_path, "\n".join(lines).encode())
    assert time.process_time() - began < 20
    assert not any(finding.verdict is Verdict.VIOLATED and finding.clause == "output" for finding in findings)


def test_what_functions_read_is_kept_once_however_often_they_call_each_other(tmp_path: Path) -> None:
    """Each calls the one before it twice: the file is read 2 to the power of 60 times."""
    lines = ["def f0(x):", "    return open(x)"]
    for number in range(1, 61):
        lines += [f"def f{number}(x):", f"    f{number - 1}(x)", f"    return f{number - 1}(x)"]
    lines.append("f60('/opt/ml/input/data/train/x.csv')")
    began = time.process_time()
    findings = findings_of(tmp_path, "\n".join(lines).encode())
    assert time.process_time() - began < 20
    (proven,) = (finding for finding in findings if finding.verdict is Verdict.PROVEN)
    assert (proven.clause, proven.location.line) == ("input", 2)


def test_objects_that_double_with_each_call_end_an_analysis_without_accusing(tmp_path: Path) -> None:
    source = (
        "class Node:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n"
        "def copy(n):\n    return Node(copy(n.a), copy(n.b)) if isinstance(n, Node) else n\n"
        "n = Node(1, 2)\nfor _ in range(40):\n    n = Node(copy(n), copy(n))\nopen('/elsewhere')\n"
    )
    began = time.process_time()
    findings = findings_of(tmp_path, source.encode())
    assert time.process_time() - began < 20
    assert {finding.verdict for finding in findings} == {Verdict.UNRESOLVED}
    assert any(finding.code == "SC905" for finding in findings)


def test_the_budget_ends_an_analysis_without_accusing(tmp_path: Path) -> None:
    source = "for a in range(60):\n    for b in range(60):\n        x = a + b\n"
    findings = findings_of(tmp_path, source.encode(), budget=500)
    assert {finding.verdict for finding in findings} == {Verdict.UNRESOLVED}
    assert any(finding.code == "SC905" for finding in findings)


def test_a_hyperparameter_model_that_takes_too_long_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text("import model\n")
    (tmp_path / "model.py").write_text("class Model:\n    rate: float = 0.1\n")
    contract = TrainingScriptContract(entry_point="train.py", hyperparameters="model.Model")
    monkeypatch.setattr("pipeline_script_contracts.analysis.models.BUDGET", 1)
    findings = check(contract, analyse(tmp_path / "train.py"))
    assert [(finding.code, finding.verdict) for finding in findings] == [("SC402", Verdict.UNRESOLVED)]


def fuzz_files() -> list[Path]:
    folders = [Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"])]
    deep = "**/*.py" if FILES > 1000 else "*/*.py"
    files = sorted(path for folder in folders for path in folder.glob(deep)) + sorted(folders[0].glob("*.py"))
    return Random(7).sample(files, min(FILES, len(files)))


@pytest.mark.slow
def test_no_file_of_the_installation_crashes_it(tmp_path: Path) -> None:
    """Each file is analysed as a script, and the rules run on it."""
    limit = sys.getrecursionlimit()
    for path in fuzz_files():
        began = time.process_time()
        check(CONTRACT, analyse(path, budget=20_000))
        assert time.process_time() - began < 20, path
    assert sys.getrecursionlimit() == limit
