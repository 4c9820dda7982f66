"""The pytest plugin, run in a process of its own on a project of its own."""

import os
import subprocess
import sys
from pathlib import Path


def pytest_run(folder: Path, *arguments: str) -> tuple[int, str]:
    switches = ["-p", "pipeline_script_contracts.pytest_plugin", "-p", "no:cacheprovider", "-v"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", *switches, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_each_clause_is_a_test(project: Path) -> None:
    code, out = pytest_run(project, "--contracts")
    assert code == 0
    assert "jobs/fit/train.py::input " in out
    assert "3 passed" in out


def test_it_is_off_unless_asked_for_and_may_be_on_for_good(project: Path) -> None:
    code, out = pytest_run(project)
    assert (code, "no tests ran" in out) == (5, True)
    with (project / "pyproject.toml").open("a") as handle:
        handle.write("[tool.pytest.ini_options]\nvalidate_contracts = true\n")
    assert "3 passed" in pytest_run(project)[1]


def test_a_violated_clause_fails_and_shows_the_line(script: Path, project: Path) -> None:
    script.write_text(script.read_text().replace("data/train/rows", "data/other/rows"))
    code, out = pytest_run(project, "--contracts", "-k", "SC103")
    assert code == 1
    assert "1 failed" in out
    assert '6 | frame = pd.read_csv("/opt/ml/input/data/other/rows.csv", nrows=limit)' in out


def test_an_unresolved_clause_is_skipped_and_fails_under_strict(script: Path, project: Path) -> None:
    script.write_text(script.read_text() + "import json\nopen(json.load(open('paths.json'))['x']).read()\n")
    assert "1 skipped" in pytest_run(project, "--contracts")[1]
    with (project / "pyproject.toml").open("a") as handle:
        handle.write("strict = true\n")
    assert "1 failed" in pytest_run(project, "--contracts")[1]


def test_an_ignore_comment_that_silences_nothing_is_a_test_of_its_file(script: Path, project: Path) -> None:
    script.write_text(script.read_text() + "done = True  # contract: ignore[SC103] it was read here\n")
    code, out = pytest_run(project, "--contracts")
    assert code == 1
    assert "jobs/fit/train.py::" in out
    assert "SC904" in out
    assert "1 failed, 3 passed" in out


def test_what_another_plugin_does_wrong_is_shown_as_such(project: Path) -> None:
    (project / "conftest.py").write_text("def pytest_runtest_call(item):\n    raise RuntimeError('no such fixture')\n")
    code, out = pytest_run(project, "--contracts")
    assert code == 1
    assert "RuntimeError: no such fixture" in out


def test_the_scripts_are_not_imported(script: Path, project: Path) -> None:
    script.write_text(script.read_text() + "raise SystemExit('imported')\n")
    code, out = pytest_run(project, "--contracts")
    assert (code, "imported" in out) == (0, False)


def test_an_invalid_contract_is_a_usage_error(project: Path) -> None:
    (project / "contracts" / "train.json").write_text("{}")
    code, out = pytest_run(project, "--contracts")
    assert code == 4
    assert "invalid contract: entry_point: Field required" in out
