"""SC502: the contract's version of a package is not that of the requirements."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.library.packages import normal_name
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context
from .requirements import same_specifier


def check(context: Context) -> Iterable[Finding]:
    """Checks each requirement of the contract that the requirements file has too."""
    for name, declared in context.contract.framework_requirements.items():
        found = context.requirement_lines.get(normal_name(name.partition("[")[0]))
        if found is None or not found.specifier or not declared or same_specifier(declared, found.specifier):
            continue
        yield context.at(
            "SC502",
            Verdict.VIOLATED,
            "package",
            name,
            f"the contract asks for {name}{declared}, {found.path.name} (line {found.line}) for {found.specifier}",
            found.place,
            (),
            "ask for the same version in both",
        )


RULE = Rule(
    "SC502",
    "pin differs from the requirements",
    """
    The contract and `requirements.txt` ask for different versions of a distribution.

    To mend it, make the two equal.
    """,
    check,
)
