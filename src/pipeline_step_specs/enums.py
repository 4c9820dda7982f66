"""The vocabulary of step specifications."""

from __future__ import annotations

from enum import StrEnum


class DependencyType(StrEnum):
    """What a dependency needs or an output gives."""

    MODEL_ARTIFACTS = "model_artifacts"
    PROCESSING_OUTPUT = "processing_output"
    TRAINING_DATA = "training_data"
    HYPERPARAMETERS = "hyperparameters"
    PAYLOAD_SAMPLES = "payload_samples"
    CUSTOM_PROPERTY = "custom_property"

    def accepts(self, given: DependencyType) -> bool:
        """Tells whether an output of type `given` can feed a dependency of this type.

        Training data, payload samples and hyperparameters may come out of a processing step, whose outputs are all
        processing outputs to SageMaker.
        """
        return given is self or given in _ACCEPTED_BESIDES_ITSELF.get(self, ())


class NodeType(StrEnum):
    """The place of a step in the graph: which of dependencies and outputs it has."""

    SOURCE = "source"
    INTERNAL = "internal"
    SINK = "sink"
    SINGULAR = "singular"

    @property
    def has_dependencies(self) -> bool:
        """Whether a step of this type depends on others."""
        return self in (NodeType.INTERNAL, NodeType.SINK)

    @property
    def has_outputs(self) -> bool:
        """Whether a step of this type gives outputs."""
        return self in (NodeType.SOURCE, NodeType.INTERNAL)


class StepKind(StrEnum):
    """SageMaker's own step types, as a pipeline definition writes them."""

    PROCESSING = "Processing"
    TRAINING = "Training"
    TRANSFORM = "Transform"
    MODEL = "Model"
    REGISTER_MODEL = "RegisterModel"
    TUNING = "Tuning"
    CONDITION = "Condition"
    FAIL = "Fail"
    LAMBDA = "Lambda"
    CALLBACK = "Callback"
    EMR = "EMR"

    @classmethod
    def named(cls, name: object) -> StepKind | None:
        """Gives the kind that a definition calls `name`, or None."""
        return next((kind for kind in cls if kind.value == name), None)


_ACCEPTED_BESIDES_ITSELF = {
    DependencyType.TRAINING_DATA: (DependencyType.PROCESSING_OUTPUT,),
    DependencyType.PROCESSING_OUTPUT: (DependencyType.TRAINING_DATA,),
    DependencyType.PAYLOAD_SAMPLES: (DependencyType.PROCESSING_OUTPUT,),
    DependencyType.HYPERPARAMETERS: (DependencyType.PROCESSING_OUTPUT,),
}
