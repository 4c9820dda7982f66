"""The XGBoost jobs on small orders: what they leave behind, and that served scores are evaluated ones."""

import json
import pickle
import shutil

import names3risk_samples as samples
import numpy as np
import polars as pl
import pytest

from names3risk.boosting import job as boosting_job
from names3risk.boosting.artifacts import load_boosting_artifacts
from names3risk.boosting.booster import load_booster, predict_probabilities, to_dmatrix
from names3risk.boosting.explain import Explanation
from names3risk.boosting.hyperparameters import parse_xgboost_hyperparameters
from names3risk.boosting.job import run_xgboost_training_job
from names3risk.boosting.predictor import XGBoostPredictor
from names3risk.data.preparation import LABEL
from names3risk.data.reading import read_table
from names3risk.data.splits import load_split
from names3risk.errors import ArtifactError, ConfigError, DataError, OutputError
from names3risk.evaluation.job import run_evaluation_job

SETTINGS = {"nthread": 1, "num_round": 60, "eta": 0.2, "early_stopping_rounds": 5}
THREE = {"column": "status", "classes": [["N"], ["F"], ["I"]], "other": "drop"}


def run(splits, folder, **settings):
    return run_xgboost_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=parse_xgboost_hyperparameters({**SETTINGS, **settings}),
        model_dir=folder / "model",
        data_dir=folder / "data",
    )


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return samples.write_splits(tmp_path_factory.mktemp("orders"), samples.orders(900), format="csv")


@pytest.fixture(scope="module")
def trained(splits, tmp_path_factory):
    return run(splits, tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def native(splits, tmp_path_factory):
    return run(splits, tmp_path_factory.mktemp("native"), categorical_encoding="native")


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    return run(samples.write_splits(folder, samples.orders(900), label=THREE), folder, num_classes=3)


def test_the_model_folder_has_every_artefact(trained):
    names = {path.name for path in trained.model_dir.iterdir()}
    assert names >= {
        "xgboost_model.bst",
        "risk_table_map.json",
        "impute_dict.json",
        "feature_importance.json",
        "feature_columns.txt",
        "hyperparameters.json",
        "schema.json",
    }
    columns = (trained.model_dir / "feature_columns.txt").read_text().splitlines()
    assert columns == ["0,amount", "1,ageInDays", "2,itemCount", "3,paymentMethod"]
    hyperparameters = json.loads((trained.model_dir / "hyperparameters.json").read_text())
    assert hyperparameters["learning_rate"] == 0.2
    assert hyperparameters["tab_field_list"] == ["amount", "ageInDays", "itemCount"]
    importance = json.loads((trained.model_dir / "feature_importance.json").read_text())
    assert set(importance) == {"gain", "cover", "weight", "total_gain", "total_cover", "mean_absolute_contribution"}
    fields = ["amount", "ageInDays", "itemCount", "paymentMethod"]
    assert all(list(values) == fields for values in importance.values())
    assert importance["gain"]["ageInDays"] > importance["gain"]["itemCount"]


def test_predictions_metrics_and_pictures_of_each_split_are_written(trained, splits):
    for name in ("val", "test"):
        predictions = read_table(trained.data_dir / f"{name}_predictions.csv")
        assert predictions.columns == [
            "objectId",
            "label",
            "marketplaceCountryCode",
            "prob_class_0",
            "prob_class_1",
            "score",
        ]
        assert predictions.height == load_split(splits / name).frame.height
        metrics = json.loads((trained.data_dir / f"{name}_metrics.json").read_text())
        assert metrics["metrics"]["auroc"] > 0.9
        assert set(metrics["by_marketplace"]) == {"US", "DE", "JP"}
        for picture in ("roc_curve", "pr_curve"):
            assert (trained.data_dir / f"{name}_{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert (trained.data_dir / "shap_summary.png").read_bytes().startswith(b"\x89PNG")


def test_imputation_and_risk_tables_see_the_training_split_only(trained, splits):
    train = load_split(splits / "train").frame
    imputed = json.loads((trained.model_dir / "impute_dict.json").read_text())
    assert imputed["amount"] == pytest.approx(train["amount"].mean())
    table = json.loads((trained.model_dir / "risk_table_map.json").read_text())["paymentMethod"]
    rates = dict(train.group_by("paymentMethod").agg(pl.col(LABEL).mean()).iter_rows())
    assert table["bins"] == pytest.approx(rates)
    assert table["default_bin"] == pytest.approx(train[LABEL].mean())


def test_prediction_uses_the_best_round(trained):
    history = json.loads((trained.data_dir / "training_history.json").read_text())["val"]["logloss"]
    best = int(np.argmin(history))
    assert best + 1 < len(history)
    assert trained.rounds == load_booster(trained.model_dir / "xgboost_model.bst").num_boosted_rounds() == best + 1
    predictions = read_table(trained.data_dir / "val_predictions.csv")
    score = np.clip(predictions["score"].cast(pl.Float64).to_numpy(), 1e-9, 1 - 1e-9)
    label = predictions["label"].cast(pl.Int64).to_numpy()
    loss = -np.mean(label * np.log(score) + (1 - label) * np.log(1 - score))
    assert loss == pytest.approx(history[best], abs=1e-5)


def test_training_stops_by_the_last_metric(splits, tmp_path):
    run(splits, tmp_path, eval_metric=["logloss", "aucpr"], num_round=40)
    history = json.loads((tmp_path / "data" / "training_history.json").read_text())["val"]
    best = int(np.argmax(history["aucpr"]))
    assert len(history["aucpr"]) == best + 1 + SETTINGS["early_stopping_rounds"]
    assert best != int(np.argmin(history["logloss"]))


def test_without_early_stopping_all_rounds_are_kept(splits, tmp_path):
    assert run(splits, tmp_path, early_stopping_rounds=0, num_round=7).rounds == 7


def test_the_same_data_gives_the_same_model(splits, trained, tmp_path):
    again = run(splits, tmp_path)
    name = "xgboost_model.bst"
    assert (again.model_dir / name).read_bytes() == (trained.model_dir / name).read_bytes()


def test_served_scores_are_evaluated_ones_in_any_order_and_company(trained, splits):
    frame = load_split(splits / "test").frame
    predictor = XGBoostPredictor.load(trained.model_dir)
    whole = predictor.predict(frame)
    written = read_table(trained.data_dir / "test_predictions.csv")
    assert whole["score"].to_list() == pytest.approx(written["score"].cast(pl.Float64).to_list(), abs=1e-7)
    shuffled = frame.select(reversed(frame.columns)).sample(fraction=1, shuffle=True, seed=1)
    both = whole.join(predictor.predict(shuffled), on="objectId", suffix="_shuffled")
    assert (both["score"] == both["score_shuffled"]).all()
    alone = pl.concat([predictor.predict(frame[index : index + 1]) for index in range(5)])
    assert alone["score"].to_list() == whole["score"][:5].to_list()


def test_rows_to_score_need_neither_label_nor_marketplace_nor_text(trained, splits):
    predictor = XGBoostPredictor.load(trained.model_dir)
    frame = load_split(splits / "test").frame.select(predictor.needed)
    assert predictor.needed == ["objectId", "amount", "ageInDays", "itemCount", "paymentMethod"]
    assert predictor.predict(frame).columns == ["objectId", "prob_class_0", "prob_class_1", "score"]
    with pytest.raises(DataError, match="missing column 'amount'"):
        predictor.predict(frame.drop("amount"), "rows.csv")


def test_native_categories_are_split_by_xgboost_itself(native, splits):
    artifacts = load_boosting_artifacts(native.model_dir)
    assert artifacts.features.types == ["q", "q", "q", "c"]
    assert json.loads((native.model_dir / "categories.json").read_text()) == {
        "paymentMethod": ["card", "invoice", "wallet"]
    }
    assert json.loads((native.model_dir / "risk_table_map.json").read_text()) == {}
    assert (native.model_dir / "feature_columns.txt").read_text().splitlines()[-1] == "3,paymentMethod"
    trees = json.loads(artifacts.booster.save_raw("json").decode())["learner"]["gradient_booster"]["model"]["trees"]
    assert any(kind == 1 for tree in trees for kind in tree["split_type"])
    assert native.evaluations["test"].overall.values["auroc"] > 0.9


def test_an_unseen_category_counts_as_missing(native, splits):
    predictor = XGBoostPredictor.load(native.model_dir)
    frame = load_split(splits / "test").frame
    unseen = predictor.predict(frame.with_columns(paymentMethod=pl.lit("barter")))
    missing = predictor.predict(frame.with_columns(paymentMethod=pl.lit(None, pl.String)))
    assert unseen.equals(missing)


def test_several_classes_have_probabilities_that_add_up(several):
    predictions = read_table(several.data_dir / "test_predictions.parquet")
    probabilities = predictions.select("^prob_class_.$")
    assert probabilities.width == 3
    assert probabilities.sum_horizontal().to_numpy() == pytest.approx(np.ones(len(predictions)), abs=1e-6)
    assert "score" not in predictions.columns
    assert several.evaluations["test"].overall.rows_per_class == [
        int((predictions["label"] == index).sum()) for index in range(3)
    ]
    columns = (several.model_dir / "feature_columns.txt").read_text().splitlines()
    assert columns[3:] == ["3,paymentMethod_class_1", "4,paymentMethod_class_2"]
    assert (several.data_dir / "shap_summary.png").is_file()


@pytest.mark.parametrize("which", ["trained", "native", "several"])
def test_contributions_add_up_to_the_margin(which, splits, request):
    result = request.getfixturevalue(which)
    artifacts = load_boosting_artifacts(result.model_dir)
    features, booster = artifacts.features, artifacts.booster
    matrix = features.transform(load_split(splits / "test").frame)
    rows = to_dmatrix(matrix, features)
    found = Explanation.of(booster, rows, matrix, features.columns)
    margin = booster.predict(rows, output_margin=True).reshape(len(matrix), -1)
    rest = margin - found.contributions.sum(axis=2)
    assert rest == pytest.approx(np.broadcast_to(rest[:1], rest.shape), abs=1e-4)  # the base value of each class
    assert found.mean_absolute["ageInDays"] > found.mean_absolute["itemCount"]
    assert predict_probabilities(booster, rows).shape == (len(matrix), 3 if which == "several" else 2)


def test_a_linear_booster_trains_and_explains_itself(splits, tmp_path):
    result = run(splits, tmp_path, booster="gblinear", early_stopping_rounds=0, num_round=20)
    assert result.evaluations["test"].overall.values["auroc"] > 0.85
    importance = json.loads((result.model_dir / "feature_importance.json").read_text())
    assert set(importance) == {"weight", "mean_absolute_contribution"}


def test_trees_with_several_outputs_train_without_explanation(tmp_path, caplog):
    splits = samples.write_splits(tmp_path, samples.orders(400), label=THREE)
    result = run(splits, tmp_path, num_classes=3, multi_strategy="multi_output_tree", num_round=5)
    assert not (result.data_dir / "shap_summary.png").exists()
    assert "cannot explain trees with several outputs" in caplog.text


def test_roles_in_the_hyperparameters_replace_those_of_the_schema(splits, tmp_path):
    result = run(splits, tmp_path, tab_field_list=["itemCount", "amount"], cat_field_list=[], explained_rows=0)
    assert (result.model_dir / "feature_columns.txt").read_text() == "0,itemCount\n1,amount\n"
    assert XGBoostPredictor.load(result.model_dir).needed == ["objectId", "itemCount", "amount"]


def test_splits_without_a_schema_take_their_roles_from_the_hyperparameters(splits, tmp_path):
    shutil.copytree(splits, tmp_path / "raw", ignore=shutil.ignore_patterns("schema.json"))
    with pytest.raises(ConfigError, match="the columns have no roles: id_name, label_name not set"):
        run(tmp_path / "raw", tmp_path)
    roles = {"id_name": "objectId", "label_name": "label", "tab_field_list": ["amount"], "cat_field_list": []}
    result = run(tmp_path / "raw", tmp_path, **roles, explained_rows=0, num_round=2)
    assert XGBoostPredictor.load(result.model_dir).needed == ["objectId", "amount"]


def test_labels_are_found_by_name(splits, tmp_path):
    for name in ("train", "val", "test"):
        shutil.copytree(splits / name, tmp_path / "splits" / name)
        path = tmp_path / "splits" / name / "data.csv"
        frame = pl.read_csv(path, infer_schema=False)
        flipped = (1 - pl.col("label").cast(pl.Int64)).alias("isGood")
        frame.with_columns(flipped).select("isGood", *frame.columns).write_csv(path)
    result = run(tmp_path / "splits", tmp_path, label_name="isGood")
    first = read_table(result.data_dir / "test_predictions.csv")
    assert first["label"].cast(pl.Int64).sum() == (read_table(splits / "test" / "data.csv")["label"] == "0").sum()
    assert result.evaluations["test"].overall.values["auroc"] > 0.9


def test_the_evaluation_job_repeats_the_metrics_of_training(trained, splits, tmp_path):
    report = run_evaluation_job(
        XGBoostPredictor.load,
        model_dir=trained.model_dir,
        eval_data_dir=splits,
        eval_dir=tmp_path / "eval",
        metrics_dir=tmp_path / "metrics",
        job_type="testing",
    )
    assert report.evaluation == trained.evaluations["test"]
    metrics = json.loads((tmp_path / "metrics" / "evaluation.json").read_text())
    assert metrics == json.loads((trained.data_dir / "test_metrics.json").read_text())
    assert {path.name for path in (tmp_path / "eval").iterdir()} == {"predictions.csv", "roc_curve.png", "pr_curve.png"}


def test_nothing_is_unpickled(trained, splits, tmp_path, monkeypatch):
    shutil.copytree(trained.model_dir, tmp_path / "model")
    for path in (tmp_path / "model").glob("*.pkl"):
        path.write_bytes(b"not a pickle")
    monkeypatch.setattr(pickle, "load", None)
    monkeypatch.setattr(pickle, "loads", None)
    frame = load_split(splits / "test").frame
    assert XGBoostPredictor.load(tmp_path / "model").predict(frame).height == frame.height


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("xgboost_model.bst", b"\x80\x04", "neither UBJSON nor JSON"),
        ("xgboost_model.bst", b'{"learner": 1}', r"xgboost_model\.bst: cannot be loaded"),
        ("xgboost_model.bst", None, "cannot read"),
        ("categories.json", b"[1]", "not a table of categories"),
        ("feature_columns.txt", b"0,amount\n", "the columns are"),
        ("schema.json", None, "the file is missing"),
        ("hyperparameters.json", b'{"num_rounds": 3}', "did you mean 'num_round'"),
    ],
)
def test_a_broken_model_folder_is_named(trained, tmp_path, name, content, message):
    folder = shutil.copytree(trained.model_dir, tmp_path / "model")
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=message):
        XGBoostPredictor.load(folder)


def test_a_booster_of_another_training_is_named(native, splits, tmp_path):
    other = run(splits, tmp_path, tab_field_list=["amount"], cat_field_list=[], explained_rows=0, num_round=2)
    shutil.copy(native.model_dir / "xgboost_model.bst", other.model_dir)
    with pytest.raises(ArtifactError, match="take all files from the same training"):
        XGBoostPredictor.load(other.model_dir)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"num_classes": 3}, ConfigError, "num_classes is 3; expected 2"),
        ({"tab_field_list": [], "cat_field_list": []}, DataError, "no column is a tabular or categorical field"),
        ({"monotone_constraints": {"amout": 1}}, ConfigError, "unknown field 'amout'.*did you mean 'amount'"),
        ({"interaction_constraints": [["a"]]}, ConfigError, "interaction_constraints: unknown field 'a'"),
        ({"tab_field_list": ["nope"]}, DataError, "missing column 'nope'"),
    ],
)
def test_what_cannot_be_trained_is_named_and_earlier_outputs_stay(splits, tmp_path, settings, error, message):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "xgboost_model.bst").write_text("earlier")
    with pytest.raises(error, match=message):
        run(splits, tmp_path, **settings)
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["xgboost_model.bst"]
    assert (tmp_path / "model" / "xgboost_model.bst").read_text() == "earlier"


def test_a_training_split_without_a_class_is_named(splits, tmp_path):
    shutil.copytree(splits, tmp_path / "splits")
    path = tmp_path / "splits" / "train" / "data.csv"
    pl.read_csv(path, infer_schema=False).filter(pl.col("label") == "0").write_csv(path)
    with pytest.raises(DataError, match="no training row is of class 1"):
        run(tmp_path / "splits", tmp_path)


def test_a_field_name_that_xgboost_cannot_take_is_named(splits, tmp_path):
    columns = {"tab_field_list": ["amount", "a<b"], "cat_field_list": []}
    folder = samples.write_splits(tmp_path, samples.orders(100).with_columns(pl.lit(1.0).alias("a<b")), **columns)
    with pytest.raises(DataError, match="XGBoost cannot take the field 'a<b'"):
        run(folder, tmp_path)


def test_a_failure_while_writing_leaves_nothing_behind(splits, tmp_path, monkeypatch):
    def full(*_):
        raise OutputError("cannot write: No space left on device")

    monkeypatch.setattr(boosting_job, "save_boosting_artifacts", full)
    with pytest.raises(OutputError, match="No space left"):
        run(splits, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
