"""Mutation test: what a script says of its contract's paths, variables and arguments, renamed or dropped, is noticed.

So are the reads and writes that its local modules do for it. The mutants are many: each run takes others, chosen by the
day. `MUTANTS=all` takes every one, and `MUTANTS=1 ... MUTANTS=n` those of that seed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from contract_mutants import Mutant, noticed, places_of, script_mutants, without

from pipeline_script_contracts import ALL_CONTRACTS, ScriptContract
from pipeline_script_contracts.analysis import Session, analyse
from pipeline_script_contracts.findings import Finding, Verdict
from pipeline_script_contracts.rules import check

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "dockers").glob("*/*.py"))
PAIRS = [(contract, script) for contract in ALL_CONTRACTS for script in SCRIPTS if contract.entry_point == script.name]
each_script = pytest.mark.parametrize(
    ("contract", "script"), PAIRS, ids=[f"{script.parent.name}/{script.name}" for _, script in PAIRS]
)
SEED = os.environ.get("MUTANTS", str(datetime.now(UTC).toordinal()))
OF_SCRIPT, OF_MODULES = 12, 2
T = TypeVar("T")

BELOW = "the channels are then looked for in the working folder; two other inputs below this one are still read"
SERVED = (
    "the handlers keep the contract where a serving stack calls them; a server that is not started reads nothing else"
)
NOTHING = "a contract writes '' where there is no default"
ANY_TEXT = "the script hands the number on as it is, so that a text will do"
ON_PURPOSE = {
    ("pytorch_training.py", "dropped input_paths['input_path'] in Path"): BELOW,
    ("tabular_preprocessing.py", "dropped the default of os.environ.get('REGION', '')"): NOTHING,
    ("pytorch_training.py", "dropped the default of os.environ.get('REGION', '')"): NOTHING,
    ("train_xgb.py", "dropped the default of os.environ.get('REGION', '')"): NOTHING,
    ("train_xgb.py", "dropped the default of os.environ.get('TRAINING_JOB_NAME', '')"): NOTHING,
    ("tokenizer_training.py", "dropped type=int of '--seed'"): ANY_TEXT,
    ("model_calibration.py", "dropped type=int of '--seed'"): ANY_TEXT,
    ("payload.py", "dropped type=int of '--seed'"): ANY_TEXT,
    **{
        (script, change): SERVED
        for script in ("inference.py", "inference_xgb.py")
        for change in (
            "dropped if __name__ == '__main__':",
            "dropped with container_job() as base_dir:",
            "dropped serve(model_fn(str(base_dir / 'model')), host=ALL_ADDRESSES, port=port)",
            "dropped model_fn(str(base_dir / 'model')) in serve",
            "dropped base_dir / 'model' in str",
        )
    },
}
"""The mutants that keep the contract, each with the reason."""


def some(every: list[T], name: str, count: int) -> list[T]:
    """Gives as many of the mutants as a run has time for; which, depends on the seed and the script."""
    return every if SEED == "all" or len(every) <= count else Random(f"{SEED} {name}").sample(every, count)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the local modules, to change."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "src" / "names3risk", folder / "names3risk", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def findings_of(contract: ScriptContract, script: Path, root: Path, session: Session) -> list[Finding]:
    return check(contract, analyse(script, source_roots=[root], session=session))


@each_script
def test_there_are_mutants_of_every_kind(contract: ScriptContract, script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    changes = [mutant.change for mutant in script_mutants(contract, source)]
    kinds = {change.split(" ")[0] for change in changes}
    assert kinds == {"renamed", "dropped"}
    for name in contract.expected_arguments if "add_argument" in source else ():
        assert any(change.startswith(f"dropped parser.add_argument('--{name}'") for change in changes)
    for name in contract.optional_env_vars:
        assert any(change.startswith("dropped the lookup ") and f"'{name}'" in change for change in changes)
    excused = {change for name, change in ON_PURPOSE if name == script.name}
    assert excused <= set(changes)  # no excuse outlives its mutant


@pytest.mark.slow
@each_script
def test_every_mutant_of_a_script_is_noticed(
    contract: ScriptContract, script: Path, tmp_path: Path, session: Session
) -> None:
    before = findings_of(contract, script, ROOT / "src", session)
    every = list(script_mutants(contract, script.read_text(encoding="utf-8")))
    missed: list[Mutant] = []
    for mutant in some(every, script.name, OF_SCRIPT):
        changed = tmp_path / script.name
        changed.write_text(mutant.source, encoding="utf-8")
        after = findings_of(contract, changed, ROOT / "src", session)
        if noticed(before, after) == ((script.name, mutant.change) in ON_PURPOSE):
            missed.append(mutant)
        changed.unlink()
    assert [str(mutant) for mutant in missed] == [], f"with MUTANTS={SEED}"


@pytest.mark.slow
@each_script
def test_nothing_is_proven_without_the_calls_that_do_it(
    contract: ScriptContract, script: Path, sources: Path, tmp_path: Path, session: Session
) -> None:
    """The calls may stand in any module that the script uses."""
    copy = tmp_path / script.name
    shutil.copy(script, copy)
    analysis = analyse(copy, source_roots=[sources], session=session)
    clauses = [("input", path) for path in contract.expected_input_paths.values()]
    clauses += [("output", path) for path in contract.expected_output_paths.values()]
    clauses += [("env", name) for name in contract.optional_env_vars]
    clauses += [("argument", name) for name in contract.expected_arguments]
    still = []
    for clause, subject in some(clauses, script.name, OF_MODULES):
        places = places_of(analysis, clause, subject)
        texts = {Path(name): without(Path(name).read_text(encoding="utf-8"), each) for name, each in places.items()}
        with changed_files(texts):
            findings = findings_of(contract, copy, sources, session)
        still += [
            f"{each.message} at {each.filename}:{each.location.line}"
            for each in findings
            if each.verdict is Verdict.PROVEN and (each.clause, each.subject) == (clause, subject)
        ]
        assert texts
    assert still == [], f"with MUTANTS={SEED}"


@contextmanager
def changed_files(texts: dict[Path, str]) -> Iterator[None]:
    """Gives files other contents for a while; afterwards they are as before, to the time of their last change."""
    aside = {path: path.rename(path.with_suffix(".aside")) for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        yield
    finally:
        for path, kept in aside.items():
            kept.replace(path)
