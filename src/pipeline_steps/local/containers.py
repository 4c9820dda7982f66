"""What the container image would decide: the interpreter, the environment, where `/opt/ml` is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

OPT_ML = "/opt/ml"
# `/opt/ml` as whole path components: not in `/opt/mlx`, `s3://bucket/opt/ml` or `/data/opt/ml`.
_OPT_ML = re.compile(r"(?:(?<![\w./~-])|(?<=file://))/opt/ml(?=/|$|[^\w.-])")
_PYTHON = re.compile(r"python(3(\.\d+)?)?")
_INHERITED = (
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "PYTHONPATH",
    "TZ",
    "USER",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
)
_NO_PIP = Path(__file__).parent / "workers" / "no_pip"
PIP_ANSWER = "not run here: the packages of this machine's interpreter are used"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


def rewrite(text: str, base: Path | str) -> str:
    """Puts `base` where the text says `/opt/ml`, by path component.

    Args:
        text: An argument, a variable's value or a shell command.
        base: The folder that stands for `/opt/ml`.
    """
    return _OPT_ML.sub(lambda _: str(base), text)


def names_root(text: str) -> bool:
    """Whether a text speaks of `/opt/ml` itself, not of a folder that stands for it."""
    return _OPT_ML.search(text) is not None


def inside(path: str, base: Path) -> Path:
    """The real place of a container path below `/opt/ml`.

    Args:
        path: Such as `/opt/ml/processing/input/data`.
        base: The folder that stands for `/opt/ml`.

    Raises:
        ValueError: The path lies elsewhere or has `..` in it.
    """
    parts = Path(path).parts
    if parts[:3] != ("/", "opt", "ml") or ".." in parts:
        raise ValueError(f"{path!r} does not lie below {OPT_ML}")
    return base.joinpath(*parts[3:])


def command_line(entrypoint: Sequence[str], arguments: Sequence[str], base: Path | str, python: str) -> list[str]:
    """The command of a step.

    Args:
        entrypoint: `ContainerEntrypoint`.
        arguments: `ContainerArguments`.
        base: The folder that stands for `/opt/ml`.
        python: The interpreter for an entrypoint such as `python3`.

    Returns:
        The command, with `/opt/ml` replaced.
    """
    command = [rewrite(str(part), base) for part in (*entrypoint, *arguments)]
    program = Path(command[0])
    if _PYTHON.fullmatch(program.name) and str(program.parent) in (".", "/usr/bin", "/usr/local/bin", "/opt/conda/bin"):
        command[0] = python
    elif program.suffix == ".py":
        command.insert(0, python)
    return command


def base_environment(python: str, temporary: Path | str, threads: int) -> dict[str, str]:
    """The environment that every step starts from: what a process needs to run at all, and nothing of the user's.

    A variable that a script finds on a laptop only by chance would be missing in the container.

    Args:
        python: The interpreter; `python` is found in its folder, and `pip` changes none of its packages.
        temporary: The folder for temporary files.
        threads: How many cores the step may use.
    """
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    folders = (_NO_PIP / "bin", Path(python).parent, environment.get("PATH", os.defpath))
    environment["PATH"] = join_paths(*folders)
    environment["PYTHONPATH"] = join_paths(_NO_PIP / "lib", environment.get("PYTHONPATH", ""))
    environment |= {
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Threads that spin while they wait take the cores from the steps and runs beside this one.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    return environment | dict.fromkeys(_THREADS, str(threads))


def join_paths(*parts: Path | str) -> str:
    """Joins folders, and lists of folders, to one list as `PATH` has it; empty parts are left out."""
    return os.pathsep.join(str(part) for part in parts if str(part))


def rewritten_environment(variables: Mapping[str, object], base: Path | str) -> dict[str, str]:
    """A step's own `Environment`, with `/opt/ml` replaced in the values."""
    return {str(name): rewrite(str(value), base) for name, value in variables.items()}
