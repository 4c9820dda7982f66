"""The specification of tokenizer training: the training split in, a tokenizer out."""

from __future__ import annotations

from pipeline_script_contracts import TOKENIZER_TRAINING_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification

TOKENIZER_TRAINING_SPEC = StepSpecification(
    step_type="TokenizerTraining",
    node_type=NodeType.INTERNAL,
    script_contract=TOKENIZER_TRAINING_CONTRACT,
    description="Trains a byte-pair tokenizer on the text of the training split alone.",
    dependencies=[
        DependencySpec(
            logical_name="train_data",
            dependency_type=DependencyType.TRAINING_DATA,
            compatible_sources=["TabularPreprocessing"],
            semantic_keywords=["train", "processed", "split", "text"],
            description="The training split; validation and test rows never reach the tokenizer.",
            subfolder="train",
        )
    ],
    outputs=[
        OutputSpec(
            logical_name="model_artifacts_output",
            output_type=DependencyType.MODEL_ARTIFACTS,
            property_path="properties.ProcessingOutputConfig.Outputs['model_artifacts_output'].S3Output.S3Uri",
            description="tokenizer.json, vocab.json and tokenizer_report.json.",
            aliases=["model_artifacts_input", "tokenizer"],
        )
    ],
)
