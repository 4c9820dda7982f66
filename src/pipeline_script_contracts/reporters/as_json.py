"""One JSON document: every finding, the proven clauses too, what was checked, and the error that ended a run early."""

from __future__ import annotations

import json
from typing import Any

from ..findings import Finding, Verdict
from .report import Report


def render(report: Report) -> str:
    """Gives the report as JSON; it stays a valid document when the run failed."""
    document = {
        "tool": report.tool,
        "findings": [_finding(report, each) for each in report.findings],
        "scripts": [{**each, "script": report.name(each["script"])} for each in report.scripts],
        "summary": {verdict.value.lower(): report.count(verdict) for verdict in Verdict},
        "notes": list(report.notes),
        "error": report.error,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    shown = finding.to_dict()
    for each in (shown, *shown["chain"]):
        each["filename"] = report.name(each["filename"])
    return shown
