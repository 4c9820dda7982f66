"""The training job on splits that are larger than the memory they may take."""

import json
import os
import subprocess
import sys
from pathlib import Path

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest

from names3risk.api import watch
from names3risk.artifacts import ModelArtifacts
from names3risk.boosting.hyperparameters import parse_xgboost_hyperparameters
from names3risk.boosting.job import run_xgboost_training_job
from names3risk.data import parts
from names3risk.data.parts import load_texts
from names3risk.data.splits import load_split
from names3risk.errors import ConfigError, DataError, TrainingError
from names3risk.features.encoder import FeatureEncoder
from names3risk.features.parts import fit_parts
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.text.tokenizer import train_tokenizer
from names3risk.training.evaluator import evaluator_of
from names3risk.training.job_data import StreamedData, WholeData, load_job_data
from names3risk.training.memory import bytes_in_memory, machine_memory, memory_budget
from names3risk.training.roles import open_labelled_parts
from names3risk.training.run_file import RowsRun, parse_run, read_run


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    """Splits as preprocessing writes them, the training split then cut into parts."""
    folder = samples.write_splits(tmp_path_factory.mktemp("splits"))
    into_parts(folder / "train", 3)
    return folder


def into_parts(folder: Path, parts: int) -> None:
    whole = folder / "data.parquet"
    frame = pl.read_parquet(whole)
    size = -(-frame.height // parts)
    for k in range(parts):
        part = frame.slice(k * size, size)
        part.select(sorted(part.columns, reverse=k % 2 == 1)).write_parquet(folder / f"part-{k}.parquet")
    whole.unlink()


def test_a_streamed_job_leaves_what_one_in_memory_leaves(tmp_path, splits):
    streamed = samples.train(tmp_path / "streamed", splits=splits, memory_budget_gib=0.0)
    whole = samples.train(tmp_path / "whole", splits=splits)
    for name in ("impute_dict.json", "risk_table_map.json", "tokenizer.json", "schema.json", "feature_columns.txt"):
        assert (streamed.model_dir / name).read_text() == (whole.model_dir / name).read_text()
    checkpoints = {path.name.split("-")[0] for path in (tmp_path / "streamed" / "checkpoints").iterdir()}
    assert "rows" in checkpoints
    assert "tokens" not in checkpoints, "which are kept of tables in memory"
    assert {path.name for path in streamed.data_dir.iterdir()} == {path.name for path in whole.data_dir.iterdir()}
    for name in ("val", "test"):
        found, wanted = (
            pl.read_parquet(result.data_dir / f"{name}_predictions.parquet").drop("^prob.*$", "score")
            for result in (streamed, whole)
        )
        assert found.equals(wanted), "every row once, in order"
    assert json.loads((streamed.model_dir / "hyperparameters.json").read_text())["memory_budget_gib"] == 0.0


def test_encoded_rows_are_made_once(tmp_path, splits, caplog):
    caplog.set_level("INFO")
    folders = {name: splits / name for name in ("train", "val")}
    tokenizer, _ = train_tokenizer(load_texts(splits / "train", 1000))

    def kept(**changes):
        """Which of the two splits were encoded by an earlier run."""
        hyperparameters = samples.hyperparameters(**changes)
        data = StreamedData(folders, hyperparameters, tmp_path)
        artifacts = ModelArtifacts(hyperparameters, data.schema, data.fit_features(), tokenizer)
        caplog.clear()
        train, val = data.encode(artifacts)
        assert (len(train), len(val)) == (144, 48)
        return sum("rows are read from" in line for line in caplog.messages)

    assert [kept(), kept(), kept(lr=0.02)] == [0, 2, 2]
    assert kept(seed=1) == 1, "another seed has other folds of training rows"
    assert kept(max_sen_len=30) == kept(imputation="median") == kept(count_threshold=60) == 0


def test_features_are_those_of_the_whole_table(splits, tmp_path):
    whole = load_split(splits / "train")
    parted = open_labelled_parts(splits / "train", samples.hyperparameters())
    settings = {"imputation": "median", "numeric_transform": "quantile", "smooth_factor": 0.1}
    wanted = FeatureEncoder.fit(whole.frame, whole.schema, **settings)
    found = fit_parts(parted, seed=3, **settings)
    for folder, encoder in (("wanted", wanted), ("found", found.encoder)):
        encoder.save(tmp_path / folder)
    for path in (tmp_path / "wanted").glob("*.json"):
        assert json.loads((tmp_path / "found" / path.name).read_text()) == json.loads(path.read_text())
    chunks = list(found.encoded(parted))
    assert len(chunks) == 3, "one for each file"
    assert pl.concat([chunk for chunk, _ in chunks]).equals(whole.frame)
    matrix = np.concatenate([features for _, features in chunks])
    assert np.array_equal(matrix, wanted.fit_transform_out_of_fold(whole.frame, seed=3))


def test_a_row_group_of_any_size_is_read_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "MOST_CHUNK_ROWS", 1024)
    folder = samples.write_splits(tmp_path, samples.orders(6000))
    split = open_labelled_parts(folder / "train", samples.hyperparameters())
    heights = [chunk.height for chunk in split.chunks()]
    assert max(heights) <= 1024
    assert sum(heights) == len(split) == 3600


def test_texts_of_a_large_split_are_those_of_rows_spread_over_it(splits, monkeypatch):
    monkeypatch.setattr(parts, "MOST_CHUNK_ROWS", 10)
    train = open_labelled_parts(splits / "train", samples.hyperparameters())
    whole = load_split(splits / "train").frame
    for most, every in ((1000, 1), (144, 1), (143, 2), (50, 3), (1, 144)):
        found = train.texts(most)
        assert list(found) == samples.COLUMNS["text_source_fields"]
        assert found["customerName"].to_list() == whole["customerName"].gather_every(every).to_list()
        assert load_texts(splits / "train", most)["customerName"].equals(found["customerName"])


def test_texts_of_a_split_in_csv_are_spread_over_it_too(tmp_path):
    folder = samples.write_splits(tmp_path, format="csv")
    wanted = load_split(folder / "train").frame["customerName"].gather_every(29)
    assert load_texts(folder / "train", 5)["customerName"].equals(wanted)
    with pytest.raises(DataError, match=r"there is no schema\.json"):
        load_texts(tmp_path, 5)


def test_text_files_are_streamed_with_the_same_result(tmp_path, monkeypatch):
    format = "tsv"
    splits = samples.write_splits(tmp_path, format=format)
    header, *lines = (splits / "train" / f"data.{format}").read_text().splitlines(keepends=True)
    for k, part in enumerate((lines[:50], lines[50:])):
        (splits / "train" / f"part-{k}.{format}").write_text(header + "".join(part))
    (splits / "train" / f"data.{format}").unlink()
    monkeypatch.setattr(parts, "MOST_CHUNK_ROWS", 20)
    streamed = samples.train(tmp_path / "streamed", splits=splits, memory_budget_gib=0.0)
    whole = samples.train(tmp_path / "whole", splits=splits)
    for name in ("impute_dict.json", "risk_table_map.json", "tokenizer.json", "schema.json", "feature_columns.txt"):
        assert (streamed.model_dir / name).read_text() == (whole.model_dir / name).read_text()
    for name in ("val", "test"):
        found, wanted = (
            pl.read_csv(result.data_dir / f"{name}_predictions.{format}", separator="\t")
            for result in (streamed, whole)
        )
        assert found.drop("^prob.*$", "score").equals(wanted.drop("^prob.*$", "score")), "every row once, in order"


def test_text_files_are_parsed_once_and_encoded_like_tables_in_memory(tmp_path, caplog):
    caplog.set_level("INFO")
    splits = samples.write_splits(tmp_path, format="csv")
    hyperparameters = samples.hyperparameters()
    folders = {name: splits / name for name in ("train", "val")}
    for parsed in (1, 0):
        caplog.clear()
        data = StreamedData(folders, hyperparameters, tmp_path / "kept")
        assert sum("144 rows are parsed once" in line for line in caplog.messages) == parsed
    tokenizer, _ = train_tokenizer(data.texts())
    whole = WholeData.load(folders, hyperparameters, tmp_path / "whole")
    artifacts = ModelArtifacts(hyperparameters, data.schema, data.fit_features(), tokenizer)
    for found, wanted in zip(data.encode(artifacts), whole.encode(artifacts), strict=True):
        rows, _ = found.read([(0, 0, len(found))])
        assert np.array_equal(rows.tabular, wanted.tabular)
        assert np.array_equal(rows.labels, wanted.labels)
        assert np.array_equal(rows.tokens.values, wanted.tokens.values)
        assert np.array_equal(rows.tokens.offsets, wanted.tokens.offsets)


def job(tmp_path, splits, **more):
    return samples.train(tmp_path, splits=splits, memory_budget_gib=0.0, max_epochs=1, **more)


def broken(tmp_path, change):
    folder = samples.write_splits(tmp_path)
    into_parts(folder / "train", 3)
    change(folder / "train")
    return folder


def overwrite(path, **columns):
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)


WRONG = {
    "empty": (lambda f: (f / "part-1.parquet").write_bytes(b""), r"part-1\.parquet: the file is empty"),
    "no rows": (
        lambda f: pl.read_parquet(f / "part-1.parquet").head(0).write_parquet(f / "part-1.parquet"),
        r"part-1\.parquet: holds no rows; .*remove the file",
    ),
    "cut off": (
        lambda f: (f / "part-2.parquet").write_bytes((f / "part-2.parquet").read_bytes()[:-100]),
        r"part-2\.parquet: cut off or damaged",
    ),
    "no parquet": (lambda f: (f / "part-1.parquet").write_text("a,b\n"), r"part-1\.parquet: not a Parquet file"),
    "of another format": (lambda f: (f / "part-1.csv").write_text("a,b\n"), r"part-1\.csv: is CSV; expected parquet"),
    "without a column": (
        lambda f: pl.read_parquet(f / "part-1.parquet").drop("amount").write_parquet(f / "part-1.parquet"),
        r"part-1\.parquet: missing column 'amount'",
    ),
    "another type": (
        lambda f: overwrite(f / "part-2.parquet", amount=pl.lit([1.0])),
        r"part-2\.parquet: column 'amount' is List.*expected numbers",
    ),
    "a wrong value": (
        lambda f: overwrite(f / "part-2.parquet", amount=pl.lit("much")),
        r"part-2\.parquet: column 'amount' holds 'much' in row 1",
    ),
    "another label": (lambda f: overwrite(f / "part-1.parquet", label=pl.lit(2)), r"part-1\.parquet: .*'label' holds"),
    "one class": (
        lambda f: [overwrite(path, label=pl.lit(0)) for path in f.glob("*.parquet")],
        "train: no training row is of class 1",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_named(tmp_path, name):
    change, message = WRONG[name]
    with pytest.raises(DataError, match=message) as caught:
        job(tmp_path, broken(tmp_path, change))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model" / "model.pth").exists()


def change_schema(folder, **changes):
    values = json.loads((folder / "schema.json").read_text())
    (folder / "schema.json").write_text(json.dumps({**values, **changes}))


@pytest.mark.parametrize("budget", [0.0, None])
def test_splits_of_other_roles_are_refused_before_anything_is_learned(tmp_path, budget):
    folder = samples.write_splits(tmp_path)
    change_schema(folder / "val", tab_field_list=["amount"])
    with pytest.raises(DataError, match=r"val/schema\.json: 'ageInDays', 'itemCount' is no numeric field here"):
        samples.train(tmp_path, splits=folder, memory_budget_gib=budget)
    change_schema(folder / "val", tab_field_list=["itemCount", "amount", "ageInDays"], cat_field_list=[])
    with pytest.raises(DataError, match="'paymentMethod' is no categorical field here, but in the training split"):
        samples.train(tmp_path, splits=folder, memory_budget_gib=budget)


def test_rows_of_a_loss_that_is_not_finite_are_named_by_their_ids(tmp_path):
    folder = samples.write_splits(tmp_path)
    overwrite(folder / "train" / "data.parquet", amount=pl.lit(1e300))
    with pytest.raises(TrainingError, match=r"not finite at step 0, training rows \d+ \(id 00\d{4}\), .* none yet"):
        job(tmp_path, folder)


def test_the_evaluator_beside_a_streamed_training_streams_too(tmp_path, monkeypatch):
    result = samples.train(tmp_path, memory_budget_gib=0.0)
    checkpoints = tmp_path / "checkpoints"
    before = {path: path.stat().st_mtime_ns for path in checkpoints.rglob("part-*.parquet")}
    monkeypatch.setattr(WholeData, "load", lambda *_: pytest.fail("whole splits are loaded"))
    state = watch(checkpoints, batches_per_checkpoint=7, poll_seconds=0.01)
    assert state.evaluated == 7
    assert 0 < state.best < 1
    again = evaluator_of(parse_run(RowsRun, values_of(checkpoints), checkpoints), checkpoints)
    position = next(again._batches).rows
    assert len(set(position.tolist())) == len(position) == 16, "it goes on with the next batch"
    after = {path: path.stat().st_mtime_ns for path in checkpoints.rglob("part-*.parquet")}
    assert after == before, "rows are encoded once, by the training"
    assert result.evaluations


def values_of(checkpoints):
    values = read_run(checkpoints)
    values.pop("kind")
    return values


def test_a_damaged_page_is_told_by_its_file(tmp_path):
    def damage(folder):
        path = folder / "part-1.parquet"
        content = bytearray(path.read_bytes())
        content[4:400] = b"\xff" * 396
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"part-1\.parquet: (cut off or damaged|cannot read)"):
        job(tmp_path, broken(tmp_path, damage))


def rewritten(old, new):
    """Changes the first occurrence of a text in the middle of a training split in CSV."""

    def change(path):
        lines = path.read_text().splitlines(keepends=True)
        assert old in "".join(lines[60:])
        changed = "".join(lines[60:]).replace(old, new, 1)
        path.write_bytes("".join(lines[:60]).encode() + changed.encode("utf-8", "surrogateescape"))

    return change


WRONG_TEXT = {
    "a wrong value": (
        rewritten(",card,", ",card,x"),
        r"train/data\.csv: the label column 'label' holds 'x[01]' in 1 rows",
    ),
    "more fields": (rewritten("card", "card,1,2,3,4,5"), r"data\.csv: line 6\d has \d+ fields, the header has \d+"),
    "not UTF-8": (rewritten("card", "c\udce9rd"), r"data\.csv: byte \d+ \(0xe9, line 6\d\) is not UTF-8"),
    "no rows": (lambda f: f.write_text(f.read_text().split("\n")[0] + "\n"), r"train/data\.csv: holds no rows"),
    "without a column": (
        lambda f: f.write_text(f.read_text().replace("amount", "amont", 1)),
        r"missing column 'amount'",
    ),
}


@pytest.mark.parametrize("name", WRONG_TEXT)
def test_wrong_text_files_are_named(tmp_path, name):
    folder = samples.write_splits(tmp_path, format="csv")
    change, message = WRONG_TEXT[name]
    change(folder / "train" / "data.csv")
    with pytest.raises(DataError, match=message) as caught:
        job(tmp_path, folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model_class", ["multimodal_boosted", "xgboost"])
def test_what_cannot_be_streamed_is_refused_where_it_cannot_fit(tmp_path, splits, monkeypatch, caplog, model_class):
    folders = {name: splits / name for name in ("train", "val", "test")}
    needed = bytes_in_memory(folders.values())
    why = f"model class {model_class} is fitted to all rows at once, and cannot stream them"

    def begin():
        if model_class == "xgboost":
            given = {f"{name}_dir": folder for name, folder in folders.items()}
            wanted = {f"{name}_dir": tmp_path / name for name in ("model", "data")}
            settings = {"model_class": model_class, "num_round": 1}
            run_xgboost_training_job(**given, **wanted, hyperparameters=parse_xgboost_hyperparameters(settings))
        else:
            hyperparameters = parse_hyperparameters({"model_class": model_class})
            assert load_job_data(folders, hyperparameters, tmp_path, streams=False).rows == 144

    monkeypatch.setattr("names3risk.training.memory.machine_memory", lambda: needed + 1)
    begin()
    assert why in caplog.text
    monkeypatch.setattr("names3risk.training.memory.machine_memory", lambda: needed - 1)
    with pytest.raises(ConfigError, match=rf"the splits take about 0\.0 GiB .* this machine has; {why}; .*fewer rows"):
        begin()


def test_raw_columns_are_streamed_too(tmp_path):
    frame = samples.orders().with_columns(target=pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    for name, part in {"train": frame[:140], "val": frame[140:190], "test": frame[190:]}.items():
        (tmp_path / "raw" / name).mkdir(parents=True)
        part.write_parquet(tmp_path / "raw" / name / f"{name}.parquet", row_group_size=32)
    roles = {"id_name": "objectId", "label_name": "target", "text_name": "customerName", "tab_field_list": ["amount"]}
    result = job(tmp_path, tmp_path / "raw", **roles)
    found = pl.read_parquet(result.data_dir / "test_predictions.parquet")
    assert found["objectId"].to_list() == frame[190:]["objectId"].to_list()
    assert found["label"].to_list() == frame[190:]["target"].to_list()


def test_the_budget_is_half_of_the_memory_for_all_processes_of_a_machine(tmp_path):
    assert memory_budget(None, 1) == machine_memory() // 2
    assert memory_budget(1.5, 2) == 3 * 2**28
    folder = samples.write_splits(tmp_path)
    sizes = [bytes_in_memory([folder / name]) for name in ("train", "val")]
    assert sizes[0] == 3 * sizes[1] > 0
    assert bytes_in_memory([folder / "train", folder / "val"]) == sum(sizes)
    assert bytes_in_memory([samples.write_splits(tmp_path / "csv", format="csv") / "val"]) > 0


def wide_split(folder, rows, fields):
    """A split whose file is small, because its numbers repeat, and whose table is not."""
    names = [f"x{k}" for k in range(fields)]
    schema = {"id_name": "id", "text_source_fields": ["name"], "tab_field_list": names}
    schema["label"] = {"column": "label", "classes": [[0], [1]]}
    folder.mkdir(parents=True)
    (folder / "schema.json").write_text(json.dumps(schema))
    row = pl.int_range(rows, eager=True)
    columns = {"id": row.cast(pl.String), "name": "name " + (row % 97).cast(pl.String), "label": row % 2}
    frame = pl.DataFrame({**columns, **{name: ((row + k) % 31).cast(pl.Float64) for k, name in enumerate(names)}})
    frame.write_parquet(folder / "data.parquet", row_group_size=rows)


def test_memory_does_not_grow_with_the_table(tmp_path):
    rows, fields = 400_000, 120
    for size, count in (("small", 20_000), ("large", rows)):
        wide_split(tmp_path / size / "train", count, fields)
        wide_split(tmp_path / size / "val", 1000, fields)
    program = Path(__file__).with_name("streamed_memory.py")
    environment = {**os.environ, "PYTHONPATH": str(Path(samples.__file__).parent), "OMP_NUM_THREADS": "1"}

    def growth(way):
        command = [sys.executable, str(program), str(tmp_path), way]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        read, grown = map(int, done.stdout.split())
        assert read == rows
        return grown

    limit = 1.3 * 8 * rows * fields
    assert growth("whole") > limit, "the table and its features do not fit into so much"
    assert growth("streamed") < limit
