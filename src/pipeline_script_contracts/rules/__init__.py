"""The rules: each says of one kind of clause whether the facts prove it, violate it or leave it open.

A new rule is a module with a `RULE` and a line in the list below.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import Analysis
from ..findings import Finding
from . import (
    argument_default_differs,
    argument_not_declared,
    argument_not_parsed,
    argument_spelling,
    argument_type,
    artifact_not_written,
    budget,
    coverage,
    env_default_differs,
    hyperparameter_never_used,
    hyperparameter_not_cast,
    hyperparameter_not_declared,
    import_not_required,
    input_never_read,
    input_written,
    optional_env_never_read,
    output_never_written,
    output_only_read,
    pin_differs,
    required_env_has_default,
    required_env_never_read,
    requirement_missing,
    source,
    undeclared_env_read,
    undeclared_read,
    undeclared_write,
    unresolved,
)
from .base import Rule
from .context import Context

if TYPE_CHECKING:
    from ..contract import ScriptContract

__all__ = ["ALL_RULES", "Context", "Rule", "check"]

ALL_RULES: tuple[Rule, ...] = (
    input_never_read.RULE,
    output_never_written.RULE,
    undeclared_read.RULE,
    undeclared_write.RULE,
    input_written.RULE,
    output_only_read.RULE,
    required_env_never_read.RULE,
    optional_env_never_read.RULE,
    undeclared_env_read.RULE,
    env_default_differs.RULE,
    required_env_has_default.RULE,
    argument_not_parsed.RULE,
    argument_not_declared.RULE,
    argument_spelling.RULE,
    argument_type.RULE,
    argument_default_differs.RULE,
    hyperparameter_not_declared.RULE,
    hyperparameter_never_used.RULE,
    hyperparameter_not_cast.RULE,
    import_not_required.RULE,
    pin_differs.RULE,
    requirement_missing.RULE,
    artifact_not_written.RULE,
    unresolved.RULE,
    coverage.RULE,
    source.RULE,
    budget.RULE,
)


def check(
    contract: ScriptContract,
    analysis: Analysis,
    *,
    requirements: Path | None = None,
    select: Collection[str] | None = None,
    ignore: Collection[str] = (),
    coverage_fail_under: float | None = None,
    training: Analysis | None = None,
) -> list[Finding]:
    """Checks a contract against what a script does.

    Args:
        contract: The contract.
        analysis: The facts about the script.
        requirements: The requirements file of its image, where there is one.
        select: Codes, or beginnings of codes, of the rules to run; None runs all.
        ignore: Codes, or beginnings of codes, of rules to leave out.
        coverage_fail_under: The least share, from 0 to 1, of calls that must have been followed.
        training: The facts about the training script, when an inference script is checked together with it.

    Returns:
        The findings in the order of the rules, the proven ones too.
    """
    context = Context(contract, analysis, requirements, training, coverage_fail_under)
    findings: list[Finding] = []
    for rule in ALL_RULES:
        chosen = select is None or rule.code.startswith(tuple(select))
        if chosen and not rule.code.startswith(tuple(ignore)):
            findings.extend(rule.check(context))
    return findings
