"""The shared trainer on histories: every hyperparameter takes effect or is refused, recipes, coverage, resuming."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from names3risk.errors import ConfigError, DataError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.models.pointer import build_pointer
from names3risk.sequences.module import SequenceModule
from names3risk.sequences.preparation import PreparedSequences, prepare_sequences
from names3risk.sequences.reading import order_events
from names3risk.training.trainer import FitResult, fit

OWN: dict[str, tuple[dict[str, Any], Any]] = {
    "mode": ({}, "generate"),
    "history_length": ({}, 3),
    "min_item_count": ({}, 40),
    "embedding_size": ({}, 12),
    "n_blocks": ({}, 2),
    "n_heads": ({}, 1),
    "feed_forward_size": ({}, 9),
    "dropout_rate": ({}, 0.5),
    "entity_dropout": ({}, 0.9),
    "coverage_weight": ({}, 3.0),
    "label_smoothing": ({}, 0.3),
    "batch_size": ({}, 50),
    "early_stop_metric": ({"max_epochs": 5}, "val_accuracy"),
    "optimizer": ({"scheduler": "fixed"}, "adagrad"),
    "gradient_clip_val": ({"optimizer": "sgd", "scheduler": "fixed"}, 0.01),
    "scheduler": ({}, "fixed"),
    "weight_decay": ({}, 1.0),
    "precision": ({}, "bf16"),
    "weight_averaging": ({}, "ema"),
    "seed": ({}, 1),
}


@pytest.fixture(scope="module")
def train(events, schema, tmp_path_factory):
    ordered = order_events(events, schema)

    def run(hyperparameters: PointerHyperparameters, **options: Any) -> tuple[FitResult, PreparedSequences]:
        prepared = prepare_sequences(ordered, schema, hyperparameters.min_item_count)
        encoder, length = prepared.encoder, hyperparameters.history_length
        model = build_pointer(hyperparameters, len(encoder.items), len(encoder.entities), encoder.context_sizes)
        options.setdefault("checkpoint_dir", tmp_path_factory.mktemp("run"))
        return fit(
            model,
            hyperparameters,
            prepared.split("train", length),
            prepared.split("val", length),
            module_class=SequenceModule,
            accelerator="cpu",
            progress=False,
            **options,
        ), prepared

    return run


@pytest.fixture(scope="module")
def fingerprint(train, tiny):
    known: dict[str, Any] = {}

    def of(**values: Any) -> Any:
        hyperparameters = tiny(**values)
        key = hyperparameters.model_dump_json()
        if key not in known:
            result, _ = train(hyperparameters)
            weights = nn.utils.parameters_to_vector(result.model.parameters()).tolist()
            known[key] = weights, result.history, result.best_value
        return known[key]

    return of


@pytest.mark.parametrize("name", list(OWN))
def test_changing_it_changes_the_run(name: str, fingerprint) -> None:
    context, value = OWN[name]
    assert fingerprint(**{**context, name: value}) != fingerprint(**context)


def test_every_hyperparameter_of_the_class_is_tried() -> None:
    own = set(PointerHyperparameters.__annotations__) - {"model_class", "WITHOUT_EFFECT"}
    assert own <= set(OWN)


OTHERS: dict[str, Any] = {
    "id_name": "x",
    "text_source_fields": ["x"],
    "num_classes": 3,
    "max_sen_len": 7,
    "class_weights": [1.0, 2.0],
    "imputation": "median",
    "smooth_factor": 0.5,
    "loss": "focal",
    "early_stop_metric": "val_auroc",
    "compile": "always",
    "cuda_graphs": False,
}


@pytest.mark.parametrize("name", list(OTHERS))
def test_hyperparameters_of_other_classes_are_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        parse_hyperparameters({"model_class": "pointer", name: OTHERS[name]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "generate", "coverage_weight": 1.0}, "coverage_weight has no effect with mode generate"),
        ({"mode": "pointer", "label_smoothing": 0.1}, "label_smoothing has no effect with mode pointer"),
        ({"n_heads": 5}, "n_heads 5 does not divide embedding_size 64"),
    ],
)
def test_values_that_do_not_go_together(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_hyperparameters({"model_class": "pointer", **values})


@pytest.mark.parametrize("mode", ["mixture", "pointer", "generate"])
def test_every_mode_learns(mode: str, train, tiny) -> None:
    result, _ = train(tiny(mode=mode, max_epochs=6, dropout_rate=0.0, lr=0.02))
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"] - 0.1
    assert {"val_loss", "val_accuracy", "val_accuracy_at_5", "val_mrr", "val_ndcg_at_10"} <= set(result.history[0])


def test_the_original_recipe_with_coverage_and_the_proposed_one(train, tiny) -> None:
    small = {name: getattr(tiny(), name) for name in ("embedding_size", "n_heads", "n_blocks", "history_length")}
    given = {"model_class": "pointer", **small, "batch_size": 64, "val_check_interval": 1.0}
    original = parse_hyperparameters({**given, "recipe": "pointer-original", "coverage_weight": 1.0, "max_epochs": 4})
    assert isinstance(original, PointerHyperparameters)
    assert (original.optimizer, original.gradient_clip_val) == ("adagrad", 2.0)
    result, _ = train(original)
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]
    proposed = parse_hyperparameters({**given, "recipe": "pointer-proposed", "batch_size": 64, "max_epochs": 9})
    assert isinstance(proposed, PointerHyperparameters)
    result, _ = train(proposed)
    assert result.history[4]["lr"] == pytest.approx(6.5e-4)
    assert result.epochs >= 8


def test_a_run_that_went_on_is_the_unbroken_run(train, tiny, tmp_path) -> None:
    hyperparameters = tiny(max_epochs=3, scheduler="fixed")
    whole, _ = train(hyperparameters, checkpoint_dir=tmp_path / "whole")

    from lightning.pytorch.callbacks import Callback

    class Break(Callback):
        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            if trainer.current_epoch == 2:
                raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        train(hyperparameters, checkpoint_dir=tmp_path / "broken", callbacks=[Break()])
    resumed, _ = train(hyperparameters, checkpoint_dir=tmp_path / "broken", resume=True)
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_parts_without_histories_are_refused(events, schema, train, tiny) -> None:
    first = order_events(events, schema).group_by("who", maintain_order=True).first()
    prepared = prepare_sequences(order_events(first, schema), schema)
    model = build_pointer(tiny(), len(prepared.encoder.items), len(prepared.encoder.entities), (4,))
    with pytest.raises(DataError, match="training part: 0 events have an earlier event of the same entity"):
        fit(
            model,
            tiny(),
            prepared.split("train", 6),
            prepared.split("val", 6),
            "unused",
            module_class=SequenceModule,
        )
