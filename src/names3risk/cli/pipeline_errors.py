"""The errors of the pipeline packages, told as the command line tells all errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from names3risk.errors import Names3RiskError


@contextmanager
def told_in_one_message() -> Iterator[None]:
    """Turns the errors of the pipeline packages into the one that the command line tells."""
    from pipeline_steps.local.errors import LocalRunError
    from pipeline_steps.problems import PipelineError

    try:
        yield
    except (PipelineError, LocalRunError) as error:
        raise Names3RiskError(str(error)) from error
