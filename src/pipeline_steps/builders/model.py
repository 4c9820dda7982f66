"""Models and batch transform: what is needed to serve trained artifacts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_step_specs import BATCH_TRANSFORM_SPEC, PYTORCH_MODEL_SPEC
from pipeline_steps.builders.base import Arguments, BuildContext, StepBuilderBase, key_values, vpc_config, without_empty
from pipeline_steps.builders.serving import ServingSettings, ServingStepBuilder
from pipeline_steps.references import as_string
from pipeline_steps.settings import CachedSettings, Referable, Vpc


class ModelSettings(ServingSettings):
    """The settings of a model, beside those of its container.

    Args:
        tags: Tags of the model.
        vpc: The private network that the model is served in.
        network_isolation: Whether the container has no network.
    """

    tags: dict[str, str] = Field(default_factory=dict)
    vpc: Vpc | None = None
    network_isolation: bool = False


class ModelStepBuilder(ServingStepBuilder[ModelSettings]):
    """Builds the step that makes a SageMaker model of trained artifacts."""

    specification = PYTORCH_MODEL_SPEC
    settings_class = ModelSettings

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateModel request."""
        settings = self.settings
        return without_empty(
            {
                "ExecutionRoleArn": context.pipeline.role,
                "PrimaryContainer": self.container(context),
                "VpcConfig": vpc_config(settings.vpc),
                "EnableNetworkIsolation": settings.network_isolation or None,
                "Tags": key_values({**context.pipeline.tags, **settings.tags}),
            }
        )


class TransformSettings(CachedSettings):
    """The settings of a batch transform.

    Args:
        instance_type: For instance `ml.m5.xlarge`.
        instance_count: The number of instances.
        content_type: The media type of the rows.
        accept: The media type of the scored rows.
        split_type: How a file is cut into records.
        assemble_with: How scored records are put together; `Line` where records are lines.
        strategy: Whether a request holds one record or as many as fit.
        input_filter: JSONPath of what the model gets of a record, such as `$[1:]` to leave an id out.
        join_source: `Input` puts what the model answers beside the record it answers to.
        output_filter: JSONPath of what is kept of an answer, or of the joined record.
        max_payload_mb: The largest request, in MB.
        max_concurrent: The number of requests at once to an instance.
        environment: The environment of the serving container.
        tags: Tags of the job.
        kms_key: The key that volumes and outputs are encrypted with.
    """

    instance_type: Referable = "ml.m5.xlarge"
    instance_count: Referable = 1
    content_type: Referable = "text/csv"
    accept: Referable = "text/csv"
    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] = "Line"
    assemble_with: Literal["None", "Line"] = "Line"
    strategy: Literal["SingleRecord", "MultiRecord"] = "MultiRecord"
    input_filter: str | None = Field(default=None, max_length=63)
    join_source: Literal["None", "Input"] | None = None
    output_filter: str | None = Field(default=None, max_length=63)
    max_payload_mb: int | None = Field(default=None, ge=0)
    max_concurrent: int | None = Field(default=None, ge=0)
    environment: dict[str, Referable] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    kms_key: Referable = None


class BatchTransformStepBuilder(StepBuilderBase[TransformSettings]):
    """Builds the step that scores a folder of rows with a SageMaker model."""

    specification = BATCH_TRANSFORM_SPEC
    settings_class = TransformSettings

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateTransformJob request."""
        settings = self.settings
        source = {"S3DataType": "S3Prefix", "S3Uri": context.inputs["processed_data"]}
        return without_empty(
            {
                "ModelName": context.inputs["model_name"],
                "BatchStrategy": settings.strategy,
                "MaxPayloadInMB": settings.max_payload_mb,
                "MaxConcurrentTransforms": settings.max_concurrent,
                "Environment": {name: as_string(value) for name, value in settings.environment.items()},
                "TransformInput": {
                    "DataSource": {"S3DataSource": source},
                    "ContentType": settings.content_type,
                    "CompressionType": "None",
                    "SplitType": settings.split_type,
                },
                "TransformOutput": without_empty(
                    {
                        "S3OutputPath": context.results(self.name, "transform_output"),
                        "Accept": settings.accept,
                        "AssembleWith": settings.assemble_with,
                        "KmsKeyId": settings.kms_key,
                    }
                ),
                "DataProcessing": without_empty(
                    {
                        "InputFilter": settings.input_filter,
                        "OutputFilter": settings.output_filter,
                        "JoinSource": settings.join_source,
                    }
                ),
                "TransformResources": without_empty(
                    {
                        "InstanceType": settings.instance_type,
                        "InstanceCount": settings.instance_count,
                        "VolumeKmsKeyId": settings.kms_key,
                    }
                ),
                "Tags": key_values({**context.pipeline.tags, **settings.tags}),
            }
        )
