"""Comments that silence a finding: `# contract: ignore[SC103] reason`.

At the end of a line a comment speaks of that line; alone on a line, of the next. A comment without a reason, with an
unknown code, or that silences nothing is itself a finding, SC904.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .findings import Finding, Location, Verdict

CODE = "SC904"
EXPLANATION = """
A comment `# contract: ignore[SC103] reason` silences one finding on its line. It is itself a finding when it silences
nothing (the cause is gone, so the comment should go too), when it gives no reason, or when it names no rule.

Mend it: remove the comment, or write the code and the reason why the finding may stay.
"""
_COMMENT = re.compile(r"#\s*contract:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)")


@dataclass(frozen=True)
class Suppression:
    """One comment: the line that it speaks of, the codes that it silences, and why."""

    filename: str
    line: int
    codes: tuple[str, ...]
    reason: str
    location: Location
    end_location: Location

    def silences(self, finding: Finding) -> bool:
        """Tells whether the comment means this finding."""
        return (
            finding.code in self.codes
            and bool(self.reason)
            and finding.filename == self.filename
            and finding.location.line <= self.line <= max(finding.end_location.line, finding.location.line)
        )


def read_suppressions(filename: str) -> list[Suppression]:
    """Gives the comments of a file; none where it cannot be read or is not Python."""
    try:
        data = Path(filename).read_bytes()
        if b"contract:" not in data:
            return []
        tokens = list(tokenize.tokenize(io.BytesIO(data).readline))
    except (OSError, SyntaxError, tokenize.TokenError, UnicodeDecodeError):
        return []
    return [
        _suppression(filename, token, match)
        for token in tokens
        if token.type == tokenize.COMMENT and (match := _COMMENT.match(token.string))
    ]


def _suppression(filename: str, token: tokenize.TokenInfo, match: re.Match[str]) -> Suppression:
    line, column = token.start
    alone = not token.line[:column].strip()
    codes = tuple(code.strip() for code in (match["codes"] or "").split(",") if code.strip())
    start, end = Location(line, column + 1), Location(token.end[0], token.end[1] + 1)
    return Suppression(filename, line + 1 if alone else line, codes, match["reason"].strip(), start, end)


def apply_suppressions(
    findings: Sequence[Finding],
    files: Iterable[str],
    known_codes: Callable[[], Collection[str]],
    judged: Collection[str] | None = None,
) -> tuple[list[Finding], int]:
    """Takes out what comments silence and adds what is wrong with the comments.

    Args:
        findings: All findings of a run.
        files: The files to look for comments in.
        known_codes: Gives the codes that exist; called only where there are comments.
        judged: The files in which a comment that silences nothing is stale; others may have their use in another run.
            By default all.

    Returns:
        The findings that remain, and how many were silenced.
    """
    comments = [each for name in sorted(set(files)) for each in read_suppressions(name)]
    if not comments:
        return list(findings), 0
    known = known_codes()
    kept: list[Finding] = []
    used: set[tuple[Suppression, str]] = set()
    for finding in findings:
        matching = [each for each in comments if finding.verdict is not Verdict.PROVEN and each.silences(finding)]
        if matching:
            used.update((each, finding.code) for each in matching)
        else:
            kept.append(finding)
    silenced = len(findings) - len(kept)
    for each in comments:
        stale = [code for code in each.codes if (each, code) not in used]
        judge = judged is None or each.filename in judged
        kept.extend(_complaint(each, message) for message in _complaints(each, stale if judge else [], known))
    return kept, silenced


def _complaints(comment: Suppression, stale: Sequence[str], known: Collection[str]) -> list[str]:
    if not comment.codes:
        return ["the ignore names no code; write # contract: ignore[SC103] and the reason"]
    if not comment.reason:
        return [f"the ignore of {', '.join(comment.codes)} gives no reason; write it after the bracket"]
    unknown = [code for code in comment.codes if code not in known]
    messages = [f"the ignore names {code}, which is not a rule" for code in unknown]
    return messages + [f"the ignore of {code} silences nothing; remove it" for code in stale if code not in unknown]


def _complaint(comment: Suppression, message: str) -> Finding:
    return Finding(
        code=CODE,
        verdict=Verdict.VIOLATED,
        clause="analysis",
        subject=",".join(comment.codes),
        message=message,
        filename=comment.filename,
        location=comment.location,
        end_location=comment.end_location,
        help="an ignore is for one finding on one line, with the reason why it may stay",
    )
