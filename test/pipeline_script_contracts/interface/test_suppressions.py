"""Comments that silence a finding, and what is said of comments that do not."""

from pathlib import Path

import pytest

from pipeline_script_contracts.findings import Finding, Location, Verdict
from pipeline_script_contracts.suppressions import apply_suppressions


def codes() -> tuple[str, ...]:
    return ("SC101", "SC103", "SC104", "SC904")


def finding(path: Path, line: int, code: str = "SC103", last_line: int | None = None) -> Finding:
    end = Location(last_line or line, 9)
    return Finding(code, Verdict.VIOLATED, "input", "/opt/ml/x", "m", str(path), Location(line, 1), end)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_comment_at_the_end_of_the_line(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", "x = 1\nread(x)  # contract: ignore[SC103] mounted by the image\nread(x)\n")
    kept, silenced = apply_suppressions([finding(script, 2), finding(script, 3)], [str(script)], codes)
    assert kept == [finding(script, 3)]
    assert silenced == 1


def test_a_comment_on_a_line_of_its_own_speaks_of_the_next(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", "    # contract: ignore[SC103, SC104] scratch\nread(x)\n".lstrip())
    kept, silenced = apply_suppressions([finding(script, 2), finding(script, 2, "SC104")], [str(script)], codes)
    assert (kept, silenced) == ([], 2)


def test_a_comment_within_a_call_of_several_lines(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", "read(\n    x,  # contract: ignore[SC103] why not\n)\n")
    assert apply_suppressions([finding(script, 1, last_line=3)], [str(script)], codes) == ([], 1)


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# contract: ignore[SC101] other", "the ignore of SC101 silences nothing; remove it"),
        ("# contract: ignore[SC103]", "the ignore of SC103 gives no reason; write it after the bracket"),
        ("# contract: ignore because", "the ignore names no code; write # contract: ignore[SC103] and the reason"),
        ("# contract: ignore[] because", "the ignore names no code; write # contract: ignore[SC103] and the reason"),
        ("# contract: ignore[SC999] because", "the ignore names SC999, which is not a rule"),
    ],
)
def test_what_is_wrong_with_a_comment_is_a_finding(tmp_path: Path, comment: str, message: str) -> None:
    script = write(tmp_path / "a.py", f"read(x)  {comment}\n")
    kept, silenced = apply_suppressions([finding(script, 1)], [str(script)], codes)
    assert silenced == 0
    assert kept[0] == finding(script, 1)
    assert [(each.code, each.message, each.location) for each in kept[1:]] == [("SC904", message, Location(1, 10))]


def test_only_the_stale_code_of_two_is_reported(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", "read(x)  # contract: ignore[SC103,SC104] mounted by the image\n")
    kept, silenced = apply_suppressions([finding(script, 1)], [str(script)], codes)
    assert silenced == 1
    assert [each.message for each in kept] == ["the ignore of SC104 silences nothing; remove it"]


def test_a_comment_in_a_file_that_is_not_judged_may_have_its_use_elsewhere(tmp_path: Path) -> None:
    library = write(tmp_path / "library.py", "read(x)  # contract: ignore[SC103] mounted by the image\n")
    assert apply_suppressions([], [str(library)], codes, judged=[]) == ([], 0)
    assert len(apply_suppressions([], [str(library)], codes)[0]) == 1


def test_text_that_looks_like_a_comment_is_none(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", 'note = "# contract: ignore[SC103] only text"\n')
    assert apply_suppressions([finding(script, 1)], [str(script)], codes) == ([finding(script, 1)], 0)


@pytest.mark.parametrize("content", [b"(  # contract: ignore[SC103] open\n", b"\xff # contract: ignore[SC103] bytes\n"])
def test_a_source_that_cannot_be_read_has_no_comments(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.py").write_bytes(content)
    assert apply_suppressions([], [str(tmp_path / "a.py"), str(tmp_path / "none.py")], codes) == ([], 0)


def test_proven_clauses_are_not_silenced(tmp_path: Path) -> None:
    script = write(tmp_path / "a.py", "read(x)  # contract: ignore[SC103] mounted by the image\n")
    proven = Finding("SC103", Verdict.PROVEN, "input", "train", "m", str(script), Location(1, 1), Location(1, 4))
    kept, silenced = apply_suppressions([proven], [str(script)], codes)
    assert kept[0] == proven
    assert silenced == 0
