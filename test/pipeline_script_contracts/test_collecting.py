"""A run of the command: garbage is collected seldom while it lasts, and the process ends as soon as it has spoken."""

from __future__ import annotations

import gc
import os

import pytest

from pipeline_script_contracts import cli
from pipeline_script_contracts.collecting import OBJECTS, seldom


def test_garbage_is_collected_seldom_and_then_as_before() -> None:
    before = gc.get_threshold()
    with seldom():
        assert gc.get_threshold()[0] == OBJECTS
    assert gc.get_threshold() == before


def test_the_process_ends_with_the_code_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr("sys.argv", ["validate_contracts", "--no-such-option"])
    cli.run()
    monkeypatch.setattr("sys.argv", ["validate_contracts", "--version"])
    cli.run()
    assert codes == [2, 0]
    assert "--no-such-option" in capsys.readouterr().err
