"""What scripts will read in their containers is checked before a pipeline is compiled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from names3risk.cli.pipeline_loading import load_pipeline, values_of_step
from pipeline_steps import PipelineError, PyTorchTrainingStepBuilder
from pipeline_steps.configuration import find_problems
from pipeline_steps.settings import TrainingSettings

EXAMPLES = Path(__file__).parents[3] / "examples"
TABLE = "{id_name: id, time_name: at, label: {column: y, classes: [[0], [1]]}, tab_field_list: [a]"
ROLES = TABLE + ", text_source_fields: [name]}"
Told = Callable[..., list[str]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """What is wrong with an example after a text in it was replaced, in its own words."""

    def problems(example: str, old: str, new: str) -> list[str]:
        text = (EXAMPLES / example).read_text().replace("../", f"{EXAMPLES.parent}/")
        text = text.replace("hyperparameters/", f"{EXAMPLES}/hyperparameters/")
        assert old in text
        text = text.replace(old, new)
        (tmp_path / example).write_text(text)
        _, found = find_problems(tmp_path / example, (), (values_of_step,))
        for problem in found:
            assert problem.where.split(".")[-1] in text.splitlines()[problem.line - 1] or problem.where == "columns"
        return [f"{problem.step}: {problem.where}: {problem.message}" for problem in found]

    return problems


NETWORK = f"{EXAMPLES}/hyperparameters/lstm2risk.json"
COLUMNS = f"{EXAMPLES.parent}/src/names3risk/data/samples/spam_assassin.yaml"


@pytest.mark.parametrize(
    ("example", "old", "new", "expected"),
    [
        (
            "names3risk.yaml",
            NETWORK,
            "{model_class: lstm2risk, hiden_size: 3, lr: fast}",
            "TrainModel: hyperparameters: unknown hyperparameter 'hiden_size' of model class lstm2risk; "
            "did you mean 'hidden_size'?; lr: Input should be a valid number",
        ),
        (
            "names3risk.yaml",
            NETWORK,
            "{model_class: lstm2risk, sgd_momentum: 0.5}",
            "TrainModel: hyperparameters: sgd_momentum has no effect with optimizer adamw",
        ),
        (
            "names3risk.yaml",
            NETWORK,
            "{model_class: lstm3}",
            "TrainModel: hyperparameters: unknown model class 'lstm3'",
        ),
        (
            "names3risk.yaml",
            NETWORK,
            "{model_class: lstm2risk, lr: {parameter: MinimumAuroc}, hiden_size: 3}",
            "TrainModel: hyperparameters: unknown hyperparameter 'hiden_size'",
        ),
        (
            "xgboost.yaml",
            "max_depth: 4",
            "max_dept: 4",
            "TrainModel: hyperparameters: unknown hyperparameter 'max_dept'",
        ),
        ("tuning.yaml", "      lr: {type", "      lrr: {type", "Tune: ranges: unknown hyperparameter 'lrr'"),
        ("tuning.yaml", "max: 0.4", "max: 1.4", "Tune: ranges: dropout_rate: Input should be less than 1, not 1.4"),
        (
            "names3risk.yaml",
            COLUMNS,
            TABLE + ", text_fields: [name]}",
            "Preprocess: columns: not a column schema: unknown field 'text_fields'",
        ),
    ],
)
def test_what_a_script_would_refuse_is_told_before(told: Told, example: str, old: str, new: str, expected: str) -> None:
    (problem,) = told(example, old, new)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("example", "old", "new"),
    [
        ("names3risk.yaml", NETWORK, NETWORK),
        ("xgboost.yaml", "max_depth: 4", "max_depth: {parameter: MinimumAuroc}"),
        ("tuning.yaml", "scaling: Logarithmic", "scaling: ReverseLogarithmic"),
        # With a reference among the values, whether they go together is known when the pipeline runs.
        (
            "names3risk.yaml",
            NETWORK,
            "{model_class: lstm2risk, optimizer: {parameter: ModelApprovalStatus}, sgd_momentum: 0.5}",
        ),
        ("names3risk.yaml", NETWORK, "{model_class: {parameter: ModelApprovalStatus}, hidden_size: 3}"),
        ("names3risk.yaml", COLUMNS, ROLES),
    ],
)
def test_what_a_script_takes_is_not(told: Told, example: str, old: str, new: str) -> None:
    assert told(example, old, new) == []


def test_field_lists_are_left_to_the_pipeline(told: Told, tmp_path: Path) -> None:
    (tmp_path / "na.txt").write_text("a\nb\n")
    assert told("names3risk.yaml", COLUMNS, ROLES.replace("[a]", "{files: [na.txt]}")) == []


def test_a_pipeline_with_a_wrong_value_does_not_compile(tmp_path: Path) -> None:
    values: dict[str, Any] = json.loads(Path(NETWORK).read_text())
    (tmp_path / "wrong.json").write_text(json.dumps({**values, "hiden_size": 3}))
    text = (EXAMPLES / "names3risk.yaml").read_text().replace("../", f"{EXAMPLES.parent}/")
    (tmp_path / "pipeline.yaml").write_text(text.replace("hyperparameters/lstm2risk.json", "wrong.json"))
    with pytest.raises(PipelineError, match=r"TrainModel: hyperparameters: PP101 unknown hyperparameter 'hiden_size'"):
        load_pipeline(tmp_path / "pipeline.yaml", []).definition()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"model_class": "multimodal_cnn", "n_heads": 2},
            "unknown hyperparameter 'n_heads' of model class multimodal_cnn",
        ),
        ({"model_class": "multimodal_cnn", "max_epochs": 2}, None),
        ({"model_class": "of_their_own", "n_heads": 2}, None),
        ({"layers": 2}, None),
    ],
)
def test_a_script_whose_contract_names_no_hyperparameters_may_have_its_own(
    given: dict[str, Any], told: str | None
) -> None:
    settings = TrainingSettings(image="image", code=EXAMPLES, hyperparameters=given)
    found = [problem.message for problem in values_of_step(PyTorchTrainingStepBuilder("Train", settings))]
    assert found == [] if told is None else found[0].startswith(told)
