"""Spark on this machine: `smspark-submit` of SageMaker's Spark images as `spark-submit` with a local master."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_steps.local.containers import inside

_LAUNCHERS = ("smspark-submit", "spark-submit")
_FILE_LISTS = ("--py-files", "--jars", "--files")
_CLUSTER = ("--master", "--deploy-mode")
_EVENT_LOGS = "--local-spark-event-logs-dir"
_INHERITED = ("JAVA_HOME", "SPARK_HOME")
CONFIGURATION = "processing/input/conf/configuration.json"


def is_spark(app: Mapping[str, Any]) -> bool:
    """Whether an `AppSpecification` starts Spark."""
    entrypoint = app.get("ContainerEntrypoint") or [""]
    return PurePosixPath(str(entrypoint[0])).name in _LAUNCHERS


def spark_problems(app: Mapping[str, Any], python: str) -> Iterator[str]:
    """What a Spark step lacks on this machine.

    Args:
        app: `AppSpecification`.
        python: The interpreter of the steps.
    """
    if not is_spark(app):
        return
    if _spark_submit(python) is None:
        yield (
            f"{app['ContainerEntrypoint'][0]} needs Spark, which is not installed here; install it with "
            f"'{python} -m pip install pyspark' (names3risk's extra `spark`)"
        )
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        yield "Spark needs Java, which is not installed here; install it (on Debian: default-jre-headless)"


def spark_entrypoint(entrypoint: Sequence[str], base: Path, python: str, threads: int) -> list[str]:
    """The entrypoint with the machine's own `spark-submit` and a local master.

    Args:
        entrypoint: `ContainerEntrypoint`, with `/opt/ml` in its paths.
        base: The folder that stands for `/opt/ml`.
        python: The interpreter of the steps.
        threads: How many cores Spark may use.
    """
    command = [_spark_submit(python) or "spark-submit", "--master", f"local[{threads}]"]
    words = iter(str(word) for word in entrypoint[1:])
    for word in words:
        if word in _CLUSTER:
            next(words, "")
        elif word == _EVENT_LOGS:
            folder = next(words, "")
            inside(folder, base).mkdir(parents=True, exist_ok=True)
            command += ["--conf", "spark.eventLog.enabled=true", "--conf", f"spark.eventLog.dir=file://{folder}"]
        elif word in _FILE_LISTS:
            command += [word, _files(next(words, ""), base)]
        else:
            command.append(word)
    return command


def spark_variables(python: str) -> dict[str, str]:
    """What Spark needs to find: its interpreter, and Java and itself where the machine says where they are."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python, "SPARK_LOCAL_HOSTNAME": "localhost"}


def _spark_submit(python: str) -> str | None:
    return shutil.which("spark-submit", path=str(Path(python).parent)) or shutil.which("spark-submit")


def _files(value: str, base: Path) -> str:
    """The value of a list of files: a folder, which SageMaker's launcher takes, stands for the files in it."""
    found: list[str] = []
    for part in value.split(","):
        try:
            folder = inside(part, base)
        except ValueError:
            found.append(part)
            continue
        found += [f"{part.rstrip('/')}/{path.name}" for path in sorted(folder.iterdir())] if folder.is_dir() else [part]
    return ",".join(found)
