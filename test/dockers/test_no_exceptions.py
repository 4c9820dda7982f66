"""The scripts and the library prove their contracts without exceptions."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_comment_and_no_setting_silences_a_finding():
    files = [*(ROOT / "dockers").rglob("*.py"), *(ROOT / "src" / "names3risk").rglob("*.py")]
    assert len(files) > 100
    assert [file for file in files if "# contract: ignore" in file.read_text(encoding="utf-8")] == []
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["validate_contracts"]
    assert settings["strict"]
    assert settings["coverage_fail_under"] >= 95
    assert not {"ignore", "select", "rules", "per_script_ignores", "baseline"} & set(settings)
