"""One line a finding: `path:line:col: CODE message`."""

from __future__ import annotations

from ..findings import Finding, Verdict
from .report import Report


def render(report: Report) -> str:
    """Gives one line for each finding that is not a proven clause, then the notes and the summary."""
    lines = [line(report, finding) for finding in report.shown]
    if report.scripts:
        lines += [*report.notes, report.summary()]
    return "".join(f"{each}\n" for each in lines)


def line(report: Report, finding: Finding) -> str:
    """Gives a finding as one line."""
    place = f"{report.name(finding.filename)}:{finding.location.line}:{finding.location.column}"
    mark = " [unresolved]" if finding.verdict is Verdict.UNRESOLVED else ""
    mark = " [warning]" if report.level(finding) == "warning" else mark
    return f"{place}: {finding.code} {' '.join(finding.message.split())}{mark}"
