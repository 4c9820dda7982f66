"""Import statements: local modules are run, others become library names."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

from . import calls, iteration, library
from .atoms import NOTHING, Lib, ModuleAtom, Value
from .facts import ImportUse
from .interpreter import Interpreter, strings_in
from .scopes import ModuleInfo
from .values import const, join, unknown

_PYTHON_2 = {  # modules that have another name since
    "StringIO": "io",
    "cStringIO": "io",
    "ConfigParser.SafeConfigParser": "configparser.ConfigParser",
    "ConfigParser": "configparser",
    "Queue": "queue",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "httplib": "http.client",
    "commands": "subprocess",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "copy_reg": "copyreg",
    "HTMLParser": "html.parser",
    "SocketServer": "socketserver",
    "BaseHTTPServer": "http.server",
    "SimpleHTTPServer": "http.server",
    "thread": "_thread",
}
_MOVED = ("future.moves.", "six.moves.")  # packages that give modules by their names in Python 3, or nearly so
_ALIASES = {
    **_PYTHON_2,
    "posixpath": "os.path",
    "ntpath": "os.path",
    "simplejson": "json",
    "ujson": "json",
    "orjson": "json",
    "cloudpickle": "pickle",
    "dill": "pickle",
    "pickle5": "pickle",
    "pathlib2": "pathlib",
    "io.open": "builtins.open",
    "codecs.open": "builtins.open",
    "aiofiles.open": "builtins.open",
    "anyio.open_file": "builtins.open",
    "smart_open.open": "builtins.open",
    "fsspec.open": "builtins.open",
    "importlib_metadata": "importlib.metadata",
    "pytorch_lightning": "lightning.pytorch",
    "lightning.pytorch": "lightning.pytorch",
    "lightning_fabric": "lightning.fabric",
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tf_keras": "keras",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.io.gfile": "tensorflow.io.gfile",
    "tensorflow.gfile": "tensorflow.io.gfile",
    "pyspark.pandas": "pandas",
    "modin.pandas": "pandas",
    "dask.dataframe": "pandas",
    "cudf": "pandas",
    "dask_cudf": "pandas",
    "cupy": "numpy",
    "sklearn.externals.joblib": "joblib",
    "typing_extensions": "typing",
    "torch.multiprocessing": "multiprocessing",
    "multiprocess": "multiprocessing",
    "absl.app.flags": "absl.flags",
    "tensorflow.app.flags": "absl.flags",
    "tensorflow.flags": "absl.flags",
}


@cache
def canonical(name: str) -> str:
    """Gives the name under which a library's function is known to the tables."""
    for front in _MOVED:
        if name.startswith(front):
            moved = name.removeprefix(front)
            return canonical(moved if "." in moved or moved in sys.stdlib_module_names else f"builtins.{moved}")
    head = name
    while head:
        if head in _ALIASES:
            renamed = _ALIASES[head] + name[len(head) :]
            return renamed if _ALIASES[head] == head else canonical(renamed)
        head = head.rpartition(".")[0]
    return name


def record_import(interp: Interpreter, name: str, node: ast.AST) -> None:
    """Records the import of a package that is not local and not in the standard library."""
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names or root in _PYTHON_2:
        return
    optional = interp.catches("ImportError", "ModuleNotFoundError")
    own = interp.frame.scope.module.own
    interp.record.imported(ImportUse(name, interp.place(node), optional, own))


def run_import(interp: Interpreter, node: ast.Import) -> None:
    """Runs `import a.b as c`."""
    for alias in node.names:
        value = interp.import_module(alias.name, node)
        if alias.asname is None and "." in alias.name:
            top = alias.name.partition(".")[0]
            local = interp.sources.find(top)
            interp.bind(top, (ModuleAtom(local),) if local is not None else (Lib(top),), node)
        else:
            interp.bind(alias.asname or alias.name, _canonical_value(value), node)


def run_import_from(interp: Interpreter, node: ast.ImportFrom) -> None:
    """Runs `from a import b as c`."""
    name = absolute_name(interp.frame.scope.module, node)
    for folder in _packages_around(interp.frame.scope.module, node.level)[-1:]:
        interp.sources.add_folder(folder.parent)
    if name is None:
        for alias in node.names:
            interp.bind(alias.asname or alias.name, unknown("a relative import that leads out of the package"), node)
        return
    if name == "__future__":
        return
    value = interp.import_module(name, node) if name else NOTHING
    for alias in node.names:
        if alias.name == "*":
            _import_star(interp, value, node)
        else:
            interp.bind(alias.asname or alias.name, _member(interp, value, name, alias.name, node), node)


def absolute_name(module: ModuleInfo, node: ast.ImportFrom) -> str | None:
    """Gives the dotted name that a `from` import means, or None when it leads out of all packages."""
    if not node.level:
        return node.module or ""
    outer = _packages_around(module, node.level)
    if module.is_main or outer:
        return ".".join(piece for piece in (*(folder.name for folder in reversed(outer)), node.module) if piece)
    package = module.package
    for _ in range(node.level - 1):
        if "." not in package:
            return None
        package = package.rpartition(".")[0]
    return ".".join(piece for piece in (package, node.module) if piece)


def _packages_around(module: ModuleInfo, level: int) -> list[Path]:
    """Gives the packages that a relative import starts from where it leads out of what the module's name tells.

    A script that does so is run as a module of its package. The innermost package comes first.
    """
    named = 1 if module.is_main else module.package.count(".") + 1
    if level <= named or len(module.path.parents) < level + 1:
        return []
    found = [module.path.parents[level - 1]]
    while (found[-1].parent / "__init__.py").exists():
        found.append(found[-1].parent)
    return found


def _member(interp: Interpreter, value: Value, module: str, name: str, node: ast.AST) -> Value:

    result: Value = NOTHING
    for atom in value or (Lib(""),):
        if isinstance(atom, ModuleAtom):
            cell = interp.store.get(atom.info.scope, name)
            submodule = interp.sources.find(f"{module}.{name}") if cell is None else None
            if submodule is not None:
                result = join(result, interp.import_module(f"{module}.{name}", node))
            elif cell is not None:
                result = join(result, cell)
            else:
                result = join(result, _module_getattr(interp, atom.info, name, node))
        elif isinstance(atom, Lib):
            dotted = f"{atom.name}.{name}" if atom.name else name
            if not atom.name:
                local = interp.import_module(name, node)
                result = join(result, local)
            else:
                known = library.constant(interp, canonical(dotted))
                result = join(result, known if known is not None else (Lib(canonical(dotted)),))
        else:
            result = join(result, (atom,))
    return result


def _module_getattr(interp: Interpreter, module: ModuleInfo, name: str, node: ast.AST) -> Value:
    """Gives a name that a module makes up when asked (`__getattr__`), or says that it is not there."""
    hook = interp.store.get(module.scope, "__getattr__")
    if hook is not None:
        return calls.call(interp, hook, calls.Arguments([const(name)]), node)
    return unknown(f"{name!r} is not defined in {module.path.name}")


def _import_star(interp: Interpreter, value: Value, node: ast.AST) -> None:
    for atom in value:
        if isinstance(atom, Lib):
            interp.frame.scope.module.stars.append(atom.name)
        if not isinstance(atom, ModuleAtom):
            continue
        scope = atom.info.scope
        names = [key for owner, key in list(interp.store.cells) if owner is scope and isinstance(key, str)]
        exported = interp.store.get(scope, "__all__")
        listed = _listed(interp, exported) if exported is not None else None
        for name in names:
            if (name in listed) if listed is not None else not name.startswith("_"):
                interp.store.set(interp.scope_of(name), name, interp.store.get(scope, name))


def _listed(interp: Interpreter, value: Value) -> set[str] | None:

    items = iteration.items_of(interp, value)
    return None if items is None else {text for item in items for text in strings_in(item)}


def _canonical_value(value: Value) -> Value:
    return tuple(Lib(canonical(atom.name)) if isinstance(atom, Lib) else atom for atom in value)
