"""Every model class: what its score depends on, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from names3risk.errors import ConfigError
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.models import MODEL_CLASSES, build_model, count_parameters, reads_tabular
from names3risk.text.special import CLS_ID, PAD_ID

SMALL: dict[str, dict[str, Any]] = {
    "lstm2risk": {"embedding_size": 6, "hidden_size": 8, "n_lstm_layers": 2, "n_residual_blocks": 1},
    "transformer2risk": {"embedding_size": 8, "hidden_size": 6, "n_blocks": 2, "n_heads": 2, "n_residual_blocks": 1},
}
BERT: dict[str, Any] = {
    "bert_hidden_size": 8,
    "bert_layers": 1,
    "bert_heads": 2,
    "bert_intermediate_size": 8,
    "initializer_range": 0.5,
}
MULTIMODAL: dict[str, Any] = {**BERT, "hidden_common_dim": 16}
SMALL |= {
    "multimodal_bert": MULTIMODAL,
    "multimodal_cnn": {"embedding_size": 6, "n_filters": 5, "hidden_common_dim": 8},
    "multimodal_moe": {**MULTIMODAL, "fusion_dim": 6},
    "multimodal_gate_fusion": {**MULTIMODAL, "fusion_dim": 6},
    "multimodal_cross_attn": {**MULTIMODAL, "n_heads": 2},
    "bert": BERT,
    "lstm": {"embedding_size": 6, "hidden_common_dim": 8},
}
NGRAMS: dict[str, Any] = {"ngram_max": 3, "ngram_min": 2, "ngram_buckets": 100}
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "lstm2risk": [NGRAMS],
    "transformer2risk": [NGRAMS],
    "multimodal_bert": [{"pooling": "mean", "numeric_embedding": "periodic"}],
    "multimodal_cnn": [{"max_total_chunks": 1, "numeric_embedding": "periodic"}],
    "bert": [{"pooling": "mean"}],
    "lstm": [{"max_total_chunks": 1, "n_lstm_layers": 2}],
}
VOCABULARY, FEATURES = 40, 3
MODELS = [name for name in MODEL_CLASSES if name != "multimodal_boosted"]
"""Networks that learn by steps; the one that does not has tests of its own."""
TEXT_ALONE = [name for name, cls in MODEL_CLASSES.items() if reads_tabular(cls) == "never"]
NEEDS_TABLE = [name for name, cls in MODEL_CLASSES.items() if reads_tabular(cls) == "always"]


def small(name: str, **values: Any) -> Hyperparameters:
    return parse_hyperparameters({"model_class": name, **SMALL[name], **values})


def features_of(name: str) -> int:
    return 0 if name in TEXT_ALONE else FEATURES


def build(name: str, n_tabular: int | None = None, **values: Any) -> nn.Module:
    features = features_of(name) if n_tabular is None else n_tabular
    model = build_model(small(name, **values), VOCABULARY, features)
    if getattr(model, "ngrams", None) is not None:
        nn.init.normal_(model.ngrams.table.weight)
    return model.eval()


def example(name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Three rows of 6, 2 and 0 tokens; the first has two chunks."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(7, VOCABULARY, (3, 6), generator=generator)
    mask = torch.arange(6) < torch.tensor([6, 2, 0])[:, None]
    ids[0, 2] = CLS_ID
    return ids.masked_fill(~mask, PAD_ID), mask, torch.randn(3, features_of(name), generator=generator)


every_model = pytest.mark.parametrize("name", MODELS)
every_variant = pytest.mark.parametrize(
    ("name", "variant"), [(name, variant) for name in MODELS for variant in [{}, *VARIANTS.get(name, [])]]
)


@pytest.mark.parametrize(
    ("name", "parameters"),
    # The original transformer has 10,913,354, of which 25,856 sit in a tabular layer that it never uses.
    [("lstm2risk", 7_860_426), ("transformer2risk", 10_913_354 - 25_856)],
)
def test_the_defaults_are_the_size_of_the_original_networks(name: str, parameters: int) -> None:
    defaults = parse_hyperparameters({"model_class": name, "loss": "bce"})
    assert count_parameters(build_model(defaults, 4000, 100)) == parameters
    two_outputs = build_model(defaults.changed(loss="cross_entropy"), 4000, 100)
    width = 128 if name == "lstm2risk" else 1024
    assert count_parameters(two_outputs) == parameters + width + 1


@every_variant
def test_text_reaches_the_score(name: str, variant: dict[str, Any]) -> None:
    model, (ids, mask, tabular) = build(name, **variant), example(name)
    changed = ids.clone()
    changed[0, 3] = 7 + (ids[0, 3] - 6) % (VOCABULARY - 7)
    before, after = model(ids, mask, tabular), model(changed, mask, tabular)
    assert (before[0] - after[0]).abs().max() > 1e-5
    assert torch.equal(before[1:], after[1:])


@pytest.mark.parametrize("variant", [{}])
@pytest.mark.parametrize("name", [name for name in MODELS if name not in TEXT_ALONE])
def test_every_feature_reaches_the_score(name: str, variant: dict[str, Any]) -> None:
    model, (ids, mask, tabular) = build(name, **variant), example(name)
    tabular.requires_grad_()
    model(ids, mask, tabular)[:, 1].sum().backward()
    assert tabular.grad is not None
    assert (tabular.grad != 0).any(dim=0).all()


@every_variant
@pytest.mark.parametrize("filler", [PAD_ID, 30])
def test_padding_does_not_move_the_score(name: str, variant: dict[str, Any], filler: int) -> None:
    model, (ids, mask, tabular) = build(name, **variant), example(name)
    longer = torch.cat([ids, torch.full((3, 5), filler)], dim=1)
    longer_mask = torch.cat([mask, torch.zeros(3, 5, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(model(longer, longer_mask, tabular), model(ids, mask, tabular), rtol=0, atol=1e-5)


@every_variant
def test_a_score_does_not_depend_on_the_other_rows_of_the_batch(name: str, variant: dict[str, Any]) -> None:
    model, (ids, mask, tabular) = build(name, **variant), example(name)
    together = model(ids, mask, tabular)
    for row in range(3):
        length = max(1, int(mask[row].sum()))
        alone = model(ids[row : row + 1, :length], mask[row : row + 1, :length], tabular[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-5)


@every_variant
def test_a_row_without_any_token_has_a_finite_score_and_gradient(name: str, variant: dict[str, Any]) -> None:
    model, (ids, _, tabular) = build(name, **variant).train(), example(name)
    logits = model(ids, torch.zeros_like(ids, dtype=torch.bool), tabular)
    logits.sum().backward()
    assert logits.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@every_model
def test_every_parameter_is_used(name: str) -> None:
    model, (ids, mask, tabular) = (
        build(name, **{key: 2 for key in ["ngram_max"] if name in ("lstm2risk", "transformer2risk")}),
        example(name),
    )
    model(ids, mask, tabular)[:, 1].sum().backward()
    unused = [label for label, p in model.named_parameters() if p.grad is None]
    assert unused == []


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NEEDS_TABLE])
def test_models_work_on_text_alone(name: str) -> None:
    model, (ids, mask, _) = build(name, n_tabular=0), example(name)
    logits = model(ids, mask, torch.zeros(3, 0))
    assert logits.shape == (3, 2)
    assert (logits[0] - logits[1]).abs().max() > 1e-5


@every_model
def test_one_output_gives_two_logits_whose_softmax_is_its_sigmoid(name: str) -> None:
    model, inputs = build(name, loss="bce"), example(name)
    logits = model(*inputs)
    assert logits.shape == (3, 2)
    assert (logits[:, 0] == 0).all()
    torch.testing.assert_close(logits.softmax(dim=1)[:, 1], logits[:, 1].sigmoid())


@every_model
def test_several_classes(name: str) -> None:
    assert build(name, num_classes=5)(*example(name)).shape == (3, 5)


@every_model
def test_initial_weights_follow_the_seed_only(name: str) -> None:
    def weights(seed: int) -> Tensor:
        return nn.utils.parameters_to_vector(build(name, seed=seed).parameters())

    torch.manual_seed(5)
    first = weights(1)
    state = torch.get_rng_state()
    assert torch.equal(first, weights(1))
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first, weights(2))


def test_the_n_gram_part_starts_without_influence_and_tells_orders_apart() -> None:
    plain, with_ngrams = build_model(small("lstm2risk"), VOCABULARY, 0), None
    with_ngrams = build_model(small("lstm2risk", ngram_max=2, ngram_min=2), VOCABULARY, 0)
    ids, mask, tabular = torch.tensor([[8, 9, 10]]), torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 0)
    torch.testing.assert_close(plain.eval()(ids, mask, tabular), with_ngrams.eval()(ids, mask, tabular))
    part = build("lstm2risk", n_tabular=0, ngram_max=2, ngram_min=2).ngrams
    assert not torch.allclose(part(ids, mask), part(ids.flip(1), mask))
    assert torch.equal(part(ids, mask), part(ids, mask))


@pytest.mark.parametrize("name", NEEDS_TABLE)
def test_a_class_that_mixes_two_parts_says_that_it_needs_tabular_fields(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} mixes text with tabular features, and there are none"):
        build(name, n_tabular=0)


@pytest.mark.parametrize("name", TEXT_ALONE)
def test_a_class_that_reads_text_alone_says_that_it_has_no_use_for_tabular_fields(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} reads text alone, and there are 3 tabular features"):
        build(name, n_tabular=3)


def test_an_unknown_model_class_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown model class 'other'"):
        build_model(Hyperparameters(model_class="other"), 10, 0)
