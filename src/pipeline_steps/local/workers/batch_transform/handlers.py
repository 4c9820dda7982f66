"""A model's handlers: `model_fn`, `input_fn`, `predict_fn`, `output_fn`, or `transform_fn`."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import TransformError


class Handlers:
    """The handlers of one container, with its model loaded.

    Args:
        model: The folder of the model, with the handlers in `code/`.
        program: The handlers: a file there, or a module of the interpreter.

    Raises:
        TransformError: There are none.
    """

    def __init__(self, model: Path, program: str) -> None:
        self.module = _load(model, program)
        if not hasattr(self.module, "model_fn"):
            raise TransformError(f"{program} defines no model_fn(model_dir)")
        self.model = self.module.model_fn(str(model))

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """What the model answers to a request.

        Args:
            body: Of the request.
            content_type: Its media type.
            accept: The media type that is wished for.

        Returns:
            The answer and its media type.
        """
        module = self.module
        text: Any = body.decode() if content_type.startswith("text/") or "json" in content_type else body
        if hasattr(module, "transform_fn"):
            answer = module.transform_fn(self.model, text, content_type, accept)
        else:
            data = module.input_fn(text, content_type) if hasattr(module, "input_fn") else _parse(text, content_type)
            prediction = module.predict_fn(data, self.model) if hasattr(module, "predict_fn") else self.model(data)
            answer = module.output_fn(prediction, accept) if hasattr(module, "output_fn") else json.dumps(prediction)
        if isinstance(answer, tuple):
            answer, accept = answer
        return answer if isinstance(answer, bytes) else str(answer).encode(), accept


def _load(model: Path, program: str) -> ModuleType:
    if not program.endswith(".py"):
        return importlib.import_module(program)
    path = model / "code" / program
    if not path.is_file():
        raise TransformError(
            f"the model has no serving handlers: {path} does not exist; pack code/{program} into the model"
        )
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _parse(text: Any, content_type: str) -> Any:
    if "json" in content_type:
        return json.loads(text)
    if content_type.startswith("text/csv"):
        return [line.split(",") for line in text.splitlines()]
    return text
