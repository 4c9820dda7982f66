"""The evaluation job: a trained model and a labelled split in; predictions, metrics and pictures out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from names3risk.data.preprocessing import FOLDER_OF_JOB
from names3risk.errors import ConfigError
from names3risk.evaluation.report import Report, Scorer, score_pieces
from names3risk.files import staged, write_json
from names3risk.training.roles import open_labelled_parts

if TYPE_CHECKING:
    from names3risk.boosting.hyperparameters import XGBoostHyperparameters
    from names3risk.hyperparameters import Hyperparameters

SPLIT_OF_JOB_TYPE = {"training": "train", **FOLDER_OF_JOB}


class Artifacts(Protocol):
    """What a model folder holds beside the model."""

    @property
    def hyperparameters(self) -> Hyperparameters | XGBoostHyperparameters:
        """Those of the training, column roles included."""


class TrainedModel(Scorer, Protocol):
    """A model that scores rows and knows how it was trained."""

    @property
    def artifacts(self) -> Artifacts:
        """What its folder holds."""


def parse_evaluation_arguments(description: str | None) -> argparse.Namespace:
    """Reads the command line of an evaluation script: `--job_type`, the split that is evaluated.

    Args:
        description: What the script is for.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--job_type", default="testing", choices=tuple(SPLIT_OF_JOB_TYPE), help="Which split is evaluated."
    )
    return parser.parse_args()


def run_evaluation_job(
    load: Callable[[str | Path], TrainedModel],
    *,
    model_dir: str | Path,
    eval_data_dir: str | Path,
    eval_dir: str | Path,
    metrics_dir: str | Path,
    job_type: str,
) -> Report:
    """Scores a labelled split and writes `predictions`, the pictures and `evaluation.json`.

    Rows are read, scored and written some at a time; labels, probabilities and marketplaces stay in memory.

    Args:
        load: Loads the model: `Predictor.load` or `XGBoostPredictor.load`.
        model_dir: A model folder, or a folder with `model.tar.gz`.
        eval_data_dir: The split folder, or the folder of all splits, of which `job_type` chooses one.
        eval_dir: Where predictions (in the input's format) and pictures go.
        metrics_dir: Where `evaluation.json` goes.
        job_type: training, validation, testing or calibration.

    Returns:
        The report.

    Raises:
        Names3RiskError: The model, the data or the output are at fault; earlier outputs stay as they were.
    """
    with staged(eval_dir) as eval_stage, staged(metrics_dir) as metrics_stage:
        predictor = load(model_dir)
        folder = split_folder(eval_data_dir, job_type)
        split = open_labelled_parts(folder, predictor.artifacts.hyperparameters)
        predictions = eval_stage / f"predictions.{split.format}"
        report = score_pieces(predictor, split.chunks(), folder.name, predictions, split.schema.marketplace_name)
        report.save_pictures(eval_stage / "roc_curve.png", eval_stage / "pr_curve.png")
        write_json(metrics_stage / "evaluation.json", report.evaluation.to_json())
    return report


def split_folder(folder: str | Path, job_type: str) -> Path:
    """Finds the split that a job type evaluates.

    Args:
        folder: The split folder, or the folder of all splits.
        job_type: training, validation, testing or calibration.

    Raises:
        ConfigError: The job type is unknown.
    """
    if job_type not in SPLIT_OF_JOB_TYPE:
        raise ConfigError(f"unknown job type {job_type!r}", expected=f"one of {', '.join(SPLIT_OF_JOB_TYPE)}")
    below = Path(folder) / SPLIT_OF_JOB_TYPE[job_type]
    return below if below.is_dir() else Path(folder)
