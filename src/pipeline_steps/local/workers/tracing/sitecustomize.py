"""Records what a script uses: files, variables, arguments, commands. Python imports this by itself at its start.

Each thing is written once, as a line of JSON, as soon as it happens, so that a killed process has told all it did.
"""

# Every Python process of a step starts with this file, and pathlib would make each start slower.
# ruff: noqa: PTH100, PTH112, PTH118, PTH120
from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from typing import Any

_FOLDER = os.environ.get("LOCAL_RUN_TRACE_FOLDER", "")
_BASE = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.mkdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
}
_OWN_FILES = (os.__file__, "<frozen os>", "<frozen _collections_abc>", __file__)


class _Recorder:
    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, f"{os.getpid()}.jsonl")
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.seen: set[tuple[str, str]] = set()
        self.busy = False

    def note(self, kind: str, name: str) -> None:
        if (kind, name) not in self.seen:
            self.seen.add((kind, name))
            os.write(self.file, (json.dumps([kind, name]) + "\n").encode())

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.busy or not (event == "open" or event in _CHANGES or event in ("os.listdir", "subprocess.Popen")):
            return
        self.busy = True
        try:
            self._take(event, arguments)
        except Exception:  # noqa: BLE001, S110 - the script must not notice that it is watched
            pass
        finally:
            self.busy = False

    def _take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if "importlib" in _caller(3):
            return  # an import is no use of data
        if event == "subprocess.Popen":
            words = arguments[1]
            self.note("command", words if isinstance(words, str) else " ".join(map(os.fsdecode, words)))
            return
        if event == "open":
            path, flags = _absolute(arguments[0]), arguments[2]
            written = bool(flags & _WRITES) if isinstance(flags, int) else False
            if path and (written or _below(path)):
                self.note("write" if written else "read", path)
            return
        for index in _CHANGES.get(event, (0,)):
            path = _absolute(arguments[index])
            if path and event == "os.listdir":
                if _below(path):
                    self.note("list", path)
            elif path:
                self.note("change", path)


def _caller(depth: int) -> str:
    """The file of the code that is at work, beside the standard library's wrappers around it."""
    frame: Any = sys._getframe(depth)
    while frame.f_back is not None and frame.f_code.co_filename in _OWN_FILES:
        frame = frame.f_back
    name: str = frame.f_code.co_filename
    return name


def _absolute(path: Any) -> str:
    if path is None or isinstance(path, int):
        return ""
    return os.path.abspath(os.fsdecode(path))


def _below(path: str) -> bool:
    return path == _BASE or path.startswith(_BASE + "/")


def _watch_variables(recorder: _Recorder) -> None:
    kind: Any = type(os.environ)
    original = kind.__getitem__

    def traced(self: Any, name: str) -> str:
        if _below(_caller(2)):
            recorder.note("variable", str(name))
        value: str = original(self, name)
        return value

    kind.__getitem__ = traced


def _watch_arguments(recorder: _Recorder) -> None:
    original = argparse.ArgumentParser.parse_known_args

    def traced(self: argparse.ArgumentParser, *given: Any, **named: Any) -> Any:
        for action in self._actions:
            if action.dest != "help":
                recorder.note("argument", max(action.option_strings, key=len, default=action.dest))
        return original(self, *given, **named)

    argparse.ArgumentParser.parse_known_args = traced  # type: ignore[method-assign]


def _import_the_next() -> None:
    """The machine may have a sitecustomize of its own, which this one hides."""
    here = os.path.dirname(__file__)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    mine = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError:
        if mine is not None:
            sys.modules["sitecustomize"] = mine


if _FOLDER and os.path.isdir(_FOLDER):
    _recorder = _Recorder(_FOLDER)
    _watch_variables(_recorder)
    _watch_arguments(_recorder)
    sys.addaudithook(_recorder.hook)
_import_the_next()
