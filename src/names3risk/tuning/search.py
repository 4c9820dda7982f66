"""The search itself: resumable, with everything that ended kept in the output folder."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names3risk.errors import ConfigError, TrainingError
from names3risk.files import require_writable, write_json, write_text
from names3risk.hyperparameters import Hyperparameters, parse_hyperparameters
from names3risk.hyperparameters.pointer import PointerHyperparameters
from names3risk.training.metrics import HIGHER_IS_BETTER
from names3risk.tuning.config import TuneConfig
from names3risk.tuning.report import TrialRecord, records, write_step, write_table_of
from names3risk.tuning.trial import TrialEndedError, run_trial

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

logger = logging.getLogger(__name__)

STUDY = "study.journal"
BEST = "best_hyperparameters.json"
PICTURE = "tuning.png"
TABLE = "trials.csv"
STEP = "tuning_step.yaml"
NAME = "names3risk"
WAIT, WARM_UP = 5, 1
"""Pruning begins after so many trials, and after so many validations of a trial."""


@dataclass(frozen=True)
class TuneResult:
    """What a search found.

    Args:
        best: Hyperparameters of the best trial.
        value: Its value of the objective.
        objective: The validation metric.
        trials: All trials of the study, in the order they were made.
        interrupted: Whether Ctrl-C ended the search; what had ended is in the result.
        output: Where everything was written.
    """

    best: Hyperparameters
    value: float
    objective: str
    trials: list[TrialRecord]
    interrupted: bool
    output: Path


def tune(config: TuneConfig, on_trial: Callable[[TrialRecord], None] | None = None) -> TuneResult:
    """Searches hyperparameters; a search of the same space in the same folder goes on where it ended.

    Args:
        config: The search.
        on_trial: Called when a trial has ended.

    Returns:
        The best hyperparameters, and all trials.

    Raises:
        Names3RiskError: The configuration or the data are at fault, or no trial succeeded.
        KeyboardInterrupt: Ctrl-C ended the search before any trial had ended.
    """
    base = config.check()
    objective = base.early_stop_metric
    require_writable(config.output)
    study = _open(config, objective)
    splits = _prepare(config, base)
    start, interrupted = time.monotonic(), False
    try:
        while _ended(study) < config.trials and not _hopeless(study, config):
            if config.timeout_minutes is not None and time.monotonic() - start > 60 * config.timeout_minutes:
                break
            _try_once(study, config, splits)
            if on_trial:
                on_trial(records(study)[-1])
    except KeyboardInterrupt:
        interrupted = True
    return _finish(study, config, objective, interrupted)


def _open(config: TuneConfig, objective: str) -> Study:
    """The study of this folder, made or gone on with."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = config.output / STUDY
    study = optuna.create_study(
        study_name=NAME,
        storage=JournalStorage(JournalFileBackend(str(path))),
        direction="maximize" if HIGHER_IS_BETTER[objective] else "minimize",
        pruner=optuna.pruners.MedianPruner(WAIT, WARM_UP) if config.pruning else optuna.pruners.NopPruner(),
        load_if_exists=True,
    )
    space = {
        "ranges": {name: each.model_dump(mode="json") for name, each in config.ranges.items()},
        "fixed": config.fixed(),
        "objective": objective,
        "data": str(config.data.absolute()),
    }
    saved = study.user_attrs.get("space", space)
    if saved != space:
        changed = ", ".join(name for name in space if saved.get(name) != space[name])
        raise ConfigError(
            f"the study is of a search with other {changed}",
            where=path,
            expected="the search that began it",
            mend="use another output folder",
        )
    study.set_user_attr("space", space)
    # What a search that was killed left open has not ended and never will.
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + len(study.trials), n_startup_trials=WAIT)
    return study


def _prepare(config: TuneConfig, base: Hyperparameters) -> Path:
    """The folder of splits, prepared where the data is a raw table; of events, the table."""
    if isinstance(base, PointerHyperparameters) or (config.data / "train").is_dir():
        return config.data
    from names3risk.data.preprocessing import preprocess
    from names3risk.data.schema import ColumnSchema

    if config.columns is None:
        raise ConfigError("columns is missing", where=config.data, expected="a column schema for a raw table")
    if isinstance(config.columns, Path):
        schema = ColumnSchema.load(config.columns)
    else:
        schema = ColumnSchema.parse(config.columns, "columns")
    preprocess(config.data, schema, config.output / "splits")
    return config.output / "splits"


def _try_once(study: Study, config: TuneConfig, splits: Path) -> None:
    """Makes one trial.

    Raises:
        KeyboardInterrupt: Ctrl-C ended it.
    """
    from optuna.trial import TrialState

    trial = study.ask({name: each.distribution() for name, each in config.ranges.items()})
    folder = config.output / "trials" / str(trial.number)

    def should_end(step: int, value: float) -> bool:
        trial.report(value, step)
        return bool(trial.should_prune())

    try:
        value = run_trial(config, splits, _hyperparameters(config, trial), folder, should_end)
        study.tell(trial, value)
    except TrialEndedError:
        study.tell(trial, state=TrialState.PRUNED)
    except (ConfigError, TrainingError) as error:
        # Values that do not go together, or a loss that is not finite: this trial fails, others may not.
        trial.set_user_attr("reason", str(error))
        logger.info("trial %d failed: %s", trial.number, error)
        study.tell(trial, state=TrialState.FAIL)
    except KeyboardInterrupt:
        trial.set_user_attr("reason", "interrupted")
        study.tell(trial, state=TrialState.FAIL)
        raise
    finally:
        _keep_best(study, config.output / "trials")


def _hyperparameters(config: TuneConfig, trial: Trial) -> Hyperparameters:
    values = {**config.fixed(), **trial.params}
    if config.objective is not None:
        values["early_stop_metric"] = config.objective
    return parse_hyperparameters(values)


def _keep_best(study: Study, folder: Path) -> None:
    """Removes the models of all trials but the best one."""
    done = [record for record in records(study) if record.value is not None]
    best = str(study.best_trial.number) if done else ""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name != best:
            shutil.rmtree(path)


def _ended(study: Study) -> int:
    return sum(record.state in ("complete", "pruned") for record in records(study))


def _hopeless(study: Study, config: TuneConfig) -> bool:
    """Whether so many trials failed that the ranges must be wrong."""
    failed = sum(record.state == "fail" and record.reason != "interrupted" for record in records(study))
    return failed > max(WAIT, 2 * config.trials)


def _finish(study: Study, config: TuneConfig, objective: str, interrupted: bool) -> TuneResult:
    from names3risk.tuning.picture import save_picture

    found = records(study)
    write_table_of(found, config.output / TABLE)
    if not any(record.value is not None for record in found):
        if interrupted:
            raise KeyboardInterrupt("no trial has ended; run the same search again to go on")
        reasons = [record.reason for record in found if record.reason]
        raise TrainingError(
            f"no trial has ended: {reasons[-1] if reasons else 'none was begun'}",
            where=config.output,
            mend="look at the ranges, or give the search more time",
        )
    values: dict[str, Any] = {**config.fixed(), **study.best_trial.params, "early_stop_metric": objective}
    best = parse_hyperparameters(values)
    write_json(config.output / BEST, best.model_dump(mode="json"))
    write_text(config.output / STEP, write_step(config, objective))
    save_picture(found, config.ranges, objective, config.output / PICTURE)
    logger.info("best of %d trials: %s", len(found), json.dumps(study.best_trial.params))
    return TuneResult(best, study.best_value, objective, found, interrupted, config.output)
