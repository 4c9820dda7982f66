"""What a reporter is given: the findings of a run and what is known of the run itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..baseline import relative_name
from ..findings import Finding, Location, Verdict


@dataclass(frozen=True)
class Report:
    """The findings of one run.

    Attributes:
        findings: All findings, the proven clauses too.
        root: The folder that files are named relative to.
        scripts: What was checked, for machines: script, contract and coverage of each.
        notes: Remarks on the run for people, one line each.
        error: Why the run ended early: its kind and message; None where it did not.
        tool: The program that speaks.
        strict: True when what is unresolved counts as an error.
        warnings: Codes whose violations are shown without failing.
    """

    findings: tuple[Finding, ...] = ()
    root: Path = field(default_factory=Path.cwd)
    scripts: Sequence[dict[str, Any]] = ()
    notes: Sequence[str] = ()
    error: dict[str, str] | None = None
    tool: str = "validate_contracts"
    strict: bool = False
    warnings: Collection[str] = ()

    @property
    def shown(self) -> list[Finding]:
        """The findings that are not proven clauses, by file and line; one that several scripts share appears once."""
        shown: dict[tuple[str, Location, str, str, str], Finding] = {}
        for each in self.findings:
            if each.verdict is not Verdict.PROVEN:
                place = (self.name(each.filename), each.location, each.code, each.subject, each.message)
                shown.setdefault(place, each)
        return [shown[place] for place in sorted(shown)]

    def count(self, verdict: Verdict) -> int:
        """Gives the number of findings with a verdict; shared ones count once unless they are proven clauses."""
        if verdict is Verdict.PROVEN:
            return sum(each.verdict is verdict for each in self.findings)
        return sum(each.verdict is verdict for each in self.shown)

    def level(self, finding: Finding) -> str:
        """Gives how much a finding weighs: `error`, `warning` or `unresolved`."""
        if finding.code in self.warnings:
            return "warning"
        return "error" if finding.verdict is Verdict.VIOLATED or self.strict else "unresolved"

    def name(self, filename: str) -> str:
        """Gives a file's name as it is shown: relative to the root where it lies below."""
        return relative_name(filename, self.root)

    def summary(self) -> str:
        """Gives the run in one line."""
        counts = f"{self.count(Verdict.PROVEN)} proven, {self.count(Verdict.VIOLATED)} violated"
        counts += f", {self.count(Verdict.UNRESOLVED)} unresolved"
        if not self.scripts:
            return counts
        lowest = min(script["coverage"] for script in self.scripts)
        scripts = "1 script" if len(self.scripts) == 1 else f"{len(self.scripts)} scripts"
        return f"{scripts}: {counts}; {'lowest ' if len(self.scripts) > 1 else ''}I/O coverage {lowest:.1%}"
