"""The errors of the pipeline packages, told as the command line tells all errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from names3risk.errors import Names3RiskError


@contextmanager
def told_in_one_message(config: Path | None = None) -> Iterator[None]:
    """Turns the errors of the pipeline packages into the one that the command line tells.

    Args:
        config: The file of the pipeline; if it is YAML, its lines are told.
    """
    from pipeline_steps.configuration import with_lines
    from pipeline_steps.local.errors import LocalRunError
    from pipeline_steps.problems import PipelineError

    try:
        yield
    except PipelineError as error:
        if config is not None and config.suffix != ".json" and any(problem.step for problem in error.problems):
            raise Names3RiskError(str(PipelineError(with_lines(error.problems, config)))) from error
        raise Names3RiskError(str(error)) from error
    except LocalRunError as error:
        raise Names3RiskError(str(error)) from error
