"""Contracts: what they accept, that every broken rule is reported, and that they cannot be changed."""

import copy
import pickle

import pytest
from pydantic import ValidationError

import pipeline_script_contracts
from pipeline_script_contracts import (
    ALL_CONTRACTS,
    PYTORCH_TRAIN_CONTRACT,
    InferenceScriptContract,
    ProcessingScriptContract,
    ScriptContract,
    TrainingScriptContract,
)


def test_the_original_usage_works() -> None:
    assert PYTORCH_TRAIN_CONTRACT.entry_point == "train.py"
    assert PYTORCH_TRAIN_CONTRACT.expected_input_paths["input_path"] == "/opt/ml/input/data"
    assert PYTORCH_TRAIN_CONTRACT.optional_env_vars == {"SM_CHECKPOINT_DIR": "/opt/ml/checkpoints"}


def test_every_broken_rule_is_reported() -> None:
    with pytest.raises(ValidationError) as error:
        ScriptContract(
            entry_point="/train.txt",
            expected_input_paths={
                "a b": "/opt/ml/x",
                "b": "data",
                "c": "/opt/ml/../x",
                "d": "/srv/x",
                "e": "/opt/ml/x",
            },
            expected_arguments={"--epochs": 1},
            required_env_vars=["A", "A", "1B"],
            optional_env_vars={"C-D": ""},
            hyperparameters="NoDot",
            framework_requirements={"torch": "two"},
        )
    text = str(error.value)
    for expected in (
        "must be a Python file",
        "must lie in the script's folder",
        "'a b' is not a logical name",
        "'data' must be an absolute path",
        "must be in plain form",
        "'/srv/x' must be /opt/ml, or lie below",
        "is declared twice, as 'a b' and 'e'",
        "'--epochs' is not an argument name",
        "'A' is listed twice",
        "'1B' is not a name of an environment variable",
        "'C-D' is not a name of an environment variable",
        "must name a model as 'package.module.ClassName'",
        "'two' is not a version specifier",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"required_env_vars": ["A"], "optional_env_vars": {"A": ""}}, "both required and optional"),
        ({"expected_arguments": {"job-type": 1, "job_type": 2}}, "differ only by hyphen"),
        ({"framework_provided": ["nothing"]}, "neither an input nor an output"),
        ({"unknown_field": 1}, "Extra inputs are not permitted"),
    ],
)
def test_fields_must_agree(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ScriptContract(entry_point="a.py", **fields)


@pytest.mark.parametrize(
    ("contract_class", "path", "allowed"),
    [
        (ProcessingScriptContract, "/opt/ml/processing/input", True),
        (ProcessingScriptContract, "/opt/ml/processingX", False),
        (TrainingScriptContract, "/opt/ml/input/data/train", True),
        (TrainingScriptContract, "/opt/ml/model", False),
        (InferenceScriptContract, "/opt/ml/model", True),
        (InferenceScriptContract, "/opt/ml/modelX", False),
    ],
)
def test_input_paths_are_compared_by_component(contract_class: type[ScriptContract], path: str, allowed: bool) -> None:
    if allowed:
        assert contract_class(entry_point="a.py", expected_input_paths={"x": path}).expected_input_paths["x"] == path
    else:
        with pytest.raises(ValidationError, match="lie below"):
            contract_class(entry_point="a.py", expected_input_paths={"x": path})


def test_requirements_may_be_lines() -> None:
    contract = ScriptContract(
        entry_point="a.py", framework_requirements=["torch==2.1.2", "lightning[extra]>=2,<3", "numpy"]
    )
    assert contract.framework_requirements == {"torch": "==2.1.2", "lightning[extra]": ">=2,<3", "numpy": ""}


def test_a_contract_cannot_be_changed_but_copied_and_pickled() -> None:
    contract = PYTORCH_TRAIN_CONTRACT
    with pytest.raises(ValidationError):
        contract.entry_point = "other.py"
    with pytest.raises(TypeError, match="cannot be changed"):
        contract.expected_input_paths["x"] = "/opt/ml/x"
    assert copy.copy(contract.expected_input_paths) is contract.expected_input_paths
    assert copy.deepcopy(contract) == contract
    assert pickle.loads(pickle.dumps(contract)) == contract
    assert ScriptContract.model_validate(contract.model_dump()).expected_output_paths == contract.expected_output_paths


def test_public_names_are_there_and_others_are_not() -> None:
    for name in pipeline_script_contracts.__all__:
        assert getattr(pipeline_script_contracts, name) is not None
    assert len({id(contract) for contract in ALL_CONTRACTS}) == len(ALL_CONTRACTS)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pipeline_script_contracts.nothing  # noqa: B018 - the access is what is tested
