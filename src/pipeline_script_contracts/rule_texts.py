"""What each rule means, for `--explain`, SARIF and the check of codes on the command line."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass

from . import suppressions


@dataclass(frozen=True)
class RuleText:
    """A rule's code, its title in a few words, and its explanation."""

    code: str
    title: str
    explanation: str


@functools.cache
def rule_texts() -> dict[str, RuleText]:
    """Gives the texts of all rules by code, in the order of the codes."""
    from .rules import ALL_RULES

    texts = [RuleText(rule.code, rule.title, inspect.cleandoc(rule.explanation)) for rule in ALL_RULES]
    texts.append(RuleText(suppressions.CODE, "stale or incomplete ignore", inspect.cleandoc(suppressions.EXPLANATION)))
    return {text.code: text for text in sorted(texts, key=lambda text: text.code)}
