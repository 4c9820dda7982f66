"""Ids of the tokens that stand for something other than text."""

from __future__ import annotations

SPECIAL_TOKENS = ("[CLS]", "[PAD]", "[UNK]", "[BOS]", "[EOS]", "[MISSING]", "|")
"""In the order of their ids. Only the encoder writes them; no text is ever tokenised to one, except to [UNK]."""

CLS_ID, PAD_ID, UNK_ID, BOS_ID, EOS_ID, MISSING_ID, SEPARATOR_ID = range(len(SPECIAL_TOKENS))

SEPARATOR_LOOKALIKE = "\u00a6"
"""Takes the place of a `|` in text, which would otherwise share its id with the field separator."""
