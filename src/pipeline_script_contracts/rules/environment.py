"""What the rules on environment variables share."""

from __future__ import annotations

from typing import Any

from ..analysis.facts import EnvRead
from ..findings import Finding, Verdict
from .context import Context


def variable_is_read(context: Context, code: str, name: str) -> Finding:
    """Says whether a declared variable is read."""
    reads = sorted((read for read in context.env if read.name == name), key=lambda read: read.probe)
    if reads:
        message = f"environment variable {name} is read"
        return context.at(code, Verdict.PROVEN, "env", name, message, reads[0].place, reads[0].chain)
    doubt = context.gap
    unnamed = next((read for read in context.env if not read.name), None)
    if unnamed is not None:
        doubt = f"line {unnamed.place.location.line} reads a variable whose name is not known"
    package = next((use.module for use in context.analysis.imports if _reads(use.module, name)), "")
    if package and not doubt:
        doubt = f"{package}, which is imported, may read it"
    doubt = doubt or context.unreached("env", name)
    if doubt:
        message = f"whether environment variable {name} is read cannot be told: {doubt}"
        return context.at(code, Verdict.UNRESOLVED, "env", name, message)
    message = f"environment variable {name} is never read"
    return context.at(
        code, Verdict.VIOLATED, "env", name, message, None, (), f"read {name}, or drop it from the contract"
    )


_PREFIXES = {
    "huggingface_hub": ("HF_",),
    "transformers": ("HF_", "TRANSFORMERS_"),
    "datasets": ("HF_",),
    "boto3": ("AWS_",),
}


def _reads(module: str, name: str) -> bool:
    """Tells whether a library is known to look at variables of such a name."""
    top = module.partition(".")[0]
    return name.startswith((f"{top.upper()}_", *_PREFIXES.get(top, ())))


def reads_of(context: Context, name: str) -> list[EnvRead]:
    """Gives the reads of a variable's value."""
    return [read for read in context.env if read.name == name and not read.probe]


def same_value(declared: Any, found: Any) -> bool:
    """Compares two defaults as a variable or command line carries them: as text, numbers by value."""
    if isinstance(declared, bool) or isinstance(found, bool):
        return str(declared).lower() == str(found).lower()
    first, second = _plain(declared), _plain(found)
    if first == second:
        return True
    if {first.lower(), second.lower()} <= {"true", "false"}:
        return first.lower() == second.lower()
    try:
        return float(first) == float(second)
    except ValueError:
        return first.rstrip("/") == second.rstrip("/") and first != ""


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
