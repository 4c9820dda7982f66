"""What can be wrong with a pipeline, as data: collected first, told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

CONFIGURATION: Final = "PP101"
CODE_MISSING: Final = "PP102"
SPECIFICATION_INVALID: Final = "PP301"
CONTRACT_MISALIGNED: Final = "PP302"
DEPENDENCY_UNRESOLVED: Final = "PP401"
ARGUMENT_INVALID: Final = "PP501"
REFERENCE_UNKNOWN: Final = "PP601"
REFERENCE_MISTYPED: Final = "PP602"
CYCLE: Final = "PP603"
COLUMN_LOST: Final = "PP701"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a pipeline.

    Args:
        code: What kind of thing, such as `PP401`.
        message: What was wrong, what was expected and how to mend it.
        step: The step it was found in; empty when it concerns the whole pipeline.
        where: The field or path inside the step.
        filename: The file that it was read from; empty when it was not read from a file.
        line: The line in that file, from 1; 0 when it is not known.
    """

    code: str
    message: str
    step: str = ""
    where: str = ""
    filename: str = ""
    line: int = 0

    def __str__(self) -> str:
        """`file:line: step: where: CODE message`, without the parts that are empty."""
        file = f"{self.filename}:{self.line}" if self.line else self.filename
        place = ": ".join(part for part in (file, self.step, self.where) if part)
        return f"{place}: {self.code} {self.message}" if place else f"{self.code} {self.message}"


class PipelineError(Exception):
    """A pipeline that cannot be compiled, published, deployed or started.

    Args:
        problems: Everything that is wrong, or one message.
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = [Problem(CONFIGURATION, problems)] if isinstance(problems, str) else list(problems)
        text = problems if isinstance(problems, str) else "\n".join(str(problem) for problem in self.problems)
        super().__init__(text)
