"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..findings import Finding
from .context import Context


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: Its code, for instance `SC101`.
        title: What it finds, in a few words.
        explanation: What it means, why it matters and how to mend it, in Markdown.
        check: Gives the findings.
    """

    code: str
    title: str
    explanation: str
    check: Callable[[Context], Iterable[Finding]]
