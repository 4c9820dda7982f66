"""Progress for people: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from pipeline_steps.local.events import Event, EventCallback

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_STYLES = {"Succeeded": "green", "Failed": "red", "Stopped": "yellow", "Executing": "cyan", "Skipped": "dim"}
_PREFIXES = {"step_warning": "warning: ", "step_finding": "contract check: ", "step_retry": "tried again: "}
_LOG_WIDTH = 200
_NAME_WIDTH = 32


@contextmanager
def show_progress(stream: TextIO, *, logs: bool = False) -> Iterator[EventCallback]:
    """Shows a run while it goes on.

    Args:
        stream: Where to; a live table is drawn when it is a terminal.
        logs: Write the lines of the steps' logs too.

    Yields:
        The callback for `run_pipeline(..., on_event=...)`.
    """
    from rich.console import Console

    console = Console(file=stream)
    if not console.is_terminal:
        yield PlainProgress(stream, logs=logs)
        return
    live = LiveProgress(console, logs=logs)
    with live.live:
        yield live


class PlainProgress:
    """Writes a line for each event, with the time.

    Args:
        stream: Where to.
        logs: Write the lines of the steps' logs too.
    """

    def __init__(self, stream: TextIO, *, logs: bool = False) -> None:
        self.stream, self.logs = stream, logs
        self.began: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        if event.kind == "step_log" and not self.logs:
            return
        clock = time.strftime("%H:%M:%S", time.localtime(event.time))
        name = event.step or "run"
        self.stream.write(f"{clock} {name}: {self._text(event)}\n")
        self.stream.flush()

    def _text(self, event: Event) -> str:
        if event.kind == "step_started":
            self.began[event.step] = event.time
            return "started"
        if event.kind == "step_finished":
            took = event.time - self.began.get(event.step, event.time)
            reason = f": {event.message}" if event.message else ""
            return f"{event.status.lower()} after {took:.1f} s{reason}" if took else f"{event.status.lower()}{reason}"
        if event.kind == "run_started":
            return f"{event.total} steps in {event.message}"
        if event.kind == "run_finished":
            return event.status.lower()
        prefix = _PREFIXES.get(event.kind, "")
        return prefix + event.message


class LiveProgress:
    """Keeps a table of the steps that have started, with the last line of each one's log.

    Args:
        console: A terminal.
        logs: Write the lines of the steps' logs above the table too.
    """

    def __init__(self, console: Console, *, logs: bool = False) -> None:
        from rich.live import Live

        self.logs = logs
        self.rows: dict[str, dict[str, str | float]] = {}
        self.done, self.total = 0, 0
        self.live: Live = Live(console=console, get_renderable=self._table, refresh_per_second=4)

    def __call__(self, event: Event) -> None:
        """Takes one event in."""
        self.total = event.total or self.total
        row = self.rows.setdefault(event.step, {"status": "", "last": "", "began": event.time, "took": -1.0})
        if not event.step:
            del self.rows[event.step]
        elif event.kind == "step_log":
            row["last"] = event.message[:_LOG_WIDTH]
            if self.logs:
                self.live.console.print(f"{event.step}: {event.message}", markup=False, highlight=False)
        elif event.kind in ("step_warning", "step_retry"):
            self.live.console.print(f"{event.step}: {event.message}", style="yellow", markup=False, highlight=False)
        elif event.kind == "step_finding":
            text = f"{event.step}: {_PREFIXES[event.kind]}{event.message}"
            self.live.console.print(text, style="red", markup=False, highlight=False)
        elif event.kind == "step_started":
            row |= {"status": event.status, "began": event.time}
        elif event.kind == "step_finished":
            self.done += 1
            first_line = event.message.splitlines()[0] if event.message else ""
            if event.status == "Failed":
                self.live.console.print(f"{event.step} {event.message}", style="red", markup=False, highlight=False)
            row |= {"status": event.status, "took": event.time - float(row["began"]), "last": first_line or row["last"]}

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        title = f"{self.done} of {self.total} steps"
        table = Table(box=None, pad_edge=False, title=title, title_justify="left", expand=True)
        longest = max((len(name) for name in self.rows), default=4)
        table.add_column("Step", no_wrap=True, min_width=min(longest, _NAME_WIDTH))
        table.add_column("Status", no_wrap=True, min_width=9)
        table.add_column("Seconds", no_wrap=True, min_width=7, justify="right")
        table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
        for name, row in list(self.rows.items()):
            seconds = row["took"] if float(row["took"]) >= 0 else time.time() - float(row["began"])
            status = Text(str(row["status"]), style=_STYLES.get(str(row["status"]), ""))
            table.add_row(Text(name), status, f"{float(seconds):.1f}", Text(str(row["last"]), style="dim"))
        return table
