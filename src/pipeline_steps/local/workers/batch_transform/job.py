"""One container of a transform job: requests in, answers out.

The request is BASE/input/config/transform.json, the model BASE/model, the files BASE/input/data; each file `x` gives
BASE/output/data/x.out. Between the containers of a pipeline model the answers lie in BASE/transform/<container>.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import TransformError
from .handlers import Handlers
from .json_paths import parse_json_path, select
from .records import decode, encode, format_of, join, requests


def serve(base: Path) -> None:
    """Runs the handlers of a container over every input file; what is wrong ends the process with a message.

    Args:
        base: Stands for `/opt/ml`.
    """
    request = json.loads((base / "input" / "config" / "transform.json").read_text(encoding="utf-8"))
    try:
        container = _Container(base, request)
        source = base / "input" / "data"
        for path in sorted(item for item in source.rglob("*") if item.is_file()):
            container.transform(path, path.relative_to(source).as_posix())
    except TransformError as error:
        sys.exit(str(error))


class _Container:
    def __init__(self, base: Path, request: Mapping[str, Any]) -> None:
        self.base, self.request = base, request
        self.first, self.last = request["container"] == 0, request["container"] == request["containers"] - 1
        self.input_filter = parse_json_path(request["input_filter"])
        self.output_filter = parse_json_path(request["output_filter"])
        self.handlers = Handlers(base / "model", request["program"])

    def transform(self, path: Path, name: str) -> None:
        answers = self._answers(path, name)
        if not self.last:
            _keep(self._between(self.request["container"], name), answers)
            return
        target = self.base / "output" / "data" / f"{name}.out"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for body, (answer, media_type) in zip(self._bodies(path), answers, strict=True):
                file.write(self._finished(body, answer, media_type))

    def _bodies(self, path: Path) -> Iterator[bytes]:
        request = self.request
        return requests(path, lines=request["lines"], single=request["single"], limit=request["limit"])

    def _answers(self, path: Path, name: str) -> Iterator[tuple[bytes, str]]:
        for body, content_type in self._incoming(path, name):
            yield self.handlers.answer(body, content_type, self.request["accept"])

    def _incoming(self, path: Path, name: str) -> Iterator[tuple[bytes, str]]:
        if not self.first:
            yield from _kept(self._between(self.request["container"] - 1, name))
            return
        content_type = self.request["content_type"]
        for body in self._bodies(path):
            if self.input_filter:
                kind = self._format(content_type)
                records = decode(body, kind, lines=self.request["lines"])
                body = encode([select(record, self.input_filter) for record in records], kind)
            yield body, content_type

    def _finished(self, body: bytes, answer: bytes, media_type: str) -> bytes:
        """An answer as it stands in the output: joined, filtered, with its line end."""
        request = self.request
        if request["join"] or self.output_filter:
            kind = self._format(media_type)
            records = decode(answer, kind, lines=request["lines"])
            if request["join"]:
                sources = decode(body, self._format(request["content_type"]), lines=request["lines"])
                if len(sources) != len(records):
                    raise TransformError(
                        f"the model answered {len(records)} records to {len(sources)}; JoinSource needs a line for each"
                    )
                records = [join(source, record, kind) for source, record in zip(sources, records, strict=True)]
            answer = encode([select(record, self.output_filter) for record in records], kind)
            return answer if request["assemble_lines"] else answer.removesuffix(b"\n")
        if request["assemble_lines"] and not answer.endswith(b"\n"):
            return answer + b"\n"
        return answer

    def _format(self, media_type: str) -> str:
        kind = format_of(media_type)
        if kind is None:
            raise TransformError(
                f"records of the type {media_type!r} cannot be filtered or joined; CSV and JSON ones can"
            )
        return kind

    def _between(self, container: int, name: str) -> Path:
        return self.base / "transform" / str(container) / f"{name}.jsonl"


def _keep(path: Path, answers: Iterator[tuple[bytes, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for body, media_type in answers:
            file.write(json.dumps([base64.b64encode(body).decode(), media_type]) + "\n")


def _kept(path: Path) -> Iterator[tuple[bytes, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            body, media_type = json.loads(line)
            yield base64.b64decode(body), media_type
