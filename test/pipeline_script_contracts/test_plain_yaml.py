"""A contract in YAML means what it says, and the same as every other YAML file of a project."""

from pathlib import Path

import pytest
import yaml

from names3risk import plain_yaml as of_the_library
from pipeline_script_contracts import TrainingScriptContract
from pipeline_script_contracts.loading import load_contracts
from pipeline_script_contracts.plain_yaml import dump_plain_yaml, load_plain_yaml
from pipeline_script_contracts.settings import UsageError
from pipeline_steps.yaml_document import read_yaml

TEXTS = [
    "on: [no, NO, yes, on, off, N, y]",
    "numbers: [1, -2, +3, 0123, 089, 0.5, .5, 5., 1e-3, 1E3, -1.5e+2]",
    "words: ['1', \"true\", 1_000, 0x1F, 0o17, 12:30, 1:30:00, 2020-01-01, .inf, 1.2.3, '', -, e5, =]",
    "nothing: [null, Null, NULL, ~, ]\ntruths: [true, True, TRUE, false, False, FALSE, tRue]",
    "nested: {a: [{b: c}, []], d: {}}\nempty:\ntext: |\n  two\n  lines\n",
    "base: &base {a: 1}\nagain: *base",
    "",
]
WORDS = ["1e-05", "1e5", "no", "on", "0123", "0x1F", "1_000", "12:30", ".5", "~", "true", "2020-01-01", "", "<<", "é"]


def contract_of(tmp_path: Path, text: str) -> TrainingScriptContract:
    (tmp_path / "train.yaml").write_text(f"type: training\nentry_point: train.py\n{text}\n", encoding="utf-8")
    (loaded,) = load_contracts(["train.yaml"], tmp_path).contracts
    assert isinstance(loaded.contract, TrainingScriptContract)
    return loaded.contract


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_means_the_same_to_contracts_pipelines_and_the_library(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_plain_yaml(text) == of_the_library.load_plain_yaml(text) == read_yaml(path).value


@pytest.mark.parametrize("word", WORDS)
def test_what_is_written_reads_the_same_whoever_reads_it(tmp_path: Path, word: str) -> None:
    value = {"b": [word, 1e-05, 3, None, True], "a": {word: word}}
    text = dump_plain_yaml(value)
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    assert load_plain_yaml(text) == of_the_library.load_plain_yaml(text) == yaml.safe_load(text) == value
    assert read_yaml(tmp_path / "file.yaml").value == value
    assert list(load_plain_yaml(text)) == ["b", "a"]


def test_words_are_names_and_defaults_and_numbers_are_decimal(tmp_path: Path) -> None:
    contract = contract_of(
        tmp_path,
        "expected_arguments: {on: no, y: 1_000, start: 12:30, rate: 1e-3, seed: 010, verbose: false, fold: }\n"
        "optional_env_vars: {NO: off, DAY: 2020-01-01}\n"
        "framework_requirements: {xgboost: '==3.0', n: '>=1'}",
    )
    arguments = dict(contract.expected_arguments)
    assert arguments == {
        "on": "no",
        "y": "1_000",
        "start": "12:30",
        "rate": 0.001,
        "seed": 10,
        "verbose": False,
        "fold": None,
    }
    assert [type(arguments[name]) for name in ("rate", "seed", "verbose")] == [float, int, bool]
    assert dict(contract.optional_env_vars) == {"NO": "off", "DAY": "2020-01-01"}


def test_contracts_may_share_fields_by_merge_keys(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "- &first {type: training, entry_point: a.py, required_env_vars: [MODE]}\n- {<<: *first, entry_point: b.py}\n"
    )
    contracts = [each.contract for each in load_contracts(["all.yaml"], tmp_path).contracts]
    assert [(each.entry_point, list(each.required_env_vars)) for each in contracts] == [
        ("a.py", ["MODE"]),
        ("b.py", ["MODE"]),
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "c.yaml",
            "entry_point: a.py\nentry_point: b.py",
            r"c.yaml: not valid YAML: the key 'entry_point' occurs twice",
        ),
        ("c.json", '{"entry_point": "a.py", "entry_point": "b.py"}', r"c.json: not valid JSON: the key 'entry_point'"),
        (
            "c.yaml",
            "entry_point: !!python/name:os.system",
            r"c.yaml: not valid YAML: could not determine a constructor",
        ),
    ],
)
def test_what_a_contract_file_may_not_hold(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        load_contracts([name], tmp_path)
