"""The training benchmark on a tiny size: every number is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from names3risk.bench.train_sides import _measure
from names3risk.cli import bench


def test_both_sides_are_measured_on_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("names3risk.bench.train.measure", _measure)  # here, not in a process of its own
    sizes = {"rows": 220, "quality_rows": 100, "test_rows": 200, "epochs": 1, "timed_epochs": 1, "seeds": 1}
    tiny = json.dumps({"embedding_size": 8, "n_heads": 2, "n_blocks": 1, "hidden_size": 8})
    out = tmp_path / "out.json"
    bench.train(
        ["transformer2risk"], "cpu", batch_size=20, large_batch_size=0, numeric_features=3, threads=1,
        hyperparameters=tiny, json=out, **sizes,
    )  # fmt: skip
    found = json.loads(out.read_text())
    result = found["models"]["transformer2risk"]
    assert found["machine"]["matrix_rate"] > 1e8
    for side in result["speed"].values():
        assert side["rows_per_second"] > 0
        assert set(side["parts"]) == {"input", "forward", "backward", "optimizer"}
        assert 0 < sum(side["parts"].values()) < 3 * side["step_seconds"]
        assert side["tokens_per_row"] > 10
    assert {len(auroc["seeds"]) for auroc in result["auroc"].values()} == {1}
    shown = capsys.readouterr().out
    assert "transformer2risk, names3risk: AUROC" in shown
    assert "of matrix rate" in shown
