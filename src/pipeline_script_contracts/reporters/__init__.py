"""Findings as text for people and machines, one format a module.

from pipeline_script_contracts.reporters import render
print(render(findings, "full"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from ..findings import Finding
from .report import Report

__all__ = ["FORMATS", "Report", "render"]

FORMATS = {
    "concise": "concise",
    "full": "full",
    "json": "as_json",
    "sarif": "sarif",
    "github": "github",
}


def render(findings: Sequence[Finding] | Report, output_format: str = "concise") -> str:
    """Gives findings in one of the formats.

    Args:
        findings: The findings, or a report that holds them with what is known of the run.
        output_format: `concise`, `full`, `json`, `sarif` or `github`.

    Returns:
        The text, ending with a newline unless it is empty.

    Raises:
        ValueError: There is no such format.
    """
    if output_format not in FORMATS:
        raise ValueError(f"no output format {output_format!r}; expected one of {', '.join(FORMATS)}")
    report = findings if isinstance(findings, Report) else Report(tuple(findings))
    reporter: Callable[[Report], str] = import_module(f".{FORMATS[output_format]}", __name__).render
    return reporter(report)
