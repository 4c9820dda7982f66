"""The calibration job: scored, labelled rows in; the calibration and what it is worth on other rows out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from names3risk.data.formats import detect_format
from names3risk.data.preparation import LABEL
from names3risk.data.reading import find_data_file, read_table, write_table
from names3risk.errors import ConfigError, DataError
from names3risk.evaluation.calibration import Calibration
from names3risk.evaluation.reliability import Reliability, reliability, save_reliability_picture
from names3risk.files import staged, write_json

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)

METRICS_FILE = "calibration_metrics.json"
PICTURE_FILE = "reliability.png"
PART = "calibration_part"
"""The column that tells which rows the calibration was fitted on (`fit`) and which it was measured on (`score`)."""


@dataclass(frozen=True)
class CalibrationResult:
    """A calibration and its worth.

    Args:
        calibration: Fitted on one part of the rows.
        before: The model's own probabilities on the other part.
        after: The calibrated ones on the same rows.
    """

    calibration: Calibration
    before: Reliability
    after: Reliability


def run_calibration_job(
    *,
    evaluation_data_dir: str | Path,
    calibration_dir: str | Path,
    calibrated_data_dir: str | Path,
    metrics_dir: str | Path,
    method: str = "isotonic",
    fit_share: float = 0.5,
    seed: int = 0,
) -> CalibrationResult:
    """Fits a calibration on one part of the rows and measures it on the other.

    Args:
        evaluation_data_dir: A folder with predictions: `label` and `prob_class_0`, `prob_class_1`, ... The rows
            should be none that the model was trained on.
        calibration_dir: Where `calibration.json` goes, which serving reads beside the model.
        calibrated_data_dir: Where the predictions go, with calibrated probabilities, percentiles and the part of each
            row, in the format of the input.
        metrics_dir: Where `calibration_metrics.json` (ECE, MCE, Brier score before and after) and the reliability
            picture go.
        method: isotonic, platt, beta or temperature.
        fit_share: The share of the rows of each class that the calibration is fitted on.
        seed: Decides which.

    Raises:
        Names3RiskError: Data, configuration or output are at fault; earlier outputs stay as they were.
    """
    if not 0 < fit_share < 1:
        raise ConfigError(f"fit_share is {fit_share:g}", expected="a number between 0 and 1, both excluded")
    source = find_data_file(evaluation_data_dir)
    frame = read_table(source)
    labels, probabilities = _labels_and_probabilities(frame, source)
    fitted = _fit_rows(labels, fit_share, seed, source)
    calibration = Calibration.fit(labels[fitted], probabilities[fitted], method)
    calibrated = calibration.apply(probabilities)
    before = reliability(labels[~fitted], probabilities[~fitted])
    after = reliability(labels[~fitted], calibrated[~fitted])
    rows = {"fitted": int(fitted.sum()), "scored": int((~fitted).sum())}
    with (
        staged(calibration_dir) as calibration_stage,
        staged(calibrated_data_dir) as data_stage,
        staged(metrics_dir) as metrics_stage,
    ):
        calibration.save(calibration_stage)
        write_table(
            _calibrated_frame(frame, calibration, probabilities, calibrated, fitted),
            data_stage / f"predictions.{detect_format(source)}",
        )
        measured = {"before": before.to_json(), "after": after.to_json()}
        write_json(metrics_stage / METRICS_FILE, {"method": method, "rows": rows, **measured})
        title = f"{method}: fitted on {rows['fitted']:,} rows, shown on {rows['scored']:,} others"
        save_reliability_picture(metrics_stage / PICTURE_FILE, {"before": before, "after": after}, title)
    for name in ("ece", "mce", "brier"):
        logger.info("%s: %s %.4f -> %.4f", method, name, getattr(before, name), getattr(after, name))
    return CalibrationResult(calibration, before, after)


def _labels_and_probabilities(
    frame: pl.DataFrame, source: Path
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    import polars as pl

    names = [name for name in frame.columns if name.removeprefix("prob_class_").isdecimal()]
    if LABEL not in frame.columns or len(names) < 2:
        raise DataError(
            f"has the columns {', '.join(frame.columns)}",
            where=source,
            expected=f"{LABEL!r} and 'prob_class_0', 'prob_class_1', ...",
            mend="give the predictions of an evaluation of labelled rows",
        )
    ordered = [f"prob_class_{index}" for index in range(len(names))]
    if set(ordered) != set(names):
        raise DataError(f"has the columns {', '.join(names)}", where=source, expected=", ".join(ordered))
    numbers = frame.select(pl.col(LABEL, *ordered).cast(pl.Float64, strict=False))
    bad = [name for name in numbers.columns if numbers[name].null_count()]
    if bad:
        raise DataError(f"column {bad[0]!r} has rows without a number", where=source, expected="a number in every row")
    labels = numbers[LABEL].to_numpy()
    unknown = np.flatnonzero(~np.isin(labels, np.arange(len(ordered))))
    if len(unknown):
        raise DataError(
            f"column {LABEL!r} holds {labels[unknown[0]]:g} in row {unknown[0] + 1}",
            where=source,
            expected=f"a class from 0 to {len(ordered) - 1}",
        )
    return labels.astype(np.int64), numbers.select(ordered).to_numpy()


def _fit_rows(labels: npt.NDArray[np.int64], fit_share: float, seed: int, source: Path) -> npt.NDArray[np.bool_]:
    """Chooses the rows to fit on: the same share of each class, at least one row of it, and never all of them."""
    fitted = np.zeros(len(labels), dtype=bool)
    random = np.random.default_rng(seed)
    for index in np.unique(labels):
        rows = np.flatnonzero(labels == index)
        if len(rows) < 2:
            raise DataError(
                f"one row is of class {index}",
                where=source,
                expected="two rows of each class or more: one to fit on and another to measure on",
            )
        count = min(max(1, round(fit_share * len(rows))), len(rows) - 1)
        fitted[random.permutation(rows)[:count]] = True
    return fitted


def _calibrated_frame(
    frame: pl.DataFrame,
    calibration: Calibration,
    probabilities: npt.NDArray[np.float64],
    calibrated: npt.NDArray[np.float64],
    fitted: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    import polars as pl

    columns: dict[str, Any] = {
        f"calibrated_prob_class_{index}": calibrated[:, index] for index in range(calibrated.shape[1])
    }
    percentile = calibration.percentile(probabilities[:, 1])
    if percentile is not None:
        columns["score_percentile"] = percentile
    columns[PART] = np.where(fitted, "fit", "score")
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())
