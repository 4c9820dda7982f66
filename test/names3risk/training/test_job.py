"""The training job: what it leaves behind, what it fits on, and what it refuses."""

import json

import names3risk_samples as samples
import polars as pl
import pytest
import torch

from names3risk.data.reading import read_table
from names3risk.data.splits import SPLIT_NAMES, load_split
from names3risk.data.writing import write_table
from names3risk.errors import ArtifactError, ConfigError, DataError, OutputError
from names3risk.features.encoder import FeatureEncoder
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training import job
from names3risk.training.job import run_training_job

RESULTS = {
    "predict_results.pth",
    "tensorboard",
    "tensorboard_eval",
    *(
        f"{split}_{name}"
        for split in ("val", "test")
        for name in ("metrics.json", "roc_curve.png", "pr_curve.png", "predictions.parquet")
    ),
}


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return samples.write_splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, splits):
    return samples.train(tmp_path_factory.mktemp("job"), splits=splits)


def run(folder, splits, hyperparameters=None, **more):
    return run_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=hyperparameters or samples.hyperparameters(max_epochs=1),
        model_dir=folder / "model",
        data_dir=folder / "data",
        checkpoint_dir=folder / "checkpoints",
        **more,
    )


def test_every_result_is_there(trained):
    assert {path.name for path in trained.data_dir.iterdir()} == RESULTS
    checkpoints = trained.data_dir.parent / "checkpoints"
    assert {path.name for path in checkpoints.iterdir()} == {"best.ckpt", "last.ckpt", "run.json", "tokens"}
    assert len(list((checkpoints / "tokens").glob("tokens-*"))) == 2, "training and validation texts, for a later run"
    assert trained.epochs == 2


def test_predictions_keep_ids_labels_and_marketplaces(trained, splits):
    for name in ("val", "test"):
        found = pl.read_parquet(trained.data_dir / f"{name}_predictions.parquet")
        kept = load_split(splits / name).frame.select("objectId", "label", "marketplaceCountryCode")
        assert found.select(kept.columns).equals(kept)


def test_metrics_and_tensors_are_those_of_the_predictions(trained):
    found = pl.read_parquet(trained.data_dir / "test_predictions.parquet")
    metrics = json.loads((trained.data_dir / "test_metrics.json").read_text())
    called = (found["score"] > 0.5).cast(pl.Int64)
    assert metrics["metrics"]["accuracy"] == pytest.approx((called == found["label"]).mean())
    assert metrics["rows"] == found.height
    assert metrics["positives"] == found["label"].sum()
    assert set(metrics["by_marketplace"]) == set(found["marketplaceCountryCode"])
    assert metrics == json.loads(json.dumps(trained.evaluations["test"].to_json()))
    tensors = torch.load(trained.data_dir / "predict_results.pth", weights_only=True)
    assert tensors["y_true"].tolist() == found["label"].to_list()
    assert tensors["y_pred"].tolist() == found["score"].to_list()


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_predictions_have_the_format_of_the_input(tmp_path, trained, format):
    splits = samples.write_splits(tmp_path, format=format)
    result = samples.train(tmp_path, splits=splits)
    found = read_table(result.data_dir / f"test_predictions.{format}")
    expected = pl.read_parquet(trained.data_dir / "test_predictions.parquet")
    assert found["objectId"].to_list() == expected["objectId"].to_list()
    assert found["score"].cast(pl.Float64).to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-6)


def test_the_same_seed_gives_the_same_scores_and_another_seed_does_not(tmp_path, trained, splits):
    def scores(name, **more):
        result = samples.train(tmp_path / name, splits=splits, **more)
        return pl.read_parquet(result.data_dir / "test_predictions.parquet")["score"].to_list()

    first = pl.read_parquet(trained.data_dir / "test_predictions.parquet")["score"].to_list()
    assert scores("again") == first
    assert scores("other", seed=1) != first


def test_the_tokenizer_has_seen_the_training_split_alone(tmp_path):
    frame = samples.orders()
    late = frame["transactionDate"] >= "2024-02-20"
    frame = frame.with_columns(customerName=pl.when(late).then(pl.lit("ΩΩΩΩ ΨΨΨΨ")).otherwise("customerName"))
    result = samples.train(tmp_path, splits=samples.write_splits(tmp_path, frame))
    vocabulary = json.loads((result.model_dir / "vocab.json").read_text())
    train = load_split(tmp_path / "splits" / "train").frame
    assert not train["customerName"].str.contains("Ω").any()
    assert load_split(tmp_path / "splits" / "test").frame["customerName"].str.contains("Ω").all()
    assert not any("Ω" in token or "Ψ" in token for token in vocabulary)


def test_a_given_tokenizer_is_used_and_saved_with_the_model(tmp_path, splits):
    train = load_split(splits / "train").frame
    tokenizer, _ = train_tokenizer(
        {"a": train["customerName"]}, TokenizerSettings(min_vocab_size=40, max_vocab_size=50)
    )
    save_tokenizer(tokenizer, tmp_path / "artifacts")
    result = run(tmp_path, splits, artifacts_dir=tmp_path / "artifacts")
    assert (result.model_dir / "tokenizer.json").read_text() == (tmp_path / "artifacts" / "tokenizer.json").read_text()


def test_a_folder_of_artefacts_without_a_tokenizer_is_named(tmp_path, splits):
    (tmp_path / "artifacts").mkdir()
    with pytest.raises(ArtifactError, match=r"artifacts/tokenizer\.json"):
        run(tmp_path, splits, artifacts_dir=tmp_path / "artifacts")


def test_precomputed_tables_are_used_instead_of_fitting(tmp_path, splits):
    split = load_split(splits / "train")
    tokenizer, _ = train_tokenizer({"customerName": split.frame["customerName"]})
    artifacts = tmp_path / "artifacts"
    save_tokenizer(tokenizer, artifacts)
    FeatureEncoder.fit(split.frame, split.schema).save(artifacts)
    imputed = json.loads((artifacts / "impute_dict.json").read_text())
    (artifacts / "impute_dict.json").write_text(json.dumps({**imputed, "amount": 12345.0}))
    risks = json.loads((artifacts / "risk_table_map.json").read_text())
    risks["paymentMethod"]["default_bin"] = 0.125
    (artifacts / "risk_table_map.json").write_text(json.dumps(risks))

    def tables(name, **flags):
        model = run(tmp_path / name, splits, artifacts_dir=artifacts, **flags).model_dir
        amount = json.loads((model / "impute_dict.json").read_text())["amount"]
        return amount, json.loads((model / "risk_table_map.json").read_text())["paymentMethod"]["default_bin"]

    fitted = (imputed["amount"], split.frame["label"].mean())
    assert tables("none") == pytest.approx(fitted)
    assert tables("imputation", use_precomputed_imputation=True) == pytest.approx((12345.0, fitted[1]))
    assert tables("risks", use_precomputed_risk_tables=True) == pytest.approx((fitted[0], 0.125))


@pytest.mark.parametrize("flag", ["use_precomputed_imputation", "use_precomputed_risk_tables"])
def test_precomputed_tables_that_are_not_there_are_named(tmp_path, splits, flag):
    with pytest.raises(ConfigError, match="precomputed"):
        run(tmp_path, splits, **{flag: True})
    (tmp_path / "artifacts").mkdir()
    with pytest.raises(ArtifactError, match=r"impute_dict\.json|risk_table_map\.json"):
        run(tmp_path, splits, artifacts_dir=tmp_path / "artifacts", **{flag: True})


def test_roles_in_the_hyperparameters_may_name_columns_that_the_schema_does_not(tmp_path):
    splits = samples.write_splits(tmp_path, tab_field_list=["amount"], cat_field_list=[])
    for name in SPLIT_NAMES:
        path = splits / name / "data.parquet"
        frame = pl.read_parquet(path)
        frame.with_columns(days=pl.int_range(frame.height), kind=pl.lit("a")).write_parquet(path)
    chosen = samples.hyperparameters(max_epochs=1, tab_field_list=["days", "amount"], cat_field_list=["kind"])
    model = run(tmp_path, splits, chosen).model_dir
    assert (model / "feature_columns.txt").read_text() == "0,days\n1,amount\n2,kind\n"


def test_roles_in_the_hyperparameters_replace_those_of_the_schema(tmp_path, splits):
    chosen = samples.hyperparameters(
        max_epochs=1, text_name="emailAddress", tab_field_list=["ageInDays", "amount"], cat_field_list=[]
    )
    model = run(tmp_path, splits, chosen).model_dir
    assert (model / "feature_columns.txt").read_text() == "0,ageInDays\n1,amount\n"
    saved = json.loads((model / "schema.json").read_text())
    assert saved["text_source_fields"] == ["emailAddress"]
    assert saved["cat_field_list"] == []


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"imputation": "median"}, "impute_dict.json"),
        ({"imputation": "constant", "imputation_constant": -5.0}, "impute_dict.json"),
        ({"numeric_transform": "quantile"}, "numeric_transform.json"),
        ({"smooth_factor": 0.5}, "risk_table_map.json"),
        ({"count_threshold": 60}, "risk_table_map.json"),
    ],
)
def test_every_setting_of_the_features_takes_effect(trained, tmp_path, splits, settings, name):
    model = run(tmp_path, splits, samples.hyperparameters(max_epochs=1, **settings)).model_dir
    assert (model / name).read_text() != (trained.model_dir / name).read_text()
    assert {**json.loads((model / "hyperparameters.json").read_text()), **settings} == json.loads(
        (model / "hyperparameters.json").read_text()
    )


def test_the_list_of_feature_settings_is_complete():
    assert set(type(samples.hyperparameters()).FEATURE_FIELDS) == {
        "imputation",
        "imputation_constant",
        "numeric_transform",
        "smooth_factor",
        "count_threshold",
    }, "add the new setting to the job and to the test above"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tab_field_list": ["amuont"]}, "amuont"),
        ({"text_source_fields": ["nickname"]}, "nickname"),
        ({"id_name": "orderId"}, "orderId"),
        ({"label_name": "status"}, "status"),
        ({"num_classes": 3}, r"num_classes is 3; expected 2.*schema\.json"),
        ({"full_field_list": ["objectId", "amount"]}, r"full_field_list lacks 'emailAddress'.*'paymentMethod'"),
    ],
)
def test_roles_that_do_not_fit_the_data_are_named(tmp_path, splits, settings, message):
    with pytest.raises((ConfigError, DataError), match=message):
        run(tmp_path, splits, samples.hyperparameters(**settings))


def rewrite(folder, change):
    """Copies the splits of `samples` with a changed training or test table; the schemas stay."""
    splits = samples.write_splits(folder)
    for name in ("train", "val", "test"):
        path = splits / name / "data.parquet"
        write_table(change(name, pl.read_parquet(path)), path)
    return splits


def test_an_empty_split_is_named(tmp_path):
    splits = rewrite(tmp_path, lambda name, frame: frame.head(0) if name == "test" else frame)
    with pytest.raises(DataError, match=r"splits/test.*empty"):
        run(tmp_path, splits)


@pytest.mark.parametrize("label", [0, 1])
def test_a_training_split_of_one_class_is_named(tmp_path, label):
    splits = rewrite(
        tmp_path, lambda name, frame: frame.with_columns(label=pl.lit(label)) if name == "train" else frame
    )
    with pytest.raises(DataError, match=f"splits/train: no training row is of class {1 - label}"):
        run(tmp_path, splits)


def test_a_test_split_of_one_class_is_scored_and_its_metrics_named(tmp_path):
    splits = rewrite(tmp_path, lambda name, frame: frame.with_columns(label=pl.lit(0)) if name == "test" else frame)
    found = run(tmp_path, splits).evaluations["test"].overall
    assert "auroc" in found.not_computed
    assert "auroc" not in found.values


def test_a_split_without_labels_is_named(tmp_path):
    splits = samples.write_splits(tmp_path)
    schema = json.loads((splits / "val" / "schema.json").read_text())
    del schema["label"]
    (splits / "val" / "schema.json").write_text(json.dumps(schema))
    with pytest.raises(DataError, match=r"splits/val.*no label"):
        run(tmp_path, splits)


def test_a_missing_channel_is_named(tmp_path, splits):
    with pytest.raises((DataError, ConfigError), match="nowhere"):
        run_training_job(
            train_dir=tmp_path / "nowhere",
            val_dir=splits / "val",
            test_dir=splits / "test",
            hyperparameters=samples.hyperparameters(),
            model_dir=tmp_path / "model",
            data_dir=tmp_path / "data",
            checkpoint_dir=tmp_path / "checkpoints",
        )


def test_raw_splits_take_their_roles_from_the_hyperparameters(tmp_path):
    frame = samples.orders().with_columns(target=pl.col("status").is_in(["F", "I"]).cast(pl.Int64))
    for name, part in {"train": frame[:140], "val": frame[140:190], "test": frame[190:]}.items():
        (tmp_path / "raw" / name).mkdir(parents=True)
        part.write_csv(tmp_path / "raw" / name / f"{name}.csv")
    chosen = samples.hyperparameters(
        id_name="objectId",
        label_name="target",
        text_source_fields=["customerName"],
        tab_field_list=["amount"],
        cat_field_list=["paymentMethod"],
    )
    result = run(tmp_path, tmp_path / "raw", chosen)
    found = read_table(result.data_dir / "test_predictions.csv")
    assert found["objectId"].to_list() == frame["objectId"][190:].to_list()
    assert found["label"].cast(pl.Int64).to_list() == frame["target"][190:].to_list()


def test_raw_splits_without_roles_are_refused(tmp_path):
    for name in ("train", "val", "test"):
        (tmp_path / "raw" / name).mkdir(parents=True)
        samples.orders().write_parquet(tmp_path / "raw" / name / "data.parquet")
    with pytest.raises(ConfigError, match=r"id_name, label_name, text_name or text_source_fields.*schema\.json"):
        run(tmp_path, tmp_path / "raw")


def test_a_run_that_broke_off_goes_on_and_an_ended_one_is_not_trained_again(tmp_path, splits, caplog):
    chosen = samples.hyperparameters(max_epochs=2)
    first = run(tmp_path, splits, chosen)
    scores = (tmp_path / "data" / "test_predictions.parquet").read_bytes()
    caplog.set_level("INFO")
    again = run(tmp_path, splits, chosen, resume=True)
    assert "going on from" in caplog.text
    assert not any("train_loss" in line for line in caplog.messages)
    assert (tmp_path / "data" / "test_predictions.parquet").read_bytes() == scores
    assert again.evaluations["test"].to_json() == first.evaluations["test"].to_json()
    with pytest.raises(ConfigError, match=r"last\.ckpt.*max_epochs"):
        run(tmp_path, splits, samples.hyperparameters(max_epochs=3), resume=True)


def test_a_failed_run_leaves_earlier_outputs_as_they_were(tmp_path, splits, monkeypatch):
    run(tmp_path, splits)

    def outputs():
        return {
            path: path.read_bytes()
            for folder in ("model", "data")
            for path in (tmp_path / folder).rglob("*")
            if path.is_file() and path.parent.name != "tensorboard"
        }

    def fails(*arguments):
        raise ArtifactError("cannot be exported")

    before = outputs()
    monkeypatch.setattr(job, "save_artifacts", fails)
    with pytest.raises(ArtifactError, match="cannot be exported"):
        run(tmp_path, splits)
    assert outputs() == before


@pytest.mark.parametrize("output", ["model", "data", "checkpoints"])
def test_an_unwritable_output_is_named(tmp_path, splits, output):
    (tmp_path / output).write_text("a file in the way")
    with pytest.raises(OutputError, match=f"{output}.*cannot write"):
        run(tmp_path, splits)
    assert (tmp_path / output).read_text() == "a file in the way"


@pytest.mark.parametrize("budget", [0.0, None])
def test_rows_without_a_text_field_are_refused_by_name(tmp_path, budget):
    splits = samples.write_splits(tmp_path, text_source_fields=[])
    with pytest.raises(ConfigError, match=r"no column is a text field, and model class lstm2risk reads text.*xgboost"):
        samples.train(tmp_path, splits=splits, memory_budget_gib=budget)
