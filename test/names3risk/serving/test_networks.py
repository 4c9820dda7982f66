"""The forms of a network that score faster give the same scores where they may be used."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper

from names3risk.artifacts.onnx_export import export_onnx
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model
from names3risk.serving.networks import quantized, without_padding

VOCABULARY, FEATURES, LENGTH = 60, 3, 12
SMALL = {
    "lstm2risk": {"hidden_size": 8, "n_lstm_layers": 1, "n_residual_blocks": 1},
    "transformer2risk": {"embedding_size": 16, "hidden_size": 8, "n_blocks": 2, "n_heads": 2, "n_residual_blocks": 1},
}


def export(folder, model_class):
    torch.manual_seed(0)
    model = build_model(
        parse_hyperparameters({"model_class": model_class, "max_sen_len": LENGTH, **SMALL[model_class]}),
        VOCABULARY,
        FEATURES,
    )
    path = folder / "model.onnx"
    export_onnx(model.eval(), path, n_tabular=FEATURES, vocabulary_size=VOCABULARY, max_length=LENGTH)
    return path


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    return export(tmp_path_factory.mktemp("transformer"), "transformer2risk")


def logits(network, lengths):
    random = np.random.default_rng(0)
    feed = {
        "input_ids": random.integers(0, VOCABULARY, (len(lengths), max(lengths))),
        "attention_mask": np.arange(max(lengths)) < np.array(lengths)[:, None],
        "tabular": random.normal(size=(len(lengths), FEATURES)).astype(np.float32),
    }
    return onnxruntime.InferenceSession(network).run(["logits"], feed)[0]


def test_without_padding_attention_scores_full_rows_the_same_and_looks_for_no_padding(transformer):
    network = transformer.read_bytes()
    changed = without_padding(network)
    assert len(changed) == len(network)
    for lengths in ([1], [7], [LENGTH], [5, 5, 5]):
        assert np.abs(logits(network, lengths) - logits(changed, lengths)).max() < 1e-5
    # It is right for nothing else: the shorter row reads its padding.
    assert np.abs(logits(network, [9, 2]) - logits(changed, [9, 2])).max() > 1e-5
    attention = [
        [node for node in onnx.load_from_string(each).graph.node if node.op_type == "Attention"]
        for each in (network, changed)
    ]
    assert [bool(node.input[3]) for node in attention[0]] == [True, True]
    assert [bool(node.input[3]) for node in attention[1]] == [False, False]
    onnx.checker.check_model(onnx.load_from_string(changed), full_check=True)


def test_without_padding_is_nothing_new_for_a_network_without_attention(tmp_path):
    assert without_padding(export(tmp_path, "lstm2risk").read_bytes()) is None


def test_networks_of_earlier_versions_are_rid_of_padding_as_well():
    """They hold attention without its projection, whose mask is the last input."""
    parts = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["B", "L", 4]) for name in ("q", "k", "v")]
    valid = helper.make_tensor_value_info("valid", onnx.TensorProto.INT32, ["B", "L"])
    result = helper.make_tensor_value_info("mixed", onnx.TensorProto.FLOAT, ["B", "L", 4])
    inputs = ["q", "k", "v", "", "valid"]
    node = helper.make_node("MultiHeadAttention", inputs, ["mixed"], domain="com.microsoft", num_heads=2)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(
        helper.make_graph([node], "attention", [*parts, valid], [result]), opset_imports=opsets, ir_version=10
    )
    network = model.SerializeToString()
    changed = without_padding(network)
    assert len(changed) == len(network)
    random = np.random.default_rng(0)
    feed = {name: random.normal(size=(2, 5, 4)).astype(np.float32) for name in ("q", "k", "v")}
    for mask, alike in ((np.ones((2, 5)), True), (np.tri(2, 5, 2), False)):
        old, new = (
            onnxruntime.InferenceSession(each).run(["mixed"], {**feed, "valid": mask.astype(np.int32)})[0]
            for each in (network, changed)
        )
        assert (np.abs(old - new).max() < 1e-6) == alike


def test_eight_bits_and_no_padding_go_together(transformer):
    coarse = quantized(transformer)
    changed = without_padding(coarse)
    assert {node.op_type for node in onnx.load_from_string(changed).graph.node} > {"QAttention"}
    assert np.abs(logits(coarse, [6]) - logits(changed, [6])).max() < 1e-5
    for lengths, network in (([6], changed), ([6, 4, 1], coarse)):
        assert 0 < np.abs(logits(transformer.read_bytes(), lengths) - logits(network, lengths)).max() < 0.1
