"""Column schemas of the two data sets that `names3risk data` can write, and what invented people are made from."""

from __future__ import annotations

from pathlib import Path

SPAM_ASSASSIN_SCHEMA = Path(__file__).with_name("spam_assassin.yaml")
SYNTHETIC_SCHEMA = Path(__file__).with_name("synthetic.yaml")
PEOPLE = Path(__file__).with_name("people.yaml")

__all__ = ["PEOPLE", "SPAM_ASSASSIN_SCHEMA", "SYNTHETIC_SCHEMA"]
