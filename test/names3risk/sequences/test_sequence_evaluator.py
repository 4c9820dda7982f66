"""The evaluator beside a training on events judges its weights by the loss that training has."""

import pytest
import yaml
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.models.pointer import build_pointer
from names3risk.sequences.evaluator import evaluator_of_events
from names3risk.sequences.job import SequenceConfig, train_on_events
from names3risk.training.trainer import load_weights


def test_the_original_s_recipe_is_judged_from_beside(events, schema, tiny, tmp_path) -> None:
    events.write_csv(tmp_path / "events.csv")
    sizes = ("embedding_size", "n_heads", "n_blocks", "feed_forward_size", "history_length")
    small = tiny().model_dump(include={*sizes})
    run = {"model_class": "pointer", "recipe": "pointer-original", "coverage_weight": 1.0, "max_epochs": 2}
    content = {
        "data": "events.csv",
        "columns": schema.model_dump(mode="json"),
        "hyperparameters": {**run, **small, "batch_size": 512, "load_ckpt": False, "val_check_interval": 1.0},
        "output": ".",
    }
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(content))
    config = SequenceConfig.load(tmp_path / "train.yaml")
    result = train_on_events(config, parts=())
    done = CliRunner().invoke(app, ["evaluator", "--watch", str(tmp_path / "checkpoints"), "--batches", "1"])
    assert done.exit_code == 0, done.output
    loss = result.fitted.history[-1]["val_loss"]
    assert f"best running average {loss:.4f}, by the weights of step {result.fitted.steps}" in done.output
    evaluator = evaluator_of_events(config)
    assert evaluator.state.best == pytest.approx(loss, abs=1e-5)
    load_weights(evaluator.model, evaluator.best_path)
    assert isinstance(evaluator.model, type(build_pointer(tiny(), 5, 5, [2])))
