"""What the container scripts share: flags from the environment, and how an error ends a script."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from names3risk.errors import ConfigError, Names3RiskError, OutputError
from names3risk.files import write_text


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
def one_message(failure_file: str | Path | None = None) -> Iterator[None]:
    """Ends the script with exit code 1 and one message on standard error when an expected error occurs.

    Args:
        failure_file: Where SageMaker looks for the reason of a failed training job.

    Yields:
        Nothing; wrap the script's work in it.
    """
    try:
        yield
    except Exception as error:
        if failure_file is not None:
            # Where the file cannot be written either, the first error is still the one to tell.
            with suppress(OutputError):
                write_text(failure_file, str(error) or type(error).__name__)
        if isinstance(error, Names3RiskError):
            sys.exit(f"error: {error}")
        raise
