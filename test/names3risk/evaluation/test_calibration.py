"""Calibration: better probabilities on rows it has not seen, the same order, a file that is read again."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.errors import ArtifactError, ConfigError, DataError
from names3risk.evaluation.calibration import METHODS, Calibration, Temperature
from names3risk.evaluation.reliability import reliability, save_reliability_picture

BINARY = [method for method in METHODS if method != "temperature"]


def overconfident(rows: int, seed: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from probabilities, and what a network would give that is twice as sure."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (rows, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(classes, p=row) for row in true])
    sure = np.exp(2 * logits)
    return labels, sure / sure.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_calibration_error_falls_on_other_rows(method, classes):
    calibration = Calibration.fit(*overconfident(4000, 0, classes), method)
    labels, probabilities = overconfident(4000, 1, classes)
    calibrated = calibration.apply(probabilities)
    before, after = reliability(labels, probabilities), reliability(labels, calibrated)
    assert after.ece < before.ece / 2
    assert after.brier < before.brier
    assert calibrated.sum(axis=1) == pytest.approx(1)


def test_temperature_finds_how_much_too_sure_the_network_is():
    for classes in (2, 4):
        (found,) = Calibration.fit(*overconfident(20_000, 2, classes), "temperature").maps
        assert isinstance(found, Temperature)
        assert found.temperature == pytest.approx(2, rel=0.05)


def test_platt_and_beta_find_the_same_distortion():
    platt = Calibration.fit(*overconfident(20_000, 3), "platt").maps[0]
    beta = Calibration.fit(*overconfident(20_000, 3), "beta").maps[0]
    assert platt.slope == pytest.approx(0.5, abs=0.03)
    assert (beta.a, beta.b) == pytest.approx((0.5, 0.5), abs=0.04)


@settings(max_examples=30, deadline=None)
@given(
    method=st.sampled_from(METHODS), scores=st.lists(st.floats(0, 1), min_size=2, max_size=30), seed=st.integers(0, 9)
)
def test_calibration_reorders_nothing_and_stays_a_probability(method, scores, seed):
    random = np.random.default_rng(seed)
    known = random.random(60)
    labels = np.append((random.random(58) < 0.5).astype(int), [0, 1])
    calibration = Calibration.fit(labels, np.stack([1 - known, known], axis=1), method)
    ordered = np.sort(np.asarray(scores))
    found = calibration.apply(np.stack([1 - ordered, ordered], axis=1))
    assert (np.diff(found[:, 1]) >= -1e-12).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert found.sum(axis=1) == pytest.approx(1)


def test_platt_is_not_certain_where_the_classes_are_apart():
    labels = np.repeat([0, 1], 10)
    scores = np.repeat([1e-9, 1 - 1e-9], 10)
    found = Calibration.fit(labels, np.stack([1 - scores, scores], axis=1), "platt").apply(
        [[1.0, 1e-9], [1e-9, 1 - 1e-9]]
    )
    assert found[:, 1] == pytest.approx([1 / 12, 11 / 12], abs=1e-3)


def test_the_percentile_is_the_share_of_rows_with_no_higher_score():
    scores = np.repeat(np.arange(100) / 100, 20)
    labels = np.arange(2000) % 2
    calibration = Calibration.fit(labels, np.stack([1 - scores, scores], axis=1))
    asked = np.array([-0.0, 0.25, 0.5, 0.99, 1.0])
    share = [100 * (scores <= value).mean() for value in asked]
    assert calibration.percentile(asked) == pytest.approx(share, abs=0.11)
    assert calibration.percentile([-1.0])[0] == 0
    assert Calibration.fit(*overconfident(90, 0, 3)).percentile([0.5]) is None


def test_percentiles_are_of_the_model_s_score_whatever_the_method():
    labels, probabilities = overconfident(500, 5)
    found = [Calibration.fit(labels, probabilities, method).percentile([0.3]) for method in METHODS]
    assert len({float(value[0]) for value in found}) == 1


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_a_saved_calibration_is_the_same(tmp_path, method, classes):
    labels, probabilities = overconfident(300, 4, classes)
    calibration = Calibration.fit(labels, probabilities, method)
    assert calibration.save(tmp_path).name == "calibration.json"
    loaded = Calibration.load(tmp_path / "calibration.json")
    assert loaded == calibration
    assert np.array_equal(loaded.apply(probabilities), calibration.apply(probabilities))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "beta"}, "maps a Field required"),
        ({"maps": []}, "needs 1 maps"),
        ({"maps": [{"slope": -1, "intercept": 0}]}, "maps.*slope"),
        ({"percentiles": [0.5, 0.4]}, "percentiles must not fall"),
        ({"extra": 1}, "extra"),
        ({"num_classes": 3, "maps": [{"slope": 1, "intercept": 0}] * 3}, "more than two classes have none"),
    ],
)
def test_a_file_that_is_no_calibration_is_named(tmp_path, change, message):
    good = {"method": "platt", "num_classes": 2, "maps": [{"slope": 1, "intercept": 0}], "percentiles": [0.1, 0.9]}
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(good))
    Calibration.load(path)
    path.write_text(json.dumps({**good, **change}))
    with pytest.raises(ArtifactError, match=rf"calibration\.json: not a calibration.*{message}"):
        Calibration.load(path)


def test_a_map_that_falls_is_refused(tmp_path):
    bad = {"method": "isotonic", "num_classes": 2, "maps": [{"x": [0.1, 0.2], "y": [0.5, 0.4]}]}
    (tmp_path / "calibration.json").write_text(json.dumps(bad))
    with pytest.raises(ArtifactError, match="y must not fall"):
        Calibration.load(tmp_path / "calibration.json")
    with pytest.raises(ArtifactError, match="cannot be read"):
        Calibration.load(tmp_path / "none.json")


def test_wrong_input_is_named():
    labels, probabilities = overconfident(50, 0)
    with pytest.raises(ConfigError, match="unknown calibration method 'spline'"):
        Calibration.fit(labels, probabilities, "spline")
    with pytest.raises(DataError, match=r"rows per class are \[50, 0\]"):
        Calibration.fit(np.zeros(50), probabilities)
    with pytest.raises(DataError, match="one label for each row"):
        Calibration.fit(labels[:3], probabilities)
    with pytest.raises(DataError, match="row 0 holds something that is no probability"):
        Calibration.fit(labels, probabilities * np.nan)
    with pytest.raises(DataError, match=r"probabilities of shape \(50, 3\).*K = 2"):
        Calibration.fit(labels, probabilities).apply(np.full((50, 3), 1 / 3))


def test_reliability_against_its_definition(tmp_path):
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    labels = np.array([0, 1, 0, 1, 0])
    found = reliability(labels, np.stack([1 - scores, scores], axis=1))
    assert [item.rows for item in found.bins[0]] == [1, 2, 2]
    assert found.ece == pytest.approx(0.2 * 0.05 + 0.4 * 0.35 + 0.4 * 0.475)
    assert found.mce == pytest.approx(0.475)
    assert found.brier == pytest.approx(((scores - labels) ** 2).mean())
    assert json.loads(json.dumps(found.to_json()))["bins"][0][0] == {"rows": 1, "mean_score": 0.05, "rate": 0.0}
    save_reliability_picture(tmp_path / "reliability.png", {"before": found, "after": found}, "test")
    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(DataError, match="with rows"):
        reliability([], np.zeros((0, 2)))
