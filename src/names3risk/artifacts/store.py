"""A trained model as a folder of files.

| file | content |
|---|---|
| model.pth | state dict |
| model_artifacts.pth | config, embeddings, vocabulary, model_class, versions; loads with `weights_only=True` |
| model.onnx | the network with its probabilities |
| tokenizer.json, vocab.json | the tokenizer, and its vocabulary for readers |
| hyperparameters.json | every hyperparameter, defaults and column roles included |
| schema.json | the column schema of the prepared rows |
| feature_columns.txt | the tabular inputs in order |
| impute_dict.json, risk_table_map.json | fitted on the training split; the .pkl beside each is never read here |
| numeric_transform.json | how numbers are scaled |
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk._version import __version__
from names3risk.data.schema import ColumnSchema
from names3risk.errors import ArtifactError, ConfigError, Names3RiskError
from names3risk.features.encoder import COLUMNS_FILE, IMPUTE_FILE, RISK_FILE, SCALE_FILE, FeatureEncoder
from names3risk.files import replacing, write_json
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.hyperparameters.parsing import read_json_object
from names3risk.text.chunks import build_text_encoder
from names3risk.text.encoding import TextEncoder
from names3risk.text.tokenizer import load_tokenizer, save_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

MODEL_STATE = "model.pth"
MODEL_ARTIFACTS = "model_artifacts.pth"
MODEL_ONNX = "model.onnx"
HYPERPARAMETERS = "hyperparameters.json"
SCHEMA = "schema.json"
TOKENIZER = "tokenizer.json"
TOKEN_EMBEDDINGS = ("embedding.weight", "word_embeddings.weight", "text.table.weight")
"""Names of the tensor that gives a token, or an n-gram of tokens, its numbers."""
VERSIONED = ("torch", "lightning", "onnx", "onnxruntime", "tokenizers", "polars", "numpy")


@dataclass(frozen=True)
class ModelArtifacts:
    """Everything but the network that is needed to score rows.

    Args:
        hyperparameters: Complete hyperparameters of the model class.
        schema: Column roles of prepared rows, the field lists made explicit.
        features: The fitted encoder of tabular features.
        tokenizer: The trained tokenizer.
    """

    hyperparameters: Hyperparameters
    schema: ColumnSchema
    features: FeatureEncoder
    tokenizer: Tokenizer

    @property
    def text(self) -> TextEncoder:
        """The encoder of the text fields."""
        return build_text_encoder(self.hyperparameters, self.tokenizer, self.schema.text_source_fields)

    @property
    def vocabulary_size(self) -> int:
        """The number of token ids."""
        return self.tokenizer.get_vocab_size()


def save_artifacts(folder: str | Path, artifacts: ModelArtifacts, model: nn.Module) -> None:
    """Writes a trained model as the files that the module's table names.

    Args:
        folder: Where to write; each file is complete or absent, see `staged` for all of them together.
        artifacts: What scoring needs beside the network.
        model: The trained network.

    Raises:
        ArtifactError: The exported network disagrees with PyTorch.
        OutputError: A file cannot be written.
    """
    from names3risk.artifacts.onnx_export import export_onnx

    target = Path(folder)
    write_json(target / HYPERPARAMETERS, artifacts.hyperparameters.model_dump(mode="json"))
    artifacts.schema.save(target / SCHEMA)
    artifacts.features.save(target)
    save_tokenizer(artifacts.tokenizer, target)
    _save_network(target, artifacts, model)
    export_onnx(
        model,
        target / MODEL_ONNX,
        n_tabular=len(artifacts.features.feature_columns),
        vocabulary_size=artifacts.vocabulary_size,
        max_length=artifacts.hyperparameters.max_tokens,
        metadata={"model_class": artifacts.hyperparameters.model_class, "names3risk": __version__},
    )


def load_artifacts(folder: str | Path) -> ModelArtifacts:
    """Reads what scoring needs beside the network, from JSON and text alone; imports no torch.

    Args:
        folder: A model folder.

    Returns:
        The artefacts, checked against each other.

    Raises:
        ArtifactError: A file is missing, broken, or does not fit the others; the message names it.
    """
    source = Path(folder)
    for name in (HYPERPARAMETERS, SCHEMA, IMPUTE_FILE, RISK_FILE, SCALE_FILE, COLUMNS_FILE, TOKENIZER):
        _require(source / name)
    try:
        given = read_json_object(source / HYPERPARAMETERS)
        hyperparameters = parse_hyperparameters(given, source / HYPERPARAMETERS)
        schema = ColumnSchema.load(source / SCHEMA)
        expected = schema.feature_columns
    except ConfigError as error:
        raise ArtifactError(str(error)) from error
    features = FeatureEncoder.load(source)
    check_same(features.source_columns, expected, source / COLUMNS_FILE, f"those of {SCHEMA} in their order")
    return ModelArtifacts(hyperparameters, schema, features, load_tokenizer(source / TOKENIZER))


def check_same(found: list[str], expected: list[str], path: Path, whose: str) -> None:
    """Checks that a file of a model folder is made of the columns of another.

    Args:
        found: Its columns.
        expected: Those of the other.
        path: The file.
        whose: What the other columns are, for the message.

    Raises:
        ArtifactError: They differ.
    """
    if found != expected:
        raise ArtifactError(
            f"is made of the columns {found}",
            where=path,
            expected=f"{whose}, {expected}",
            mend="take all files from the same training",
        )


def load_model(folder: str | Path, artifacts: ModelArtifacts) -> nn.Module:
    """Builds the network and loads its weights, with `weights_only=True`.

    Args:
        folder: A model folder.
        artifacts: What `load_artifacts` read from it.

    Returns:
        The network, set to evaluation.

    Raises:
        ArtifactError: `model.pth` is missing, holds more than tensors, or does not fit the hyperparameters.
    """
    import torch

    from names3risk.models import build_model

    path = _require(Path(folder) / MODEL_STATE)
    model = build_model(artifacts.hyperparameters, artifacts.vocabulary_size, len(artifacts.features.feature_columns))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state)
    except Exception as error:  # torch raises pickle, zip, type, key and runtime errors for unfit files
        raise ArtifactError(
            f"cannot be loaded: {_first_line(error)}",
            where=path,
            expected=f"the weights of a {artifacts.hyperparameters.model_class} as {HYPERPARAMETERS} describes it",
        ) from error
    return model.eval()


def _save_network(target: Path, artifacts: ModelArtifacts, model: nn.Module) -> None:
    import torch

    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    contents = {
        "config": artifacts.hyperparameters.model_dump(mode="json"),
        "embeddings": next(tensor for name, tensor in state.items() if name.endswith(TOKEN_EMBEDDINGS)),
        "vocabulary": artifacts.tokenizer.get_vocab(),
        "model_class": artifacts.hyperparameters.model_class,
        "versions": _versions(),
    }
    with replacing(target / MODEL_STATE) as temporary:
        torch.save(state, temporary)
    with replacing(target / MODEL_ARTIFACTS) as temporary:
        torch.save(contents, temporary)


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in VERSIONED}
    return {"names3risk": __version__, "python": platform.python_version(), **packages}


def _require(path: Path) -> Path:
    if not path.is_file():
        raise ArtifactError(
            "the file is missing", where=path, expected="a complete model folder", mend="train the model again"
        )
    return path


def _first_line(error: Exception) -> str:
    if isinstance(error, Names3RiskError):
        return str(error)
    return (str(error).strip() or type(error).__name__).splitlines()[0]
