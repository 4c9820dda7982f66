"""The benchmark of streamed training, on a few rows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "streaming.py"


@pytest.mark.slow
def test_a_run_measures_both_ways_and_leaves_nothing(tmp_path):
    files = ["--folder", str(tmp_path / "files"), "--json", str(tmp_path / "found.json")]
    few = ["--rows", "3000", "--numeric-features", "2", "--epochs", "1", "--rounds", "0"]
    command = [sys.executable, str(BENCHMARK), *few, *files]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "files").iterdir()) == []
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["rows"] == 3000
    assert found["preparation"]["rows_per_second"] > 0
    assert found["preparation"]["peak_bytes"] > found["preparation"]["bytes_at_start"] > 0
    assert found["paired"]["buffers"] == 1
    assert "50,000,000 rows" in done.stdout
