"""What happens to a text before it is tokenised: one function a step, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

BEGIN, END = "[bom]", "[eom]"
"""Markers around each message of a dialogue."""
FIRST_EMOJI = "\u203c"
"""Below it only the signs of copyright and of registration are emoji; looking for any other takes long."""


def split_dialogue(text: str) -> list[str]:
    """The messages of a dialogue, blank ones left out; a text without markers is one message.

    Text outside the markers is kept as a message of its own.
    """
    pieces = (piece.strip() for part in text.split(BEGIN) for piece in part.split(END))
    return [piece for piece in pieces if piece]


def normalize_html(text: str) -> str:
    """The text that a browser would show: no tags, scripts or styles, entities decoded."""
    if "<" not in text and "&" not in text:
        return text
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    tree.strip_tags(["script", "style", "template"])
    return tree.body.text(separator=" ") if tree.body is not None else ""


def remove_emoji(text: str) -> str:
    """The text without emoji; other symbols stay."""
    if max(text, default="") < FIRST_EMOJI and "\xa9" not in text and "\xae" not in text:
        return text
    import emoji

    return emoji.replace_emoji(text, "")


def normalize_text(text: str) -> str:
    """Stripped, in lower case, every run of white space one space."""
    return " ".join(text.lower().split())


MESSAGE_STEPS: dict[str, Callable[[str], str]] = {
    "html_normalizer": normalize_html,
    "emoji_remover": remove_emoji,
    "text_normalizer": normalize_text,
}


def messages_of(text: str | None, steps: Sequence[str]) -> list[str]:
    """The messages of a text after the steps, blank ones left out.

    Args:
        text: A text, or None.
        steps: Names of steps; those of tokens (`dialogue_chunker`) do nothing here.
    """
    if text is None:
        return []
    messages = split_dialogue(text) if "dialogue_splitter" in steps else [text]
    for name, step in MESSAGE_STEPS.items():
        if name in steps:
            messages = [step(message) for message in messages]
    return [message for message in messages if message.strip()]
