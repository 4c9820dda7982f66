"""A trained pointer network as a folder of files; JSON and tensors only, nothing is unpickled.

| file | content |
|---|---|
| model.pth | state dict; loads with `weights_only=True` |
| model.onnx | probabilities, attention and gate |
| hyperparameters.json | every hyperparameter |
| schema.json | the sequence schema |
| vocabulary.json | items, entities and context values of the training part, by number |
| moments.json | when the validation and the test part begin |
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names3risk.errors import ArtifactError, ConfigError
from names3risk.files import replacing, write_json
from names3risk.hyperparameters import load_hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.sequences.encoding import EventEncoder
from names3risk.sequences.schema import SequenceSchema
from names3risk.sequences.vocabulary import Vocabulary

if TYPE_CHECKING:
    from names3risk.models.pointer import PointerNetwork

MODEL_STATE = "model.pth"
MODEL_ONNX = "model.onnx"
HYPERPARAMETERS = "hyperparameters.json"
SCHEMA = "schema.json"
VOCABULARY = "vocabulary.json"
MOMENTS = "moments.json"


@dataclass(frozen=True)
class SequenceArtifacts:
    """What is needed beside the network.

    Args:
        hyperparameters: Those that the network was trained with.
        encoder: Fitted on the training part.
        moments: First moments of `val` and `test`; a part without events has none.
    """

    hyperparameters: PointerHyperparameters
    encoder: EventEncoder
    moments: dict[str, datetime]


def save_pointer(folder: str | Path, artifacts: SequenceArtifacts, model: PointerNetwork) -> None:
    """Writes the files that the module's table names.

    Args:
        folder: Where to write; each file is complete or absent.
        artifacts: What is needed beside the network.
        model: The trained network.

    Raises:
        ArtifactError: The exported network disagrees with PyTorch.
        OutputError: A file cannot be written.
    """
    import torch

    from names3risk.sequences.onnx_export import export_pointer

    target, encoder = Path(folder), artifacts.encoder
    write_json(target / HYPERPARAMETERS, artifacts.hyperparameters.model_dump(mode="json"))
    encoder.schema.save(target / SCHEMA)
    contexts = dict(zip(encoder.schema.context_fields, (list(each.values) for each in encoder.contexts), strict=True))
    values = {"items": list(encoder.items.values), "entities": list(encoder.entities.values), "contexts": contexts}
    write_json(target / VOCABULARY, values)
    write_json(target / MOMENTS, {name: moment.isoformat() for name, moment in artifacts.moments.items()})
    with replacing(target / MODEL_STATE) as temporary:
        torch.save({name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}, temporary)
    export_pointer(model, target / MODEL_ONNX)


def load_sequence_artifacts(folder: str | Path) -> SequenceArtifacts:
    """Reads what is needed beside the network.

    Args:
        folder: A model folder.

    Raises:
        ArtifactError: A file is missing, broken, or does not fit the others.
    """
    source = Path(folder)
    for name in (HYPERPARAMETERS, SCHEMA, VOCABULARY, MOMENTS):
        _require(source / name)
    try:
        hyperparameters = load_hyperparameters(source / HYPERPARAMETERS)
        schema = SequenceSchema.load(source / SCHEMA)
    except ConfigError as error:
        raise ArtifactError(str(error)) from error
    if not isinstance(hyperparameters, PointerHyperparameters):
        raise ArtifactError(
            f"is of a {hyperparameters.model_class}", where=source / HYPERPARAMETERS, expected="model class pointer"
        )
    values = _read(source / VOCABULARY, {"items", "entities", "contexts"})
    try:
        contexts = tuple(Vocabulary.of(values["contexts"][name]) for name in schema.context_fields)
        encoder = EventEncoder(schema, Vocabulary.of(values["items"]), Vocabulary.of(values["entities"]), contexts)
        moments = {name: datetime.fromisoformat(text) for name, text in _read(source / MOMENTS, set()).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{VOCABULARY} or {MOMENTS} does not fit {SCHEMA}: {error!r}", where=source, mend="train the model again"
        ) from error
    return SequenceArtifacts(hyperparameters, encoder, moments)


def load_pointer(folder: str | Path, artifacts: SequenceArtifacts) -> PointerNetwork:
    """Builds the network and loads its weights, with `weights_only=True`.

    Args:
        folder: A model folder.
        artifacts: What was read from it.

    Returns:
        The network, set to evaluation.

    Raises:
        ArtifactError: `model.pth` is missing, holds more than tensors, or does not fit.
    """
    import torch

    from names3risk.models.pointer import build_pointer

    path, encoder = _require(Path(folder) / MODEL_STATE), artifacts.encoder
    model = build_pointer(artifacts.hyperparameters, len(encoder.items), len(encoder.entities), encoder.context_sizes)
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises pickle, zip, type, key and runtime errors for unfit files
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(
            f"cannot be loaded: {text}", where=path, expected=f"the weights of the network of {HYPERPARAMETERS}"
        ) from error
    return model.eval()


def _read(path: Path, keys: set[str]) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ArtifactError(f"cannot be read: {error}", where=path, expected="JSON") from error
    if not isinstance(value, dict) or not keys <= set(value):
        raise ArtifactError("does not hold what it should", where=path, expected=f"an object with {sorted(keys)}")
    return value


def _require(path: Path) -> Path:
    if not path.is_file():
        raise ArtifactError(
            "the file is missing", where=path, expected="a complete model folder", mend="train the model again"
        )
    return path
