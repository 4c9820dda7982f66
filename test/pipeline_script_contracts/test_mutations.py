"""Mutation test: each path, variable and argument of our contracts, renamed or dropped, is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_mutants import noticed

from pipeline_script_contracts import ALL_CONTRACTS, ScriptContract
from pipeline_script_contracts.analysis import Analysis, Session, analyse
from pipeline_script_contracts.findings import Verdict
from pipeline_script_contracts.rules import check

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "dockers").glob("*/*.py"))
PAIRS = [(contract, script) for contract in ALL_CONTRACTS for script in SCRIPTS if contract.entry_point == script.name]
IDS = [f"{script.parent.name}/{script.name}" for _, script in PAIRS]
SESSION = Session()
_ANALYSES: dict[Path, Analysis] = {}


def analysis_of(script: Path) -> Analysis:
    if script not in _ANALYSES:
        _ANALYSES[script] = analyse(script, source_roots=[ROOT / "src"], session=SESSION)
    return _ANALYSES[script]


def contract_mutants(contract: ScriptContract) -> Iterator[tuple[str, ScriptContract]]:
    """Gives each contract that differs in one path, variable or argument."""

    def changed(name: str, **update: object) -> tuple[str, ScriptContract]:
        fields = {field: getattr(contract, field) for field in type(contract).model_fields}
        fields["framework_provided"] = ()
        return name, ScriptContract(**{**fields, **update})  # without the path rules of the job's kind

    for field in ("expected_input_paths", "expected_output_paths"):
        paths = dict(getattr(contract, field))
        for name, path in paths.items():
            yield changed(f"{name} elsewhere", **{field: {**paths, name: f"{path}-elsewhere"}})
            covered = any(other != path and path.startswith(f"{other}/") for other in paths.values())
            if not covered:
                yield changed(f"{name} dropped", **{field: {k: v for k, v in paths.items() if k != name}})
    for name, default in contract.expected_arguments.items():
        rest = {k: v for k, v in contract.expected_arguments.items() if k != name}
        yield changed(f"{name} dropped", expected_arguments=rest)
        yield changed(f"{name} renamed", expected_arguments={**rest, f"{name}_x": default})
        other = default + 1 if isinstance(default, int | float) else f"{default}-x"
        yield changed(f"{name} with another default", expected_arguments={**rest, name: other})
    for name, default in contract.optional_env_vars.items():
        rest = {k: v for k, v in contract.optional_env_vars.items() if k != name}
        if not name.startswith("SM_"):
            yield changed(f"{name} dropped", optional_env_vars=rest)
        yield changed(f"{name} renamed", optional_env_vars={**rest, f"{name}_X": default})
        yield changed(f"{name} with another default", optional_env_vars={**rest, name: f"{default}x"})
        yield changed(f"{name} required", optional_env_vars=rest, required_env_vars=(name,))
    yield changed("a variable more", required_env_vars=("NEVER_READ",))
    yield changed("an argument more", expected_arguments={**contract.expected_arguments, "never_parsed": "x"})


def test_every_script_of_the_images_is_mutated() -> None:
    assert {script for _, script in PAIRS} == set(SCRIPTS)
    assert len(SCRIPTS) >= 13


@pytest.mark.parametrize(("contract", "script"), PAIRS, ids=IDS)
def test_our_scripts_keep_their_contracts(contract: ScriptContract, script: Path) -> None:
    findings = check(contract, analysis_of(script))
    assert [finding.message for finding in findings if finding.verdict is Verdict.VIOLATED] == []
    promised = ("input", "output", "env", "argument")
    assert [f.message for f in findings if f.clause in promised and f.verdict is not Verdict.PROVEN] == []


@pytest.mark.parametrize(("contract", "script"), PAIRS, ids=IDS)
def test_every_mutant_of_a_contract_is_noticed(contract: ScriptContract, script: Path) -> None:
    before = check(contract, analysis_of(script))
    mutants = list(contract_mutants(contract))
    missed = [name for name, mutant in mutants if not noticed(before, check(mutant, analysis_of(script)))]
    assert missed == []
    assert len(mutants) > 3
