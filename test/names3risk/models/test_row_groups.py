"""Rows that are encoded in groups of similar length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model, lstm2risk, transformer2risk
from names3risk.models.row_groups import encode_in_groups

LENGTHS = torch.tensor([3, 0, 9, 1, 5, 5, 2])
MASK = torch.arange(12) < LENGTHS[:, None]
TOKENS = torch.arange(7 * 12).view(7, 12)


def recorder(seen: list[tuple[int, int]]) -> Callable[[Tensor, Tensor], Tensor]:
    def encode(tokens: Tensor, mask: Tensor) -> Tensor:
        seen.append((len(tokens), tokens.shape[1]))
        return (tokens * mask).sum(dim=1, keepdim=True).float()

    return encode


def test_each_group_is_as_long_as_its_longest_row_and_the_order_stays() -> None:
    seen: list[tuple[int, int]] = []
    found = encode_in_groups(recorder(seen), TOKENS, MASK, nn.Linear(1, 1), 3)
    assert seen == [(3, 2), (2, 5), (2, 9)]
    assert torch.equal(found, (TOKENS * MASK).sum(dim=1, keepdim=True).float())


def test_few_rows_and_rows_that_are_only_scored_stay_together() -> None:
    seen: list[tuple[int, int]] = []
    encode_in_groups(recorder(seen), TOKENS, MASK, nn.Linear(1, 1), 7)
    with torch.no_grad():
        encode_in_groups(recorder(seen), TOKENS, MASK, nn.Linear(1, 1), 3)
    assert seen == [(7, 12), (7, 12)]


@pytest.mark.parametrize(("name", "module"), [("lstm2risk", lstm2risk), ("transformer2risk", transformer2risk)])
def test_logits_and_gradients_do_not_depend_on_the_groups(
    name: str, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model(parse_hyperparameters({"model_class": name, "dropout_rate": 0.0}), 100, 4).train()
    tokens, features = torch.randint(7, 100, (7, 12)), torch.randn(7, 4)
    found = []
    for rows in (3, 7):
        monkeypatch.setattr(module, "ROWS_TOGETHER", rows)
        model.zero_grad()
        logits = model(tokens, MASK, features)
        logits[:, 1].exp().sum().backward()
        found.append([logits.detach(), *(p.grad.clone() for p in model.parameters() if p.grad is not None)])
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["lstm2risk", "transformer2risk"])
def test_a_step_of_many_rows_gives_the_same_gradients_again_bit_by_bit(name: str) -> None:
    model = build_model(parse_hyperparameters({"model_class": name}), 100, 4).train()
    tokens, features = torch.randint(7, 100, (130, 12)), torch.randn(130, 4)
    mask = torch.arange(12) < torch.randint(0, 13, (130, 1))
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        model.zero_grad()
        model(tokens, mask, features)[:, 1].exp().sum().backward()
        found.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
    assert found[0]
    assert all(torch.equal(first, again) for first, again in zip(*found, strict=True))
