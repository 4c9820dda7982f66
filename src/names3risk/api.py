"""Train, evaluate and predict from Python, with the same verbs as the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from names3risk import configuration
from names3risk.errors import ConfigError, DataError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.typing import IntoDataFrame

    from names3risk.boosting.job import BoostingResult
    from names3risk.data.schema import ColumnSchema
    from names3risk.evaluation.metrics import Evaluation
    from names3risk.training.evaluator import EvaluatorState
    from names3risk.training.job import TrainingResult


class TrainConfig(BaseModel):
    """What a training needs to know.

    Args:
        data: A raw table, or a folder with the prepared splits `train`, `val` and `test`.
        columns: The column schema, or its file; needed for a raw table only.
        hyperparameters: The hyperparameters, or their JSON file or folder.
        output: The folder for `model`, `data`, `checkpoints` and, for a raw table, `splits`.
        tokenizer: A folder with `tokenizer.json`; without it one is trained on the training split.
        pretrained: The folder below which the hyperparameter `pretrained` names a pretrained encoder.
        region: Overlay of the hyperparameters: NA, EU or FE; of a raw table only the rows of this region are kept.
        resume: Go on from the last checkpoint of the same run in `output`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    columns: Path | dict[str, Any] | None = None
    hyperparameters: Path | dict[str, Any]
    output: Path
    tokenizer: Path | None = None
    pretrained: Path | None = None
    region: str = ""
    resume: bool = False


def train(config: str | Path | Mapping[str, Any], *, resume: bool | None = None) -> TrainingResult | BoostingResult:
    """Trains a network or XGBoost; raw data is prepared and split first, as the pipeline does.

    Args:
        config: The fields of `TrainConfig`, or the YAML file that holds them; paths in a file are relative to it.
        resume: Whether to go on from the last checkpoint; by default what the configuration says.

    Returns:
        The folders of the model and of the results, and the metrics of `val` and `test`.

    Raises:
        Names3RiskError: Configuration, data or output are at fault.
    """
    wanted = _train_config(config)
    if resume is not None:
        wanted = wanted.model_copy(update={"resume": resume})
    values, where = _given_hyperparameters(wanted)
    if values.get("model_class") == "xgboost":
        return _train_xgboost(wanted, values, where)
    from names3risk.hyperparameters import parse_hyperparameters
    from names3risk.training.job import run_training_job

    hyperparameters = parse_hyperparameters(values, where)
    if hyperparameters.model_class == "pointer":
        raise ConfigError("model class pointer reads events, not rows", mend="names3risk sequences train")
    splits = _splits(wanted)
    return run_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=hyperparameters,
        model_dir=wanted.output / "model",
        data_dir=wanted.output / "data",
        checkpoint_dir=wanted.output / "checkpoints",
        artifacts_dir=wanted.tokenizer,
        pretrained_dir=wanted.pretrained,
        resume=wanted.resume,
    )


def watch(checkpoints: str | Path, *, batches_per_checkpoint: int = 100, poll_seconds: float = 5.0) -> EvaluatorState:
    """Judges the checkpoints of a training that runs at the same time, by a running average of the validation loss.

    Args:
        checkpoints: The training's folder of checkpoints, where it writes what it was started with.
        batches_per_checkpoint: Validation batches that each checkpoint is judged by.
        poll_seconds: How long to wait before looking for a new checkpoint.

    Returns:
        The running average, its best value and whose weights gave it; those lie in `evaluator_best.ckpt`.

    Raises:
        Names3RiskError: Data or a checkpoint are at fault, or a loss is not finite.
    """
    from names3risk.training.run_file import RowsRun, parse_run, read_run

    values = read_run(checkpoints, poll_seconds)
    if values.pop("kind") == "events":
        from names3risk.sequences.evaluator import evaluator_of_events
        from names3risk.sequences.job import SequenceConfig

        evaluator = evaluator_of_events(
            parse_run(SequenceConfig, values, checkpoints), checkpoints, batches_per_checkpoint
        )
    else:
        from names3risk.training.evaluator import evaluator_of

        evaluator = evaluator_of(parse_run(RowsRun, values, checkpoints), checkpoints, batches_per_checkpoint)
    return evaluator.run(poll_seconds)


def evaluate(
    model: str | Path, data: str | Path, *, columns: str | Path | Mapping[str, Any] | None = None
) -> Evaluation:
    """Evaluates a trained model on labelled rows.

    Args:
        model: A model folder, or its `model.tar.gz`.
        data: A prepared split folder, or with `columns` a raw table, all of whose rows are prepared and evaluated.
        columns: The column schema of a raw table, or its file.

    Returns:
        The metrics, overall and per marketplace.

    Raises:
        Names3RiskError: The model or the data are at fault.
    """
    from names3risk.boosting.loading import load_predictor
    from names3risk.data.preprocessing import preprocess
    from names3risk.evaluation.report import Report
    from names3risk.training.roles import open_labelled_parts

    predictor = load_predictor(model)
    with TemporaryDirectory(prefix="names3risk-evaluation-") as temporary:
        folder = Path(data)
        if columns is not None:
            preprocess(data, _schema(columns), temporary, job_type="testing")
            folder = Path(temporary) / "test"
        try:
            split = open_labelled_parts(folder, predictor.artifacts.hyperparameters)
        except DataError as error:
            if not folder.is_file():
                raise
            mend = "if this is a raw table, say with columns (--columns) what its columns are"
            raise DataError(error.what, where=error.where, expected="a prepared split folder", mend=mend) from error
        predictions = (predictor.predict(chunk) for chunk in split.chunks())
        return Report.of(Path(data).name, predictions, split.schema.marketplace_name).evaluation


def predict(model: str | Path, data: str | Path | IntoDataFrame, *, backend: str = "onnx") -> pl.DataFrame:
    """Scores rows with a trained model.

    Args:
        model: A model folder, or its `model.tar.gz`.
        data: A polars, pandas or Arrow table, or the file or folder that holds one; the label may be absent.
        backend: `onnx` or `torch`.

    Returns:
        One row for each row, in the same order: id, label and marketplace where known, `prob_class_0`,
        `prob_class_1`, ..., and for two classes `score`, which is P(class 1).

    Raises:
        Names3RiskError: The model or the data are at fault.
    """
    import narwhals

    from names3risk.boosting.loading import load_predictor
    from names3risk.data.reading import read_table

    predictor = load_predictor(model, backend)
    if isinstance(data, str | Path):
        return predictor.predict(read_table(data), data)
    return predictor.predict(narwhals.from_native(data, eager_only=True).to_polars())


def _train_xgboost(wanted: TrainConfig, values: Mapping[str, Any], where: Path | None) -> BoostingResult:
    from names3risk.boosting.hyperparameters import parse_xgboost_hyperparameters
    from names3risk.boosting.job import run_xgboost_training_job
    from names3risk.training.world import find_world

    if useless := [name for name in ("tokenizer", "pretrained", "resume") if getattr(wanted, name)]:
        raise ConfigError(f"{', '.join(useless)} has no effect with model class xgboost", expected="leave it out")
    if (processes := find_world().size) > 1:
        raise ConfigError(
            f"model class xgboost is trained by one process on each machine, and {processes} were started",
            where="environment",
            mend="start it without torchrun",
        )
    hyperparameters = parse_xgboost_hyperparameters(values, where)
    splits = _splits(wanted)
    return run_xgboost_training_job(
        train_dir=splits / "train",
        val_dir=splits / "val",
        test_dir=splits / "test",
        hyperparameters=hyperparameters,
        model_dir=wanted.output / "model",
        data_dir=wanted.output / "data",
    )


def _splits(wanted: TrainConfig) -> Path:
    """The folder of prepared splits; they are made where the data is a raw table, by one process of each machine."""
    from names3risk.data.preprocessing import preprocess
    from names3risk.training.world import find_world

    if (wanted.data / "train").is_dir():
        return wanted.data
    if wanted.columns is None:
        raise ConfigError("columns is missing", where=wanted.data, expected="a column schema for a raw table")
    schema, splits = _schema(wanted.columns), wanted.output / "splits"

    def prepare() -> None:
        preprocess(wanted.data, schema, splits, region=wanted.region)

    if find_world().size == 1:
        prepare()
    else:
        from names3risk.training.team import once_a_machine

        once_a_machine(prepare)
    return splits


def _given_hyperparameters(wanted: TrainConfig) -> tuple[Mapping[str, Any], Path | None]:
    """Names and values, and the file that they come from."""
    from names3risk.hyperparameters.parsing import read_hyperparameters

    if isinstance(wanted.hyperparameters, Path):
        return read_hyperparameters(wanted.hyperparameters, wanted.region)
    return wanted.hyperparameters, None


def _train_config(config: str | Path | Mapping[str, Any]) -> TrainConfig:
    what = "training configuration"
    if isinstance(config, str | Path):
        return configuration.load(TrainConfig, config, what)
    return configuration.check(TrainConfig, dict(config), "config", what)


def _schema(columns: str | Path | Mapping[str, Any]) -> ColumnSchema:
    from names3risk.data.schema import ColumnSchema

    if isinstance(columns, str | Path):
        return ColumnSchema.load(columns)
    return ColumnSchema.parse(dict(columns), "columns")
