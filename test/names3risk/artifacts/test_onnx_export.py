"""Exported networks agree with PyTorch on every kind of batch, and a row's score is its own."""

import logging

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from names3risk.artifacts.onnx_export import INPUTS, ScoringNetwork, export_onnx
from names3risk.errors import ArtifactError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model

VOCABULARY, FEATURES, LENGTH = 60, 3, 12
SMALL = {
    "lstm2risk": {"hidden_size": 8, "n_lstm_layers": 2, "n_residual_blocks": 1},
    "transformer2risk": {"embedding_size": 16, "hidden_size": 8, "n_blocks": 2, "n_heads": 2, "n_residual_blocks": 1},
}


def small_model(model_class, features=FEATURES, length=LENGTH, **more):
    values = {"model_class": model_class, "max_sen_len": length, **SMALL[model_class], **more}
    model = build_model(parse_hyperparameters(values), VOCABULARY, features)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


@pytest.fixture(scope="module", params=list(SMALL))
def exported(request, tmp_path_factory):
    model = small_model(request.param)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(model, path, n_tabular=FEATURES, vocabulary_size=VOCABULARY, max_length=LENGTH, metadata={"a": "b"})
    return model, onnxruntime.InferenceSession(str(path)), path


def batch(lengths, width=None, seed=0):
    random = np.random.default_rng(seed)
    width = width or max(1, *lengths)
    ids = random.integers(0, VOCABULARY, (len(lengths), width))
    mask = np.arange(width) < np.array(lengths)[:, None]
    return ids, mask, random.normal(size=(len(lengths), FEATURES)).astype(np.float32)


def run(session, arrays):
    return session.run(["logits", "probabilities"], dict(zip(INPUTS, arrays, strict=True)))


@pytest.mark.parametrize("model_class", SMALL)
@pytest.mark.parametrize("features", [0, FEATURES])
def test_the_file_tells_how_many_classes_there_are(model_class, features, tmp_path):
    model = small_model(model_class, features, num_classes=3)
    export_onnx(model, tmp_path / "model.onnx", n_tabular=features, vocabulary_size=VOCABULARY, max_length=LENGTH)
    outputs = onnxruntime.InferenceSession(str(tmp_path / "model.onnx")).get_outputs()
    assert [(output.name, *output.shape) for output in outputs] == [
        ("logits", "batch", 3),
        ("probabilities", "batch", 3),
    ]


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(0, LENGTH), min_size=1, max_size=9),
    padding=st.integers(0, LENGTH),
    seed=st.integers(0, 1000),
)
def test_onnx_agrees_with_pytorch_on_any_lengths(exported, lengths, padding, seed):
    model, session, _ = exported
    arrays = batch(lengths, min(LENGTH, max(1, *lengths) + padding), seed)
    with torch.inference_mode():
        wanted = ScoringNetwork(model)(*map(torch.from_numpy, arrays))
    for expected, found in zip(wanted, run(session, arrays), strict=True):
        assert np.abs(expected.numpy() - found).max() < 1e-5


@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(0, LENGTH), min_size=2, max_size=8), seed=st.integers(0, 1000))
def test_a_row_scores_the_same_alone_and_among_others(exported, lengths, seed):
    _, session, _ = exported
    ids, mask, tabular = batch(lengths, LENGTH, seed)
    together = run(session, (ids, mask, tabular))[1]
    for row, length in enumerate(lengths):
        width = max(1, length)
        alone = run(session, (ids[row : row + 1, :width], mask[row : row + 1, :width], tabular[row : row + 1]))[1]
        assert np.abs(alone[0] - together[row]).max() < 1e-6


def test_what_stands_under_the_padding_does_not_matter(exported):
    _, session, _ = exported
    ids, mask, tabular = batch([3, 0, 7], LENGTH)
    changed = np.where(mask, ids, (ids + 1) % VOCABULARY)
    assert np.array_equal(run(session, (ids, mask, tabular))[1], run(session, (changed, mask, tabular))[1])


def test_rows_without_text_give_finite_scores_that_depend_on_the_table(exported):
    _, session, _ = exported
    probabilities = run(session, batch([0, 0], 4))[1]
    assert np.isfinite(probabilities).all()
    assert probabilities[0, 1] != probabilities[1, 1]


def test_names_and_dynamic_axes_are_the_declared_ones(exported):
    _, session, path = exported
    assert [value.name for value in session.get_inputs()] == ["input_ids", "attention_mask", "tabular"]
    assert [value.name for value in session.get_outputs()] == ["logits", "probabilities"]
    assert [value.type for value in session.get_inputs()] == ["tensor(int64)", "tensor(bool)", "tensor(float)"]
    assert session.get_inputs()[2].shape[1] == FEATURES
    stored = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert stored == {"a": "b", "vocabulary_size": str(VOCABULARY)}


@pytest.mark.parametrize("model_class", list(SMALL))
def test_a_model_of_text_alone_keeps_its_three_inputs(tmp_path, model_class):
    model = small_model(model_class, features=0)
    path = tmp_path / "model.onnx"
    assert export_onnx(model, path, n_tabular=0, vocabulary_size=VOCABULARY, max_length=LENGTH) < 1e-5
    assert len(onnxruntime.InferenceSession(str(path)).get_inputs()) == 3


def test_three_classes_and_a_single_output_export(tmp_path):
    for more, classes in (({"num_classes": 3}, 3), ({"loss": "bce"}, 2)):
        path = tmp_path / f"{classes}.onnx"
        model = small_model("lstm2risk", **more)
        assert export_onnx(model, path, n_tabular=FEATURES, vocabulary_size=VOCABULARY, max_length=LENGTH) < 1e-5
        session = onnxruntime.InferenceSession(str(path))
        probabilities = run(session, batch([3, 1]))[1]
        assert probabilities.shape == (2, classes)
        assert probabilities.sum(axis=1) == pytest.approx([1, 1])


class ForgetsPadding(nn.Module):
    """Reads the reverse direction from the padding, as an unpacked bidirectional LSTM does."""

    onnx_exporter = "torchscript"

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 4)
        self.lstm = nn.LSTM(4, 4, batch_first=True, bidirectional=True)
        self.output = nn.Linear(8 + FEATURES, 2)

    def forward(self, input_ids, attention_mask, tabular):
        embedded = self.embedding(input_ids)
        lengths = attention_mask.sum(dim=1).clamp(min=1)
        if torch.onnx.is_in_onnx_export():
            states = self.lstm(embedded)[0] * attention_mask[..., None]
        else:
            packed = nn.utils.rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
            states = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], True, total_length=input_ids.shape[1])[0]
        return self.output(torch.cat([10 * states[:, 0], tabular], dim=1))


def test_a_network_that_exports_differently_is_refused_and_leaves_no_file(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(ArtifactError, match="disagrees with PyTorch"):
        export_onnx(ForgetsPadding(), path, n_tabular=FEATURES, vocabulary_size=VOCABULARY, max_length=LENGTH)
    assert list(tmp_path.iterdir()) == []


class Branches(nn.Module):
    """Decides by a value of the batch, which no graph can hold."""

    onnx_exporter = "dynamo"

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(FEATURES, 2)

    def forward(self, input_ids, attention_mask, tabular):
        return self.output(tabular) if tabular.sum() > 0 else -self.output(tabular)


def test_a_network_that_cannot_be_exported_is_named(tmp_path):
    with pytest.raises(ArtifactError, match="cannot be exported"):
        export_onnx(Branches(), tmp_path / "model.onnx", n_tabular=FEATURES, vocabulary_size=9, max_length=LENGTH)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_ignores_an_input_is_named(tmp_path):
    class IgnoresText(Branches):
        onnx_exporter = "torchscript"

        def forward(self, input_ids, attention_mask, tabular):
            return self.output(tabular)

    with pytest.raises(ArtifactError, match=r"inputs \['tabular'\]"):
        export_onnx(IgnoresText(), tmp_path / "model.onnx", n_tabular=FEATURES, vocabulary_size=9, max_length=LENGTH)


def test_export_is_quiet_and_leaves_the_model_and_the_loggers_as_they_were(tmp_path, capfd, recwarn):
    model = small_model("lstm2risk").train()
    level = logging.getLogger("torch.onnx").level
    export_onnx(model, tmp_path / "model.onnx", n_tabular=FEATURES, vocabulary_size=VOCABULARY, max_length=LENGTH)
    assert model.training
    assert logging.getLogger("torch.onnx").level == level
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert len(recwarn) == 0
