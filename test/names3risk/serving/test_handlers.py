"""Requests in every media type get the scores of evaluation; what a field holds is what its name says."""

import io
import json

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest

from names3risk.data.splits import load_split
from names3risk.errors import ArtifactError, DataError, MediaTypeError
from names3risk.evaluation.calibration import METHODS, Calibration
from names3risk.serving.handlers import ServedModel, input_fn, model_fn, output_fn, predict_fn

JSON, LINES, CSV, PARQUET = "application/json", "application/jsonlines", "text/csv", "application/x-parquet"
FIELDS = ["legacy-score", "calibrated-score", "score-percentile"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return samples.train(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def evaluated(trained):
    return pl.read_parquet(trained.data_dir / "test_predictions.parquet")


@pytest.fixture(scope="module")
def raw(evaluated):
    return evaluated.select("objectId").join(samples.orders(), on="objectId", maintain_order="left")


@pytest.fixture(scope="module")
def model(trained):
    return model_fn(str(trained.model_dir))


def bodies(frame: pl.DataFrame) -> dict[str, bytes]:
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    return {
        JSON: json.dumps(frame.to_dicts()).encode(),
        LINES: frame.write_ndjson().encode(),
        CSV: frame.write_csv().encode(),
        "text/tab-separated-values": frame.write_csv(separator="\t").encode(),
        PARQUET: parquet.getvalue(),
    }


def answer(model, body, content_type=JSON, accept=JSON):
    return output_fn(predict_fn(input_fn(body, content_type), model), accept)


@pytest.mark.parametrize("content_type", [JSON, LINES, CSV, "text/tab-separated-values", PARQUET])
def test_scores_of_raw_rows_are_those_of_evaluation(model, raw, evaluated, content_type):
    body, media_type = answer(model, bodies(raw)[content_type], content_type)
    assert media_type == JSON
    rows = json.loads(body)["predictions"]
    assert [row["objectId"] for row in rows] == evaluated["objectId"].to_list()
    assert [row["legacy-score"] for row in rows] == pytest.approx(evaluated["score"].to_list(), abs=1e-6)
    assert list(rows[0]) == ["objectId", *FIELDS]


def test_every_kind_of_answer_holds_the_same(model, raw):
    body = bodies(raw)[CSV]
    expected = json.loads(answer(model, body, CSV)[0])["predictions"]
    lines, kind = answer(model, body, CSV, "application/x-jsonlines")
    assert ([json.loads(line) for line in lines.splitlines()], kind) == (expected, LINES)
    table, kind = answer(model, body, CSV, "text/csv; charset=utf-8")
    assert (table.splitlines()[0], kind) == ("objectId,legacy-score,calibrated-score,score-percentile", CSV)
    found = pl.read_csv(io.StringIO(table), infer_schema=False)
    assert found["objectId"].to_list() == [row["objectId"] for row in expected]
    assert [float(value) for value in found["legacy-score"]] == [row["legacy-score"] for row in expected]
    assert found["calibrated-score"].null_count() == len(expected)
    parquet, kind = answer(model, body, CSV, PARQUET)
    assert (pl.read_parquet(io.BytesIO(parquet)).to_dicts(), kind) == (expected, PARQUET)


def test_without_a_calibration_there_is_no_calibrated_score_and_no_percentile(model, raw):
    for row in json.loads(answer(model, bodies(raw)[JSON])[0])["predictions"]:
        assert row["calibrated-score"] is None
        assert row["score-percentile"] is None
        assert 0 < row["legacy-score"] < 1


@pytest.mark.parametrize("method", METHODS)
def test_with_a_calibration_each_field_holds_what_its_name_says(trained, raw, tmp_path, method):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in trained.model_dir.iterdir():
        (folder / file.name).symlink_to(file)
    val = pl.read_parquet(trained.data_dir / "val_predictions.parquet")
    calibration = Calibration.fit(val["label"], val.select("prob_class_0", "prob_class_1").to_numpy(), method)
    calibration.save(folder)
    rows = json.loads(answer(model_fn(str(folder)), bodies(raw)[JSON])[0])["predictions"]
    scores = np.array([row["legacy-score"] for row in rows])
    expected = calibration.apply(np.stack([1 - scores, scores], axis=1))[:, 1]
    assert [row["calibrated-score"] for row in rows] == pytest.approx(expected.tolist(), abs=1e-5)
    share = [100 * (val["score"].to_numpy() <= score).mean() for score in scores]
    assert [row["score-percentile"] for row in rows] == pytest.approx(share, abs=100 / val.height)


def test_a_calibration_of_other_classes_or_a_broken_one_is_refused(trained, tmp_path):
    for file in trained.model_dir.iterdir():
        (tmp_path / file.name).symlink_to(file)
    path = tmp_path / "calibration.json"
    path.write_text('{"method": "temperature", "num_classes": 3, "maps": [{"temperature": 2}]}')
    with pytest.raises(ArtifactError, match=r"calibration\.json: is of 3 classes; expected 2"):
        model_fn(str(tmp_path))
    path.write_text("{}")
    with pytest.raises(ArtifactError, match=r"calibration\.json: not a calibration"):
        model_fn(str(tmp_path))


def test_one_row_may_come_alone_in_an_envelope_or_without_a_header(model, raw):
    row = raw.row(0, named=True)
    expected = json.loads(answer(model, bodies(raw[:1])[JSON])[0])
    for content in (row, [row], {"instances": [row]}):
        assert json.loads(answer(model, json.dumps(content))[0]) == expected
    cells = raw[:1].select(model.predictor.needed).write_csv(include_header=False)
    assert json.loads(answer(model, cells, "text/csv; header=absent")[0]) == expected
    assert json.loads(answer(model, "\ufeff".encode() + bodies(raw[:1])[CSV], CSV)[0]) == expected


def test_what_is_asked_for_first_and_can_be_written_is_written(model, raw):
    body = bodies(raw[:1])[JSON]
    for accept, wanted in (("", JSON), ("*/*", JSON), ("text/html, text/csv;q=0.9, */*", CSV), ("TEXT/CSV", CSV)):
        assert answer(model, body, JSON, accept)[1] == wanted


def test_no_rows_give_no_rows(model, raw):
    assert json.loads(answer(model, "[]")[0]) == {"predictions": []}
    assert json.loads(answer(model, raw[:0].write_csv(), CSV)[0]) == {"predictions": []}
    assert answer(model, "", LINES, CSV)[0] == "objectId,legacy-score,calibrated-score,score-percentile\n"


def test_three_classes_have_probabilities_and_no_single_score(tmp_path):
    label = {"column": "paymentMethod", "classes": [["card"], ["wallet"], ["invoice"]]}
    splits = samples.write_splits(tmp_path, label=label, cat_field_list=[])
    result = samples.train(tmp_path, splits=splits, num_classes=3)
    frame = load_split(splits / "test").frame
    plain = [f"prob_class_{k}" for k in range(3)]
    columns = ServedModel.load(result.model_dir).score(frame)
    assert list(columns) == ["objectId", *plain]
    probabilities = np.stack([columns[name] for name in plain], axis=1)
    Calibration.fit(frame["label"], probabilities, "temperature").save(result.model_dir)
    columns = ServedModel.load(result.model_dir).score(frame)
    assert list(columns) == ["objectId", *plain, *(f"calibrated_{name}" for name in plain)]
    assert sum(np.asarray(columns[f"calibrated_{name}"]) for name in plain) == pytest.approx(1)


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{", JSON, "the body is not JSON: .* at character 2"),
        (b"[1]", JSON, "row 1 is a int; expected an object"),
        (b"[" * 100_000, JSON, "nested too deeply|not JSON"),
        (b'{"a": 1}\n[1]', LINES, "line 2 is a list"),
        (b'{"a": 1}\n{"a"', LINES, "line 2 is not JSON"),
        (b"\xff\xfe", JSON, "byte 1 of the body is not UTF-8"),
        (b"", CSV, "the body is empty"),
        (b"a,a\n1,2", CSV, "the header names .* more than once"),
        (b"a,b\n1,2\n1", CSV, "row 2 has 1 fields, the header has 2"),
        (b'a,b\n"x"y,2', CSV, "line 2 is not CSV"),
        (b"1,2", "text/csv; header=absent", "row 1 has 2 fields, the model has 8"),
        (b"PAR1 and more", PARQUET, "the body is not a Parquet file"),
        (b"{}", JSON, "row 1: missing columns 'objectId'"),
    ],
)
def test_what_is_wrong_with_a_body_is_told(model, body, content_type, message):
    with pytest.raises(DataError, match=message):
        answer(model, body, content_type)


def test_unknown_media_types_are_named(model):
    with pytest.raises(MediaTypeError, match=r"'text/html' is not known; expected one of application/json"):
        input_fn(b"", "text/html")
    with pytest.raises(MediaTypeError, match="'image/png' is not known"):
        output_fn({"id": []}, "image/png")
