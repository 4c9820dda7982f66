"""`--explain CODE`: what a rule means and how to mend what it finds."""

from __future__ import annotations

from ..rule_texts import rule_texts
from .options import unknown_code


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
    text = texts.get(code.upper())
    if text is None:
        raise unknown_code(code, tuple(texts), "--explain")
    return f"{text.code}: {text.title}\n\n{text.explanation}"
