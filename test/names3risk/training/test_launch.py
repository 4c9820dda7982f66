"""How a script that SageMaker started once on each machine starts one process for each GPU."""

from __future__ import annotations

import pytest

from names3risk.errors import ConfigError
from names3risk.training.launch import Machines, find_machines

TWO_HOSTS = {"SM_HOSTS": '["algo-2", "algo-1"]', "SM_CURRENT_HOST": "algo-2", "SM_NUM_GPUS": "4"}


def test_every_machine_knows_its_place_and_the_host_to_meet_at() -> None:
    assert find_machines(TWO_HOSTS) == Machines(("algo-1", "algo-2"), 1, 4)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {**TWO_HOSTS, "RANK": "3"},
        {"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1", "SM_NUM_GPUS": "0"},
        {"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1", "SM_NUM_GPUS": "1"},
    ],
)
def test_one_process_and_those_of_torchrun_run_as_they_are(environment: dict[str, str]) -> None:
    assert find_machines(environment) is None


@pytest.mark.parametrize("change", [{"SM_CURRENT_HOST": "algo-9"}, {"SM_HOSTS": "algo-1"}, {"SM_NUM_GPUS": "many"}])
def test_variables_that_contradict_each_other_are_named(change: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="do not describe the machines of a run"):
        find_machines({**TWO_HOSTS, **change})
