"""Mutation test: each path, variable and argument of our scripts and contracts, renamed or dropped, is noticed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_script_contracts import ALL_CONTRACTS, InferenceScriptContract, ScriptContract
from pipeline_script_contracts.analysis import Analysis, analyse
from pipeline_script_contracts.findings import Finding, Verdict
from pipeline_script_contracts.rules import check

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "dockers").glob("*/*.py"))
PAIRS = [(contract, script) for contract in ALL_CONTRACTS for script in SCRIPTS if contract.entry_point == script.name]
IDS = [f"{script.parent.name}/{script.name}" for _, script in PAIRS]
JOBS = [(contract, script) for contract, script in PAIRS if not isinstance(contract, InferenceScriptContract)]
"""Without serving scripts: the platform gives their handlers the model's folder, which no string of theirs names."""
ASKING = ("os.environ.get", "os.getenv", "add_argument")
_ANALYSES: dict[Path, Analysis] = {}


def analysis_of(script: Path) -> Analysis:
    if script not in _ANALYSES:
        _ANALYSES[script] = analyse(script, source_roots=[ROOT / "src"])
    return _ANALYSES[script]


def key(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.clause, finding.subject


def noticed(before: list[Finding], after: list[Finding]) -> bool:
    """A mutant is noticed when something is violated, or something proven is no longer proven."""
    if any(finding.verdict is Verdict.VIOLATED for finding in after):
        return True
    proven = {key(finding) for finding in after if finding.verdict is Verdict.PROVEN}
    return any(finding.verdict is Verdict.PROVEN and key(finding) not in proven for finding in before)


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


def script_mutants(contract: ScriptContract, source: str) -> Iterator[tuple[str, str]]:
    """Gives each script in which one string that the contract speaks of is spelled differently."""
    declared = [*contract.expected_input_paths.values(), *contract.expected_output_paths.values()]
    names = {*contract.optional_env_vars, *contract.required_env_vars}
    names |= {f"--{name}" for name in contract.expected_arguments}
    tree = ast.parse(source)
    asked = {
        id(each.args[0])
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and each.args and ast.unparse(each.func).endswith(ASKING)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        text = node.value
        is_tail = len(text) > 4 and any(path.endswith(f"/{text}") for path in declared)
        if not (is_tail or text in declared or (text in names and id(node) in asked)):
            continue
        segment = ast.get_source_segment(source, node)
        if segment is None or node.lineno != node.end_lineno:
            continue
        lines = source.splitlines(keepends=True)
        line = lines[node.lineno - 1].encode()
        mutated = line[: node.col_offset] + repr(f"{text}_mutant").encode() + line[node.end_col_offset :]
        lines[node.lineno - 1] = mutated.decode()
        yield f"line {node.lineno}: {text}", "".join(lines)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "script"), JOBS, ids=[f"{script.parent.name}/{script.name}" for _, script in JOBS]
)
def test_every_mutant_of_a_script_is_noticed(contract: ScriptContract, script: Path, tmp_path: Path) -> None:
    before = check(contract, analysis_of(script))
    missed, count = [], 0
    for name, source in script_mutants(contract, script.read_text(encoding="utf-8")):
        count += 1
        mutant = tmp_path / script.name
        mutant.write_text(source, encoding="utf-8")
        if not noticed(before, check(contract, analyse(mutant, source_roots=[ROOT / "src", script.parent]))):
            missed.append(name)
        mutant.unlink()
    assert missed == []
    assert count
