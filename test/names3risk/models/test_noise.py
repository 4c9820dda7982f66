"""Noise on token ids while training: what it may replace, and with what."""

import pytest
import torch

from names3risk.models.blocks import FieldDropout, TokenDropout
from names3risk.text.special import MISSING_ID, PAD_ID, SEPARATOR_ID, UNK_ID

ROWS = torch.tensor([[9, 10, SEPARATOR_ID, MISSING_ID, SEPARATOR_ID, 11, PAD_ID]]).repeat(2000, 1)
TEXT = torch.tensor([True, True, False, False, False, True, False])


@pytest.mark.parametrize(("noise", "replacement"), [(FieldDropout(0.3), MISSING_ID), (TokenDropout(0.3), UNK_ID)])
def test_only_text_is_replaced_and_only_while_training(noise, replacement):
    noisy = noise.train()(ROWS)
    changed = noisy != ROWS
    assert not changed[:, ~TEXT].any()
    assert (noisy[changed] == replacement).all()
    assert changed[:, TEXT].float().mean(dim=0) == pytest.approx(0.3, abs=0.05)
    assert torch.equal(noise.eval()(ROWS), ROWS)


def test_a_field_is_dropped_as_a_whole():
    changed = FieldDropout(0.5).train()(ROWS) != ROWS
    assert torch.equal(changed[:, 0], changed[:, 1])
    assert not torch.equal(changed[:, 0], changed[:, 5])


def test_any_number_of_fields_is_taken():
    many = torch.tensor([[9, SEPARATOR_ID] * 40])
    assert FieldDropout(0.5).train()(many).shape == many.shape
