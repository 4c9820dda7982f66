"""Hyperparameters of XGBoost: cast, refused by name with the nearest known one, and none without effect."""

import json

import numpy as np
import pytest

from names3risk.boosting.booster import to_dmatrix, train_booster
from names3risk.boosting.features import BoostingFeatures
from names3risk.boosting.hyperparameters import (
    XGBoostHyperparameters,
    load_xgboost_hyperparameters,
    parse_xgboost_hyperparameters,
)
from names3risk.boosting.parameters import BoosterParameters
from names3risk.errors import ConfigError
from names3risk.features.encoder import FeatureEncoder
from names3risk.features.numeric import Imputer
from names3risk.features.risk_tables import RiskTables

TREES = {"num_round": 4, "early_stopping_rounds": 0, "max_depth": 3, "subsample": 0.7}
DART = {**TREES, "booster": "dart", "rate_drop": 0.6}
LINEAR = {"booster": "gblinear", "num_round": 4, "early_stopping_rounds": 0, "updater": "coord_descent"}
NATIVE = {**TREES, "categorical_encoding": "native"}
THREE = {**TREES, "num_classes": 3}
EFFECTS = [
    ("base_score", 0.2, TREES),
    ("class_weights", [1, 5], TREES),
    ("colsample_bylevel", 0.4, TREES),
    ("colsample_bynode", 0.4, TREES),
    ("colsample_bytree", 0.4, TREES),
    ("feature_selector", "greedy", LINEAR),
    ("gamma", 5, TREES),
    ("grow_policy", "lossguide", {**TREES, "max_leaves": 3, "max_depth": 4}),
    ("interaction_constraints", [["a"], ["b", "c"]], TREES),
    ("learning_rate", 0.05, TREES),
    ("max_bin", 4, TREES),
    ("max_cat_threshold", 1, {**NATIVE, "max_cat_to_onehot": 1}),
    ("max_cat_to_onehot", 100, NATIVE),
    ("max_delta_step", 0.1, TREES),
    ("max_depth", 1, {"num_round": 4, "early_stopping_rounds": 0}),
    ("max_leaves", 2, TREES),
    ("min_child_weight", 30, TREES),
    ("monotone_constraints", {"a": -1}, TREES),
    ("multi_strategy", "multi_output_tree", {**THREE, "explained_rows": 0}),
    ("normalize_type", "forest", DART),
    ("num_parallel_tree", 3, TREES),
    ("num_round", 2, {"early_stopping_rounds": 0}),
    ("one_drop", True, {**DART, "rate_drop": 0.01}),
    ("rate_drop", 0.9, {**TREES, "booster": "dart"}),
    ("reg_alpha", 3, TREES),
    ("reg_lambda", 50, TREES),
    ("sample_type", "weighted", {**DART, "num_round": 12}),
    ("scale_pos_weight", 7, TREES),
    ("seed", 5, TREES),
    ("seed_per_iteration", True, TREES),
    ("skip_drop", 1.0, DART),
    ("subsample", 0.3, {"num_round": 4, "early_stopping_rounds": 0}),
    ("top_k", 1, {**LINEAR, "feature_selector": "greedy"}),
    ("tree_method", "exact", TREES),
]
ELSEWHERE = {
    "objective": "one value a number of classes, see the test of contradictions",
    "booster": "DART and LINEAR above",
    "device": "needs a GPU",
    "nthread": "speed only",
    "verbosity": "the log only",
    "max_cached_hist_node": "memory only",
    "updater": "with one thread both find the same; greedy above needs coord_descent",
    "sampling_method": "its other value needs a GPU",
    "eval_metric": "see test_training_stops_by_the_last_metric",
}


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(400, 4)).astype(np.float32)
    matrix[:, 3] = random.integers(0, 8, 400)
    signal = matrix[:, 0] - matrix[:, 1] * matrix[:, 2] + np.isin(matrix[:, 3], (1, 4, 6)) + random.normal(size=400)
    return matrix, signal


def features(native):
    imputer = Imputer(dict.fromkeys("abc", 0.0) if native else dict.fromkeys("abcd", 0.0))
    return BoostingFeatures(FeatureEncoder(imputer, RiskTables({})), {"d": tuple("01234567")} if native else {})


def model(rows, settings):
    """The trained trees or weights of a model, without what the file says of its parameters."""
    matrix, signal = rows
    hyperparameters = parse_xgboost_hyperparameters({"nthread": 1, **settings})
    labels = np.digitize(signal, [0.5] if hyperparameters.num_classes == 2 else [-0.5, 1])
    columns = features(hyperparameters.categorical_encoding == "native")
    train = to_dmatrix(matrix[:300], columns, labels[:300], hyperparameters.class_weights)
    val = to_dmatrix(matrix[300:], columns, labels[300:], hyperparameters.class_weights)
    booster, _ = train_booster(train, val, hyperparameters, quiet=True)
    learner = json.loads(booster.save_raw("json").decode())["learner"]
    return learner["gradient_booster"], learner["learner_model_param"]["base_score"]


@pytest.mark.parametrize(("name", "value", "others"), EFFECTS, ids=[name for name, _, _ in EFFECTS])
def test_every_value_takes_effect(rows, name, value, others):
    assert model(rows, {**others, name: value}) != model(rows, others)


def test_no_parameter_is_left_out_of_these_tests():
    tested = {name for name, _, _ in EFFECTS} | set(ELSEWHERE)
    assert set(BoosterParameters.model_fields) <= tested


def test_every_parameter_that_is_set_is_passed_on():
    settings = {"eta": "0.2", "max_depth": "4", "subsample": "0.5", "lambda": "2", "eval_metric": '["auc", "logloss"]'}
    passed = parse_xgboost_hyperparameters(settings).booster_parameters()
    assert passed == {
        "objective": "binary:logistic",
        "booster": "gbtree",
        "learning_rate": 0.2,
        "max_depth": 4,
        "subsample": 0.5,
        "reg_lambda": 2.0,
        "eval_metric": ["auc", "logloss"],
        "seed": 0,
    }
    every = dict.fromkeys(BoosterParameters.model_fields)
    assert set(XGBoostHyperparameters.model_construct(**dict.fromkeys(every, 1)).given()) == set(every)


def test_several_classes_make_a_softmax():
    passed = parse_xgboost_hyperparameters({"num_class": "3"}).booster_parameters()
    assert (passed["objective"], passed["num_class"]) == ("multi:softprob", 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_dept": 3}, "unknown hyperparameter 'max_dept' of XGBoost; did you mean 'max_depth'?"),
        ({"colsample_by_tree": 0.5}, "did you mean 'colsample_bytree'?"),
        ({"max_depth": "deep"}, "max_depth: .* not 'deep'"),
        ({"max_depth": -1, "subsample": 2}, "max_depth: .*; subsample: "),
        ({"eta": 0.1, "learning_rate": 0.2}, "learning_rate is given twice"),
        ({"process_type": "update"}, "'process_type' is not offered: every training starts from nothing"),
        ({"rate_drop": 0.1}, "rate_drop has no effect with booster gbtree: it needs booster dart"),
        ({"max_cat_to_onehot": 4}, "it needs categorical_encoding native"),
        ({"max_bin": 16, "tree_method": "exact"}, "max_bin has no effect with tree_method exact"),
        ({"smooth_factor": 0.1, "categorical_encoding": "native"}, "it needs categorical_encoding risk_tables"),
        ({"objective": "multi:softprob"}, "disagrees with num_classes 2: use binary:logistic"),
        ({"objective": "reg:squarederror"}, "objective: "),
        ({"class_weights": [1, 2, 3]}, "class_weights has 3 values for 2 classes"),
        ({"class_weights": [1, 2], "scale_pos_weight": 2}, "keep one"),
        ({"scale_pos_weight": 2, "num_classes": 3}, "scale_pos_weight is for 2 classes"),
        ({"multi_strategy": "multi_output_tree"}, "multi_strategy has no effect with 2 classes"),
        ({"booster": "gblinear"}, "set early_stopping_rounds 0"),
        ({"sampling_method": "gradient_based"}, "no effect on a CPU"),
        ({"device": "tpu"}, "device: "),
    ],
)
def test_what_is_wrong_is_refused_by_name(settings, message):
    with pytest.raises(ConfigError, match=message):
        parse_xgboost_hyperparameters(settings)


def test_what_xgboost_itself_has_no_use_for_is_an_error_before_training(rows, monkeypatch):
    import xgboost

    trained, train = [], xgboost.train
    monkeypatch.setattr(xgboost, "train", lambda *args, **kwargs: trained.append(kwargs) or train(*args, **kwargs))
    monkeypatch.setattr(XGBoostHyperparameters, "given", lambda self: {"max_detph": 3})
    with pytest.raises(ConfigError, match=r'XGBoost has no use for \{ "max_detph" \}'):
        model(rows, TREES)
    assert [each["num_boost_round"] for each in trained] == [1]


def test_a_metric_that_xgboost_does_not_know_is_a_configuration_error(rows):
    with pytest.raises(ConfigError, match="Unknown metric function nonsense"):
        model(rows, {**TREES, "eval_metric": "nonsense"})


def test_a_region_overlays_the_file(tmp_path):
    (tmp_path / "hyperparameters.json").write_text(json.dumps({"num_round": "9", "max_depth": "2"}))
    (tmp_path / "hyperparameters_EU.json").write_text(json.dumps({"max_depth": "5"}))
    assert load_xgboost_hyperparameters(tmp_path).max_depth == 2
    found = load_xgboost_hyperparameters(tmp_path, "EU")
    assert (found.num_round, found.max_depth) == (9, 5)
    (tmp_path / "hyperparameters_EU.json").write_text(json.dumps({"max_dept": "5"}))
    with pytest.raises(ConfigError, match=r"hyperparameters_EU\.json: unknown hyperparameter 'max_dept'"):
        load_xgboost_hyperparameters(tmp_path, "EU")
