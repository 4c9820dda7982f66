"""The options of the command and how they overrule the settings of the project."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from ..settings import OUTPUT_FORMATS, Settings, UsageError, load_settings


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one message."""

    def error(self, message: str) -> NoReturn:
        """Raises the error instead of ending the process.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{message}; see {self.prog} --help")


@dataclass(frozen=True)
class Options:
    """What one run was asked to do."""

    settings: Settings
    targets: tuple[Path, ...] = ()
    contracts: tuple[str, ...] = ()
    write_baseline: bool = False
    statistics: bool = False


def build_parser() -> Parser:
    """Gives the parser of the checking command."""
    parser = Parser(
        prog="validate_contracts",
        description="Proves that container scripts read, write, take and import what their contracts say.",
        epilog="Other commands: validate_contracts infer SCRIPT, validate_contracts diff REVISION. "
        "Exit codes: 0 clean, 1 findings, 2 wrong usage or an invalid contract, 101 an error of the tool itself.",
        allow_abbrev=False,
    )
    parser.add_argument("targets", nargs="*", metavar="SCRIPT|DIR", help="what to check; by default all of the project")
    parser.add_argument(
        "--contract", action="append", default=[], metavar="REF", help="module:NAME, a package, or a file"
    )
    parser.add_argument(
        "--output-format", choices=OUTPUT_FORMATS, help="concise (path:line:col: CODE message) by default"
    )
    parser.add_argument("--strict", action="store_true", help="what is unresolved fails too")
    parser.add_argument("--select", metavar="CODES", help="report these codes only (SC1 means all that begin so)")
    parser.add_argument("--ignore", metavar="CODES", help="do not report these codes")
    parser.add_argument(
        "--coverage-fail-under", type=_percentage, metavar="PERCENT", help="least share of resolved I/O"
    )
    parser.add_argument("--baseline", metavar="FILE", help="findings in this file are known and do not count")
    parser.add_argument("--write-baseline", action="store_true", help="write the findings to the baseline file instead")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file to take the settings from")
    parser.add_argument("--source-root", action="append", metavar="DIR", help="folder that local packages come from")
    parser.add_argument("--no-cache", action="store_true", help="neither read nor write cached results")
    parser.add_argument("--statistics", action="store_true", help="count the findings of each code")
    parser.add_argument("--explain", metavar="CODE", help="say what a rule means, and stop")
    parser.add_argument("--version", action="store_true", help="print the version, and stop")
    return parser


def gather(arguments: argparse.Namespace, cwd: Path) -> Options:
    """Joins the command line and the settings of the project.

    Raises:
        UsageError: A setting is wrong.
    """
    settings = load_settings(arguments.config, cwd)
    changes: dict[str, object] = {}
    if arguments.output_format:
        changes["output_format"] = arguments.output_format
    if arguments.strict:
        changes["strict"] = True
    if arguments.select is not None:
        changes["select"] = split_codes(arguments.select)
    if arguments.ignore is not None:
        changes["ignore"] = settings.ignore + split_codes(arguments.ignore)
    if arguments.coverage_fail_under is not None:
        changes["coverage_fail_under"] = arguments.coverage_fail_under
    if arguments.baseline:
        changes["baseline"] = str(cwd / arguments.baseline)
    if arguments.source_root:
        changes["source_roots"] = tuple(str(cwd / each) for each in arguments.source_root)
    if arguments.no_cache:
        changes["cache_dir"] = ""
    return Options(
        settings=replace(settings, **changes),  # type: ignore[arg-type]
        targets=tuple(Path(each) for each in arguments.targets),
        contracts=tuple(arguments.contract),
        write_baseline=arguments.write_baseline,
        statistics=arguments.statistics,
    )


def split_codes(text: str) -> tuple[str, ...]:
    """Splits a list of codes at commas."""
    return tuple(code.strip() for code in text.split(",") if code.strip())


def check_codes(codes: Sequence[str], known: Sequence[str], where: str) -> None:
    """Makes sure that codes, or beginnings of codes, name a rule.

    Raises:
        UsageError: One does not.
    """
    for code in codes:
        if not any(each.startswith(code) for each in known):
            raise unknown_code(code, known, where)


def unknown_code(code: str, known: Sequence[str], where: str) -> UsageError:
    """Gives the error for a code that no rule has."""
    near = difflib.get_close_matches(code.upper(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ";"
    return UsageError(f"{where}: no rule {code!r}{hint} the rules are {', '.join(known)}")


def _percentage(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a percentage, found {text!r}") from None
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"expected a percentage from 0 to 100, found {text!r}")
    return value
