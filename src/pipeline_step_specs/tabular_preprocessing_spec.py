"""The specification of tabular preprocessing: raw table in, train, val and test splits out."""

from __future__ import annotations

from pipeline_script_contracts import TABULAR_PREPROCESS_CONTRACT
from pipeline_step_specs.declarations import DependencySpec, OutputSpec
from pipeline_step_specs.enums import DependencyType, NodeType
from pipeline_step_specs.step_specification import StepSpecification

TABULAR_PREPROCESSING_SPEC = StepSpecification(
    step_type="TabularPreprocessing",
    node_type=NodeType.INTERNAL,
    script_contract=TABULAR_PREPROCESS_CONTRACT,
    description="Labels, filters, de-duplicates and splits a raw table.",
    dependencies=[
        DependencySpec(
            logical_name="raw_data",
            dependency_type=DependencyType.TRAINING_DATA,
            compatible_sources=["DataLoading", "ProcessingStep"],
            semantic_keywords=["raw", "data", "table", "source", "input"],
            description="The raw table: CSV, TSV or Parquet.",
            aliases=["DATA"],
        ),
        DependencySpec(
            logical_name="config",
            dependency_type=DependencyType.HYPERPARAMETERS,
            compatible_sources=["HyperparameterPrep"],
            semantic_keywords=["column", "schema", "config"],
            description="The folder of columns.json, the column schema.",
            aliases=["column_schema"],
        ),
    ],
    outputs=[
        OutputSpec(
            logical_name="processed_data",
            output_type=DependencyType.PROCESSING_OUTPUT,
            property_path="properties.ProcessingOutputConfig.Outputs['processed_data'].S3Output.S3Uri",
            description="One folder a split (train, val, test), each with its table and its schema.json.",
            aliases=["input_path", "train_data", "eval_data", "training_data"],
            columns={"label": "integer"},
            keeps_columns_of="raw_data",
        )
    ],
)
