"""`--explain CODE`: what a rule means and how to mend what it finds."""

from __future__ import annotations

from ..rule_texts import rule_texts
from .options import check_codes


def explain(code: str) -> str:
    """Gives the text of a rule.

    Args:
        code: The rule's code, in upper or lower case.

    Returns:
        The title and the explanation.

    Raises:
        UsageError: There is no such rule.
    """
    texts = rule_texts()
    if code.upper() not in texts:
        check_codes([code + "?"], tuple(texts), "--explain")
    text = texts[code.upper()]
    return f"{text.code}: {text.title}\n\n{text.explanation}"
