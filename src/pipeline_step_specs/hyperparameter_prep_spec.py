"""The specification of hyperparameter preparation: a Lambda function writes a configuration file and says where."""

from __future__ import annotations

from pipeline_step_specs.declarations import OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.step_specification import StepSpecification

HYPERPARAMETER_PREP_SPEC = StepSpecification(
    step_type="HyperparameterPrep",
    node_type=NodeType.SOURCE,
    step_kind=StepKind.LAMBDA,
    description="Writes hyperparameters.json, or another configuration file, into a folder of S3.",
    outputs=[
        OutputSpec(
            logical_name="hyperparameters_s3_uri",
            output_type=DependencyType.HYPERPARAMETERS,
            property_path="properties.OutputParameters['hyperparameters_s3_uri']",
            description="The folder of the configuration file.",
            aliases=["config", "hyperparameters"],
        )
    ],
)
