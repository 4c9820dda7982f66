"""Learning rates over a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters
from names3risk.training.optimizers import build_optimizer
from names3risk.training.schedules import build_schedule, warmup_cosine

Tiny = Callable[..., Hyperparameters]


def rates(hyperparameters: Hyperparameters, steps_per_epoch: int) -> list[float]:
    """The learning rate of each optimizer step of a run."""
    optimizer = build_optimizer(nn.Linear(2, 2), hyperparameters)
    schedule = build_schedule(optimizer, hyperparameters, steps_per_epoch)
    seen = []
    for _ in range(steps_per_epoch * hyperparameters.max_epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return seen


def test_golden_values_of_warmup_and_cosine() -> None:
    golden = {0: 1.3e-4, 4: 6.5e-4, 5: 6.5e-4, 49: 1.79e-6}
    for epoch, rate in golden.items():
        assert warmup_cosine(epoch, 5, 50, 6.5e-4, 1e-6) == pytest.approx(rate, rel=2e-3)


def test_warmup_cosine_moves_once_an_epoch_or_at_every_step(tiny: Tiny) -> None:
    values = {"scheduler": "warmup_cosine", "lr": 6.5e-4, "max_epochs": 50}
    by_epoch = rates(tiny(**values), 3)
    assert by_epoch[0] == by_epoch[2] == pytest.approx(1.3e-4)
    assert by_epoch[3] == pytest.approx(2.6e-4)
    assert by_epoch[-1] == pytest.approx(1.79e-6, rel=2e-3)
    by_step = rates(tiny(**values, schedule_interval="step"), 3)
    assert by_step[0] == pytest.approx(6.5e-4 / 15)
    assert by_step[14] == pytest.approx(6.5e-4)
    assert by_step[-1] < 2e-6
    assert len(set(by_step)) > len(set(by_epoch))


def test_golden_values_at_every_step(tiny: Tiny) -> None:
    cosine = {"scheduler": "warmup_cosine", "lr": 1.0, "warmup_epochs": 2, "max_epochs": 4, "min_lr": 0.2}
    falls = [1.0, 0.2 + 0.8 * 0.853553, 0.6, 0.2 + 0.8 * 0.146447]
    assert rates(tiny(**cosine, schedule_interval="step"), 2) == pytest.approx([0.25, 0.5, 0.75, 1.0, *falls], rel=1e-5)
    by_epoch = [0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 0.6, 0.6]
    assert rates(tiny(**cosine), 2) == pytest.approx(by_epoch, rel=1e-5)
    # From lr / 25 in a cosine to lr, over warmup_steps - 1 steps; then in a cosine to lr / 250,000.
    onecycle = [0.04, 0.52, 1.0, 0.853554, 0.500002, 0.14645, 4e-6]
    assert rates(tiny(lr=1.0, max_epochs=7, warmup_steps=3), 1) == pytest.approx(onecycle, rel=1e-4)


def test_onecycle_reaches_its_top_after_a_tenth_and_ends_with_the_run(tiny: Tiny) -> None:
    seen = rates(tiny(lr=1e-2, max_epochs=10), 20)
    assert len(seen) == 200
    assert seen.index(max(seen)) == pytest.approx(0.1 * 200, abs=1)
    assert max(seen) == pytest.approx(1e-2)
    assert seen[0] == pytest.approx(1e-2 / 25)
    assert seen[-1] < 1e-6


def test_warmup_steps_set_the_rise_of_onecycle(tiny: Tiny) -> None:
    seen = rates(tiny(max_epochs=10, warmup_steps=60), 20)
    assert seen.index(max(seen)) == pytest.approx(60, abs=1)
    with pytest.raises(ConfigError, match="warmup_steps 200 is not below the 200 steps"):
        rates(tiny(max_epochs=10, warmup_steps=200), 20)


def test_linear_warmup_rises_for_its_steps_and_stays(tiny: Tiny) -> None:
    seen = rates(tiny(scheduler="linear_warmup", warmup_steps=4, lr=1.0), 5)
    assert seen == pytest.approx([0.25, 0.5, 0.75] + 7 * [1.0])
    assert rates(tiny(scheduler="linear_warmup", lr=1.0), 5)[0] == pytest.approx(1 / 300)


@pytest.mark.parametrize("values", [{"scheduler": "fixed"}, {"run_scheduler": False}])
def test_the_rate_stays_where_no_schedule_runs(tiny: Tiny, values: dict[str, object]) -> None:
    assert set(rates(tiny(lr=0.3, **values), 5)) == {0.3}


@pytest.mark.parametrize("optimizer", ["adamw", "adagrad", "sgd"])
@pytest.mark.parametrize("scheduler", ["onecycle", "linear_warmup"])
def test_every_optimizer_goes_with_every_schedule(tiny: Tiny, optimizer: str, scheduler: str) -> None:
    assert len(set(rates(tiny(optimizer=optimizer, scheduler=scheduler), 5))) > 3


def test_warmup_must_be_shorter_than_the_run(tiny: Tiny) -> None:
    with pytest.raises(ConfigError, match="warmup_epochs 5 is not below max_epochs 2"):
        rates(tiny(scheduler="warmup_cosine"), 5)


def test_momentum_is_cycled_unless_asked_otherwise(tiny: Tiny) -> None:
    def first_beta(**values: object) -> float:
        optimizer = build_optimizer(nn.Linear(2, 2), tiny(**values))
        build_schedule(optimizer, tiny(**values), 10)
        return float(optimizer.param_groups[0]["betas"][0])

    assert first_beta() == 0.95
    assert first_beta(cycle_momentum=False, adam_betas=[0.8, 0.98]) == 0.8
