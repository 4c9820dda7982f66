"""Annotations of GitHub Actions, shown beside the lines of a pull request.

The escapes are those of the workflow commands: https://docs.github.com/actions/reference/workflow-commands.
"""

from __future__ import annotations

from ..findings import Finding
from .report import Report


def render(report: Report) -> str:
    """Gives one workflow command for each finding that is not a proven clause."""
    lines = [_command(report, each) for each in report.shown]
    if report.error:
        lines.append(f"::error title={_property(report.tool)}::{_message(report.error['message'])}")
    return "".join(f"{each}\n" for each in lines)


def _command(report: Report, finding: Finding) -> str:
    level = "error" if report.level(finding) == "error" else "warning"
    properties = {
        "title": f"{report.tool} ({finding.code})",
        "file": report.name(finding.filename),
        "line": finding.location.line,
        "col": finding.location.column,
        "endLine": max(finding.end_location.line, finding.location.line),
    }
    if finding.end_location.line == finding.location.line:  # columns count on one line only
        properties["endColumn"] = finding.end_location.column
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {listed}::{_message(f'{finding.code} {finding.message}')}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
