"""Other programs and scripts: `subprocess`, `os.system`, `runpy`."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from .. import calls, environment, escapes, expressions, iteration, strings, written
from .. import paths as paths_module
from ..atoms import NONE, NOTHING, Bound, Const, Function, Lib, Partial, Text, TupleAtom, Unknown, Value
from ..interpreter import DeadEnd, Interpreter
from ..patterns import Hole
from ..texts import holes_in, is_string, make_text, parts_of
from ..values import const, unknown
from ..words import words
from . import web_servers

# Program: what it does to its arguments that are not options; the last may be a target of its own kind.
_PROGRAMS: dict[str, tuple[str, str]] = {
    "cp": ("read", "write"),
    "mv": ("read", "write"),
    "rsync": ("read", "write"),
    "ln": ("read", "write"),
    "cat": ("read", "read"),
    "head": ("read", "read"),
    "tail": ("read", "read"),
    "wc": ("read", "read"),
    "gzip": ("update", "update"),
    "gunzip": ("update", "update"),
    "unzip": ("read", "read"),
    "md5sum": ("read", "read"),
    "ls": ("list", "list"),
    "du": ("list", "list"),
    "tree": ("list", "list"),
    "stat": ("probe", "probe"),
    "mkdir": ("create", "create"),
    "rm": ("delete", "delete"),
    "rmdir": ("delete", "delete"),
    "touch": ("write", "write"),
    "ffmpeg": ("probe", "write"),
    "ffprobe": ("read", "read"),
    "sox": ("read", "write"),
    "curl": ("probe", "probe"),
    "wget": ("probe", "probe"),
}
_HARMLESS = frozenset(
    words(
        """nvidia-smi echo chmod chown which git nproc free df apt-get apt yum uname hostname whoami
        date sleep kill pkill true false env printenv export set ulimit lscpu ps top nvcc nginx
        sshd pwd id killall mount umount modprobe ldconfig sysctl ifconfig ip nvidia-cuda-mps-control
        service systemctl dpkg apk npm npx node java javac make cmake gcc g++ nslookup ping"""
    )
)
_INSTALLERS = frozenset(words("pip pip3 conda mamba uv ensurepip venv virtualenv poetry"))
# Programs that do nothing but look at what they are given, in ways that differ too much to be listed.
_CONFINED = frozenset(words("grep egrep zgrep sed awk gawk sort uniq cut tr diff find file xargs jq tee split"))
_MODULES = frozenset(words("nltk.downloader spacy spacy.cli ipykernel compileall site playwright pytest unittest"))
_OPTION_VALUES = {
    "unzip": {"-d": "write"},
    "tar": {"-C": "write", "--directory": "write"},
    "ffmpeg": {"-i": "read"},
    "curl": {"-o": "write", "--output": "write", "-sSLo": "write", "-Lo": "write", "-K": "read", "-T": "read"},
    "wget": {"-O": "write", "-qO": "write", "-P": "write", "--output-document": "write", "-i": "read"},
}


def _run(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    command = arguments.get(0, "args", "command", "cmd")
    module = interp.frame.scope.module
    name = (written.dotted(module, node.func) if isinstance(node, ast.Call) else "") or "subprocess.run"
    for extra in (arguments.get(None, "env"), arguments.get(None, "input")):
        escapes.hand_over(interp, extra, name, node)
    for atom in command or unknown("a missing command"):
        for variable in _variables_in(atom):
            environment.probe(interp, Const(variable))
        words = _words(interp, atom)
        if words is None:
            words = _open_ended(interp, atom, node)
        if words is None and _runs_itself(interp, atom):
            continue
        if words is None:
            every = [iteration.element_of(interp, (atom,))]
            _not_followed(interp, every, name, "the command that is run is not known", node)
        elif words:
            _in_folder(interp, arguments.get(None, "cwd"), partial(_line, interp, atom, words, name, node))
    return (Lib("subprocess.run()"),)


def _open_ended(interp: Interpreter, atom: Any, node: ast.AST) -> list[Value] | None:
    """Gives the words of a command that begins with known ones and goes on with any number of others.

    `["cat", *parts]`, `["cat"] + parts`: what comes behind stands for one word. Only for programs that do the same to
    each of them, and for scripts that are not here.
    """
    given = node.args if isinstance(node, ast.Call) else []
    first: ast.expr | None = next((each for each in given if isinstance(each, (ast.List, ast.Tuple, ast.BinOp))), None)
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add):
        first = first.left
    if not isinstance(first, (ast.List, ast.Tuple)):
        return None
    known = list(takewhile(lambda each: not isinstance(each, ast.Starred), first.elts))
    words = [expressions.evaluate(interp, each) for each in known]
    texts = [_text(word) or "" for word in words]
    name = texts[0].rpartition("/")[2] if texts else ""
    installs = texts[1:2] == ["-m"] and texts[2:3] != [] and texts[2] in _INSTALLERS
    python = name.startswith("python") or words[:1] == [(Lib("sys.executable"),)]
    away = python and any(_is_below_jobs(text) and _file_of(interp, text) is None for text in texts[1:2])
    if not installs and not away and name not in {*_PROGRAMS, *_HARMLESS, *_INSTALLERS}:
        return None
    ahead = {each for word in words for each in word}
    behind = tuple(each for each in iteration.element_of(interp, (atom,)) if each not in ahead)
    return [*words, behind] if behind else words


def _runs_itself(interp: Interpreter, atom: Any) -> bool:
    """Tells whether a command is this script again, under a launcher: `[sys.executable, "-m", ..., *sys.argv]`."""
    words = iteration.element_of(interp, (atom,))
    others = any((_text((word,)) or "").endswith((".py", ".sh")) for word in words)
    return not others and Lib("sys.executable") in words and Lib("sys.argv[]") in words


def _in_folder(interp: Interpreter, folder: Value, run: Callable[[], None]) -> None:
    """Runs something in another working folder, where one is given, and comes back."""
    before = interp.store.get("process", "cwd")
    if folder and folder != NONE:
        interp.store.set("process", "cwd", folder)
    try:
        run()
    finally:
        if interp.store.get("process", "cwd") is not before:
            interp.store.set("process", "cwd", before or NOTHING)


def _line(interp: Interpreter, atom: Any, words: list[Value], sink: str, node: ast.AST) -> None:
    """Runs the commands of a line one after another; a list of words is one command."""
    if not is_string(atom):
        return _program(interp, words, sink, node)
    command: list[Value] = []
    for word in [*words, const(";")]:
        text = _text(word) or ""
        if text in _SEPARATORS or text.endswith(";"):
            if text.rstrip(";") and text not in _SEPARATORS:
                command.append(const(text.rstrip(";")))
            if command:
                _one_command(interp, command, sink, node)
            command = []
        else:
            command.append(word)


def _one_command(interp: Interpreter, command: list[Value], sink: str, node: ast.AST) -> None:
    """Runs one command of a line: its redirections, and the program."""
    kept: list[Value] = []
    kind = ""
    for word in command:
        text = _text(word) or ""
        if kind:
            paths_module.touch(interp, kind, word, f"{sink}({kind})", node)
            kind = ""
        elif text in _REDIRECTIONS:
            kind = _REDIRECTIONS[text]
        else:
            kept.append(word)
    if kept and _text(kept[0]) == "cd":
        interp.store.set("process", "cwd", kept[1] if len(kept) > 1 else unknown("the home folder"))
    elif kept:
        _program(interp, kept, sink, node)


_SEPARATORS = ("&&", "||", "|", ";", "&")
_REDIRECTIONS = {">": "write", ">>": "write", "1>": "write", "2>": "write", "&>": "write", "<": "read"}


def _variables_in(atom: Any) -> list[str]:
    """Gives the variables that a shell expands in a command."""
    text = atom.value if isinstance(atom, Const) and isinstance(atom.value, str) else ""
    return re.findall(r"\$\{?(\w+)", text)


def _words(interp: Interpreter, atom: Any) -> list[Value] | None:
    """Splits a command into words."""
    if isinstance(atom, Const) and isinstance(atom.value, str):
        try:
            return [const(word) for word in shlex.split(atom.value)]
        except ValueError:
            return None
    if isinstance(atom, Text):
        return _words_of_text(atom)
    return iteration.items_of(interp, (atom,))


def _words_of_text(atom: Text) -> list[Value] | None:
    """Splits a command line with holes; a hole stays within its word."""
    words: list[list[Any]] = [[]]
    for part in atom.parts:
        if not isinstance(part, str):
            words[-1].append(part)
            continue
        pieces = part.split(" ")
        words[-1].append(pieces[0])
        words.extend([piece] for piece in pieces[1:])
    result: list[Value] = [(make_text(word, True, atom.via),) for word in words if any(word)]
    if any(isinstance(part, Hole) and part.name == strings.EXECUTABLE for part in words[0]):
        result[0] = (Lib(strings.EXECUTABLE),)
        return result
    return result if result and isinstance(result[0][0], Const) else None


def _program(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    program = _text(words[0])
    if program is None:
        if words[0] == (Lib("sys.executable"),):
            _python(interp, words[1:], sink, node)
        else:
            interp.record.unresolved("any", sink, "the program that is run is not known", interp.place(node))
        return
    name = program.rpartition("/")[2]
    if name in ("bash", "sh") and len(words) == 1:
        interp.record.unresolved("any", sink, "what the shell is told is not followed", interp.place(node))
        return None
    if name in ("sudo", "time", "nohup", "bash", "sh") and len(words) > 1:
        return _shell(interp, words[1:], sink, node)
    if name.startswith("python") or name in ("torchrun", "accelerate", "deepspeed", "mpirun"):
        return _python(interp, words[1:], sink, node)
    if name == "git" and len(words) > 1 and _text(words[1]) == "clone":
        return _delegate(interp, words[2:], f"{sink}(git clone)", node)
    if name in _HARMLESS:
        return
    if name in web_servers.PROGRAMS:
        return web_servers.run_program(interp, [_text(word) for word in words[1:]], sink, node)
    label = f"{sink}({name})"
    if name in _INSTALLERS:
        return _install(interp, words[1:], label, node)
    if name in _CONFINED:
        return _delegate(interp, words[1:], label, node)
    if name == "tar":
        return _tar(interp, words[1:], label, node)
    if name == "zip":
        named = [word for word in words[1:] if not (_text(word) or "").startswith("-")]
        return _tar(interp, [const("-c"), *named], label, node)
    if name == "aws":
        return _aws(interp, words[1:], label, node)
    paths = _operands(interp, name, words[1:], label, node)
    if name == "ln" and any((_text(each) or "").startswith("/dev/") for each in paths[:1]):
        return  # what is written there goes to the console
    if name in _PROGRAMS:
        first, last = _PROGRAMS[name]
        for index, path in enumerate(paths):
            paths_module.touch(
                interp, last if index and index == len(paths) - 1 else first, path, label, node, tree=True
            )
        return
    _delegate(interp, words[1:], label, node)
    _not_followed(interp, words, sink, f"what the program {name!r} does is not known", node)


def _install(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    """`pip install -r FILE`, or of an archive or folder: those are read."""
    for option, word in zip([const(""), *words], words, strict=False):
        reads = _text(option) in ("-r", "--requirement", "-c", "--constraint", "-f", "--find-links", "--file")
        text = _text(word) or ""
        for opening in ("--requirement=", "--find-links=", "-r"):
            if text.startswith(opening) and text != opening:
                word, text, reads = const(text.removeprefix(opening)), text, True
        if reads or text.startswith("/"):
            paths_module.touch(interp, "read", word, sink, node, tree=True)


def _text(value: Value) -> str | None:
    atom = value[0] if len(value) == 1 else None
    parts = parts_of(atom) if atom is not None else None
    return parts[0] if parts and len(parts) == 1 and isinstance(parts[0], str) else None


def _operands(interp: Interpreter, name: str, words: list[Value], sink: str, node: ast.AST) -> list[Value]:
    """Gives the words that are not options; an option's own path is recorded."""
    result: list[Value] = []
    kinds = _OPTION_VALUES.get(name, {})
    pending = ""
    for word in words:
        text = _text(word)
        if pending:
            paths_module.touch(interp, pending, word, sink, node, tree=True)
            pending = ""
        elif text is not None and text.startswith("-"):
            pending = kinds.get(text, "")
        else:
            result.append(word)
    return result


def _shell(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    if _text(words[0]) == "-c" and len(words) > 1:
        for atom in words[1]:
            inner = _words(interp, atom)
            if inner:
                _in_folder(interp, NOTHING, partial(_line, interp, atom, inner, sink, node))
            else:
                interp.record.unresolved("any", sink, "the command that is run is not known", interp.place(node))
        return
    if (_text(words[0]) or "").endswith(".sh"):
        _read_program(interp, words[0], sink, node)
        return _not_followed(interp, words, sink, f"the shell script {_text(words[0])} is not followed", node)
    _program(interp, words, sink, node)


def _tar(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    flags = _text(words[0]) or "" if words else ""
    creates = "c" in flags.lstrip("-") and "x" not in flags
    operands = _operands(interp, "tar", [const(f"-{flags.lstrip('-')}"), *words[1:]], sink, node)
    for index, path in enumerate(operands):
        if index == 0:
            paths_module.touch(interp, "write" if creates else "read", path, sink, node)
        elif creates:
            paths_module.touch(interp, "read", path, sink, node, tree=True)


def _aws(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    """`aws s3 cp|sync SOURCE TARGET`."""
    operands = [word for word in words[2:] if not (_text(word) or "").startswith("-")]
    for index, path in enumerate(operands[:2]):
        text = _text(path) or ""
        if not text.startswith("s3://"):
            paths_module.touch(interp, "read" if index == 0 else "write", path, sink, node, tree=True)


def _python(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:
    """Another Python script: followed when it is here."""
    for index, word in enumerate(words):
        text = _text(word)
        if text == "-m":
            module = _text(words[index + 1]) if index + 1 < len(words) else None
            if module in _INSTALLERS:
                return _install(interp, words[index + 2 :], f"{sink}({module})", node)
            if module in _MODULES:
                return
            if module in web_servers.PROGRAMS:
                return web_servers.run_program(interp, [_text(each) for each in words[index + 2 :]], sink, node)
            if module in ("torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch"):
                continue
            found = interp.sources.find(f"{module}.__main__") or interp.sources.find(module) if module else None
            if found is not None:
                return _script(interp, found.path, words[index + 2 :], sink, node)
        elif text == "-c" and index + 1 < len(words):
            return _not_followed(interp, words, sink, "Python code on the command line is not followed", node)
        elif text is not None and text.endswith(".py"):
            path = _file_of(interp, text)
            if path is not None:
                return _script(interp, path, words[index + 1 :], sink, node)
            _read_program(interp, word, sink, node)
            break
    _delegate(interp, words, sink, node)
    _not_followed(interp, words, sink, "the script that is run is not here", node)


def _file_of(interp: Interpreter, script: str) -> Path | None:
    """Finds the file of a script that lies with the one that runs it."""
    path: Path = interp.sources.folder / script.replace("/opt/ml/code/", "")
    return path if path.is_file() else None


def _is_below_jobs(text: str) -> bool:
    return text.startswith("/opt/ml/")


def _read_program(interp: Interpreter, script: Value, sink: str, node: ast.AST) -> None:
    """Reads a script that is not part of the image: it is one of the files that a job is given."""
    if _is_below_jobs(_text(script) or ""):
        paths_module.touch(interp, "read", script, sink, node)


def _not_followed(interp: Interpreter, words: list[Value], sink: str, reason: str, node: ast.AST) -> None:
    """Records another program: it parses what it is told, the script's own command line where that is passed on."""
    own = any(
        isinstance(atom, Unknown)
        or (isinstance(atom, Lib) and atom.name.startswith("sys.argv"))
        or any("sys.argv" in part.reason or part.reason.startswith("a join of") for part in holes_in(atom))
        for word in words
        for atom in word
    )
    interp.record.unresolved("any", sink, reason, interp.place(node), told=not own)


def _script(interp: Interpreter, path: Any, words: list[Value], sink: str, node: ast.AST) -> None:
    """Follows another script as its own program, with these arguments."""
    name = f"__main__:{path}"
    module = interp.sources.load_file(path, name)
    if module is None or module.state == "loading" or any(frame.scope.module is module for frame in interp.frames):
        return
    before = interp.store.get("process", "argv")

    interp.store.set("process", "argv", expressions.new_list(interp, [const(path.name), *words]))
    state, was_main, module.state, module.is_main = module.state, module.is_main, "new", True
    try:
        interp.run_module(module)
    finally:
        module.state, module.is_main = state if state != "new" else "loaded", was_main
        interp.store.set("process", "argv", before if before is not None else NONE)
    _delegate(interp, [], sink, node)


def _delegate(interp: Interpreter, words: list[Value], sink: str, node: ast.AST) -> None:

    escapes.delegate(interp, calls.Arguments(words), sink, node, "another program")


def _run_path(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    for atom in arguments.get(0, "path_name", "mod_name"):
        parts = parts_of(atom) or ()
        text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None
        path = interp.sources.folder / text.replace("/opt/ml/code/", "") if text else None
        module = interp.sources.find(text) if text and not text.endswith(".py") else None
        if module is not None:
            path = module.path
        if path is not None and path.is_file():
            _script(interp, path, [], "runpy", node)
        else:
            interp.record.unresolved("any", "runpy", "the code that is run is not known", interp.place(node))
    return unknown("the names of another script")


def _exec_process(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`os.execv(program, arguments)`: the words are the second argument."""
    _run(interp, calls.Arguments([arguments.get(1)]), node)
    raise DeadEnd


def _run_words(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`create_subprocess_exec(program, *arguments)`: each argument is a word."""
    return _run(interp, calls.Arguments([(TupleAtom(arguments.positional),)], arguments.keywords), node)


_AGAIN = "torch.distributed.launcher.again"


def _launcher(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """`elastic_launch(config, program)` gives what runs a function, or this script when it is given `*sys.argv`."""
    program: Value = arguments.get(1, "entrypoint")
    if program == (Lib("sys.executable"),):
        return (Lib(_AGAIN),)
    if all(isinstance(atom, (Function, Bound, Partial)) for atom in program):
        return program  # each process calls it with what it is given
    escapes.hand_over(interp, program, "elastic_launch", node)
    return unknown("what a program of several processes gives")


def _again(interp: Interpreter, arguments: Any, node: ast.AST) -> Value:
    """Runs Python on what it is given: this script, whose code is followed already, or another one."""
    if arguments.rest != (Lib("sys.argv[]"),) or arguments.positional:
        return _run(interp, calls.Arguments([(TupleAtom([(Lib("sys.executable"),), *arguments.positional]),)]), node)
    return unknown("what a program of several processes gives")


_RUNNERS = words(
    """subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen os.system
        os.popen subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell"""
)
MODELS = {
    **dict.fromkeys(_RUNNERS, _run),
    "runpy.run_path": _run_path,
    "runpy.run_module": _run_path,
    "asyncio.create_subprocess_exec": _run_words,
    "os.execv": _exec_process,
    "os.execvp": _exec_process,
    "torch.distributed.launcher.api.elastic_launch": _launcher,
    "torch.distributed.launcher.elastic_launch": _launcher,
    _AGAIN: _again,
}
