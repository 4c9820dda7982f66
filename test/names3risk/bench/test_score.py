"""The scoring benchmark on tiny models: every number is there and means what it says."""

import json

import names3risk_samples as samples
import pytest

from names3risk.bench.score import ScoreBenchmark, table_of
from names3risk.cli import bench
from names3risk.data.splits import load_split
from names3risk.errors import ConfigError

TINY = {"hidden_size": 8, "embedding_size": 8, "n_lstm_layers": 1, "n_residual_blocks": 1, "max_sen_len": 20}


def test_every_measurement_is_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("names3risk.bench.train.matrix_rate", lambda *_: 1e9)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    sizes = {"raw_rows": 400, "rows": 60, "requests": 10, "epochs": 1}
    bench.score(["lstm2risk"], "cpu", hyperparameters=json.dumps(TINY), json=tmp_path / "out.json", **sizes)
    found = json.loads((tmp_path / "out.json").read_text())
    sides = found["models"]["lstm2risk"]
    assert found["numeric_features"] == 208
    for backend in ("onnx", "onnx-int8"):
        assert 0 <= sides[backend]["auroc"] <= 1
        for threads in ("threads_1", "threads_2"):
            side = sides[backend][threads]
            assert side["batch_rows_per_second"] > 0
            assert 0 < side["model_ms"]["p50"] <= side["model_ms"]["p90"] <= side["model_ms"]["p99"]
            assert side["model_ms"]["p50"] < side["request_ms"]["p50"]
    assert sides["onnx"]["largest_difference"] == 0
    assert 0 < sides["onnx-int8"]["largest_difference"] < 0.2
    assert sides["network_bytes"]["onnx-int8"] < sides["network_bytes"]["onnx"]
    assert sides["one_row_as_a_table_ms"]["p50"] > sides["onnx"]["threads_1"]["request_ms"]["p50"]
    assert 1 < sides["mean_tokens"] <= 20
    lines = table_of(found)
    assert len(lines) == 6
    assert all(line.count("|") == 9 for line in lines)
    assert capsys.readouterr().out.endswith("\n".join(lines) + "\n")


def test_what_a_gpu_is_measured_by(tmp_path):
    trained = samples.train(tmp_path)
    test = load_split(tmp_path / "splits" / "test").frame
    sides = ScoreBenchmark()._on_gpu(trained.model_dir, samples.orders(60), test)
    exact = trained.evaluations["test"].overall.values["auroc"]
    assert sides["text_rows_per_second"] > 0
    assert sides["features_rows_per_second"] > 0
    for precision, most in (("fp32", 1e-5), ("tf32", 1e-5), ("bf16", 0.02), ("fp16", 0.01)):
        for what in ("transfer", "forward", "encoded", "table"):
            assert sides[precision][f"{what}_rows_per_second"] > 0
        assert sides[precision]["largest_difference"] < most
        assert sides[precision]["auroc"] == pytest.approx(exact, abs=0.02)
    lines = table_of({"device": "cuda", "models": {"lstm2risk": sides}})
    assert [line.count("|") for line in lines] == [8] * 6 + [0]
    assert "text" in lines[-1]
    assert "transfer" in lines[-1]


def test_an_unknown_device_is_named():
    with pytest.raises(ConfigError, match="unknown device 'tpu'; expected cpu or cuda"):
        ScoreBenchmark(device="tpu")
