"""Checkpoints of the original networks give the original scores."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from names3risk.errors import ArtifactError
from names3risk.models.legacy import import_legacy


def load_networks() -> ModuleType:
    path = Path(__file__).with_name("legacy_networks.py")
    spec = importlib.util.spec_from_file_location("legacy_networks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


networks = load_networks()
FEATURES, VOCABULARY = 5, 30


def legacy(name: str) -> nn.Module:
    torch.manual_seed(0)
    if name == "lstm2risk":
        model = networks.LegacyLSTM(VOCABULARY, 6, 8, 3, FEATURES)
    else:
        model = networks.LegacyTransformer(VOCABULARY, 8, 6, 2, 4, FEATURES)
    for inputs in (batch(), batch(), batch()):  # moves the running statistics of batch normalisation
        model(*inputs)
    return model.eval()


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Rows of falling length, padded."""
    lengths = torch.randint(1, 12, (6,)).sort(descending=True).values
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return torch.randint(7, VOCABULARY, mask.shape).masked_fill(~mask, 1), mask, 3 + torch.randn(6, FEATURES)


@pytest.mark.parametrize("name", ["lstm2risk", "transformer2risk"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_scores_are_those_of_the_original_network(tmp_path: Path, name: str, prefix: str) -> None:
    original = legacy(name)
    torch.save({prefix + key: value for key, value in original.state_dict().items()}, tmp_path / "model_9.pt")
    imported = import_legacy(tmp_path / "model_9.pt", name)
    assert (imported.vocabulary_size, imported.n_tabular) == (VOCABULARY, FEATURES)
    for _ in range(5):
        inputs = batch()
        with torch.inference_mode():
            scores = imported.model(*inputs).softmax(dim=-1)[:, 1]
            torch.testing.assert_close(scores, original(*inputs), rtol=0, atol=1e-5)


def test_sizes_are_read_from_the_checkpoint(tmp_path: Path) -> None:
    torch.save(legacy("lstm2risk").state_dict(), tmp_path / "lstm.pt")
    found = import_legacy(tmp_path / "lstm.pt", "lstm2risk").hyperparameters
    assert found.model_dump(
        include={"embedding_size", "hidden_size", "n_lstm_layers", "n_residual_blocks", "loss"}
    ) == {
        "embedding_size": 6,
        "hidden_size": 8,
        "n_lstm_layers": 3,
        "n_residual_blocks": 3,
        "loss": "bce",
    }
    torch.save(legacy("transformer2risk").state_dict(), tmp_path / "transformer.pt")
    found = import_legacy(tmp_path / "transformer.pt", "transformer2risk").hyperparameters
    assert found.model_dump(include={"n_blocks", "n_heads", "max_sen_len", "hidden_size"}) == {
        "n_blocks": 2,
        "n_heads": 4,
        "max_sen_len": 100,
        "hidden_size": 6,
    }


def test_checkpoints_that_do_not_fit_are_named(tmp_path: Path) -> None:
    state = legacy("lstm2risk").state_dict()
    path = tmp_path / "model.pt"
    with pytest.raises(ArtifactError, match="does not exist"):
        import_legacy(path, "lstm2risk")
    path.write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(ArtifactError, match="cannot be read"):
        import_legacy(path, "lstm2risk")
    torch.save({"epoch": 3}, path)
    with pytest.raises(ArtifactError, match="holds no state dict"):
        import_legacy(path, "lstm2risk")
    torch.save(state, path)
    with pytest.raises(ArtifactError, match=r"is missing; expected the state dict of an original transformer2risk"):
        import_legacy(path, "transformer2risk")
    torch.save({key: value for key, value in state.items() if "lstm_norm" not in key}, path)
    with pytest.raises(ArtifactError, match=r"no tensor for norm.bias, norm.weight"):
        import_legacy(path, "lstm2risk")
    torch.save({**state, "tab_projection.1.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(ArtifactError, match=r"the tensor for tabular.1.weight has shape \(2, 2\); expected \(16, 5\)"):
        import_legacy(path, "lstm2risk")
