"""The specification of payload generation: a split in, sample requests for load tests out."""

from __future__ import annotations

from pipeline_script_contracts import PAYLOAD_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.sources import PREPARED_ROWS
from pipeline_step_specs.step_specification import StepSpecification

PAYLOAD_SPEC = StepSpecification(
    step_type="Payload",
    node_type=NodeType.INTERNAL,
    script_contract=PAYLOAD_CONTRACT,
    description="Writes sample requests with invented values.",
    dependencies=[
        DependencySpec(
            logical_name="payload_source",
            dependency_type=DependencyType.PROCESSING_OUTPUT,
            compatible_sources=PREPARED_ROWS,
            semantic_keywords=["data", "processed", "split", "samples"],
            description="A split whose columns and values the requests are like.",
            aliases=["eval_data"],
            subfolder="train",
        )
    ],
    outputs=[
        OutputSpec(
            logical_name="payload_samples",
            output_type=DependencyType.PAYLOAD_SAMPLES,
            property_path="properties.ProcessingOutputConfig.Outputs['payload_samples'].S3Output.S3Uri",
            description="The requests, and payload.tar.gz with all of them.",
            aliases=["GeneratedPayloadSamples"],
        )
    ],
)
