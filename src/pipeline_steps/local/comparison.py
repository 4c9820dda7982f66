"""What a step really used, held against what the static analysis says of its script."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_steps.local.trace import Trace

if TYPE_CHECKING:
    from pipeline_script_contracts.analysis.facts import Analysis, PathUse

_READING = ("read", "any", "list")
_WRITING = ("write", "any", "create", "delete")
_CODE = (".py", ".pyc", ".sh")


def outside_findings(trace: Trace) -> list[dict[str, str]]:
    """A finding for each place outside its folders that a step wrote to, or tried to.

    Args:
        trace: What the step did.
    """
    return [
        _finding(
            "TR103",
            "VIOLATED",
            "output",
            path,
            f"the script writes to {path}, outside /opt/ml and /tmp",
            "write outputs below /opt/ml and scratch files to the temporary folder",
        )
        for path in trace.outside
    ]


def compare(trace: Trace, analysis: Analysis) -> list[dict[str, str]]:
    """A finding for each file, variable and argument that was used and that the analysis does not know of.

    The verdict is VIOLATED where the analysis says that it saw all, and UNRESOLVED where it says that it could not
    follow everything of that kind.

    Args:
        trace: What the step did.
        analysis: What its script does, by the static analysis.
    """
    return [*_path_findings(trace, analysis), *_name_findings(trace, analysis)]


def start_analysis(script: Path) -> Future[Analysis]:
    """Starts the static analysis of a script, which goes on beside the step.

    Args:
        script: The script's file.
    """
    workers = ThreadPoolExecutor(max_workers=1)
    try:
        return workers.submit(_analyse, script)
    finally:
        workers.shutdown(wait=False)


def _analyse(script: Path) -> Analysis:
    from pipeline_script_contracts.analysis import analyse

    return analyse(script, source_roots=_source_roots())


def _source_roots() -> list[Path]:
    """The folders that packages under development are imported from, for the analysis to follow."""
    entries = [Path(entry) for entry in sys.path if entry and "site-packages" not in entry]
    standard = (Path(sys.base_prefix), Path(sys.prefix))
    return [entry for entry in entries if entry.is_dir() and not any(entry.is_relative_to(root) for root in standard)]


def _path_findings(trace: Trace, analysis: Analysis) -> Iterator[dict[str, str]]:
    reads = [use for use in analysis.paths if use.kind in ("read", "update", "list", "probe", "delegate")]
    writes = [use for use in analysis.paths if use.kind in ("write", "update", "create", "delegate")]
    for code, clause, verb, used, uses, kinds in (
        ("TR101", "input", "reads", trace.read, reads, _READING),
        ("TR102", "output", "writes", trace.written, writes, _WRITING),
    ):
        for path in used:
            if Path(path).suffix not in _CODE and not _covered(path, uses):
                yield _finding(
                    code,
                    _verdict(analysis, any(item.kind in kinds for item in analysis.unresolved)),
                    clause,
                    path,
                    f"the script {verb} {path}, which the static analysis does not know of",
                    "let the script build the path so that it can be followed, or mend the contract",
                )


def _name_findings(trace: Trace, analysis: Analysis) -> Iterator[dict[str, str]]:
    variables = {item.name for item in analysis.env}
    for name in trace.variables:
        if name not in variables:
            yield _finding(
                "TR201",
                _verdict(analysis, "" in variables),
                "env",
                name,
                f"the script asks for the variable {name}, which the static analysis does not know of",
                "name the variable where it is read",
            )
    options = {option for item in analysis.arguments for option in (item.name, item.dest, *item.options)}
    for name in trace.arguments:
        if name not in options and name.lstrip("-") not in options:
            yield _finding(
                "TR301",
                _verdict(analysis, bool(analysis.arguments_open)),
                "argument",
                name,
                f"the script takes the argument {name}, which the static analysis does not know of",
                "name the argument where the parser is built",
            )


def _covered(path: str, uses: Sequence[PathUse]) -> bool:
    from pipeline_script_contracts.analysis.patterns import Relation

    for use in uses:
        relation = use.path.relation(path)
        if relation in (Relation.INSIDE, Relation.MAYBE):
            return True
        if relation is Relation.ABOVE and (use.tree or use.kind == "delegate"):
            return True
    return False


def _verdict(analysis: Analysis, unresolved: bool) -> str:
    incomplete = unresolved or analysis.exhausted or bool(analysis.problems)
    return "UNRESOLVED" if incomplete else "VIOLATED"


def _finding(code: str, verdict: str, clause: str, subject: str, message: str, mend: str) -> dict[str, str]:
    return {
        "code": code,
        "verdict": verdict,
        "clause": clause,
        "subject": subject,
        "message": message,
        "help": mend,
    }
