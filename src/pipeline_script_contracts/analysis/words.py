"""Lists of names, written as text."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """Splits a text at white space, so that long lists of names stay readable in the source."""
    return text.split()
