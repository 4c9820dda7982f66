"""From the command line to an exit code: 0 clean, 1 findings, 2 wrong usage or an invalid contract, 101 a defect."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from ..collecting import seldom
from ..settings import OUTPUT_FORMATS, UsageError

CLEAN, FINDINGS, USAGE, INTERRUPTED, INTERNAL = 0, 1, 2, 130, 101
_COMMANDS = ("infer", "diff")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except UsageError as error:
        return _failed(arguments, "usage", f"validate_contracts: {error}", USAGE)
    except KeyboardInterrupt:
        return _failed(arguments, "interrupted", "validate_contracts: interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except Exception as error:  # noqa: BLE001 - the last line of defence: an internal error has its own exit code
        if os.environ.get("VALIDATE_CONTRACTS_TRACEBACK"):
            traceback.print_exc()
        return _failed(arguments, "internal", _report(error), INTERNAL)


def run() -> NoReturn:
    """Runs the command as a process of its own, which ends at once: taking apart all that was made takes long."""
    with seldom():
        code = main()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] in _COMMANDS:
        if arguments[0] == "infer":
            from .infer import run_infer

            return run_infer(arguments[1:])
        from .diff import run_diff

        return run_diff(arguments[1:])
    from .check import run_check

    return run_check(arguments)


def _failed(arguments: list[str], kind: str, message: str, code: int) -> int:
    """Says what went wrong on stderr, and on stdout too where a machine waits for a document."""
    print(message, file=sys.stderr)
    output_format = requested_format(arguments)
    if output_format in ("json", "sarif", "github"):
        from ..reporters import Report, render

        print(render(Report(error={"kind": kind, "message": message}), output_format), end="")
    return code


def requested_format(arguments: Sequence[str]) -> str:
    """Gives the output format that arguments ask for, without parsing the rest of them."""
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("--output-format", "--format"):
            value = value if equals else next(iter(arguments[index + 1 :]), "")
            return value if value in OUTPUT_FORMATS else ""
    return ""


def _report(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"validate_contracts: internal error: {type(error).__name__}: {error}{where}. This is a defect of the tool, "
        "not of your script. Please report it with the script and this message; VALIDATE_CONTRACTS_TRACEBACK=1 shows "
        "where it happened"
    )
