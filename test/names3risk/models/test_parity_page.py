"""The page on parity names every task of the original, and nothing that does not exist."""

import re
import string
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\[`(\w+)`\]\(\.\./([^)]+)\)", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and "](../test/" in line]


def test_every_task_of_both_lists_is_there_with_its_place_and_its_test():
    marks = [line.split("|")[1].strip() for line in ROWS]
    assert marks[:27] == [*string.ascii_uppercase, "AA"]
    assert marks[27:43] == [str(number) for number in range(1, 17)]
    for line in ROWS:
        places = re.findall(r"\]\(\.\./(\w+)/", line)
        assert places == ["src", "test"], line
    assert any("marketplace" in line for line in ROWS)


@pytest.mark.parametrize(("name", "path"), LINKS)
def test_what_is_named_exists(name, path):
    code = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:class|def) {name}\b", code, re.MULTILINE), f"{path} defines no {name}"
