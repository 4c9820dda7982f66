"""The benchmark of two processes, on a tiny size: it measures both sides and compares what they learned."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks/two_gpus.py"
TINY = {"hidden_size": 8, "n_residual_blocks": 1, "embedding_size": 8}


def test_every_case_is_measured_with_one_and_with_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("two_gpus", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    started = []

    def run_here(command: list[str], **_: Any) -> None:
        started.append(next(part for part in command if part.startswith("--nproc")))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", command[command.index(str(SCRIPT)) :])
            benchmark.main()

    monkeypatch.setattr(subprocess, "run", run_here)
    out = tmp_path / "out.json"
    arguments = ["--device", "cpu", "--rows", "120", "--features", "3", "--timed-epochs", "1", "--batch-size", "16"]
    arguments += ["--case", "lstm2risk:bf16", "--hyperparameters", json.dumps(TINY), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    benchmark.main()
    assert started == ["--nproc-per-node=1", "--nproc-per-node=2"]
    found = json.loads(out.read_text())["cases"]["lstm2risk:bf16"]
    rates = found["rows_per_second"]["16"]
    assert rates["ratio"] == pytest.approx(rates["two"] / rates["one"])
    assert found["losses"]["largest_difference"] == 0, "here both were one process, in float32"
    assert len(found["losses"]["one"]) == 3
    assert "bf16" in found["execution"]
    assert "lstm2risk:bf16, batch 16:" in capsys.readouterr().out
