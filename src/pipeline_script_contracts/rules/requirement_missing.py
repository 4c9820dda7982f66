"""SC503: a requirement of the contract is missing from the requirements file."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis.library.packages import normal_name
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context
from .requirements import same_specifier


def check(context: Context) -> Iterable[Finding]:
    """Checks each requirement of the contract."""
    if context.requirements is None:
        return
    for name, declared in context.contract.framework_requirements.items():
        found = context.requirement_lines.get(normal_name(name.partition("[")[0]))
        if found is None:
            yield context.at(
                "SC503",
                Verdict.VIOLATED,
                "package",
                name,
                f"the contract asks for {name}{declared}, which {context.requirements.name} does not list",
                None,
                (),
                f"add {name}{declared} to {context.requirements.name}",
            )
        elif not found.specifier or not declared or same_specifier(declared, found.specifier):
            message = f"{found.path.name} (line {found.line}) lists {name}{found.specifier}"
            yield context.at("SC503", Verdict.PROVEN, "package", name, message, found.place)


RULE = Rule(
    "SC503",
    "contract requirement missing from the requirements",
    """
    The contract names a distribution that `requirements.txt` does not list, so the image may lack it.

    To mend it, add it to the requirements file, or drop it from `framework_requirements`.
    """,
    check,
)
