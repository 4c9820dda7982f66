"""How a script that SageMaker started once on each machine starts one process for each GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from names3risk.errors import ConfigError
from names3risk.training.launch import Machines, find_machines

TWO_HOSTS = {"SM_HOSTS": '["algo-2", "algo-1"]', "SM_CURRENT_HOST": "algo-2", "SM_NUM_GPUS": "4"}
SCRIPT = """
import json, os, sys
from pathlib import Path
from names3risk.training.launch import launch_processes
launch_processes()
from names3risk.training.world import find_world
world = find_world()
Path(sys.argv[1], f"{world.rank}.json").write_text(json.dumps([world.size, world.local_rank]))
"""


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


@pytest.mark.slow
def test_a_script_starts_itself_under_torchrun(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    machine = {"SM_HOSTS": '["localhost"]', "SM_CURRENT_HOST": "localhost", "SM_NUM_GPUS": "2"}
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")} | machine
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=120, env=environment)
    found = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert found == {"0": [2, 0], "1": [2, 1]}
