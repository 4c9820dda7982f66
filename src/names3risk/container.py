"""What the container scripts share: their root, their log, flags from the environment, and how an error ends them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from names3risk.errors import ConfigError, Names3RiskError, OutputError
from names3risk.files import write_text
from names3risk.training.telling import LOST, has_been_told, is_first_to_tell, is_of_a_lost_process


def parse_flag(name: str, value: str) -> bool:
    """Reads an environment variable that is `true` or `false`, in any case.

    Args:
        name: The variable, for the message.
        value: Its value.

    Raises:
        ConfigError: The value is something else.
    """
    flags = {"true": True, "false": False}
    if value.strip().lower() not in flags:
        raise ConfigError(f"is {value!r}", where=f"environment variable {name}", expected="true or false")
    return flags[value.strip().lower()]


@contextmanager
def container_job(failure_file: str | None = None) -> Iterator[Path]:
    """Runs a script's work: its log lines go to standard error, and an expected error ends it with one message there.

    Args:
        failure_file: Where SageMaker looks for the reason of a failed training job, below the root.

    Yields:
        The root of the container's folders: `/opt/ml`, or where `SAGEMAKER_BASE_DIR` says.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    base_dir = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    with one_message(base_dir / failure_file if failure_file else None):
        yield base_dir


@contextmanager
def one_message(failure_file: str | Path | None = None) -> Iterator[None]:
    """Ends the script with exit code 1 and one message on standard error when an expected error occurs.

    Of several processes on a machine the first to fail tells. Those that lose the connection to one that has ended
    say nothing: whoever started them does.

    Args:
        failure_file: Where SageMaker looks for the reason of a failed training job.

    Yields:
        Nothing; wrap the script's work in it.
    """
    try:
        yield
    except Exception as error:
        lost = is_of_a_lost_process(error)
        first = not has_been_told() if lost else is_first_to_tell()
        if failure_file is not None and first:
            # Where the file cannot be written either, the first error is still the one to tell.
            with suppress(OutputError):
                write_text(failure_file, LOST if lost else str(error) or type(error).__name__)
        if lost:
            sys.exit(1)
        if isinstance(error, Names3RiskError):
            sys.exit(f"error: {error}" if first else 1)
        raise
