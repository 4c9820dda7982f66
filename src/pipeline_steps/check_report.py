"""Everything that is wrong with a pipeline, as findings that the reporters of script contracts can show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline_script_contracts import Finding, Location, Verdict
from pipeline_steps.configuration import find_problems
from pipeline_steps.definition_checks import check_definition
from pipeline_steps.pipeline_builder import StepCheck
from pipeline_steps.problems import Problem
from pipeline_steps.step_graph import Definition


def check_configuration(
    path: Path, environments: Iterable[str] = (), checks: Iterable[StepCheck] = ()
) -> list[Finding]:
    """Checks a pipeline and the scripts of its steps.

    Args:
        path: The pipeline in YAML.
        environments: Names of sections under `environments` that are laid over the rest, in order.
        checks: What gives further problems of a step.

    Returns:
        What is wrong with the configuration, wiring, requests, references and columns; and what was found out about
        the contract of each script, proven clauses included.
    """
    pipeline, problems = find_problems(path, environments, checks)
    findings = [_finding(problem, path) for problem in problems]
    if pipeline is not None:
        results = {id(result): result for result in pipeline.validate_script_contracts().values()}
        findings += [finding for result in results.values() for finding in result.findings]
    return findings


def check_json(path: Path, definition: Definition) -> list[Finding]:
    """Checks a pipeline definition, of whatever tool.

    Args:
        path: The file that it was read from.
        definition: The definition.

    Returns:
        What is wrong with requests, references and order.
    """
    return [_finding(problem, path) for problem in check_definition(definition)]


def _finding(problem: Problem, path: Path) -> Finding:
    place = ": ".join(part for part in (problem.step, problem.where) if part)
    return Finding(
        code=problem.code,
        verdict=Verdict.VIOLATED,
        clause="pipeline",
        subject=place,
        message=f"{place}: {problem.message}" if place else problem.message,
        filename=problem.filename or str(path),
        location=Location(max(problem.line, 1)),
        end_location=Location(max(problem.line, 1)),
    )
