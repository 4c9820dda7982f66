"""The training job: splits in; a model folder, predictions, metrics and pictures out.

Everything that is fitted sees the training split only. Validation and test rows are scored by the predictor that
serves, from the files just written, so that served scores equal evaluated ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from names3risk.artifacts import ModelArtifacts, save_artifacts
from names3risk.data.datasets import EncodedSplit
from names3risk.errors import ConfigError
from names3risk.evaluation.metrics import Evaluation
from names3risk.features.encoder import IMPUTE_FILE, RISK_FILE, load_imputer, load_risk_tables
from names3risk.files import require_writable, staged
from names3risk.hyperparameters import Hyperparameters
from names3risk.hyperparameters.encoder import pretrained_folder
from names3risk.serving.predictor import Predictor
from names3risk.text.choosing import make_tokenizer
from names3risk.text.tokenizer import load_tokenizer
from names3risk.training.job_data import load_job_data
from names3risk.training.roles import complete
from names3risk.training.run_file import RowsRun, sole_run, write_run
from names3risk.training.world import find_world

if TYPE_CHECKING:
    import polars as pl
    from lightning.pytorch.callbacks import Callback
    from tokenizers import Tokenizer

    from names3risk.features.numeric import Imputer
    from names3risk.features.risk_tables import RiskTables

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a training job left behind.

    Args:
        model_dir: The model folder.
        data_dir: Predictions, metrics and pictures.
        evaluations: The metrics of `val` and `test`.
        epochs: Epochs begun before training ended.
    """

    model_dir: Path
    data_dir: Path
    evaluations: dict[str, Evaluation]
    epochs: int


def run_training_job(
    *,
    train_dir: str | Path,
    val_dir: str | Path,
    test_dir: str | Path,
    hyperparameters: Hyperparameters,
    model_dir: str | Path,
    data_dir: str | Path,
    checkpoint_dir: str | Path,
    artifacts_dir: str | Path | None = None,
    pretrained_dir: str | Path | None = None,
    use_precomputed_imputation: bool = False,
    use_precomputed_risk_tables: bool = False,
    resume: bool = False,
    callbacks: Sequence[Callback] = (),
) -> TrainingResult:
    """Trains a model and evaluates it.

    Args:
        train_dir: Split folder that everything is fitted on.
        val_dir: Split folder that chooses the best weights.
        test_dir: Split folder that is only scored.
        hyperparameters: The model, its training, and possibly column roles.
        model_dir: Where the model folder is made.
        data_dir: Where predictions, metrics, pictures and TensorBoard logs go.
        checkpoint_dir: Where the best and the last checkpoint go, and the token ids of the splits; of splits that
            are larger than memory, all encoded rows.
        artifacts_dir: Folder with `tokenizer.json` and precomputed tables; without it a tokenizer is trained here. A
            model with pretrained weights takes the tokenizer that lies beside those.
        pretrained_dir: Folder below which the hyperparameter `pretrained` names a pretrained encoder.
        use_precomputed_imputation: Take `impute_dict.json` of `artifacts_dir` instead of fitting.
        use_precomputed_risk_tables: Take `risk_table_map.json` of `artifacts_dir` instead of fitting.
        resume: Go on from the last checkpoint of the same run where `checkpoint_dir` holds one.
        callbacks: Lightning's callbacks that look on while steps are made.

    Returns:
        Where the results are, and the metrics of `val` and `test`. In a distributed run the first process alone
        writes.

    Raises:
        Names3RiskError: Data, configuration, training or output are at fault; earlier outputs stay as they were.
    """
    import torch
    from torch import nn

    from names3risk.models import MODEL_CLASSES, build_model, count_parameters
    from names3risk.models.pretrained import load_pretrained
    from names3risk.training.direct import FittedAtOnce, fit_at_once
    from names3risk.training.scoring import SharedScorer, discarded
    from names3risk.training.team import Team
    from names3risk.training.trainer import fit

    for folder in (model_dir, data_dir, checkpoint_dir):
        require_writable(folder)
    with sole_run(checkpoint_dir, find_world()):
        run = RowsRun(
            train_dir=Path(train_dir),
            val_dir=Path(val_dir),
            hyperparameters=hyperparameters.model_dump(mode="json"),
            artifacts_dir=None if artifacts_dir is None else Path(artifacts_dir),
            pretrained_dir=None if pretrained_dir is None else Path(pretrained_dir),
            use_precomputed_imputation=use_precomputed_imputation,
            use_precomputed_risk_tables=use_precomputed_risk_tables,
        )
        if find_world().rank == 0:
            write_run(checkpoint_dir, "rows", run)
        encoder = pretrained_folder(hyperparameters, pretrained_dir)
        hyperparameters = hyperparameters.resolved(encoder)
        streams = not issubclass(MODEL_CLASSES.get(hyperparameters.model_class, nn.Module), FittedAtOnce)
        folders = {"train": train_dir, "val": val_dir, "test": test_dir}
        data = load_job_data(folders, hyperparameters, checkpoint_dir, streams)
        features = data.fit_features(
            *precomputed_features(artifacts_dir, use_precomputed_imputation, use_precomputed_risk_tables)
        )
        artifacts = ModelArtifacts(
            complete(hyperparameters, data.schema),
            data.schema,
            features,
            find_tokenizer(data.texts, hyperparameters, artifacts_dir, encoder),
        )
        model = build_model(artifacts.hyperparameters, artifacts.vocabulary_size, len(features.feature_columns))
        load_pretrained(model, hyperparameters, artifacts.tokenizer, encoder)
        logger.info(
            "%s with %d parameters: %d training rows, %d features, %d tokens",
            hyperparameters.model_class,
            count_parameters(model),
            data.rows,
            len(features.feature_columns),
            artifacts.vocabulary_size,
        )
        train, val = data.encode(artifacts)
        if not resume:  # the checkpoints that would need what earlier runs kept are removed, too
            data.forget_others()
        if isinstance(model, FittedAtOnce):
            assert isinstance(train, EncodedSplit)
            assert isinstance(val, EncodedSplit)
            fitted = fit_at_once(model, hyperparameters, train, val, checkpoint_dir)
        else:
            logs = Path(data_dir) / "tensorboard"
            fitted = fit(model, hyperparameters, train, val, checkpoint_dir, logs, resume=resume, callbacks=callbacks)
        data.forget_others()
        team = Team(find_world(), torch.device("cpu"))
        output = discarded if team.world.rank else staged
        with output(model_dir) as model_stage, output(data_dir) as data_stage:
            save_artifacts(model_stage, artifacts, fitted.model)
            predictor = SharedScorer(Predictor.load(model_stage), team)
            reports = {name: data.score(predictor, name, data_stage) for name in ("val", "test")}
            for report in reports.values():
                report.log(data_stage / "tensorboard_eval")
            reports["test"].save_tensors(data_stage / "predict_results.pth")
        evaluations = {name: report.evaluation for name, report in reports.items()}
        return TrainingResult(Path(model_dir), Path(data_dir), evaluations, fitted.epochs)


def precomputed_features(
    artifacts_dir: str | Path | None, imputation: bool, risk_tables: bool
) -> tuple[Imputer | None, RiskTables | None]:
    """What was fitted earlier, as far as it is asked for.

    Args:
        artifacts_dir: The folder of `impute_dict.json` and `risk_table_map.json`.
        imputation: Whether to take the one.
        risk_tables: Whether to take the other.

    Raises:
        ConfigError: There is no folder.
        ArtifactError: A file is absent or damaged.
    """
    return (
        load_imputer(_precomputed(artifacts_dir, IMPUTE_FILE)) if imputation else None,
        load_risk_tables(_precomputed(artifacts_dir, RISK_FILE)) if risk_tables else None,
    )


def _precomputed(artifacts_dir: str | Path | None, name: str) -> Path:
    if artifacts_dir is None:
        raise ConfigError(f"precomputed {name} is asked for", expected="a folder of model artefacts that holds it")
    return Path(artifacts_dir) / name


def find_tokenizer(
    texts: Callable[[], Mapping[str, pl.Series]],
    hyperparameters: Hyperparameters,
    artifacts_dir: str | Path | None,
    encoder: Path | None,
) -> Tokenizer:
    """The tokenizer of the pretrained encoder, of `artifacts_dir`, or a new one.

    Args:
        texts: Gives text fields of the training split, which a new one is trained on.
        hyperparameters: Those of the model class.
        artifacts_dir: Folder with `tokenizer.json`.
        encoder: The folder of the pretrained encoder, where the model begins with one.

    Raises:
        ConfigError: A new one is needed, and no column is a text field.
        DataError: There is no text to learn from.
        ArtifactError: `tokenizer.json` is absent or damaged.
    """
    if artifacts_dir is not None and encoder is None:
        return load_tokenizer(Path(artifacts_dir) / "tokenizer.json")
    if encoder is not None:
        return make_tokenizer(hyperparameters, {}, encoder)
    found = texts()
    if not found:
        raise ConfigError(
            f"no column is a text field, and model class {hyperparameters.model_class} reads text",
            where="column schema",
            expected="text_source_fields",
            mend="name the columns with text, or take model class xgboost, which reads numbers and categories alone",
        )
    return make_tokenizer(hyperparameters, found, None)
