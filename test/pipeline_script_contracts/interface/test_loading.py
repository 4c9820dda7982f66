"""Contracts from modules and files, and what is said of those that cannot be used."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_script_contracts import ProcessingScriptContract, TrainingScriptContract
from pipeline_script_contracts.loading import load_contracts
from pipeline_script_contracts.settings import UsageError

MODULE = """
from pipeline_script_contracts import TrainingScriptContract
TRAIN = TrainingScriptContract(entry_point="train.py", expected_output_paths={"model": "/opt/ml/model"})
_HIDDEN = TrainingScriptContract(entry_point="hidden.py")
OTHER = 3
"""


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("c2_"):
            del sys.modules[name]


def test_a_constant_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "c2_one.py").write_text(MODULE)
    loaded = load_contracts(["c2_one:TRAIN"], tmp_path)
    assert [(each.name, each.contract.entry_point) for each in loaded.contracts] == [("TRAIN", "train.py")]
    assert tmp_path / "c2_one.py" in loaded.files


def test_all_public_constants_of_a_package_and_its_contract_modules(tmp_path: Path) -> None:
    package = tmp_path / "src" / "c2_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "train_contract.py").write_text(MODULE)
    (package / "broken.py").write_text("raise RuntimeError('not a contract module, so not imported')")
    loaded = load_contracts(["c2_package"], tmp_path)
    assert [each.name for each in loaded.contracts] == ["TRAIN"]
    assert package / "train_contract.py" in loaded.files


def test_the_package_of_this_project_lists_its_contracts(tmp_path: Path) -> None:
    names = {each.name for each in load_contracts(["pipeline_script_contracts"], tmp_path).contracts}
    assert {"TABULAR_PREPROCESS_CONTRACT", "MODEL_EVALUATION_CONTRACT"} <= names


def test_json_and_yaml_files(tmp_path: Path) -> None:
    fields = {"type": "training", "entry_point": "a.py", "expected_output_paths": {"model": "/opt/ml/model"}}
    (tmp_path / "a.json").write_text(json.dumps(fields))
    (tmp_path / "b.yaml").write_text("- type: ProcessingScriptContract\n  entry_point: b.py\n- {entry_point: c.py}\n")
    loaded = load_contracts(["*.json", "b.yaml"], tmp_path)
    contracts = {each.name: each.contract for each in loaded.contracts}
    assert list(contracts) == ["a.json:a.py", "b.yaml:b.py", "b.yaml:c.py"]
    assert isinstance(contracts["a.json:a.py"], TrainingScriptContract)
    assert isinstance(contracts["b.yaml:b.py"], ProcessingScriptContract)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.json", "{", r"c.json: not valid JSON"),
        ("c.yaml", "a: [", r"c.yaml: not valid YAML"),
        ("c.json", "3", r"c.json: expected the fields of a contract, found int"),
        ("c.json", '[{"entry_point": "a.py"}, 3]', r"c.json: contract 2: expected the fields"),
        ("c.json", '{"type": "batch", "entry_point": "a.py"}', r"type: expected one of training, .*found 'batch'"),
        ("c.json", '{"type": "training"}', r"invalid contract: entry_point: Field required"),
        (
            "c.json",
            '{"entry_point": "a.py", "expected_inputs": {}}',
            r"no such field; did you mean 'expected_input_paths'\?",
        ),
        (
            "c.json",
            '{"entry_point": "a.py", "kind": "training"}',
            r"kind: a contract has no such field; it has type, entry",
        ),
        (
            "c.json",
            '{"type": "training", "entry_point": "a.py", "expected_output_paths": {"m": "/opt/ml/modelX"}}',
            r"expected_output_paths: m: '/opt/ml/modelX' must be /opt/ml/model",
        ),
    ],
)
def test_an_invalid_file_is_named_with_its_field(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        load_contracts([name], tmp_path)


def test_a_folder_by_the_name_of_a_contract(tmp_path: Path) -> None:
    (tmp_path / "c.json").mkdir()
    with pytest.raises(UsageError, match=r"c\.json: cannot read the contract: Is a directory"):
        load_contracts(["*.json"], tmp_path)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_contracts(["c.json"], tmp_path)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no_such.json", "no contract file no_such.json below"),
        ("none/*.yaml", r"no contract file none/\*.yaml below"),
        ("c2_missing_module", "cannot import the contracts of 'c2_missing_module': ModuleNotFoundError"),
        ("json:NOPE", "module json has no 'NOPE'"),
        ("json:dumps", "expected a ScriptContract, found function"),
        ("json", "no contract there"),
    ],
)
def test_a_reference_that_leads_nowhere(tmp_path: Path, reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_contracts([reference], tmp_path)


def test_an_invalid_contract_in_a_module_is_told_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "c2_bad.py").write_text(MODULE.replace('"/opt/ml/model"', '"relative/model"'))
    with pytest.raises(
        UsageError, match=r"c2_bad: invalid contract: expected_output_paths: model: .* must be an absolute"
    ):
        load_contracts(["c2_bad"], tmp_path)


def test_sys_path_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "c2_two.py").write_text(MODULE)
    before = list(sys.path)
    load_contracts(["c2_two:TRAIN"], tmp_path)
    assert sys.path == before


def test_yaml_without_pyyaml_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.yaml").write_text("entry_point: a.py\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UsageError, match="reading YAML needs PyYAML; install pyyaml, or write the contract as JSON"):
        load_contracts(["c.yaml"], tmp_path)
