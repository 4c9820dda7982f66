"""The XGBoost training job: split folders in; a model folder, predictions, metrics and pictures out.

Everything that is fitted sees the training split only. Validation and test rows are scored by the predictor that
serves, from the files just written, so that served scores equal evaluated ones.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from names3risk.boosting.artifacts import BoostingArtifacts, save_boosting_artifacts
from names3risk.boosting.booster import check_constraints, to_dmatrix, train_booster
from names3risk.boosting.cluster import Cluster, communicating
from names3risk.boosting.explain import Explanation, importance
from names3risk.boosting.features import BoostingFeatures
from names3risk.boosting.hyperparameters import XGBoostHyperparameters
from names3risk.boosting.predictor import XGBoostPredictor
from names3risk.data.preparation import LABEL
from names3risk.data.splits import Split
from names3risk.errors import DataError
from names3risk.evaluation.curves import save_figure
from names3risk.evaluation.metrics import Evaluation, IntArray
from names3risk.evaluation.report import score_split
from names3risk.files import require_writable, staged, write_json
from names3risk.training.memory import require_memory
from names3risk.training.roles import check_classes, check_roles, complete, load_labelled_split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BoostingResult:
    """What a training job left behind.

    Args:
        model_dir: The model folder.
        data_dir: Predictions, metrics and pictures.
        evaluations: The metrics of `val` and `test`.
        rounds: The boosting rounds that the model has.
    """

    model_dir: Path
    data_dir: Path
    evaluations: dict[str, Evaluation]
    rounds: int


def run_xgboost_training_job(
    *,
    train_dir: str | Path,
    val_dir: str | Path,
    test_dir: str | Path,
    hyperparameters: XGBoostHyperparameters,
    model_dir: str | Path,
    data_dir: str | Path,
    cluster: Cluster | None = None,
) -> BoostingResult:
    """Trains a booster and evaluates it.

    On several machines each has all rows, fits the features on all of them and boosts on its share of them; the first
    machine alone writes and evaluates.

    Args:
        train_dir: Split folder that everything is fitted on.
        val_dir: Split folder that decides when to stop.
        test_dir: Split folder that is only scored.
        hyperparameters: The booster, its training, and possibly column roles.
        model_dir: Where the model folder is made.
        data_dir: Where predictions, metrics and pictures go.
        cluster: The machines of the job; this one alone where None.

    Returns:
        Where the results are, and the metrics of `val` and `test`; none on machines but the first.

    Raises:
        Names3RiskError: Data, configuration, training or output are at fault; earlier outputs stay as they were.
    """
    for folder in (model_dir, data_dir):
        require_writable(folder)
    require_memory({"train": train_dir, "val": val_dir, "test": test_dir}, hyperparameters.model_class)
    train = load_labelled_split(train_dir, hyperparameters)
    val = load_labelled_split(val_dir, hyperparameters)
    test = load_labelled_split(test_dir, hyperparameters)
    check_roles(train.schema, {val_dir: val.schema, test_dir: test.schema}, reads_text=False)
    check_classes(train, train_dir)
    _check_fields(train, train_dir)
    features = BoostingFeatures.fit(train.frame, train.schema, hyperparameters)
    check_constraints(hyperparameters, features.columns)
    matrix = features.fit_transform_out_of_fold(train.frame, hyperparameters.seed)
    weights = hyperparameters.class_weights
    cluster = cluster or Cluster()
    own = slice(cluster.rank, None, cluster.size)
    logger.info("%s: %d training rows, %d fields", hyperparameters.model_class, *matrix.shape)
    with communicating(cluster):
        booster, history = train_booster(
            to_dmatrix(matrix[own], features, _labels(train)[own], weights),
            to_dmatrix(features.transform(val.frame), features, _labels(val), weights),
            hyperparameters,
        )
    logger.info("XGBoost: the model has %d rounds", booster.num_boosted_rounds())
    if cluster.rank:
        return BoostingResult(Path(model_dir), Path(data_dir), {}, booster.num_boosted_rounds())
    used = importance(booster, features.columns, linear=hyperparameters.booster == "gblinear")
    artifacts = BoostingArtifacts(complete(hyperparameters, train.schema), train.schema, features, booster)
    with staged(model_dir) as model_stage, staged(data_dir) as data_stage:
        if explanation := _explain(artifacts, val):
            used["mean_absolute_contribution"] = explanation.mean_absolute
            picture = explanation.figure(f"val, {len(explanation.values):,} rows (grey: missing, or a category)")
            save_figure(picture, data_stage / "shap_summary.png")
        save_boosting_artifacts(model_stage, artifacts, used)
        write_json(data_stage / "training_history.json", history)
        predictor = XGBoostPredictor.load(model_stage)
        reports = {
            name: score_split(predictor, [split.frame], name, data_stage, split.format, split.schema.marketplace_name)
            for name, split in (("val", val), ("test", test))
        }
    evaluations = {name: report.evaluation for name, report in reports.items()}
    return BoostingResult(Path(model_dir), Path(data_dir), evaluations, booster.num_boosted_rounds())


def _labels(split: Split) -> IntArray:
    labels: IntArray = split.frame[LABEL].to_numpy().astype(np.int64)
    return labels


def _check_fields(train: Split, folder: str | Path) -> None:
    if not train.schema.feature_columns:
        raise DataError(
            "no column is a tabular or categorical field",
            where=folder,
            expected="fields in tab_field_list or cat_field_list",
            mend="name them in the column schema or in the hyperparameters",
        )


def _explain(artifacts: BoostingArtifacts, val: Split) -> Explanation | None:
    hyperparameters, features = artifacts.hyperparameters, artifacts.features
    if not hyperparameters.explained_rows:
        return None
    if hyperparameters.multi_strategy == "multi_output_tree":
        logger.warning("XGBoost cannot explain trees with several outputs: no SHAP values are written")
        return None
    few = val.frame.head(hyperparameters.explained_rows)
    matrix = features.transform(few)
    return Explanation.of(artifacts.booster, to_dmatrix(matrix, features), matrix, features.columns)
