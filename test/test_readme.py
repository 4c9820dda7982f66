"""README.md: its files are written down, its commands and Python are run, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(
    r"^```(?P<kind>sh|yaml|python)\n(?:# (?P<file>\S+\.yaml)\n)?(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


@pytest.mark.slow
def test_everything_the_readme_shows_works(tmp_path):
    for name in ("src", "dockers", "examples", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    run = []
    for block in FENCE.finditer(README):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["body"], encoding="utf-8")
            continue
        command = ["bash", "-euo", "pipefail", "-c"] if block["kind"] == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*command, block["body"]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block['body']}\n{done.stdout}\n{done.stderr}"
        run.append(block["body"])
    assert len(run) >= 5
    assert (tmp_path / "scores.csv").is_file()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([\w./-]+)\)", README))))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_the_picture_is_that_of_the_example():
    from typer.testing import CliRunner

    from names3risk.cli.app import app

    drawn = CliRunner().invoke(app, ["pipeline", "graph", str(ROOT / "examples/names3risk.yaml"), "--format", "svg"])
    assert drawn.exit_code == 0, drawn.output
    mend = "draw it again: names3risk pipeline graph examples/names3risk.yaml --format svg --out docs/pipeline.svg"
    assert drawn.output == (ROOT / "docs/pipeline.svg").read_text(encoding="utf-8"), mend
