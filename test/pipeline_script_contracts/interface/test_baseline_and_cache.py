"""Known findings and kept results: both outlive a run and neither may hide a change."""

import json
from pathlib import Path

import pytest

from pipeline_script_contracts import cache as cache_module
from pipeline_script_contracts.baseline import apply_baseline, write_baseline
from pipeline_script_contracts.cache import Cache, finding_from_dict
from pipeline_script_contracts.findings import ChainStep, Finding, Location, Verdict
from pipeline_script_contracts.settings import UsageError


def finding(root: Path, subject: str = "/opt/ml/x", line: int = 3) -> Finding:
    step = ChainStep("BASE", str(root / "a.py"), Location(1, 1))
    return Finding(
        "SC103",
        Verdict.VIOLATED,
        "input",
        subject,
        "message",
        str(root / "a.py"),
        Location(line, 1),
        Location(line, 9),
        chain=(step,),
        help="mend it",
    )


def test_a_known_finding_is_known_on_another_line(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline(path, [finding(tmp_path)], tmp_path)
    moved, fresh = finding(tmp_path, line=30), finding(tmp_path, subject="/opt/ml/y")
    assert apply_baseline(path, [moved, fresh], tmp_path) == ([fresh], 1, 0)


def test_a_second_finding_of_the_same_kind_is_new_and_a_missing_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline(path, [finding(tmp_path)], tmp_path)
    twice = [finding(tmp_path), finding(tmp_path, line=9)]
    assert apply_baseline(path, twice, tmp_path) == ([twice[1]], 1, 0)
    assert apply_baseline(path, [], tmp_path) == ([], 0, 1)


def test_a_baseline_does_not_depend_on_the_order_or_the_folder_of_the_project(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root, subjects in ((one, ("/b", "/a")), (two, ("/a", "/b"))):
        root.mkdir()
        write_baseline(root / "known.json", [finding(root, subject) for subject in subjects], root)
    assert (one / "known.json").read_text() == (two / "known.json").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a baseline file: JSONDecodeError"),
        ("[]", "not a baseline file: TypeError"),
        ('{"version": 9, "findings": []}', "baseline of version 9; write it anew"),
        ('{"version": 1, "findings": [{}]}', "not a baseline file: KeyError"),
    ],
)
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(UsageError, match=message):
        apply_baseline(tmp_path / "known.json", [], tmp_path)


def test_a_baseline_that_is_not_there_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory; make it with --write-baseline"):
        apply_baseline(tmp_path / "known.json", [], tmp_path)
    with pytest.raises(UsageError, match="cannot write the baseline"):
        write_baseline(tmp_path / "no" / "folder" / "known.json", [], tmp_path)


def test_a_kept_value_comes_back_until_a_file_changes(tmp_path: Path) -> None:
    source = tmp_path / "src" / "a.py"
    source.parent.mkdir()
    source.write_text("x = 1\n")
    cache = Cache(tmp_path / "cache")
    cache.put("key", 1, value={"answer": [1, None]}, files=[source])
    assert cache.get("key", 1) == {"answer": [1, None]}
    assert cache.get("key", 2) is None
    source.write_text("x = 2\n")
    assert cache.get("key", 1) is None


def test_a_new_module_beside_a_file_makes_the_value_stale(tmp_path: Path) -> None:
    """A module that did not exist may now be the one that an import finds."""
    source = tmp_path / "src" / "a.py"
    source.parent.mkdir()
    source.write_text("import b\n")
    cache = Cache(tmp_path / "cache")
    cache.put("key", value=1, files=[source])
    (source.parent / "__pycache__").mkdir()
    assert cache.get("key") == 1
    (source.parent / "b.py").write_text("")
    assert cache.get("key") is None


def test_a_file_or_folder_that_comes_to_be_makes_the_value_stale(tmp_path: Path) -> None:
    later, folder = tmp_path / "src" / "requirements.txt", tmp_path / "modules"
    cache = Cache(tmp_path / "cache")
    cache.put("file", value=1, files=[later])
    cache.put("folder", value=2, files=[], folders=[folder])
    assert (cache.get("file"), cache.get("folder")) == (1, 2)
    folder.mkdir()
    (folder / "a.py").touch()
    assert (cache.get("file"), cache.get("folder")) == (1, None)
    later.parent.mkdir()
    later.write_text("pandas\n")
    assert cache.get("file") is None


def test_a_damaged_entry_is_a_miss(tmp_path: Path) -> None:
    source = tmp_path / "src" / "a.py"
    source.parent.mkdir()
    source.write_text("x = 1\n")
    cache = Cache(tmp_path / "cache")
    cache.put("key", value=1, files=[source])
    assert cache.get("key") == 1
    entry = next(path for path in (tmp_path / "cache").iterdir() if path.suffix == ".json")
    for damage in ("", "[]", "{}", '{"files": 3, "folders": {}, "value": 1}', json.dumps(None)):
        entry.write_text(damage)
        assert cache.get("key") is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    cache = Cache(tmp_path / "cache")
    cache.put("key", value=1, files=[])
    assert cache.get("key") is None
    assert Cache(None).get("key") is None


def test_the_cache_leaves_only_whole_files_and_hides_itself_from_git(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put("key", value=1, files=[])
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == ["", ".json"]
    assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n"


def test_another_version_of_the_tool_does_not_take_old_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put("key", value=1, files=[])
    monkeypatch.setattr(cache_module, "tool_signature", lambda: "another")
    assert cache.get("key") is None


def test_a_finding_survives_the_way_through_json(tmp_path: Path) -> None:
    original = finding(tmp_path)
    assert finding_from_dict(json.loads(json.dumps(original.to_dict()))) == original
