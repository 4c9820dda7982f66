"""Files as requests, and requests as records: rows of CSV, JSON documents or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import TransformError

FORMATS = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonlines": "jsonlines",
    "application/x-jsonlines": "jsonlines",
}
"""The media types whose records can be filtered and joined."""


def format_of(content_type: str) -> str | None:
    """The format of a media type; None for one whose records are not known."""
    return FORMATS.get(content_type.split(";")[0].strip().lower())


def requests(path: Path, *, lines: bool, single: bool, limit: int) -> Iterator[bytes]:
    """Cuts a file into the bodies of requests.

    Args:
        path: The file.
        lines: `SplitType` is Line: a record is a line.
        single: `BatchStrategy` is SingleRecord: one record a request.
        limit: The largest body in bytes; 0 for no limit.

    Raises:
        TransformError: A record is larger than the limit.
    """
    if not lines:
        yield _checked(path.read_bytes(), limit, path.name)
        return
    batch: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if batch and (single or (limit and size + len(line) > limit)):
                yield b"".join(batch)
                batch, size = [], 0
            batch.append(_checked(line, limit, f"{path.name}:{number}"))
            size += len(line)
    if batch:
        yield b"".join(batch)


def decode(body: bytes, kind: str, *, lines: bool) -> list[Any]:
    """The records of a body.

    Args:
        body: Of a request or an answer.
        kind: `csv`, `json` or `jsonlines`.
        lines: Each line of a `json` body is a record; the whole body otherwise.

    Raises:
        TransformError: The body is of another format.
    """
    try:
        text = body.decode("utf-8")
        if kind == "csv":
            return [row for row in csv.reader(io.StringIO(text)) if row]
        if kind == "jsonlines" or lines:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return [json.loads(text)]
    except (ValueError, csv.Error) as error:
        raise TransformError(f"this is no {kind} ({error}): {body[:80]!r}") from None


def encode(records: Sequence[Any], kind: str) -> bytes:
    """Records as a body; each ends with a line end."""
    if kind == "csv":
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        for record in records:
            writer.writerow(record if isinstance(record, list) else [record])
        return target.getvalue().encode()
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def join(record: Any, answer: Any, kind: str) -> Any:
    """A record with what the model says of it, as `JoinSource: Input` has it.

    Args:
        record: The input.
        answer: The model's answer.
        kind: The format of both.
    """
    if kind == "csv":
        return [*record, *answer]
    if isinstance(record, dict):
        return {**record, "SageMakerOutput": answer}
    return {"SageMakerInput": record, "SageMakerOutput": answer}


def _checked(body: bytes, limit: int, place: str) -> bytes:
    if limit and len(body) > limit:
        raise TransformError(f"{place} has {len(body):,} bytes, more than MaxPayloadInMB allows ({limit:,})")
    return body
