"""Rows without padding: what is packed comes back, and so do gradients."""

from __future__ import annotations

import torch

from names3risk.models.packing import pack_rows

LENGTHS = torch.tensor([3, 0, 5, 1])
MASK = torch.arange(6) < LENGTHS[:, None]
ROOM = 12


def test_positions_of_rows_follow_one_another_and_an_empty_row_keeps_one() -> None:
    packing = pack_rows(MASK, torch.arange(ROOM))
    padded = torch.arange(24).view(4, 6)
    assert packing.pack(padded)[packing.filled].tolist() == [0, 1, 2, 6, 12, 13, 14, 15, 16, 18]
    assert packing.columns[packing.filled].tolist() == [0, 1, 2, 0, 0, 1, 2, 3, 4, 0]
    assert packing.starts.tolist() == [0, 3, 4, 9]
    assert packing.longest == 6


def test_what_is_unpacked_is_as_it_was_and_zero_beyond_a_rows_end() -> None:
    packing = pack_rows(MASK, torch.arange(ROOM))
    padded = torch.randn(4, 6, 2)
    packed = torch.stack([packing.pack(padded[..., k]) for k in range(2)], dim=1)
    torch.testing.assert_close(packing.unpack(packed), padded * packing.valid[:, :, None])


def test_gradients_reach_the_positions_that_were_read_and_no_other() -> None:
    packing = pack_rows(MASK, torch.arange(ROOM))
    packed = torch.randn(ROOM, 2, requires_grad=True, dtype=torch.float64)
    assert torch.autograd.gradcheck(packing.unpack, (packed,))
    (gradient,) = torch.autograd.grad(packing.unpack(packed).sum(), packed)
    assert gradient[:10].eq(1).all()
    assert gradient[10:].eq(0).all()
