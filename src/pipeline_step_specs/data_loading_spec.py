"""The specification of data loading: another system puts the raw table into S3 and says where it is."""

from __future__ import annotations

from pipeline_step_specs.declarations import OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType, StepKind
from pipeline_step_specs.step_specification import StepSpecification

DATA_LOADING_SPEC = StepSpecification(
    step_type="DataLoading",
    node_type=NodeType.SOURCE,
    step_kind=StepKind.CALLBACK,
    also_known_as=["DataLoad"],
    description="Asks a data loader, through a queue, for the raw table.",
    outputs=[
        OutputSpec(
            logical_name="raw_data",
            output_type=DependencyType.TRAINING_DATA,
            property_path="properties.OutputParameters['raw_data']",
            description="The folder of the raw table.",
            aliases=["DATA"],
        )
    ],
)
