"""What steps that make a model servable have in common: the container that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import Field

from pipeline_steps.builders.base import BuildContext, StepBuilderBase, without_empty
from pipeline_steps.problems import Problem
from pipeline_steps.references import as_string
from pipeline_steps.settings import Referable, RetriedSettings


class ServingSettings(RetriedSettings):
    """The settings of the container that serves a model.

    Args:
        image: The URI of its image.
        environment: Its environment.
    """

    image: Referable = None
    environment: dict[str, Referable] = Field(default_factory=dict)


ServingSettingsT = TypeVar("ServingSettingsT", bound=ServingSettings)


class ServingStepBuilder(StepBuilderBase[ServingSettingsT]):
    """Builds a step that names the container for a model's data."""

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings."""
        yield from super().problems()
        if self.settings.image is None:
            yield self.problem("image", "the container image is missing; set `image` here or in `defaults`")

    def container(self, context: BuildContext) -> dict[str, Any]:
        """Gives the container: its image, the model's data and the environment."""
        settings = self.settings
        return without_empty(
            {
                "Image": settings.image,
                "ModelDataUrl": context.inputs["model_input"],
                "Environment": {name: as_string(value) for name, value in settings.environment.items()},
            }
        )
