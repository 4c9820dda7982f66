"""What a check says: findings, and the results and reports made of them. Plain data, without pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What could be shown about one clause of a contract."""

    PROVEN = "PROVEN"
    VIOLATED = "VIOLATED"
    UNRESOLVED = "UNRESOLVED"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a source file: line from 1, column from 1."""

    line: int = 1
    column: int = 1

    def to_dict(self) -> dict[str, int]:
        """Gives the location as JSON has it."""
        return {"row": self.line, "column": self.column}

    @classmethod
    def from_dict(cls, data: Mapping[str, int]) -> Location:
        """Makes a location of what `to_dict` gave."""
        return cls(data["row"], data["column"])


@dataclass(frozen=True)
class ChainStep:
    """One step of the way that a value took to a use: a name that it was bound to, or a call that it went through."""

    text: str
    filename: str
    location: Location

    def to_dict(self) -> dict[str, Any]:
        """Gives the step as JSON has it."""
        return {"text": self.text, "filename": self.filename, "location": self.location.to_dict()}


@dataclass(frozen=True)
class Finding:
    """The verdict on one clause of a contract, with its evidence.

    Attributes:
        code: The rule's code, for instance `SC103`.
        verdict: PROVEN, VIOLATED or UNRESOLVED.
        clause: What kind of clause: input, output, env, argument, hyperparameter, package, artifact or analysis.
        subject: The path, variable, argument, field or package that the clause speaks of.
        message: One sentence: what was found and what was expected.
        filename: The file that the verdict points to.
        location: Where in the file the evidence begins.
        end_location: Where it ends.
        chain: The steps that led to the evidence, first to last.
        help: How to mend it; empty for proven clauses.
    """

    code: str
    verdict: Verdict
    clause: str
    subject: str
    message: str
    filename: str
    location: Location = Location()
    end_location: Location = Location()
    chain: tuple[ChainStep, ...] = ()
    help: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Gives the finding as JSON has it."""
        return {
            "code": self.code,
            "verdict": self.verdict.value,
            "clause": self.clause,
            "subject": self.subject,
            "message": self.message,
            "filename": self.filename,
            "location": self.location.to_dict(),
            "end_location": self.end_location.to_dict(),
            "chain": [step.to_dict() for step in self.chain],
            "help": self.help,
        }


@dataclass(frozen=True)
class ValidationResult:
    """The outcome of checking one script against one contract.

    Attributes:
        is_valid: True when no clause is violated.
        errors: One line for each violated clause.
        warnings: One line for each unresolved clause.
        findings: All findings, the proven ones too.
    """

    is_valid: bool
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def from_findings(cls, findings: list[Finding]) -> ValidationResult:
        """Sums findings up.

        Args:
            findings: What the rules said.

        Returns:
            The result; valid when nothing is violated.
        """
        errors = [describe(finding) for finding in findings if finding.verdict is Verdict.VIOLATED]
        warnings = [describe(finding) for finding in findings if finding.verdict is Verdict.UNRESOLVED]
        return cls(not errors, errors, warnings, tuple(findings))


@dataclass(frozen=True)
class ValidationReport:
    """A validation result with the names of the script and of the contract's class, for people."""

    script: str
    contract_class: str
    result: ValidationResult

    @property
    def is_compliant(self) -> bool:
        """True when no clause is violated."""
        return self.result.is_valid

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the proven ones too."""
        return self.result.findings

    @property
    def errors(self) -> list[str]:
        """One line for each violated clause."""
        return self.result.errors

    @property
    def warnings(self) -> list[str]:
        """One line for each unresolved clause."""
        return self.result.warnings

    @property
    def summary(self) -> str:
        """The verdict in one line, followed by the errors where there are any."""
        mark = "✅ COMPLIANT" if self.is_compliant else "❌ NON-COMPLIANT"
        return "\n".join([f"{self.script} vs {self.contract_class}: {mark}", *(f"  {error}" for error in self.errors)])


def describe(finding: Finding) -> str:
    """Gives a finding as one line, `path:line:col: CODE message`."""
    place = f"{finding.filename}:{finding.location.line}:{finding.location.column}"
    return f"{place}: {finding.code} {finding.message}"
