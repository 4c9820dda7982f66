"""Losses that are looked at on the device and asked about later."""

from __future__ import annotations

import pytest
import torch

from names3risk.errors import TrainingError
from names3risk.training.finite import FiniteWatch

ROWS = torch.tensor([30, 31, 32])


def watching(interval: int) -> FiniteWatch:
    watch = FiniteWatch()
    watch.start(8, torch.device("cpu"))
    watch.interval = interval
    return watch


def test_a_late_question_still_names_the_first_bad_step_and_its_rows() -> None:
    watch = watching(interval=4)
    good, bad = torch.ones(3), torch.tensor([1.0, float("nan"), float("inf")])
    for step, losses in enumerate([good, good, bad]):
        watch.look(losses)
        watch.passed(step, ROWS + 10 * step, "best.ckpt")
    watch.look(torch.full((3,), float("nan")))  # the weights are spoilt by now
    with pytest.raises(TrainingError, match=r"at step 2, training rows 51, 52; last good checkpoint: best.ckpt"):
        watch.passed(3, ROWS + 30, "best.ckpt")


def test_questions_between_start_counting_afresh() -> None:
    watch = watching(interval=100)
    watch.look(torch.ones(3))
    watch.passed(7, ROWS, None)
    watch.check()
    watch.check()
    watch.look(torch.tensor([float("inf"), 1.0, 1.0]))
    watch.passed(8, ROWS, None)
    with pytest.raises(TrainingError, match="at step 8, training rows 30; last good checkpoint: none yet"):
        watch.check()
