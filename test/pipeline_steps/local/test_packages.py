"""What cached results depend on beside their arguments: the interpreter's packages, and source under development."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_steps.local.workers import packages


def digest(path: Path) -> str:
    command = [sys.executable, "-I", "-c", _PROGRAM, str(path), packages.__file__]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# Only the folder of the test is searched for packages, so that edits elsewhere cannot change the answer.
_PROGRAM = "import sys, runpy; sys.path[:] = [sys.argv[1]] + [p for p in sys.path if 'site-packages' not in p]; "
_PROGRAM += "runpy.run_path(sys.argv[2], run_name='__main__')"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    info = tmp_path / "site" / "mine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    source = tmp_path / "project" / "src" / "mine"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("one = 1\n")
    url = {"url": (tmp_path / "project").as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(url))
    return tmp_path / "site"


def test_the_same_packages_give_the_same_digest(site: Path) -> None:
    assert digest(site) == digest(site)
    assert len(digest(site).strip()) == 64


def test_another_version_changes_it(site: Path) -> None:
    before = digest(site)
    (site / "mine-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.1\n")
    assert digest(site) != before


def test_an_edit_of_source_installed_in_place_changes_it(site: Path) -> None:
    before = digest(site)
    (site.parent / "project" / "src" / "mine" / "__init__.py").write_text("one = 2\n")
    assert digest(site) != before
