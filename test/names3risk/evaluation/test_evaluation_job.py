"""The evaluation job reads, scores and writes some rows at a time."""

from __future__ import annotations

import json
from pathlib import Path

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest

from names3risk.api import evaluate
from names3risk.data import parts
from names3risk.errors import DataError
from names3risk.evaluation.grouping import Marketplaces
from names3risk.evaluation.job import run_evaluation_job
from names3risk.serving.predictor import Predictor


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with splits in CSV and a model."""
    folder = tmp_path_factory.mktemp("trained")
    samples.train(folder, splits=samples.write_splits(folder, format="csv"), max_epochs=1)
    return folder


def run(folder: Path, out: Path) -> pl.DataFrame:
    run_evaluation_job(
        Predictor.load,
        model_dir=folder / "model",
        eval_data_dir=folder / "splits",
        eval_dir=out / "eval",
        metrics_dir=out / "metrics",
        job_type="testing",
    )
    return pl.read_csv(out / "eval" / "predictions.csv", schema_overrides={"objectId": pl.String})


def test_pieces_are_scored_in_order_and_measured_together(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(trained, tmp_path / "whole")
    sizes = []
    predict = Predictor.predict

    def counted(self: Predictor, frame: pl.DataFrame) -> pl.DataFrame:
        sizes.append(frame.height)
        return predict(self, frame)

    monkeypatch.setattr(Predictor, "predict", counted)
    monkeypatch.setattr(parts, "MOST_CHUNK_ROWS", 7)
    found = run(trained, tmp_path / "pieces")
    assert max(sizes) <= 7
    assert sum(sizes) == 48
    test = pl.read_csv(trained / "splits" / "test" / "data.csv", schema_overrides={"objectId": pl.String})
    assert found["objectId"].to_list() == test["objectId"].to_list()
    assert found["label"].to_list() == test["label"].to_list()
    np.testing.assert_allclose(found["score"], whole["score"], atol=1e-6)
    metrics = [
        json.loads((tmp_path / name / "metrics" / "evaluation.json").read_text()) for name in ("whole", "pieces")
    ]
    assert metrics[0] == metrics[1]
    assert set(metrics[0]["by_marketplace"]) == {"DE", "JP", "US"}


def test_what_fails_half_way_leaves_the_earlier_results(trained: Path, tmp_path: Path) -> None:
    run(trained, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    broken = tmp_path / "broken"
    (broken / "splits" / "test").mkdir(parents=True)
    for path in (trained / "splits" / "test").iterdir():
        (broken / "splits" / "test" / path.name).write_bytes(path.read_bytes())
    (broken / "model").symlink_to(trained / "model")
    data = broken / "splits" / "test" / "data.csv"
    lines = data.read_text().splitlines(keepends=True)
    data.write_text("".join([*lines[:40], lines[40][:-2] + "7\n", *lines[41:]]))
    with pytest.raises(DataError, match=r"data\.csv: the label column 'label' holds '7'"):
        run(broken, tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    assert not list((tmp_path / "eval").glob(".*"))


def test_ids_of_raw_rows_are_checked_as_they_are_in_memory(trained: Path, tmp_path: Path) -> None:
    """Rows that preparation has not seen: no schema.json, roles in the hyperparameters."""
    frame = samples.orders(60).with_columns(target=pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    roles = {"id_name": "objectId", "label_name": "target", "text_name": "customerName", "tab_field_list": ["amount"]}
    for change, message in {
        "twice": (
            pl.when(pl.col("objectId") == "000007").then(pl.lit("000008")).otherwise("objectId"),
            "more than once",
        ),
        "missing": (pl.when(pl.col("objectId") != "000007").then("objectId"), "is empty in 1 rows"),
    }.values():
        for name in ("train", "val", "test"):
            (tmp_path / "raw" / name).mkdir(parents=True, exist_ok=True)
            changed = frame if name != "train" else frame.with_columns(change.alias("objectId"))
            changed.write_csv(tmp_path / "raw" / name / "rows.csv")
        for budget in (0.0, None):
            with pytest.raises(DataError, match=f"raw/train.*'objectId' (occur )?{message}"):
                samples.train(tmp_path, splits=tmp_path / "raw", memory_budget_gib=budget, **roles)


def test_python_evaluates_raw_tables_as_prepared_ones(trained: Path, tmp_path: Path) -> None:
    frame = samples.orders(90, seed=3)
    frame.write_csv(tmp_path / "orders.csv")
    found = evaluate(trained / "model", tmp_path / "orders.csv", columns=samples.COLUMNS)
    assert sum(found.overall.rows_per_class) == 90
    assert set(found.by_marketplace) == {"DE", "JP", "US"}


def test_marketplaces_take_four_bytes_a_row() -> None:
    found = Marketplaces(["US", None, "DE"])
    found.add(["US", 7, None])
    assert len(found) == 6
    assert found.counts() == {"US": 2, "(missing)": 2, "DE": 1, "7": 1}
    assert found.rows_of("(missing)").tolist() == [False, True, False, False, False, True]
    assert sum(part.nbytes for part in found._parts) == 24
