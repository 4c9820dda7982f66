"""Cross attention between tokens and fields, and chunks on their own."""

import pytest
import torch

from names3risk.hyperparameters import parse_hyperparameters
from names3risk.models import build_model
from names3risk.models.chunks import join_chunks, masked_mean, mean_over_chunks, split_chunks
from names3risk.models.cross_attention import CrossAttention, FieldTokens
from names3risk.text.special import CLS_ID, PAD_ID


@pytest.fixture
def model():
    settings = {"bert_hidden_size": 8, "bert_layers": 1, "bert_intermediate_size": 8, "hidden_common_dim": 16}
    hyperparameters = parse_hyperparameters(
        {"model_class": "multimodal_cross_attn", "initializer_range": 0.5, **settings}
    )
    return build_model(hyperparameters, 30, 5).eval()


def inputs():
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(7, 30, (4, 9), generator=generator)
    ids[:, 0] = CLS_ID
    mask = torch.arange(9) < torch.tensor([9, 5, 2, 9])[:, None]
    return ids, mask, torch.randn(4, 5, generator=generator) * 3


def test_attention_is_not_constant_in_either_direction(model):
    ids, mask, tabular = inputs()
    states, fields = model.token_projection(model.encoder(ids, mask)), model.fields(tabular)
    everywhere = torch.ones(4, 5, dtype=torch.bool)
    to_fields = model.text_to_table.weights(states, fields, everywhere)
    to_tokens = model.table_to_text.weights(fields, states, mask)
    assert to_fields.shape == (4, 4, 9, 5)
    assert to_tokens.shape == (4, 4, 5, 9)
    # Different over what is attended to, over who attends, over heads and over rows.
    for weights, kept in ((to_fields, to_fields), (to_tokens, to_tokens[[0, 3]])):
        torch.testing.assert_close(weights.sum(dim=3), torch.ones(weights.shape[:3]))
        assert all(kept.std(dim=dim).max() > 1e-3 for dim in range(4))
    assert (to_tokens[1][:, :, 5:] == 0).all()


def test_one_field_and_one_token_would_leave_nothing_to_attend_to():
    attention = CrossAttention(8, 2)
    weights = attention.weights(torch.randn(3, 1, 8), torch.randn(3, 1, 8), torch.ones(3, 1, dtype=torch.bool))
    assert (weights == 1).all()


def test_a_field_is_known_by_its_place_and_its_value():
    fields = FieldTokens(3, 8)
    same = fields(torch.zeros(1, 3))[0]
    assert not torch.allclose(same[0], same[1])
    assert not torch.allclose(fields(torch.tensor([[1.0, 0, 0]]))[0, 0], same[0])


def test_chunks_given_apart_and_in_a_row_score_the_same(model):
    apart = torch.tensor([[[CLS_ID, 8, 9, PAD_ID], [CLS_ID, 12, PAD_ID, PAD_ID]]])
    mask = torch.tensor([[[True, True, True, False], [True, True, False, False]]])
    flat, flat_mask = torch.tensor([[CLS_ID, 8, 9, CLS_ID, 12]]), torch.ones(1, 5, dtype=torch.bool)
    tabular = torch.randn(1, 5)
    torch.testing.assert_close(model(apart, mask, tabular), model(flat, flat_mask, tabular), rtol=0, atol=1e-5)
    joined, joined_mask = join_chunks(apart, mask)
    assert joined[joined_mask].tolist() == flat[0].tolist()


@pytest.mark.parametrize("name", ["multimodal_cnn", "lstm"])
def test_other_classes_take_chunks_too(name):
    model = build_model(parse_hyperparameters({"model_class": name, "embedding_size": 6}), 30, 0).eval()
    apart = torch.tensor([[[CLS_ID, 8, 9, PAD_ID], [CLS_ID, 12, PAD_ID, PAD_ID]]])
    mask = torch.tensor([[[True, True, True, False], [True, True, False, False]]])
    flat, flat_mask = torch.tensor([[CLS_ID, 8, 9, CLS_ID, 12]]), torch.ones(1, 5, dtype=torch.bool)
    none = torch.zeros(1, 0)
    torch.testing.assert_close(model(apart, mask, none), model(flat, flat_mask, none), rtol=0, atol=1e-6)


def test_rows_are_cut_at_chunk_starts_and_the_last_chunk_holds_the_rest():
    ids = torch.tensor([[CLS_ID, 8, CLS_ID, 9, 10, CLS_ID, 11], [CLS_ID, 8, 9, PAD_ID, PAD_ID, PAD_ID, PAD_ID]])
    mask = torch.arange(7) < torch.tensor([7, 3])[:, None]
    chunks, inside = split_chunks(ids, mask, 2)
    found = [
        [chunk[valid].tolist() for chunk, valid in zip(*row, strict=True)] for row in zip(chunks, inside, strict=True)
    ]
    assert found == [[[CLS_ID, 8], [CLS_ID, 9, 10, CLS_ID, 11]], [[CLS_ID, 8, 9], []]]


def test_the_mean_leaves_empty_chunks_out():
    ids = torch.tensor([[[CLS_ID, 8], [PAD_ID, PAD_ID]]])
    mask = ids != PAD_ID
    mean = mean_over_chunks(ids, mask, 2, lambda i, m: (i * m).sum(dim=1, keepdim=True).float())
    assert mean.tolist() == [[8.0]]
    assert masked_mean(torch.ones(1, 2, 3), torch.zeros(1, 2, dtype=torch.bool)).tolist() == [[0.0, 0.0, 0.0]]
