"""Built-in functions that run code or end the program."""

from __future__ import annotations

import ast
from typing import Any

from .. import attributes, calls, expressions, mappings, paths, statements, strings
from ..atoms import NONE, NOTHING, Atom, Const, ModuleAtom, Obj, Ref, Text, Value
from ..containers import DictState, key_value, text_key
from ..interpreter import DeadEnd, Interpreter, strings_in
from ..patterns import Hole
from ..values import has_unknown, join, unknown
from ..words import words


def _exit(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    raise DeadEnd


def _exec(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    sources = strings_in(arguments.get(0))
    if len(sources) == len(arguments.get(0)) == 1:
        try:
            tree = ast.parse(sources[0])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise DeadEnd from None
        for each in ast.walk(tree):
            ast.copy_location(each, node)
        statements.run_block(interp, tree.body)
        return NONE
    interp.record.unresolved("any", "exec", "the code that is run is not known", interp.place(node))
    return NONE


def _eval(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:

    sources = strings_in(arguments.get(0))
    if len(sources) == len(arguments.get(0)) == 1:
        try:
            tree = ast.parse(sources[0].strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise DeadEnd from None
        for each in ast.walk(tree):
            ast.copy_location(each, node)
        return expressions.evaluate(interp, tree.body)
    if not all(map(_is_setting, arguments.get(0))) and (has_unknown(arguments.get(0)) or not sources):
        interp.record.unresolved("any", "eval", "the code that is run is not known", interp.place(node))
    return unknown("the value of code that is not known")


def _is_setting(atom: Atom) -> bool:
    """Tells whether a text is a setting as a whole: what `eval` makes of one is a value, not code that does things."""
    if isinstance(atom, Const) and atom.value is None:
        return True
    hole = atom.parts[0] if isinstance(atom, Text) and len(atom.parts) == 1 else None
    return isinstance(hole, Hole) and hole.kind in ("argument", "env", "hyperparameter")


def _import(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    result: Value = NOTHING
    for atom in arguments.get(0, "name"):
        if isinstance(atom, Const) and isinstance(atom.value, str):
            name = atom.value
            if name.startswith("."):
                package = strings_in(arguments.get(1, "package"))
                name = (package[0] if package else interp.frame.scope.module.package) + name
            result = join(result, interp.import_module(name.strip("."), node))
        else:
            interp.record.unresolved(
                "any", "import_module", "the module that is imported is not known", interp.place(node)
            )
            result = join(result, unknown("a module whose name is not known"))
    return result


def _spec_from_file(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`spec_from_file_location(name, path)`: the file of a module."""
    location = arguments.get(1, "location")
    paths.touch(interp, "read", location, "importlib.util.spec_from_file_location", node)
    return (Ref(Obj("importlib.spec", info=location)),)


def _module_from_spec(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`module_from_spec(spec)`: the module, where its file is here."""
    for atom in arguments.get(0, "spec"):
        location = atom.obj.info if isinstance(atom, Ref) and atom.obj.kind == "importlib.spec" else NOTHING
        for text in strings_in(strings.to_text(interp, location, node)) if len(location) == 1 else ():
            path = interp.sources.folder / text.replace("/opt/ml/code/", "")
            module = interp.sources.load_file(path, path.stem)
            if module is not None:
                interp.run_module(module)
                return (ModuleAtom(module),)
    reason = "the module that is loaded is not here"
    interp.record.unresolved("any", "module_from_spec", reason, interp.place(node))
    return unknown(reason)


def _named_by_settings(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`hydra.utils.instantiate(settings)`, `pydoc.locate(name)`: what is made or found is named by a text."""
    result: Value = NOTHING
    for atom in arguments.every()[0] if arguments.every() else unknown("no settings"):
        state = mappings.mapping_state(interp, atom)
        targets = state.entries.get(text_key("_target_"), NOTHING) if isinstance(state, DictState) else (atom,)
        names = strings_in(targets)
        if not names or len(names) < len(targets):
            reason = "what it makes is named by settings that are not known"
            interp.record.unresolved("any", calls.callee_text(node), reason, interp.place(node))
            result = join(result, unknown(reason))
        for name in names:
            module, _, last = name.rpartition(".")
            if module:
                found = attributes.load_attribute(interp, interp.import_module(module, node), last, node)
                result = join(result, _made(interp, found, state, node) if isinstance(state, DictState) else found)
    return result or unknown("nothing of that name")


def _entry_points(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`entry_points(group=...)`: what installed packages announce."""
    reason = "what installed packages announce is not known"
    interp.record.unresolved("any", calls.callee_text(node), reason, interp.place(node))
    return unknown(reason)


def _made(interp: Interpreter, maker: Value, settings: DictState, node: ast.AST) -> Value:
    given = calls.Arguments()
    for key, value in settings.entries.items():
        name = key_value(key)
        if isinstance(name, Const) and isinstance(name.value, str) and not name.value.startswith("_"):
            given.keywords[name.value] = value
    given.rest_keywords = settings.rest
    return calls.call(interp, maker, given, node)


MODELS = {
    **dict.fromkeys(
        words(
            """hydra.utils.instantiate hydra.utils.call hydra.utils.get_class hydra.utils.get_method
            hydra.utils.get_object pydoc.locate django.utils.module_loading.import_string
            werkzeug.utils.import_string detectron2.config.instantiate"""
        ),
        _named_by_settings,
    ),
    **dict.fromkeys(
        words(
            """pkg_resources.load_entry_point pkg_resources.iter_entry_points importlib.metadata.entry_points
            importlib.metadata.EntryPoint().load"""
        ),
        _entry_points,
    ),
    "importlib.util.spec_from_file_location": _spec_from_file,
    "importlib.util.module_from_spec": _module_from_spec,
    "builtins.exit": _exit,
    "builtins.quit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
    "os.abort": _exit,
    "builtins.exec": _exec,
    "builtins.eval": _eval,
    "builtins.__import__": _import,
    "importlib.import_module": _import,
}
