"""Serves files through a model's handlers: `model_fn`, `input_fn`, `predict_fn`, `output_fn`.

Usage: python transform.py BASE. The handlers are code/inference.py of the model, or a module of the interpreter. The
request is BASE/input/config/transform.json, the model BASE/model, the files BASE/input/data; each file `x` gives
BASE/output/data/x.out.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any


def serve(base: Path) -> None:
    """Runs the handlers over every input file.

    Args:
        base: Stands for `/opt/ml`.
    """
    request = json.loads((base / "input" / "config" / "transform.json").read_text(encoding="utf-8"))
    handlers = _load(base / "model", request["program"])
    model = handlers.model_fn(str(base / "model"))
    source, target = base / "input" / "data", base / "output" / "data"
    for path in sorted(item for item in source.rglob("*") if item.is_file()):
        answers = [_answer(handlers, model, body, request) for body in _payloads(path, request)]
        output = target / path.relative_to(source).with_name(path.name + ".out")
        output.parent.mkdir(parents=True, exist_ok=True)
        if request["assemble_lines"]:
            answers = [answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers]
        output.write_bytes(b"".join(answers))


def _load(model: Path, program: str) -> ModuleType:
    if not program.endswith(".py"):
        return importlib.import_module(program)
    path = model / "code" / program
    if not path.is_file():
        sys.exit(f"the model has no serving handlers: {path} does not exist; pack code/inference.py into model.tar.gz")
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    if not hasattr(module, "model_fn"):
        sys.exit(f"{path} defines no model_fn(model_dir)")
    return module


def _payloads(path: Path, request: Mapping[str, Any]) -> Iterator[bytes]:
    if not request["split_lines"]:
        yield path.read_bytes()
        return
    batch: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for line in file:
            if batch and (request["single"] or size + len(line) > request["payload_bytes"]):
                yield b"".join(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line)
    if batch:
        yield b"".join(batch)


def _answer(handlers: ModuleType, model: Any, body: bytes, request: Mapping[str, Any]) -> bytes:
    content_type, accept = request["content_type"], request["accept"]
    text: Any = body.decode() if content_type.startswith("text/") or "json" in content_type else body
    if hasattr(handlers, "transform_fn"):
        answer = handlers.transform_fn(model, text, content_type, accept)
    else:
        data = handlers.input_fn(text, content_type) if hasattr(handlers, "input_fn") else _parse(text, content_type)
        prediction = handlers.predict_fn(data, model) if hasattr(handlers, "predict_fn") else model(data)
        answer = handlers.output_fn(prediction, accept) if hasattr(handlers, "output_fn") else json.dumps(prediction)
    if isinstance(answer, tuple):  # (body, content type)
        answer = answer[0]
    return answer if isinstance(answer, bytes) else str(answer).encode()


def _parse(text: Any, content_type: str) -> Any:
    if "json" in content_type:
        return json.loads(text)
    if content_type == "text/csv":
        return [line.split(",") for line in text.splitlines()]
    return text


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
