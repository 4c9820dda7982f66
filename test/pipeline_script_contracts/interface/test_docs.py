"""docs/contracts.md: its files are written down, its commands are run, and they print what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_script_contracts.rule_texts import rule_texts
from pipeline_script_contracts.settings import Settings

PAGE = Path(__file__).parents[3] / "docs" / "contracts.md"
FENCE = re.compile(r"^```(?P<kind>\w+)(?: file=(?P<file>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def run_page(text: str, folder: Path) -> list[tuple[str, str, str]]:
    """Writes each file and runs each command in order; gives command, expected and printed text."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    results = []
    for block in FENCE.finditer(text):
        if block["file"]:
            path = folder / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["body"], encoding="utf-8")
        elif block["kind"] == "console":
            for command, _, expected in (
                part.partition("\n") for part in re.split(r"^\$ ", block["body"], flags=re.M)[1:]
            ):
                done = subprocess.run(
                    ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
                )
                results.append((command, expected.rstrip(), (done.stdout + done.stderr).rstrip()))
    return results


def test_the_commands_print_what_the_page_says(tmp_path: Path) -> None:
    results = run_page(PAGE.read_text(encoding="utf-8"), tmp_path)
    assert len(results) >= 6
    for command, expected, printed in results:
        assert printed.replace(str(tmp_path), ".") == expected, command


def test_every_rule_is_on_the_page_under_its_title() -> None:
    rows = dict(re.findall(r"^\| (SC\d+) \| ([^|]+?) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert rows == {code: text.title for code, text in rule_texts().items()}


@pytest.mark.parametrize("name", sorted(set(vars(Settings(Path()))) - {"root"}))
def test_every_setting_is_on_the_page(name: str) -> None:
    assert re.search(rf"^\| [^|]*`{name}`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_option_is_on_the_page() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "pipeline_script_contracts.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in sorted(set(re.findall(r"--[a-z][a-z-]+", help_text)) - {"--help"}):
        assert f"`{option}" in PAGE.read_text(encoding="utf-8"), option
