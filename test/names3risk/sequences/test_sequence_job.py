"""Training on a table of events, and what can be done with the model folder."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.sequences.job import SequenceConfig, train_on_events
from names3risk.sequences.predictor import SequencePredictor


@pytest.fixture(scope="module")
def folder(events, schema, tiny, tmp_path_factory):
    """A trained model in `model`, the events in `events.csv`, and what the command said in `said.txt`."""
    folder = tmp_path_factory.mktemp("sequences")
    events.write_csv(folder / "events.csv")
    config = {
        "data": "events.csv",
        "columns": schema.model_dump(mode="json"),
        "hyperparameters": tiny(max_epochs=12, dropout_rate=0.0).model_dump(mode="json"),
        "output": ".",
    }
    (folder / "train.yaml").write_text(yaml.safe_dump(config))
    done = CliRunner().invoke(app, ["sequences", "train", str(folder / "train.yaml")], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    (folder / "said.txt").write_text(done.output)
    return folder


@pytest.fixture(scope="module")
def predictors(folder) -> dict[str, SequencePredictor]:
    return {backend: SequencePredictor.load(folder / "model", backend) for backend in ("onnx", "torch")}


def test_the_table_holds_the_network_beside_every_baseline(folder) -> None:
    said = (folder / "said.txt").read_text()
    content = json.loads((folder / "data" / "evaluation.json").read_text())
    for part in ("val", "test"):
        assert list(content[part]) == [
            "last item",
            "most frequent item",
            "Markov",
            "Markov of the entity",
            "pointer network",
        ]
        for name, found in content[part].items():
            metrics = found["metrics"]
            assert re.search(rf"│ {name} +│ {metrics['accuracy_at_1']:.4f} .*{metrics['mrr']:.4f}", said)


def test_the_network_learned_the_circles(folder) -> None:
    found = json.loads((folder / "data" / "evaluation.json").read_text())["test"]
    assert found["pointer network"]["metrics"]["mrr"] > found["last item"]["metrics"]["mrr"]


def test_evaluating_the_file_again_gives_the_metrics_of_the_test_part(folder, events, predictors) -> None:
    expected = json.loads((folder / "data" / "evaluation.json").read_text())["test"]["pointer network"]
    found = predictors["torch"].evaluate(events).to_json()
    assert found["rows"] == expected["rows"]
    assert found["metrics"] == pytest.approx(expected["metrics"], abs=1e-9)
    command = ["sequences", "evaluate", "--model", str(folder / "model"), "--data", str(folder / "events.csv")]
    done = CliRunner().invoke(app, [*command, "--json", str(folder / "again.json")])
    assert done.exit_code == 0, done.output
    assert json.loads((folder / "again.json").read_text())["metrics"] == pytest.approx(expected["metrics"])
    assert predictors["onnx"].evaluate(events.filter(pl.col("who") == "e1")).rows < expected["rows"]


def test_unseen_items_are_counted_apart_and_never_a_hit(events, predictors) -> None:
    latest = events.sort("when").group_by("who").tail(1)
    renamed = pl.concat([events.join(latest, on=events.columns, how="anti"), latest.with_columns(what=pl.lit("new"))])
    since = latest["when"].min().astimezone()
    found = predictors["onnx"].evaluate(renamed.filter(pl.col("when") <= latest["when"].max()), since)
    assert found.unseen == latest.height
    assert found.all["accuracy_at_10"] <= 1 - found.unseen / found.rows
    assert found.seen["mrr"] * (found.rows - found.unseen) == pytest.approx(found.all["mrr"] * found.rows)


def test_backends_agree_and_rows_do_not_depend_on_their_neighbours(events, predictors) -> None:
    both = {name: each.predict(events, top=5) for name, each in predictors.items()}
    assert both["onnx"].select("who", "rank", "what").equals(both["torch"].select("who", "rank", "what"))
    for column in ("probability", "share_copied"):
        difference = (both["onnx"][column] - both["torch"][column]).abs().max()
        assert isinstance(difference, float)
        assert difference < 1e-4
    alone = predictors["onnx"].predict(events.filter(pl.col("who") == "e7"), top=5)
    together = both["onnx"].filter(pl.col("who") == "e7")
    assert alone["what"].to_list() == together["what"].to_list()
    assert alone["probability"].to_list() == pytest.approx(together["probability"].to_list(), abs=1e-5)


def test_predictions_tell_what_was_copied_from_where(events, predictors) -> None:
    found = predictors["onnx"].predict(events, top=12)
    latest = {who[0]: rows.sort("when")["what"].to_list()[::-1][:6] for who, rows in events.group_by("who")}
    assert sorted(found["who"].unique()) == sorted(latest)
    sums = found.group_by("who").agg(pl.col("probability").sum())["probability"]
    assert sums.to_list() == pytest.approx([1.0] * len(latest), abs=1e-4)
    seen = 0
    for row in found.iter_rows(named=True):
        if row["what"] not in latest[row["who"]]:
            assert (row["share_copied"], row["attended"]) == (0.0, "")
        for position, weight in (part.split(":") for part in row["attended"].split()):
            assert latest[row["who"]][int(position) - 1] == row["what"]
            assert 0 < float(weight) <= 1
            seen += 1
    assert seen > 30
    assert found["share_copied"].is_between(0, 1).all()


def test_the_predict_command_writes_a_row_for_each_item(folder) -> None:
    command = ["sequences", "predict", "--model", str(folder / "model"), "--in", str(folder / "events.csv")]
    done = CliRunner().invoke(app, [*command, "--out", str(folder / "next.tsv"), "--top", "3"])
    assert done.exit_code == 0, done.output
    assert "next.tsv: 90 predictions" in done.output
    found = pl.read_csv(folder / "next.tsv", separator="\t")
    assert found.columns == ["who", "rank", "what", "probability", "share_copied", "attended"]


def test_nothing_is_unpickled_and_what_is_broken_is_named(folder, tmp_path) -> None:
    import shutil

    for name, content, backend, message in (
        ("model.pth", b"cos\nsystem\n(S'touch stolen'\ntR.", "torch", "model.pth: cannot be loaded"),
        ("model.onnx", b"nonsense", "onnx", "model.onnx: cannot be loaded"),
        ("vocabulary.json", b"{}", "onnx", "vocabulary.json: does not hold what it should"),
        ("vocabulary.json", b'{"items": [], "entities": [], "contexts": {}}', "onnx", "does not fit schema.json"),
        ("moments.json", b"[", "onnx", "moments.json: cannot be read"),
        ("hyperparameters.json", b'{"model_class": "lstm2risk"}', "onnx", "is of a lstm2risk"),
        ("schema.json", None, "onnx", "schema.json: the file is missing"),
    ):
        broken = tmp_path / f"{name}-{backend}-{len(content or b'')}"
        shutil.copytree(folder / "model", broken)
        if content is None:
            (broken / name).unlink()
        else:
            (broken / name).write_bytes(content)
        with pytest.raises(ArtifactError, match=message):
            SequencePredictor.load(broken, backend)
    assert not (tmp_path / "stolen").exists()
    with pytest.raises(ConfigError, match="unknown backend 'tensorrt'"):
        SequencePredictor.load(folder / "model", "tensorrt")


def test_a_config_with_mistakes_is_refused(folder, tmp_path, schema) -> None:
    (tmp_path / "c.yaml").write_text("data: x\ncolumn: {}\n")
    with pytest.raises(ConfigError, match=r"columns is missing.*unknown field 'column'"):
        SequenceConfig.load(tmp_path / "c.yaml")
    columns, data = schema.model_dump(), folder / "events.csv"
    other = SequenceConfig(data=data, columns=columns, hyperparameters={"model_class": "lstm2risk"}, output=tmp_path)
    with pytest.raises(ConfigError, match="model class lstm2risk does not read events"):
        train_on_events(other)
    wrong = {"model_class": "pointer", "history_lenght": 3, "num_classes": 5}
    with pytest.raises(ConfigError, match="did you mean 'history_length'"):
        train_on_events(SequenceConfig(data=data, columns=columns, hyperparameters=wrong, output=tmp_path))


def test_a_file_without_later_events_cannot_be_evaluated(events, predictors) -> None:
    with pytest.raises(DataError, match=r"no event since .* has an earlier event"):
        predictors["onnx"].evaluate(events.sort("when").head(20))
