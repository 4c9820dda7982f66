"""Finds the hyperparameter model that a contract names, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from . import classes
from .atoms import ClassAtom, ModuleAtom
from .interpreter import BudgetExhaustedError, Frame, Interpreter
from .recorder import Recorder
from .scopes import ClassInfo
from .sources import Sources
from .written import annotation

BUDGET = 300_000


def find_model_fields(
    reference: str, script: Path, source_roots: Sequence[Path]
) -> tuple[dict[str, str], frozenset[str]] | None:
    """Finds a class with fields by its dotted name.

    Args:
        reference: `package.module.Class` or `package.module:Class`.
        script: The script beside which local modules lie.
        source_roots: Further folders to look in.

    Returns:
        The fields in order with their annotations, and the qualified names of the class and its ancestors; None when
        it is not found.
    """
    module, _, name = reference.replace(":", ".").rpartition(".")
    interp = Interpreter(Sources(script, source_roots), Recorder(script), BUDGET)
    main = interp.sources.main()
    main.state = "loaded"

    interp.frames.append(Frame(main.scope, 0))
    try:
        loaded = interp.import_module(module, ast.Pass())
    except BudgetExhaustedError:
        return None
    for atom in loaded:
        cell = interp.store.get(atom.info.scope, name) if isinstance(atom, ModuleAtom) else None
        for each in cell if isinstance(cell, tuple) else ():
            if isinstance(each, ClassAtom):
                fields = {
                    field: _annotation(interp, cls, field)
                    for field, (cls, _) in classes.all_fields(each.info).items()
                    if not field.startswith("_")
                }
                return fields, frozenset(cls.qualified for cls in each.info.mro)
    return None


def _annotation(interp: Interpreter, cls: ClassInfo, field: str) -> str:
    node = interp.infos.get(("annotation", cls, field))
    return annotation(cls.module, node) if node is not None else ""
