"""What the pointer network's probabilities are, and what they do not depend on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.models.pointer import FLOOR, PointerNetwork, build_pointer, copied_log_probabilities
from names3risk.sequences.loss import item_loss
from names3risk.sequences.onnx_export import OPSET, export_pointer, histories
from names3risk.sequences.vocabulary import FIRST, PAD, UNKNOWN

ITEMS, ENTITIES, LENGTH = 12, 5, 7
every_mode = pytest.mark.parametrize("mode", ["mixture", "pointer", "generate"])
lengths = st.lists(st.integers(0, LENGTH), min_size=1, max_size=5)


def network(mode: str = "mixture", spread: float = 0.5, **values: Any) -> PointerNetwork:
    hyperparameters = PointerHyperparameters.model_validate(
        {"mode": mode, "history_length": LENGTH, "embedding_size": 8, "n_heads": 2, "n_blocks": 1, **values}
    )
    model = build_pointer(hyperparameters, ITEMS, ENTITIES, (4,))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=spread)
    return model.eval()


MODELS = {mode: network(mode) for mode in ("mixture", "pointer", "generate")}


def probabilities(model: PointerNetwork, *history: Tensor) -> Tensor:
    with torch.inference_mode():
        return model(*history).log_probabilities.exp()


@every_mode
@settings(max_examples=25, deadline=None)
@given(lengths=lengths, seed=st.integers(0, 1000))
def test_probabilities_are_of_known_items_and_sum_to_one(mode: str, lengths: list[int], seed: int) -> None:
    found = probabilities(MODELS[mode], *histories(MODELS[mode], lengths, seed))
    assert torch.isfinite(found).all()
    assert torch.allclose(found.sum(dim=1), torch.ones(len(lengths)), atol=1e-5)
    assert (found[:, :FIRST] == 0).all()


@every_mode
@settings(max_examples=25, deadline=None)
@given(lengths=lengths, seed=st.integers(0, 1000), padding=st.integers(0, 3))
def test_a_row_depends_on_neither_its_neighbours_nor_its_padding(
    mode: str, lengths: list[int], seed: int, padding: int
) -> None:
    model = MODELS[mode]
    items, mask, entities, details = histories(model, lengths, seed)
    together = probabilities(model, items, mask, entities, details)
    for row, length in enumerate(lengths):
        width = min(LENGTH, max(1, length) + padding)
        alone = torch.full((1, width), PAD), torch.zeros(1, width, dtype=torch.bool)
        noise = torch.randint(1, 4, (1, width, details.shape[2]))
        alone[0][0, :length], alone[1][0, :length] = items[row, :length], True
        noise[0, :length] = details[row, :length]
        if length:
            found = probabilities(model, *alone, entities[row : row + 1], noise)
            assert torch.allclose(found[0], together[row], atol=1e-5)


@every_mode
def test_other_contents_of_padding_change_nothing(mode: str) -> None:
    model = MODELS[mode]
    items, mask, entities, details = histories(model, [3, LENGTH], 0)
    before = probabilities(model, items, mask, entities, details)
    items[0, 3:], details[0, 3:] = FIRST, 2
    assert torch.allclose(probabilities(model, items, mask, entities, details), before, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(codes=st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=LENGTH), seed=st.integers(0, 1000))
def test_copied_probability_is_the_sum_of_attention_in_any_order(codes: list[int], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    items = torch.tensor([codes])
    copyable = items >= FIRST
    scores = torch.randn(items.shape, generator=generator).masked_fill(~copyable, FLOOR).double()
    log_attention = scores.log_softmax(dim=1).float()
    expected = torch.zeros(1, ITEMS).scatter_add(1, items, log_attention.exp() * copyable)
    found = copied_log_probabilities(log_attention, items, copyable, ITEMS).exp()
    assert torch.allclose(found, expected, atol=1e-6)
    order = torch.randperm(len(codes), generator=generator)
    again = copied_log_probabilities(log_attention[:, order], items[:, order], copyable[:, order], ITEMS).exp()
    assert torch.allclose(again, expected, atol=1e-6)


def test_gradients_of_repeated_items_are_those_of_scatter_add() -> None:
    items = torch.tensor([[3, 4, 3, 3, 5]])
    scores = torch.randn(1, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    copied = copied_log_probabilities(scores.log_softmax(1), items, items >= FIRST, ITEMS)
    (gradient,) = torch.autograd.grad(copied[0, 3], scores)
    direct = torch.zeros(1, ITEMS).scatter_add(1, items, scores.softmax(1))
    (expected,) = torch.autograd.grad(direct[0, 3].log(), scores)
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_attention_that_single_precision_cannot_hold_keeps_its_logarithm() -> None:
    log_attention = torch.tensor([[0.0, -200.0, -200.0]])
    found = copied_log_probabilities(
        log_attention, torch.tensor([[2, 3, 3]]), torch.ones(1, 3, dtype=torch.bool), ITEMS
    )
    assert found[0, 3].item() == pytest.approx(-200 + torch.tensor(2.0).log().item(), abs=1e-4)


def test_the_mixture_is_the_formula() -> None:
    model = MODELS["mixture"]
    history = histories(model, [LENGTH, 4], 3)
    items, mask, entities, details = history
    with torch.inference_mode():
        output = model(*history)
        last = mask.sum(dim=1) - 1
        from_end = (last[:, None] - torch.arange(LENGTH)).clamp(min=0)
        states = model._encode(items, mask, entities, details, from_end)
        context = states[torch.arange(2), last]
        scores = (model.query(context)[:, None] * model.key(states)).sum(-1) / 8**0.5
        scores = scores + model.position_bias.weight[from_end, 0]
        attention = scores.masked_fill(~(mask & (items >= FIRST)), -torch.inf).softmax(1)
        copied = torch.zeros(2, ITEMS).scatter_add(1, items, attention)
        generated = torch.zeros(2, ITEMS)
        generated[:, FIRST:] = model.generator(context)[:, FIRST:].softmax(1)
        gate = model.gate(context).sigmoid()
    assert torch.allclose(output.log_probabilities.exp(), gate * copied + (1 - gate) * generated, atol=1e-6)
    assert torch.allclose(output.attention, attention, atol=1e-6)
    assert torch.allclose(output.gate, gate[:, 0], atol=1e-6)


def test_a_pointer_copies_known_items_of_the_history_and_nothing_else() -> None:
    model = MODELS["pointer"]
    items, mask, entities, details = histories(model, [4], 0)
    items[0] = torch.tensor([5, UNKNOWN, 6, 5])
    found = probabilities(model, items, mask, entities, details)[0]
    assert set(found.nonzero()[:, 0].tolist()) == {5, 6}
    items[0] = UNKNOWN
    nothing = probabilities(model, items, mask, entities, details)[0]
    assert torch.allclose(nothing[FIRST:], torch.full((ITEMS - FIRST,), 1 / (ITEMS - FIRST)), atol=1e-6)


def test_half_precision_keeps_the_mixture_in_single_precision() -> None:
    model = network(spread=2.0)
    history = histories(model, [LENGTH, 3, 1], 5)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = model(*history)
    assert output.log_probabilities.dtype == torch.float32
    assert torch.allclose(output.log_probabilities.exp().sum(1), torch.ones(3), atol=1e-4)
    assert (output.log_probabilities[:, FIRST:] > FLOOR / 2).all()


@every_mode
def test_onnx_agrees_with_repeated_items(mode: str, tmp_path: Any) -> None:
    import onnx

    assert export_pointer(MODELS[mode], tmp_path / "model.onnx") < 1e-5
    graph = onnx.load(tmp_path / "model.onnx")
    assert graph.opset_import[0].version == OPSET >= 16
    assert [value.name for value in graph.graph.input] == ["items", "attention_mask", "entities", "details"]


def test_smoothing_leaves_padding_and_unknown_out_and_unknown_labels_have_no_weight() -> None:
    model = MODELS["mixture"]
    with torch.inference_mode():
        output = model(*histories(model, [3, 2, 5], 1))
    labels = torch.tensor([FIRST, ITEMS - 1, UNKNOWN])
    losses, weights = item_loss(output, labels, smoothing=0.2, coverage_weight=0.0)
    logs = output.log_probabilities
    expected = [-0.8 * logs[row, label] - 0.2 * logs[row, FIRST:].mean() for row, label in enumerate(labels[:2])]
    assert torch.allclose(losses[:2], torch.stack(expected), atol=1e-5)
    assert losses[2] == 0
    assert weights[2] < 1e-6 < weights[0] == weights[1] == 1


def test_coverage_is_the_overlap_of_attention_with_what_was_paid_before() -> None:
    model = network(coverage_weight=1.0, dropout_rate=0.0, entity_dropout=0.0)
    history = histories(model, [4], 2)
    items, mask, entities, details = history
    items[0] = torch.tensor([3, 4, 3, 5])
    assert model(*history).coverage.tolist() == [0.0]
    model.train()
    output = model(*history)
    states = model._encode(items, mask, entities, details, torch.tensor([[3, 2, 1, 0]]))[0]
    queries, keys, bias = model.query(states), model.key(states), model.position_bias.weight[:, 0]
    paid = torch.zeros(4)
    for step in range(3):
        scores = torch.stack([queries[step] @ keys[i] / 8**0.5 + bias[step - i] for i in range(step + 1)])
        paid[: step + 1] += scores.softmax(0)
    assert torch.allclose(output.coverage[0], torch.minimum(output.attention[0], paid).sum(), atol=1e-5)
    assert output.coverage[0] > 0.1
