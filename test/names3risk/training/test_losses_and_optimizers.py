"""Losses against their formulas, and which parameters decay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.models import build_model
from names3risk.training.losses import build_loss
from names3risk.training.optimizers import build_optimizer, parameter_groups

Tiny = Callable[..., Hyperparameters]
LOGITS = torch.tensor([[0.3, -1.0], [2.0, 0.5], [-0.2, 0.1]])
LABELS = torch.tensor([1, 0, 1])


def mean(hyperparameters: Hyperparameters, logits: Tensor = LOGITS) -> float:
    losses, weights = build_loss(hyperparameters)(logits, LABELS)
    return float((losses * weights).sum() / weights.sum())


def test_cross_entropy_with_class_weights_and_smoothing(tiny: Tiny) -> None:
    wanted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]))(LOGITS, LABELS)
    assert mean(tiny(class_weights=[1, 3])) == pytest.approx(float(wanted))
    wanted = nn.CrossEntropyLoss(label_smoothing=0.1)(LOGITS, LABELS)
    assert mean(tiny(label_smoothing=0.1)) == pytest.approx(float(wanted))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_binary_cross_entropy_is_cross_entropy_of_the_two_logits(tiny: Tiny, smoothing: float) -> None:
    assert mean(tiny(loss="bce", label_smoothing=smoothing)) == pytest.approx(mean(tiny(label_smoothing=smoothing)))


def test_focal_loss_is_cross_entropy_at_gamma_zero_and_weighs_easy_rows_down(tiny: Tiny) -> None:
    assert mean(tiny(loss="focal", focal_gamma=0)) == pytest.approx(mean(tiny()))
    probability = LOGITS.softmax(dim=1)[torch.arange(3), LABELS]
    wanted = (-((1 - probability) ** 2) * probability.log()).mean()
    assert mean(tiny(loss="focal")) == pytest.approx(float(wanted))


def test_negative_log_likelihood_is_cross_entropy_without_smoothing(tiny: Tiny) -> None:
    assert mean(tiny(loss="nll", class_weights=[1, 3])) == pytest.approx(mean(tiny(class_weights=[1, 3])))
    with pytest.raises(ConfigError, match="label_smoothing has no effect with loss nll"):
        tiny(loss="nll", label_smoothing=0.1)


@pytest.mark.parametrize("loss", ["cross_entropy", "nll", "focal", "bce"])
def test_rows_of_the_ignored_class_count_for_nothing(tiny: Tiny, loss: str) -> None:
    kept = LABELS == 1
    losses, weights = build_loss(tiny(loss=loss))(LOGITS[kept], LABELS[kept])
    wanted = float((losses * weights).sum() / weights.sum())
    assert mean(tiny(loss=loss, ignore_index=0)) == pytest.approx(wanted, rel=1e-6)
    logits = LOGITS.clone().requires_grad_()
    losses, weights = build_loss(tiny(loss=loss, ignore_index=0))(logits, LABELS)
    (losses * weights).sum().backward()
    assert logits.grad is not None
    assert logits.grad[1].tolist() == [0.0, 0.0]
    losses, weights = build_loss(tiny(loss=loss, ignore_index=1))(LOGITS[kept], LABELS[kept])
    assert float((losses * weights).sum() / weights.sum()) == 0, "a batch of ignored rows has a loss, of zero"


def test_smoothing_gives_the_ignored_class_nothing(tiny: Tiny) -> None:
    logits = torch.tensor([[5.0, 0.2, -0.3, 0.1]])
    losses, _ = build_loss(tiny(num_classes=4, ignore_index=0, label_smoothing=0.3))(logits, torch.tensor([2]))
    logs = logits.log_softmax(dim=1)[0]
    assert float(losses[0]) == pytest.approx(float(-0.7 * logs[2] - 0.3 * logs[1:].mean()))
    with pytest.raises(ConfigError, match="ignore_index 4 is no class: there are 4"):
        tiny(num_classes=4, ignore_index=4)


def test_losses_stay_finite_at_extreme_logits(tiny: Tiny) -> None:
    for loss in ("cross_entropy", "bce", "focal"):
        assert mean(tiny(loss=loss), LOGITS * 1e4) < 1e5


@pytest.mark.parametrize("name", ["lstm2risk", "transformer2risk"])
def test_weight_decay_reaches_weight_matrices_only(tiny: Tiny, name: str) -> None:
    model = build_model(tiny(name, ngram_max=2), 20, 3)
    decaying, rest = parameter_groups(model, 0.1)
    names = {parameter: label for label, parameter in model.named_parameters()}
    assert decaying["weight_decay"] == 0.1
    assert rest["weight_decay"] == 0.0
    for parameter in decaying["params"]:
        assert parameter.ndim >= 2
        assert not any(word in names[parameter] for word in ("bias", "norm", "embedding", "position", "ngrams"))
    for parameter in rest["params"]:
        assert parameter.ndim == 1 or any(w in names[parameter] for w in ("embedding", "position", "ngrams"))
    assert len(decaying["params"]) + len(rest["params"]) == len(list(model.parameters()))


def test_a_step_without_gradient_shrinks_matrices_and_nothing_else(tiny: Tiny) -> None:
    model = build_model(tiny(), 20, 3)
    optimizer = build_optimizer(model, tiny(weight_decay=0.5, lr=0.1, run_scheduler=False))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    shrunk = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert "output.linear.weight" in shrunk
    assert "blocks.0.attention.qkv.weight" in shrunk
    assert not any("norm" in name or "bias" in name or name == "embedding.weight" for name in shrunk)


def test_adagrad_starts_from_its_accumulator(tiny: Tiny) -> None:
    layer = nn.Linear(2, 1, bias=False)
    before = layer.weight.detach().clone()
    settings = tiny(optimizer="adagrad", lr=0.15, adagrad_initial_accumulator=0.1, run_scheduler=False)
    optimizer = build_optimizer(layer, settings)
    layer.weight.grad = torch.tensor([[0.3, -2.0]])
    optimizer.step()
    wanted = before - 0.15 * layer.weight.grad / (0.1 + layer.weight.grad**2).sqrt()
    torch.testing.assert_close(layer.weight.detach(), wanted, rtol=1e-6, atol=1e-7)


def test_frozen_parameters_are_left_out(tiny: Tiny) -> None:
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    (group,) = parameter_groups(layer, 0.1)
    assert group["params"] == [layer.weight]
