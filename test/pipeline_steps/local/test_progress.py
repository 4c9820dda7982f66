"""What a person sees of a run: plain lines, and a live table on a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from runner_kit import Place, pipeline, processing

from pipeline_steps.local import Event, show_progress
from pipeline_steps.local.progress import LiveProgress


@pytest.fixture
def failing(place: Place) -> Place:
    place.code("print('[bold]reading[/bold] 10 %'); print('a line that is longer than a narrow terminal ' * 3)")
    place.code("import sys; print('oh'); sys.exit('no column label')", "bad.py")
    return place


DEFINITION = pipeline(processing("Good"), processing("Bad", "bad.py", DependsOn=["Good"]))


def lines(place: Place, *, logs: bool) -> list[str]:
    stream = io.StringIO()
    with show_progress(stream, logs=logs) as callback:
        for event in events(place):
            callback(event)
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in stream.getvalue().splitlines()]


def events(place: Place) -> list[Event]:
    place.run(DEFINITION)
    return place.events


def test_plain_lines_tell_each_step_and_why_it_failed(failing: Place) -> None:
    found = lines(failing, logs=False)
    assert found[0].startswith("run: 2 steps in ")
    assert found[1] == "Good: started"
    assert re.fullmatch(r"Good: succeeded after \d+\.\d s", found[2])
    assert re.fullmatch(r"Bad: failed after \d+\.\d s: ended with exit code 1", found[4])
    assert "no column label" in found
    assert found[-1] == "run: failed"
    assert not any("reading" in line for line in found)


def test_the_steps_logs_can_be_shown(failing: Place) -> None:
    assert "Good: [bold]reading[/bold] 10 %" in lines(failing, logs=True)


def test_a_terminal_gets_a_table(failing: Place) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=60, color_system=None)
    progress = LiveProgress(console, logs=True)
    with progress.live:
        for event in events(failing):
            progress(event)
    text = stream.getvalue()
    assert "2 of 2 steps" in text
    assert re.search(r"Bad +Failed +\d+\.\d +ended with exit code 1", text)
    assert re.search(r"Good +Succeeded +\d+\.\d +a line that is longer than a narr…", text)
    assert "Good: [bold]reading[/bold] 10 %" in text
    assert "\nno column label" in text


def test_warnings_and_retries_are_shown() -> None:
    told = [Event("step_warning", "A", "look here"), Event("step_retry", "A", "was killed; again in 1 s")]
    plain, live = io.StringIO(), io.StringIO()
    with show_progress(plain) as callback:
        for event in told:
            callback(event)
    progress = LiveProgress(Console(file=live, force_terminal=True, color_system=None))
    with progress.live:
        for event in told:
            progress(event)
    for text in (plain.getvalue(), live.getvalue()):
        assert "look here" in text
        assert "was killed; again in 1 s" in text
