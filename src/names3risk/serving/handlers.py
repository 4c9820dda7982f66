"""The functions that SageMaker's serving containers call: `model_fn`, `input_fn`, `predict_fn`, `output_fn`.

A response has one row for each row of the request, in the same order: the id and, for two classes,

| field | holds |
|---|---|
| `legacy-score` | the model's P(class 1), as evaluation has it |
| `calibrated-score` | P(class 1) after `calibration.json` of the model folder; null where the folder has none |
| `score-percentile` | the share of the calibration rows with no higher `legacy-score`, 0 to 100; null where unknown |

More than two classes have no single score: `prob_class_<k>` are the model's probabilities, and
`calibrated_prob_class_<k>`, where the folder has `calibration.json`, those after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from names3risk.artifacts.archive import model_folder
from names3risk.errors import ArtifactError
from names3risk.evaluation.calibration import CALIBRATION_FILE, Calibration
from names3risk.serving.content import Cells, Columns, Rows, named, read_body, write_body
from names3risk.serving.predictor import Predictor

if TYPE_CHECKING:
    import polars as pl

LEGACY_SCORE, CALIBRATED_SCORE, SCORE_PERCENTILE = "legacy-score", "calibrated-score", "score-percentile"


class Scorer(Protocol):
    """What gives the probabilities of rows: `Predictor`, or that of another kind of model."""

    @property
    def needed(self) -> list[str]:
        """The columns that rows must have, the id first."""

    def probabilities(self, frame: pl.DataFrame) -> npt.NDArray[Any]:
        """Probabilities `(N, K)` of a table's rows."""

    def row_probabilities(self, rows: Rows) -> npt.NDArray[Any]:
        """Probabilities `(N, K)` of rows given as mappings."""


@dataclass(frozen=True)
class ServedModel:
    """A trained model with what its scores are shown as.

    Args:
        predictor: Gives the model's probabilities.
        calibration: What `calibration.json` holds, or None.
    """

    predictor: Scorer
    calibration: Calibration | None

    @classmethod
    def load(cls, path: str | Path, backend: str = "onnx", threads: int = 0) -> ServedModel:
        """Loads a model folder or its `model.tar.gz`; arguments as for `Predictor.load`.

        Raises:
            ArtifactError: A file is missing, broken, or does not fit the others.
        """
        with model_folder(path) as folder:
            return cls.of_folder(folder, backend, threads)

    @classmethod
    def of_folder(cls, folder: str | Path, backend: str = "onnx", threads: int = 0) -> ServedModel:
        """Loads the files of a model folder; arguments as for `Predictor.load`.

        Raises:
            ArtifactError: A file is missing, broken, or does not fit the others.
        """
        predictor = Predictor.of_folder(folder, backend, threads)
        return cls(predictor, load_calibration(folder, predictor.artifacts.hyperparameters.num_classes))

    def score(self, rows: Rows | Cells | pl.DataFrame) -> Columns:
        """Scores rows; see the module for the columns.

        Args:
            rows: A mapping a row; a list of values a row, in the order of `predictor.needed`; or a table.

        Raises:
            DataError: A column is missing, or a value is wrong.
            ArtifactError: The network gave something that is no probability.
        """
        id_name = self.predictor.needed[0]
        if isinstance(rows, list):
            mappings = [row for row in rows if isinstance(row, dict)]
            if len(mappings) < len(rows):
                cells = [row for row in rows if isinstance(row, list)]
                mappings = named(cells, self.predictor.needed, "the model")
            probabilities = self.predictor.row_probabilities(mappings)
            ids = [row[id_name] for row in mappings]
        else:
            probabilities = self.predictor.probabilities(rows)
            ids = rows[id_name].to_list()
        calibrated = None if self.calibration is None else self.calibration.apply(probabilities)
        columns = _scores if probabilities.shape[1] == 2 else _class_columns
        return {id_name: ids, **columns(probabilities, calibrated, self.calibration)}


def load_calibration(folder: str | Path, classes: int) -> Calibration | None:
    """Reads the calibration of a model folder, where it has one.

    Raises:
        ArtifactError: It is broken, or of another number of classes.
    """
    file = Path(folder) / CALIBRATION_FILE
    calibration = Calibration.load(file) if file.is_file() else None
    if calibration is not None and calibration.num_classes != classes:
        raise ArtifactError(
            f"is of {calibration.num_classes} classes", where=file, expected=f"{classes}, as the model has"
        )
    return calibration


def model_fn(model_dir: str, context: Any = None) -> ServedModel:
    """Loads the model of a container.

    Args:
        model_dir: `/opt/ml/model` in a container.
        context: What newer containers pass beside it; not used.

    Raises:
        ArtifactError: The folder is not complete.
    """
    return ServedModel.of_folder(model_dir)


def input_fn(request_body: bytes | str, content_type: str, context: Any = None) -> Rows | Cells | pl.DataFrame:
    """Reads the rows of a request; see `names3risk.serving.content.read_body` for what it may hold.

    Args:
        request_body: The body.
        content_type: Its media type.
        context: Not used.

    Raises:
        MediaTypeError: The media type is not known.
        DataError: The body is not what its media type says.
    """
    return read_body(request_body, content_type)


def predict_fn(input_data: Rows | Cells | pl.DataFrame, model: ServedModel, context: Any = None) -> Columns:
    """Scores rows.

    Args:
        input_data: What `input_fn` gave. Rows without names have the columns that the model needs, in its order.
        model: What `model_fn` gave.
        context: Not used.

    Returns:
        Name to values, see the module.

    Raises:
        DataError: The rows are not what the model needs.
    """
    return model.score(input_data)


def output_fn(prediction: Columns, accept: str, context: Any = None) -> tuple[str | bytes, str]:
    """Writes scores as JSON, JSON lines, CSV, TSV or Parquet.

    Args:
        prediction: What `predict_fn` gave.
        accept: The media type that is wished for; any, or none, is JSON.
        context: Not used.

    Returns:
        The body and its media type.

    Raises:
        MediaTypeError: The media type cannot be written.
    """
    return write_body(prediction, accept or "")


def _scores(probabilities: np.ndarray, calibrated: np.ndarray | None, calibration: Calibration | None) -> Columns:
    nothing = [None] * len(probabilities)
    percentiles = None if calibration is None else calibration.percentile(probabilities[:, 1])
    return {
        LEGACY_SCORE: probabilities[:, 1].tolist(),
        CALIBRATED_SCORE: nothing if calibrated is None else calibrated[:, 1].tolist(),
        SCORE_PERCENTILE: nothing if percentiles is None else percentiles.tolist(),
    }


def _class_columns(probabilities: np.ndarray, calibrated: np.ndarray | None, _: Calibration | None) -> Columns:
    columns = {f"prob_class_{k}": probabilities[:, k].tolist() for k in range(probabilities.shape[1])}
    if calibrated is not None:
        columns |= {f"calibrated_prob_class_{k}": calibrated[:, k].tolist() for k in range(calibrated.shape[1])}
    return columns
