"""The outputs that every training step gives."""

from __future__ import annotations

from pipeline_step_specs.declarations import OutputSpec
from pipeline_step_specs.enums import DependencyType

MODEL_OUTPUT = OutputSpec(
    logical_name="model_output",
    output_type=DependencyType.MODEL_ARTIFACTS,
    property_path="properties.ModelArtifacts.S3ModelArtifacts",
    description="model.tar.gz with everything that serving needs.",
    aliases=["ModelArtifacts", "model_data", "output_path", "model_input"],
)
DATA_OUTPUT = OutputSpec(
    logical_name="data_output",
    output_type=DependencyType.PROCESSING_OUTPUT,
    property_path="properties.OutputDataConfig.S3OutputPath",
    description="Predictions, metrics and pictures of the training run.",
)
CHECKPOINTS = OutputSpec(
    logical_name="checkpoints",
    output_type=DependencyType.MODEL_ARTIFACTS,
    property_path="properties.CheckpointConfig.S3Uri",
    description="Checkpoints that an interrupted run goes on from.",
)
TRAINING_JOB_NAME = OutputSpec(
    logical_name="training_job_name",
    output_type=DependencyType.CUSTOM_PROPERTY,
    property_path="properties.TrainingJobName",
    data_type="String",
    description="The name that SageMaker gave the training job.",
    aliases=["TrainingJobName"],
    framework_provided=True,
)
METRICS_OUTPUT = OutputSpec(
    logical_name="metrics_output",
    output_type=DependencyType.CUSTOM_PROPERTY,
    property_path="properties.FinalMetricDataList['val_loss'].Value",
    data_type="String",
    description="The last validation loss that the training job reported.",
    aliases=["TrainingMetrics"],
    framework_provided=True,
)
TRAINING_OUTPUTS = (MODEL_OUTPUT, DATA_OUTPUT, CHECKPOINTS, TRAINING_JOB_NAME, METRICS_OUTPUT)
