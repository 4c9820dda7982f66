"""How much processor time a compile takes in a cold process, and that it grows with the number of steps only."""

from __future__ import annotations

import importlib.util
import resource
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "compile.py"


@pytest.fixture
def benchmark_module():
    spec = importlib.util.spec_from_file_location("compile_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_cold_compile_is_quick_and_linear(benchmark_module, tmp_path):
    taken = {}
    for steps in (10, 250, 500):
        path = benchmark_module.write_pipeline(tmp_path, steps)
        command = [sys.executable, "-c", benchmark_module.OURS, str(path)]
        taken[steps] = processor_seconds(command)
    assert taken[10] < 0.5
    assert taken[500] < 2
    assert taken[500] - taken[250] < 2 * (taken[250] - taken[10]) + 0.2
