"""SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.

Files are relative URIs below %SRCROOT%. What is unresolved has the kind `open`, which SARIF provides for results that
need more information; under --strict it is a failure. Proven clauses are left out: scanning services take every result
for an alert.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from ..baseline import fingerprint
from ..findings import ChainStep, Finding, Location
from ..rule_texts import rule_texts
from .report import Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_KINDS = {"error": ("fail", "error"), "warning": ("fail", "warning"), "unresolved": ("open", "none")}


def render(report: Report) -> str:
    """Gives the report as a SARIF log of one run."""
    codes = sorted({finding.code for finding in report.shown})
    seen: Counter[str] = Counter()
    results = []
    for finding in report.shown:
        identity = fingerprint(finding, report.root)
        results.append(_result(report, finding, codes, f"{identity}:{seen[identity]}"))
        seen[identity] += 1
    run = {
        "tool": {"driver": {"name": report.tool, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The project's folder"}}},
        "invocations": [_invocation(report)],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _invocation(report: Report) -> dict[str, Any]:
    if report.error is None:
        return {"executionSuccessful": True}
    notification = {"level": "error", "message": {"text": report.error["message"]}}
    return {"executionSuccessful": False, "toolExecutionNotifications": [notification]}


def _rule(code: str) -> dict[str, Any]:
    text = rule_texts().get(code)
    if text is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": text.title},
        "fullDescription": {"text": text.explanation},
        "help": {"text": text.explanation},
        "defaultConfiguration": {"level": "error"},
    }


def _result(report: Report, finding: Finding, codes: list[str], identity: str) -> dict[str, Any]:
    kind, level = _KINDS[report.level(finding)]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "kind": kind,
        "level": level,
        "message": {"text": finding.message},
        "locations": [_location(report, finding.filename, finding.location, finding.end_location)],
        "partialFingerprints": {"contractFinding/v1": identity},
        "properties": {"verdict": finding.verdict.value, "clause": finding.clause, "subject": finding.subject},
    }
    if finding.chain:
        steps = [{"location": _step(report, step)} for step in finding.chain]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _step(report: Report, step: ChainStep) -> dict[str, Any]:
    return {**_location(report, step.filename, step.location, None), "message": {"text": step.text}}


def _location(report: Report, filename: str, start: Location, end: Location | None) -> dict[str, Any]:
    region = {"startLine": start.line, "startColumn": start.column}
    if end is not None and end > start:
        region |= {"endLine": end.line, "endColumn": end.column}
    name = report.name(filename)
    artifact = (
        {"uri": "file://" + quote(name)} if name.startswith("/") else {"uri": quote(name), "uriBaseId": "SRCROOT"}
    )
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
