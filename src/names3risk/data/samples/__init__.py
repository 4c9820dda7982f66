"""Column schemas of the two data sets that `names3risk data` can write."""

from __future__ import annotations

from pathlib import Path

SPAM_ASSASSIN_SCHEMA = Path(__file__).with_name("spam_assassin.yaml")
SYNTHETIC_SCHEMA = Path(__file__).with_name("synthetic.yaml")

__all__ = ["SPAM_ASSASSIN_SCHEMA", "SYNTHETIC_SCHEMA"]
