"""Model folders: complete when saved, loaded from JSON and tensors alone, and every unfit file is named."""

import json
import pickle
import shutil
import tarfile

import names3risk_samples as samples
import polars as pl
import pytest
import torch

from names3risk.artifacts import load_artifacts, load_model
from names3risk.data.splits import load_split
from names3risk.errors import ArtifactError
from names3risk.hyperparameters import load_hyperparameters
from names3risk.serving import Predictor

FILES = {
    "model.pth",
    "model_artifacts.pth",
    "model.onnx",
    "tokenizer.json",
    "vocab.json",
    "hyperparameters.json",
    "schema.json",
    "feature_columns.txt",
    "impute_dict.json",
    "impute_dict.pkl",
    "risk_table_map.json",
    "risk_table_map.pkl",
    "numeric_transform.json",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return samples.train(tmp_path_factory.mktemp("store"))


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copytree(trained.model_dir, tmp_path / "model")


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_every_artefact_is_there(trained):
    assert {path.name for path in trained.model_dir.iterdir()} == FILES


def test_model_artifacts_load_without_unpickling_objects(model):
    found = torch.load(model / "model_artifacts.pth", weights_only=True)
    assert set(found) == {"config", "embeddings", "vocabulary", "model_class", "versions"}
    state = torch.load(model / "model.pth", weights_only=True)
    assert torch.equal(found["embeddings"], state["embedding.weight"])
    assert found["vocabulary"] == json.loads((model / "vocab.json").read_text())
    assert len(found["vocabulary"]) == len(found["embeddings"])
    assert found["model_class"] == "lstm2risk"
    assert found["config"] == json.loads((model / "hyperparameters.json").read_text())
    assert found["versions"]["torch"] == torch.__version__


def test_hyperparameters_are_complete_and_load_again(model):
    values = json.loads((model / "hyperparameters.json").read_text())
    given = samples.hyperparameters()
    assert set(values) == set(type(given).model_fields)
    assert values["tab_field_list"] == samples.COLUMNS["tab_field_list"]
    assert values["cat_field_list"] == samples.COLUMNS["cat_field_list"]
    assert values["text_source_fields"] == samples.COLUMNS["text_source_fields"]
    assert load_hyperparameters(model / "hyperparameters.json").hidden_size == given.hidden_size


def test_feature_columns_are_tab_then_cat_and_the_tables_hold_json_and_pickle(model):
    lines = (model / "feature_columns.txt").read_text().splitlines()
    assert lines == ["0,amount", "1,ageInDays", "2,itemCount", "3,paymentMethod"]
    for name in ("impute_dict", "risk_table_map"):
        assert pickle.loads((model / f"{name}.pkl").read_bytes()) == json.loads((model / f"{name}.json").read_text())


def test_fitted_tables_come_from_the_training_split_alone(trained, model):
    train = load_split(trained.model_dir.parent / "splits" / "train").frame
    assert json.loads((model / "impute_dict.json").read_text())["amount"] == pytest.approx(train["amount"].mean())
    table = json.loads((model / "risk_table_map.json").read_text())["paymentMethod"]
    assert table["default_bin"] == pytest.approx(train["label"].mean())
    cards = train.filter(pl.col("paymentMethod") == "card")
    assert table["bins"]["card"] == pytest.approx(cards["label"].mean())


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_no_planted_pickle_is_run(model, tmp_path, backend):
    mark = tmp_path / "unpickled"
    for name in ("impute_dict.pkl", "risk_table_map.pkl"):
        (model / name).write_bytes(pickle.dumps(Bomb(mark)))
    torch.save(Bomb(mark), model / "model_artifacts.pth")
    Predictor.load(model, backend).predict(samples.orders(3))
    assert not mark.exists()
    torch.save(Bomb(mark), model / "model.pth")
    with pytest.raises(ArtifactError, match=r"model\.pth: cannot be loaded"):
        Predictor.load(model, "torch")
    assert not mark.exists()
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.exists(), "the bomb would have been seen"


@pytest.mark.parametrize(
    "name",
    sorted(FILES - {"model.pth", "model_artifacts.pth", "vocab.json", "impute_dict.pkl", "risk_table_map.pkl"}),
)
def test_a_missing_or_broken_file_is_named(model, name):
    (model / name).write_text("{]")
    with pytest.raises(ArtifactError, match=name):
        Predictor.load(model)
    (model / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}.*missing"):
        Predictor.load(model)


def test_missing_or_foreign_weights_are_named(model):
    artifacts = load_artifacts(model)
    state = torch.load(model / "model.pth", weights_only=True)
    torch.save({name: value.flatten()[:1] for name, value in state.items()}, model / "model.pth")
    with pytest.raises(ArtifactError, match=r"model\.pth.*expected the weights of a lstm2risk"):
        load_model(model, artifacts)
    (model / "model.pth").unlink()
    with pytest.raises(ArtifactError, match=r"model\.pth: the file is missing"):
        load_model(model, artifacts)


def test_features_in_another_order_are_refused(model):
    (model / "feature_columns.txt").write_text("0,ageInDays\n1,amount\n2,itemCount\n3,paymentMethod\n")
    with pytest.raises(ArtifactError, match=r"feature_columns\.txt"):
        load_artifacts(model)


def test_a_schema_of_other_features_is_refused(model):
    schema = json.loads((model / "schema.json").read_text())
    schema["tab_field_list"].reverse()
    (model / "schema.json").write_text(json.dumps(schema))
    with pytest.raises(ArtifactError, match=r"feature_columns\.txt.*schema\.json"):
        load_artifacts(model)


def test_a_network_of_another_training_is_refused(model, tmp_path):
    def exchange(name, **more):
        folder = tmp_path / name
        other = samples.train(folder, splits=samples.write_splits(folder, **more.pop("columns", {})), **more)
        shutil.copy(other.model_dir / "model.onnx", model / "model.onnx")

    exchange("fewer", columns={"cat_field_list": []})
    with pytest.raises(ArtifactError, match=r"model\.onnx: was exported for 3 tabular features; expected 4"):
        Predictor.load(model)
    tokenizer = samples.train(tmp_path / "many", splits=samples.write_splits(tmp_path, samples.orders(60, seed=9)))
    shutil.copy(tokenizer.model_dir / "model.onnx", model / "model.onnx")
    with pytest.raises(ArtifactError, match=r"model\.onnx: was exported for \d+ tokens"):
        Predictor.load(model)


def test_an_unknown_setting_in_the_hyperparameters_is_named(model):
    values = json.loads((model / "hyperparameters.json").read_text())
    (model / "hyperparameters.json").write_text(json.dumps({**values, "hiden_size": 3}))
    with pytest.raises(ArtifactError, match=r"hyperparameters\.json.*hiden_size"):
        load_artifacts(model)


def test_a_packed_model_gives_the_same_scores(model, tmp_path):
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(model, arcname=".")
    frame = samples.orders(20)
    packed = Predictor.load(tmp_path / "model.tar.gz").predict(frame)
    assert packed.equals(Predictor.load(model).predict(frame))
