"""Steps that decide: conditions and failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline_step_specs import NodeType, StepKind, StepSpecification
from pipeline_steps.builders.base import Arguments, BuildContext, StepBuilderBase
from pipeline_steps.problems import Problem
from pipeline_steps.settings import Referable, StepSettings, Strict

Comparison = Literal["Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"]


class Compare(Strict):
    """A comparison of two values."""

    type: Comparison
    left: Referable
    right: Referable

    def definition(self) -> dict[str, Any]:
        """Gives the condition as a pipeline definition has it."""
        return {"Type": self.type, "LeftValue": self.left, "RightValue": self.right}


class In(Strict):
    """Whether a value is one of several."""

    type: Literal["In"] = "In"
    value: Referable
    values: list[Referable] = Field(min_length=1)

    def definition(self) -> dict[str, Any]:
        """Gives the condition as a pipeline definition has it."""
        return {"Type": "In", "QueryValue": self.value, "Values": list(self.values)}


class Not(Strict):
    """The opposite of a condition."""

    type: Literal["Not"] = "Not"
    condition: Condition

    def definition(self) -> dict[str, Any]:
        """Gives the condition as a pipeline definition has it."""
        return {"Type": "Not", "Condition": self.condition.definition()}


class Or(Strict):
    """Whether any of several conditions holds."""

    type: Literal["Or"] = "Or"
    conditions: list[Condition] = Field(min_length=1)

    def definition(self) -> dict[str, Any]:
        """Gives the condition as a pipeline definition has it."""
        return {"Type": "Or", "Conditions": [condition.definition() for condition in self.conditions]}


Condition = Annotated[Compare | In | Not | Or, Field(discriminator="type")]
Not.model_rebuild()
Or.model_rebuild()


class ConditionSettings(StepSettings):
    """The settings of a condition step.

    Args:
        conditions: What must hold, all together.
        if_steps: Steps that run when it holds.
        else_steps: Steps that run when it does not.
    """

    conditions: list[Condition] = Field(min_length=1)
    if_steps: list[str] = Field(default_factory=list)
    else_steps: list[str] = Field(default_factory=list)


class ConditionStepBuilder(StepBuilderBase[ConditionSettings]):
    """Builds a step that runs one of two branches; the pipeline puts the steps into them."""

    specification = StepSpecification(step_type="Condition", node_type=NodeType.SINGULAR, step_kind=StepKind.CONDITION)
    settings_class = ConditionSettings

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings."""
        yield from super().problems()
        settings = self.settings
        if not settings.if_steps and not settings.else_steps:
            yield self.problem("if_steps", "neither branch has a step; name steps under if_steps or else_steps")
        for name in settings.if_steps:
            if name in settings.else_steps:
                yield self.problem("else_steps", f"'{name}' is in both branches")

    def branches(self) -> dict[str, list[str]]:
        """Gives the names of the steps in each branch, by the branch's name in a definition."""
        return {"IfSteps": self.settings.if_steps, "ElseSteps": self.settings.else_steps}

    def branch_steps(self) -> list[str]:
        """Gives the names of the steps in both branches."""
        return [*self.settings.if_steps, *self.settings.else_steps]

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the conditions; the branches are empty until the pipeline fills them."""
        conditions = [condition.definition() for condition in self.settings.conditions]
        return {"Conditions": conditions, "IfSteps": [], "ElseSteps": []}


class FailSettings(StepSettings):
    """The settings of a step that ends the pipeline as failed.

    Args:
        error_message: What is wrong and how to mend it.
    """

    error_message: Referable


class FailStepBuilder(StepBuilderBase[FailSettings]):
    """Builds a step that ends the pipeline as failed."""

    specification = StepSpecification(step_type="Fail", node_type=NodeType.SINGULAR, step_kind=StepKind.FAIL)
    settings_class = FailSettings

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the message."""
        return {"ErrorMessage": self.settings.error_message}
