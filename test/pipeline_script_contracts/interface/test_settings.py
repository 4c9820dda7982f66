"""The table in pyproject.toml: read, found from below, and wrong in every way."""

from pathlib import Path

import pytest

from pipeline_script_contracts.settings import Settings, UsageError, load_settings


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.validate_contracts]
        contracts = ["a:B", "contracts/*.json"]
        scripts = ["dockers/*"]
        source-roots = ["src"]
        select = ["SC1"]
        ignore = ["SC202"]
        strict = true
        coverage_fail_under = 95
        baseline = "known.json"
        output_format = "full"
        cache_dir = ""
        [tool.validate_contracts.bindings]
        "dockers/a/train.py" = "B"
        [tool.validate_contracts.rules]
        SC202 = "warning"
        [tool.validate_contracts.per_script_ignores]
        "dockers/b/*" = ["SC501"]
        """,
    )
    assert load_settings(None, tmp_path) == Settings(
        root=tmp_path,
        contracts=("a:B", "contracts/*.json"),
        scripts=("dockers/*",),
        source_roots=("src",),
        bindings={"dockers/a/train.py": "B"},
        select=("SC1",),
        ignore=("SC202",),
        rules={"SC202": "warning"},
        per_script_ignores={"dockers/b/*": ("SC501",)},
        strict=True,
        coverage_fail_under=95.0,
        baseline="known.json",
        output_format="full",
        cache_dir="",
    )


def test_the_nearest_file_with_the_table_counts(tmp_path: Path) -> None:
    write(tmp_path, "[tool.validate_contracts]\nstrict = true\n")
    write(tmp_path / "inner", "[tool.other]\nx = 1\n")
    settings = load_settings(None, tmp_path / "inner")
    assert settings.strict
    assert settings.root == tmp_path


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(None, tmp_path) == Settings(root=tmp_path)


def test_a_file_of_its_own_has_the_keys_at_its_top(tmp_path: Path) -> None:
    path = write(tmp_path, 'contracts = ["a:B"]\n', "contracts.toml")
    assert load_settings(path, tmp_path).contracts == ("a:B",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("strikt = true", r"strikt: no such setting; did you mean 'strict'\?"),
        ("zzz = 1", r"zzz: no such setting$"),
        ('strict = "yes"', r"strict: expected true or false, found 'yes'"),
        ('contracts = "a:B"', r"contracts: expected a list of strings, found 'a:B'"),
        ("scripts = [1]", r"scripts: expected a list of strings, found \[1\]"),
        ("coverage_fail_under = 101", r"coverage_fail_under: expected a percentage from 0 to 100, found 101"),
        ("coverage_fail_under = true", r"coverage_fail_under: expected a percentage"),
        ('output_format = "xml"', r"output_format: expected one of concise, full, json, sarif, github, found 'xml'"),
        ("baseline = 1", r"baseline: expected a string, found 1"),
        ('rules = ["SC101"]', r"rules: expected a table"),
        ('rules = {SC101 = "loud"}', r"rules.SC101: expected one of error, warning, off, found 'loud'"),
        ('per_script_ignores = {"a.py" = "SC101"}', r"per_script_ignores.a.py: expected a list of strings"),
        ("contracts = [", r"not valid TOML"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, line: str, message: str) -> None:
    write(tmp_path, f"[tool.validate_contracts]\n{line}\n")
    with pytest.raises(UsageError, match=message):
        load_settings(None, tmp_path)


def test_the_table_must_be_a_table(tmp_path: Path) -> None:
    write(tmp_path, "[tool]\nvalidate_contracts = 1\n")
    with pytest.raises(UsageError, match="must be a table"):
        load_settings(None, tmp_path)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.toml: cannot read the configuration: No such file"):
        load_settings(tmp_path / "nowhere.toml", tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"x = '\xe9'")
    with pytest.raises(UsageError, match=r"latin.toml: cannot read the configuration"):
        load_settings(tmp_path / "latin.toml", tmp_path)
