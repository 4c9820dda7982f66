"""The folder of a run's checkpoints: what it was started with, for whoever looks on, and one run at a time."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from names3risk.errors import ConfigError, OutputError
from names3risk.files import write_json
from names3risk.training.world import World

logger = logging.getLogger(__name__)
Model = TypeVar("Model", bound=BaseModel)

RUN_FILE = "run.json"


class RowsRun(BaseModel):
    """A training on rows.

    Args:
        train_dir: Its training split.
        val_dir: Its validation split.
        hyperparameters: As they were given.
        artifacts_dir: Its folder with `tokenizer.json` and precomputed tables, if it has one.
        pretrained_dir: Its folder of pretrained encoders, if it has one.
        use_precomputed_imputation: Whether `impute_dict.json` of `artifacts_dir` is used.
        use_precomputed_risk_tables: Whether `risk_table_map.json` of `artifacts_dir` is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    train_dir: Path
    val_dir: Path
    hyperparameters: dict[str, Any]
    artifacts_dir: Path | None = None
    pretrained_dir: Path | None = None
    use_precomputed_imputation: bool = False
    use_precomputed_risk_tables: bool = False


def write_run(folder: str | Path, kind: Literal["rows", "events"], run: BaseModel) -> None:
    """Writes what a training is started with; paths are made absolute.

    Args:
        folder: Its checkpoint folder.
        kind: What it trains on.
        run: Everything that is needed to make its validation batches again.
    """
    values = {name: str(value.absolute()) if isinstance(value, Path) else value for name, value in run}
    write_json(Path(folder) / RUN_FILE, {"kind": kind, **values})


@contextmanager
def sole_run(folder: str | Path, world: World) -> Iterator[None]:
    """Keeps other runs out of a checkpoint folder, and removes what killed ones left half written.

    Args:
        folder: The folder, which exists.
        world: The processes of this run, of which the first does so.

    Raises:
        OutputError: Another run writes there.
    """
    if world.rank:
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                "another training writes its checkpoints here",
                where=folder,
                mend="wait until it has ended, stop it, or name another output folder",
            ) from error
        except OSError:  # a file system without locks
            pass
        else:
            for left in Path(folder).glob(".*.ckpt"):
                with suppress(FileNotFoundError):
                    left.unlink()
        yield
    finally:
        os.close(place)


def read_run(folder: str | Path, poll_seconds: float = 1.0) -> dict[str, Any]:
    """Reads what a training was started with; waits for one that is yet to begin.

    Args:
        folder: Its checkpoint folder.
        poll_seconds: How long to wait before looking again.

    Raises:
        ConfigError: The file is something else, or the folder is none.
    """
    path = Path(folder) / RUN_FILE
    if Path(folder).exists() and not Path(folder).is_dir():
        raise ConfigError("is a file", where=folder, expected="the folder of a training's checkpoints")
    if not path.is_file():
        logger.warning("waiting for a training to begin in %s", folder)
    while not path.is_file():
        time.sleep(poll_seconds)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        kind = values["kind"]
    except (ValueError, TypeError, KeyError) as error:
        raise _wrong(path) from error
    if kind not in ("rows", "events"):
        raise _wrong(path)
    return dict(values)


def parse_run(cls: type[Model], values: dict[str, Any], folder: str | Path) -> Model:
    """What was read from a folder, checked.

    Args:
        cls: What holds a run of this kind.
        values: Its fields.
        folder: The folder, for errors.

    Raises:
        ConfigError: A field is absent or wrong.
    """
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise _wrong(Path(folder) / RUN_FILE) from error


def _wrong(path: Path) -> ConfigError:
    return ConfigError("is not what a training was started with", where=path, mend="start the training again")
