"""One JSON document: every finding, the proven clauses too, what was checked, and the error that ended a run early."""

from __future__ import annotations

import json
from typing import Any

from ..findings import Finding, Location, Verdict
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
    return {
        "code": finding.code,
        "verdict": finding.verdict.value,
        "clause": finding.clause,
        "subject": finding.subject,
        "message": finding.message,
        "filename": report.name(finding.filename),
        "location": _location(finding.location),
        "end_location": _location(finding.end_location),
        "chain": [
            {"text": step.text, "filename": report.name(step.filename), "location": _location(step.location)}
            for step in finding.chain
        ],
        "help": finding.help,
    }


def _location(location: Location) -> dict[str, int]:
    return {"row": location.line, "column": location.column}
