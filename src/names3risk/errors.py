"""Errors that a user can mend: one message with what, where, what was expected and how to mend it."""

from __future__ import annotations

from pathlib import Path


class Names3RiskError(Exception):
    """A problem with input or configuration, told in one message.

    Args:
        what: What is wrong, as a short sentence without a full stop.
        where: The file, column, row or field it was found in.
        expected: What was expected there.
        mend: What the reader can do about it.
    """

    def __init__(
        self, what: str, *, where: str | Path | None = None, expected: str | None = None, mend: str | None = None
    ) -> None:
        self.what, self.where, self.expected, self.mend = what, where, expected, mend
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message on one line."""
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.mend:
            parts.append(f"to mend it: {self.mend}")
        return "; ".join(parts)


class DataError(Names3RiskError):
    """The input data is not what the column schema says."""


class MediaTypeError(Names3RiskError):
    """A request is in, or asks for, a media type that is not known."""


class ConfigError(Names3RiskError):
    """A configuration or a hyperparameter is wrong."""


class ArtifactError(Names3RiskError):
    """A saved model is missing a file or holds one that does not fit."""


class TrainingError(Names3RiskError):
    """Training cannot go on."""


class OutputError(Names3RiskError):
    """A result cannot be written."""
