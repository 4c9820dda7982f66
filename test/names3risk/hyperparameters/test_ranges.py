"""A search space is checked against the class before the first training, and is the pipeline's own notation."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from names3risk.errors import ConfigError
from names3risk.hyperparameters import HYPERPARAMETER_CLASSES
from names3risk.hyperparameters.ranges import Range, check_ranges
from names3risk.tuning import TuneConfig
from names3risk.tuning.report import write_step
from pipeline_steps.builders.tuning import TuningSettings

RANGES: dict[str, Any] = {
    "lr": {"type": "Continuous", "min": 0.0001, "max": 0.1, "scaling": "Logarithmic"},
    "batch_size": {"type": "Integer", "min": 16, "max": 512},
    "optimizer": {"type": "Categorical", "values": ["adamw", "adagrad"]},
    "run_scheduler": {"type": "Categorical", "values": ["true", "false"]},
}


def parsed(ranges: dict[str, Any]) -> dict[str, Range]:
    return TypeAdapter(dict[str, Range]).validate_python(ranges)


@pytest.mark.parametrize("name", list(HYPERPARAMETER_CLASSES))
def test_common_hyperparameters_can_be_searched_for_every_class(name: str) -> None:
    cls = HYPERPARAMETER_CLASSES[name]
    known = {key: value for key, value in RANGES.items() if key in cls.model_fields}
    check_ranges(parsed(known), cls, {})


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"hiden_size": RANGES["batch_size"]}, "unknown hyperparameter 'hiden_size'.*did you mean 'hidden_size'"),
        ({"lr": {"type": "Continuous", "min": 0.0, "max": 1.0}}, "lr: Input should be greater than 0, not 0"),
        ({"lr": {"type": "Continuous", "min": 0.1, "max": 99.0}}, "lr: Input should be less than or equal to 10"),
        ({"batch_size": {"type": "Continuous", "min": 2, "max": 9}}, "batch_size is a whole number"),
        ({"optimizer": {"type": "Categorical", "values": ["adamw", "lion"]}}, "optimizer: .*'lion'"),
        ({"id_name": {"type": "Categorical", "values": ["a"]}}, "id_name says what the data is"),
        ({"seed": {"type": "Integer", "min": 0, "max": 9}}, "seed is both under hyperparameters and under ranges"),
    ],
)
def test_what_is_out_of_bounds_is_named(ranges: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_ranges(parsed(ranges), HYPERPARAMETER_CLASSES["lstm2risk"], {"seed": 3})


def test_all_problems_are_told_at_once() -> None:
    ranges = {"hiden_size": RANGES["batch_size"], "lr": {"type": "Continuous", "min": 0.0, "max": 11.0}}
    with pytest.raises(ConfigError, match=r"hiden_size.*; lr: .*; lr: "):
        check_ranges(parsed(ranges), HYPERPARAMETER_CLASSES["lstm2risk"], {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranges": {"lr": {"type": "Continuous", "min": 1.0, "max": 0.1}}}, "min 1 is greater than max 0.1"),
        ({"ranges": {"lr": {"type": "Continuous", "min": 0, "max": 1, "scaling": "Logarithmic"}}}, "is not above 0"),
        ({"ranges": {"lr": {"type": "Continous", "min": 0.1, "max": 1}}}, "ranges.lr: .*'Integer', 'Continuous'"),
        ({"ranges": {}}, "ranges: Dictionary should have at least 1 item"),
        ({"trial": 3}, "unknown field 'trial' .did you mean 'trials'"),
        ({"trials": 0}, "trials: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, change: dict[str, Any], message: str) -> None:
    good = {"data": "d", "output": "o", "hyperparameters": {"model_class": "lstm2risk"}, "ranges": RANGES}
    (tmp_path / "tune.yaml").write_text(yaml.safe_dump({**good, **change}))
    with pytest.raises(ConfigError, match=message):
        TuneConfig.load(tmp_path / "tune.yaml")


def test_scaling_auto_is_logarithmic_where_the_ends_lie_far_apart() -> None:
    found = parsed(
        {
            "a": {"type": "Continuous", "min": 1e-5, "max": 1e-1},
            "b": {"type": "Continuous", "min": 0.1, "max": 0.5},
            "c": {"type": "Integer", "min": 1, "max": 1000, "scaling": "Linear"},
        }
    )
    assert [each.logarithmic for each in found.values() if each.type != "Categorical"] == [True, False, False]


def test_the_same_ranges_go_into_the_tuning_step_of_a_pipeline(tmp_path) -> None:
    config = TuneConfig.model_validate(
        {
            "data": tmp_path,
            "output": tmp_path,
            "hyperparameters": {"model_class": "lstm2risk", "hidden_size": 8},
            "ranges": {**RANGES, "ngram_max": {"type": "Categorical", "values": [0, 2]}},
            "trials": 7,
        }
    )
    settings = yaml.safe_load(write_step(config, "val_auroc"))
    step = TuningSettings.model_validate({**settings, "image": "i", "code": "c", "instance_type": "ml.m5.xlarge"})
    assert step.max_jobs == 7
    assert (step.objective, step.goal) == ("val_auroc", "Maximize")
    assert step.ranges["ngram_max"].model_dump()["values"] == ["0", "2"]
    for name, given in RANGES.items():
        assert given.items() <= step.ranges[name].model_dump().items()
    # And back: what a step says is a search space here.
    again = parsed(settings["ranges"])
    assert again["lr"] == config.ranges["lr"]
    check_ranges(again, HYPERPARAMETER_CLASSES["lstm2risk"], {})
