"""For people: the line of source with a caret, the chain of steps that led there, and how to mend it."""

from __future__ import annotations

import functools
from pathlib import Path

from ..findings import ChainStep, Finding
from .report import Report

_WIDEST = 160


def render(report: Report) -> str:
    """Gives each finding as a paragraph, then the notes and the summary."""
    paragraphs = [paragraph(report, finding) for finding in report.shown]
    if report.scripts:
        paragraphs.append("\n".join([*report.notes, report.summary()]))
    return "".join(f"{each}\n\n" for each in paragraphs[:-1]) + "".join(f"{each}\n" for each in paragraphs[-1:])


def paragraph(report: Report, finding: Finding) -> str:
    """Gives a finding with its source line, chain and help."""
    line, column = finding.location.line, finding.location.column
    margin = " " * len(str(line))
    lines = [
        f"{report.level(finding)}[{finding.code}]: {finding.message}",
        f"{margin}--> {report.name(finding.filename)}:{line}:{column}",
    ]
    source = _line(finding.filename, line)
    if source.strip():
        lines += [f"{margin} |", f"{line} | {_cut(source)}", f"{margin} | {_caret(finding, source)}"]
    if finding.chain:
        lines.append(f"{margin} = chain: {' -> '.join(_step(report, finding, step) for step in finding.chain)}")
    if finding.help:
        lines.append(f"{margin} = help: {finding.help}")
    return "\n".join(lines)


def _caret(finding: Finding, source: str) -> str:
    begin = finding.location.column - 1
    one_line = finding.end_location.line == finding.location.line
    end = finding.end_location.column - 1 if one_line else len(source)
    indent = "".join("\t" if sign == "\t" else " " for sign in source[:begin])
    return indent + "^" * max(1, min(end, len(source), _WIDEST) - begin)


def _cut(source: str) -> str:
    return source if len(source) <= _WIDEST else source[: _WIDEST - 3] + "..."


def _step(report: Report, finding: Finding, step: ChainStep) -> str:
    elsewhere = "" if step.filename == finding.filename else f"{report.name(step.filename)}:"
    return f"{step.text} ({elsewhere}{step.location.line})"


def _line(filename: str, number: int) -> str:
    lines = _lines(filename)
    return lines[number - 1] if 0 < number <= len(lines) else ""


@functools.lru_cache(maxsize=64)
def _lines(filename: str) -> list[str]:
    try:
        text = Path(filename).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return []
    return text.split("\n")  # as Python counts lines: a form feed does not end one
