"""What one mail says about its sender, as a row: names, addresses, times, and counts of the body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from typing import Any

_URL = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_AMERICAS, _EUROPE_AFRICA = timedelta(hours=-1), timedelta(hours=4, minutes=30)


def mail_row(raw: bytes) -> dict[str, Any]:
    """Reads one raw message.

    The arrival time is that of the topmost Received line, which the receiving server wrote; the Date header is the
    sender's word and stands in only where there is no Received line. List headers are left out.

    Args:
        raw: The message as it was delivered, headers and body.

    Returns:
        The columns of `MAIL_COLUMNS`; what the mail does not tell is None.
    """
    mail = message_from_bytes(raw, policy=policy.compat32)
    received = [str(line) for line in mail.get_all("Received", [])]
    sent = _time(_header(mail, "date"))
    arrivals = (_time(line.rsplit(";", 1)[-1]) for line in received)
    arrival = next((time for time in arrivals if time is not None), sent)
    sender_name, sender_address = _person(_header(mail, "from"))
    reply_to_name, reply_to_address = _person(_header(mail, "reply-to"))
    recipients = [_header(mail, name) for name in ("to", "cc")]
    body = "".join(_texts(mail))
    letters = sum(map(str.isalpha, body))
    return {
        "sender_name": sender_name,
        "sender_address": sender_address,
        "reply_to_name": reply_to_name,
        "reply_to_address": reply_to_address,
        "arrival_time": arrival.astimezone(UTC) if arrival else None,
        "marketplace": _marketplace(sent),
        "content_type": mail.get_content_type(),
        "recipient_count": sum("@" in address for _, address in getaddresses([text for text in recipients if text])),
        "received_count": len(received),
        "attachment_count": sum(part.get_filename() is not None for part in mail.walk()),
        "body_length": len(body),
        "url_count": len(_URL.findall(body)),
        "exclamation_count": body.count("!"),
        "upper_case_share": sum(map(str.isupper, body)) / letters if letters else None,
        "hour_of_day": sent.hour if sent else None,
    }


def _header(mail: Message, name: str) -> str | None:
    """The first such header's text with encoded words decoded; undeclared bytes are read as UTF-8 or Latin-1."""
    values = (value for key, value in mail.raw_items() if key.lower() == name)
    value = next(values, None)
    if value is None:
        return None
    text = _decode(str(value).encode("utf-8", "surrogateescape"), None)
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):  # not valid base64: shown as it is
        return _one_line(text)
    return _one_line("".join(piece if isinstance(piece, str) else _decode(piece, charset) for piece, charset in pieces))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _decode(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return data.decode("latin-1")


def _person(header: str | None) -> tuple[str | None, str | None]:
    name, address = parseaddr(header or "")
    if not address:  # what cannot be split is kept whole, as the name that a reader would see
        name = header or ""
    return name.strip(" '\"") or None, address or None


def _time(text: str | None) -> datetime | None:
    """A header's time; None where it is none. A time without offset counts as UTC."""
    try:
        time = parsedate_to_datetime((text or "").strip())
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        time.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return time


def _marketplace(sent: datetime | None) -> str:
    """The part of the world that the sender's clock points to."""
    offset = sent.utcoffset() if sent else None
    if offset is None:
        return "UNKNOWN"
    if offset < _AMERICAS:
        return "AMERICAS"
    return "EUROPE_AFRICA" if offset < _EUROPE_AFRICA else "ASIA_PACIFIC"


def _texts(mail: Message) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_maintype() == "text" and part.get_filename() is None:
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield _decode(payload, part.get_content_charset())
