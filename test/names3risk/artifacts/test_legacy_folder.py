"""`names3risk import-legacy`: a checkpoint of the original becomes a model folder with the original's scores."""

import importlib.util
import json
from pathlib import Path

import names3risk_samples as samples
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.errors import ArtifactError, ConfigError
from names3risk.models.legacy import import_legacy
from names3risk.serving import Predictor
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer

FEATURES = ["itemCount", "amount", "ageInDays"]
TEXTS = samples.COLUMNS["text_source_fields"]


def load_networks():
    path = Path(__file__).parents[1] / "models" / "legacy_networks.py"
    spec = importlib.util.spec_from_file_location("legacy_networks_for_folders", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def legacy(tmp_path_factory):
    """A folder with checkpoint, tokenizer and columns, and the original networks."""
    folder = tmp_path_factory.mktemp("legacy")
    orders = samples.orders()
    settings = TokenizerSettings(min_frequency=2, min_vocab_size=60, max_vocab_size=120)
    tokenizer, _ = train_tokenizer({name: orders[name] for name in TEXTS}, settings)
    save_tokenizer(tokenizer, folder)
    roles = {"id_name": "objectId", "label": samples.COLUMNS["label"], "text_source_fields": TEXTS}
    (folder / "columns.json").write_text(json.dumps({**roles, "tab_field_list": FEATURES}))
    torch.manual_seed(0)
    size, networks = tokenizer.get_vocab_size(), load_networks()
    models = {
        "lstm2risk": networks.LegacyLSTM(size, 6, 8, 2, len(FEATURES)).eval(),
        "transformer2risk": networks.LegacyTransformer(size, 8, 6, 2, 4, len(FEATURES)).eval(),
    }
    for name, model in models.items():
        torch.save(model.state_dict(), folder / f"{name}.pt")
    return folder, models


def arguments(folder, model, out, **changes):
    values = {"model": model, "tokenizer": folder / "tokenizer.json", "columns": folder / "columns.json", "out": out}
    options = [item for name, value in {**values, **changes}.items() for item in (f"--{name}", str(value))]
    return ["import-legacy", str(folder / f"{model}.pt"), *options]


@pytest.mark.parametrize("name", ["lstm2risk", "transformer2risk"])
def test_rows_have_the_original_s_scores(legacy, tmp_path, name):
    folder, models = legacy
    done = CliRunner().invoke(app, arguments(folder, name, tmp_path / "model"))
    assert done.exit_code == 0, done.output
    assert "parameters" in done.output
    predictor = Predictor.load(tmp_path / "model")
    frame = samples.orders(50, seed=3)
    found = predictor.predict(frame)["score"].to_numpy()
    tokens, tabular = predictor.encode(frame)
    raw = frame.select(FEATURES).fill_null(-1).to_numpy().astype(np.float32)
    assert np.array_equal(tabular, raw), "missing numbers are -1 and nothing is scaled, as in the original"
    longest_first = np.argsort(-tokens.lengths, kind="stable")
    mask = torch.from_numpy(np.arange(tokens.lengths.max()) < tokens.lengths[longest_first][:, None])
    ids = torch.ones(mask.shape, dtype=torch.int64)
    ids[mask] = torch.from_numpy(tokens.take(longest_first).values).long()
    with torch.inference_mode():
        packed = models[name](ids, mask, torch.from_numpy(raw[longest_first])).numpy()
        alone = [
            models[name](torch.from_numpy(tokens[row][None]).long(), torch.ones(1, len(tokens[row])) > 0, numbers)
            for row, numbers in enumerate(torch.from_numpy(raw)[:, None])
        ]
    assert np.abs(found[longest_first] - packed).max() < 1e-5
    assert np.abs(found - torch.cat([score.reshape(1) for score in alone]).numpy()).max() < 1e-5


def test_what_does_not_fit_is_told_and_nothing_is_written(legacy, tmp_path):
    folder, _ = legacy
    columns = json.loads((folder / "columns.json").read_text())
    cases = {
        "2 numeric fields; expected 3": {**columns, "tab_field_list": FEATURES[:2]},
        "cat_field_list names paymentMethod; expected none": {**columns, "cat_field_list": ["paymentMethod"]},
        "tab_field_list is a rule": {**columns, "tab_field_list": {"pattern": ".*"}},
    }
    for message, changed in cases.items():
        (tmp_path / "columns.json").write_text(json.dumps(changed))
        call = arguments(folder, "lstm2risk", tmp_path / "model", columns=tmp_path / "columns.json")
        with pytest.raises((ArtifactError, ConfigError), match=message):
            CliRunner().invoke(app, call, catch_exceptions=False)
    with pytest.raises(ConfigError, match="unknown legacy model class 'bert'; expected one of lstm2risk, transformer"):
        import_legacy(folder / "lstm2risk.pt", "bert")
    with pytest.raises(ArtifactError, match=r"none\.pt: the file does not exist"):
        import_legacy(folder / "none.pt", "lstm2risk")
    assert not (tmp_path / "model").exists()
