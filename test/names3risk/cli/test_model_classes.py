"""`names3risk models list` and `show`."""

import pytest
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models.catalogue import ALL_CLASSES


def run(*arguments):
    return CliRunner().invoke(app, ["models", *arguments], env={"COLUMNS": "300"})


def test_the_list_names_every_class_with_its_size():
    found = run("list")
    assert found.exit_code == 0, found.output
    lines = {line.split()[0]: line for line in found.output.splitlines() if line.strip()}
    assert set(ALL_CLASSES) <= set(lines)
    assert "tabular features" in lines["xgboost"]
    assert "10,888,523" in lines["transformer2risk"]
    assert "text and tabular features" in lines["multimodal_moe"]
    assert "A BERT that classifies text alone." in lines["bert"]


@pytest.mark.parametrize("name", list(ALL_CLASSES))
def test_every_hyperparameter_is_shown_with_its_default(name):
    shown = run("show", name, "--all").output
    rows = {line.split()[0]: line for line in shown.splitlines() if line.startswith(" ") and line.strip()}
    for field, info in ALL_CLASSES[name].model_fields.items():
        assert str(info.default)[:20] in rows[field], field


def test_bounds_types_inputs_and_size_are_shown():
    shown = run("show", "multimodal_cross_attn").output
    assert "reads text and tabular features; names3risk train trains it" in shown
    assert "parameters at the defaults with 4,000 tokens and 100 features" in shown
    heads = next(line for line in shown.splitlines() if line.split()[:1] == ["n_heads"])
    assert ">= 1, <= 64" in heads
    assert "must divide hidden_common_dim" in heads
    assert "none | periodic" in shown


def test_common_hyperparameters_are_shown_on_demand_only():
    short, long = run("show", "lstm").output, run("show", "lstm", "--all").output
    assert "gradient_clip_val" not in short
    assert "gradient_clip_val" in long
    assert f"and {len(Hyperparameters.model_fields) - 1} that all classes have" in short


def test_an_unknown_class_is_named_beside_the_known():
    with pytest.raises(ConfigError, match="unknown model class 'other'; expected one of lstm2risk"):
        raise run("show", "other").exception
    with pytest.raises(ConfigError, match=r"did you mean 'lstm2risk'\?"):
        raise run("show", "lstm3risk").exception
