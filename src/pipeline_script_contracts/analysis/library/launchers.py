"""Functions of libraries that start another function with the arguments that they are given, once in each process."""

from __future__ import annotations

import ast
from typing import Any

from .. import calls, iteration
from ..atoms import NOTHING, TupleAtom, Value
from ..interpreter import Interpreter
from ..values import unknown
from . import collections_models


def _starts(place: int | None, numbered: bool = False) -> Any:
    """Makes the model of a launcher: where it takes the arguments, and whether it puts the process's number first."""

    def run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
        given = arguments.get(place, "args") or (TupleAtom([]),)
        items = iteration.items_of(interp, given)
        first: list[Value] = [unknown("the number of a process")] if numbered else []
        rest: Value = NOTHING if items is not None else unknown("an argument given to a launcher")
        handed = calls.Arguments([*first, *(items or [])], {}, rest)
        function = arguments.get(0, "main_func", "function", "fn", "func")
        return collections_models.run_elsewhere(interp, function, handed, node)

    return run


MODELS: dict[str, Any] = {
    **dict.fromkeys(
        ("detectron2.engine.launch", "detectron2.engine.launch.launch", "yolox.core.launch"), _starts(place=5)
    ),
    **dict.fromkeys(("accelerate.notebook_launcher", "accelerate.launchers.notebook_launcher"), _starts(place=1)),
    **dict.fromkeys(("horovod.run", "horovod.torch.run", "horovod.tensorflow.run"), _starts(place=1)),
    **dict.fromkeys(
        ("torch_xla.distributed.xla_multiprocessing.spawn", "torch_xla.launch"), _starts(place=1, numbered=True)
    ),
}
