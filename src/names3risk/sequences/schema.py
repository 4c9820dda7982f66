"""The sequence data contract: which columns of a table of events are entity, item, time and context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from names3risk import configuration
from names3risk.data.canonical import repeated
from names3risk.data.schema import SplitFractions
from names3risk.files import write_json

WHAT = "sequence schema"


class SequenceSchema(BaseModel):
    """Roles of the columns; columns without a role are never read. One row is one event.

    Args:
        entity_name: Whose events form one sequence.
        item_name: What is predicted.
        time_name: When the event happened; events of an entity at the same time keep the order of the file.
        context_fields: Categorical columns that say more about an event.
        split: The shares of events, by time: the oldest are for training, the newest for the test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity_name: str
    item_name: str
    time_name: str
    context_fields: tuple[str, ...] = ()
    split: SplitFractions = SplitFractions(train=0.8, val=0.1, test=0.1)

    @model_validator(mode="after")
    def _roles_fit_together(self) -> SequenceSchema:
        if twice := repeated(self.columns):
            raise ValueError(f"{twice} have more than one role")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (self.entity_name, self.item_name, self.time_name, *self.context_fields)

    @classmethod
    def parse(cls, value: Any, where: str | Path | None = None) -> SequenceSchema:
        """Makes a schema from a mapping.

        Args:
            value: The roles.
            where: Where they come from, for errors.

        Raises:
            ConfigError: A role is missing, unknown or does not fit; every problem is named.
        """
        return configuration.check(cls, value, where, WHAT)

    @classmethod
    def load(cls, path: str | Path) -> SequenceSchema:
        """Reads a schema from YAML or JSON.

        Raises:
            ConfigError: The file is absent, is not YAML, or is not a sequence schema.
        """
        return cls.parse(configuration.read_yaml(path, WHAT), path)

    def save(self, path: str | Path) -> None:
        """Writes the schema as JSON."""
        write_json(path, self.model_dump(mode="json"))
