"""Command lines declared by the fields of dataclasses: the parsers of Hugging Face, simple_parsing and tyro."""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from .. import calls, classes, iteration, paths, written
from ..atoms import CONTENT, ClassAtom, Function, Lib, Obj, Ref, TupleAtom, Value
from ..containers import ListState
from ..interpreter import Interpreter
from ..scopes import ClassInfo
from ..values import unknown
from . import command_line, effects, frameworks


def _hugging_face(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    listed: list[Value] = []
    for atom in arguments.get(0, "dataclass_types"):
        listed.extend(atom.items if isinstance(atom, TupleAtom) else iteration.items_of(interp, (atom,)) or [(atom,)])
    obj = Obj(command_line.PARSER)
    interp.store.set(obj, CONTENT, ListState())
    interp.store.set(obj, "classes", ListState(tuple(listed)))
    return (Ref(obj),)


def parse_into_dataclasses(interp: Interpreter, owner: Ref, node: ast.AST) -> Value:
    """Gives the dataclasses that a Hugging Face parser fills."""
    results: list[Value] = []
    state = interp.store.get(owner.obj, "classes")
    for item in state.items or () if isinstance(state, ListState) else ():
        for atom in item:
            if isinstance(atom, ClassAtom):
                results.append(_filled(interp, atom.info, node))
                continue
            interp.record.arguments_open = "a library's dataclass declares arguments"
            if isinstance(atom, Lib) and _has_output_folder(atom.name):
                paths.touch(interp, "write", frameworks.argument_text("output_dir"), atom.name, node)
            results.append((Lib(f"{atom.name}()"),) if isinstance(atom, Lib) else unknown("parsed arguments"))
    return (TupleAtom(results),)


def _has_output_folder(name: str) -> bool:
    """Tells whether a library's dataclass has the folder that a trainer writes into, as `trl.DPOConfig` has."""
    known = any("output_dir" in each.names for each in effects.find_effects(name) or ())
    return known or name.endswith("TrainingArguments")


def _filled(interp: Interpreter, info: ClassInfo, node: ast.AST, either: bool = False) -> Value:
    """Makes a dataclass whose fields the command line gives."""
    keywords: dict[str, Value] = {}
    for name, (cls, default) in classes.all_fields(info).items():
        annotation = interp.infos.get(("annotation", cls, name))
        text = written.annotation(cls.module, annotation) if annotation is not None else "str"
        kind = next((each for each in ("int", "float", "bool") if each in text), "str")
        own = classes.field_default(interp, cls, name, default, node)
        options = (f"--{name}", f"--{name.replace('_', '-')}") if either else ()
        keywords[name] = frameworks.record_argument(
            interp,
            name,
            default or annotation or node,
            kind,
            own or None,
            options=options,
            flag=kind == "bool",
            required=not own,
            filename=cls.module.text if default or annotation else "",
        )
    if info.library:
        interp.record.arguments_open = "a library's dataclass declares arguments"
    return classes.instantiate(interp, info, calls.Arguments([], keywords), node)


def _parse(interp: Interpreter, arguments: Any, node: ast.AST, name: str) -> Value:
    """`simple_parsing.parse(Config)`, `tyro.cli(Config)`: the class, or the function, says what is parsed."""
    for atom in arguments.get(0, "config_class", "f"):
        if isinstance(atom, ClassAtom) and atom.info.flavour == "dataclass":
            return _filled(interp, atom.info, node, either=True)
        if isinstance(atom, Function):
            return frameworks.run_function(interp, arguments, node, either=True)
    interp.record.arguments_open = f"{name} parses the command line"
    return unknown("parsed arguments")


_PARSERS = ("simple_parsing.parse", "simple_parsing.helpers.parse", "tyro.cli", "datargs.parse")
MODELS: dict[str, Any] = {
    "transformers.HfArgumentParser": _hugging_face,
    "transformers.hf_argparser.HfArgumentParser": _hugging_face,
    "trl.TrlParser": _hugging_face,
    "trl.scripts.TrlParser": _hugging_face,
    "trl.commands.cli_utils.TrlParser": _hugging_face,
    **{name: partial(_parse, name=name) for name in _PARSERS},
}
