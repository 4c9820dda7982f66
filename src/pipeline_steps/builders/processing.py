"""Processing steps: a script in a container, folders in and out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline_step_specs.naming import suggestion
from pipeline_steps.builders.base import Arguments, BuildContext, key_values, vpc_config, without_empty
from pipeline_steps.builders.job import JobStepBuilder
from pipeline_steps.problems import Problem
from pipeline_steps.references import Value
from pipeline_steps.settings import ProcessingSettings

CODE_FOLDER = "/opt/ml/processing/input/code"


class ProcessingStepBuilder(JobStepBuilder[ProcessingSettings]):
    """Builds a step that runs the script of its contract in a SageMaker processing job."""

    settings_class = ProcessingSettings

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings, property files included."""
        yield from super().problems()
        for name, file in self.settings.property_files.items():
            if self.spec.get_output_by_name_or_alias(file.output) is None:
                outputs = [known.logical_name for known in self.spec.outputs]
                yield self.problem(
                    f"property_files.{name}", f"there is no output '{file.output}'; {suggestion(file.output, outputs)}"
                )

    def build(self, context: BuildContext) -> dict[str, Any]:
        """Gives the step as a pipeline definition has it, with its property files."""
        step = super().build(context)
        files = []
        for name, file in self.settings.property_files.items():
            output = self.spec.get_output_by_name_or_alias(file.output)
            output_name = output.logical_name if output else file.output
            files.append({"PropertyFileName": name, "OutputName": output_name, "FilePath": file.path})
        return {**step, "PropertyFiles": files} if files else step

    def arguments(self, context: BuildContext) -> Arguments:
        """Gives the CreateProcessingJob request."""
        settings = self.settings
        return without_empty(
            {
                "ProcessingResources": {
                    "ClusterConfig": without_empty(
                        {
                            "InstanceType": settings.instance_type,
                            "InstanceCount": settings.instance_count,
                            "VolumeSizeInGB": settings.volume_size_gb,
                            "VolumeKmsKeyId": settings.kms_key,
                        }
                    )
                },
                "AppSpecification": without_empty(
                    {
                        "ImageUri": settings.image,
                        "ContainerEntrypoint": self.entrypoint(),
                        "ContainerArguments": self.command_line(),
                    }
                ),
                "RoleArn": context.pipeline.role,
                "ProcessingInputs": self.processing_inputs(context),
                "ProcessingOutputConfig": without_empty(
                    {"Outputs": self.processing_outputs(context), "KmsKeyId": settings.kms_key}
                ),
                "Environment": self.environment(),
                "StoppingCondition": {"MaxRuntimeInSeconds": settings.max_runtime_seconds},
                "NetworkConfig": self.network(),
                "Tags": key_values({**context.pipeline.tags, **settings.tags}),
            }
        )

    def entrypoint(self) -> list[Value]:
        """Gives the command that the container runs."""
        assert self.contract is not None
        return [self.settings.launcher, f"{CODE_FOLDER}/{self.contract.entry_point}"]

    def processing_inputs(self, context: BuildContext) -> list[dict[str, Any]]:
        """Gives the code and one input for each dependency that has a source."""
        inputs = []
        if self.settings.code is not None:
            code = context.assets.add_folder(self.settings.code)
            inputs.append(_s3_input("code", code, CODE_FOLDER, "FullyReplicated"))
        for dependency in self.spec.dependencies:
            uri = context.inputs.get(dependency.logical_name)
            if uri is not None:
                inputs.append(
                    _s3_input(
                        dependency.logical_name,
                        uri,
                        self.input_path(dependency) or f"/opt/ml/processing/input/{dependency.logical_name}",
                        self.settings.s3_distribution,
                    )
                )
        return inputs

    def processing_outputs(self, context: BuildContext) -> list[dict[str, Any]]:
        """Gives one output for each output of the contract."""
        outputs = []
        for output in self.spec.outputs:
            path = self.output_path(output)
            if path is not None:
                location = {
                    "S3Uri": context.results(self.name, output.logical_name),
                    "LocalPath": path,
                    "S3UploadMode": "EndOfJob",
                }
                outputs.append({"OutputName": output.logical_name, "S3Output": location, "AppManaged": False})
        return outputs

    def network(self) -> dict[str, Any]:
        """Gives the network settings, empty when nothing is restricted."""
        settings = self.settings
        return without_empty(
            {
                "EnableNetworkIsolation": settings.network_isolation or None,
                "EnableInterContainerTrafficEncryption": settings.encrypt_traffic or None,
                "VpcConfig": vpc_config(settings.vpc),
            }
        )


def _s3_input(name: str, uri: Value, path: str, distribution: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": path,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": distribution,
            "S3CompressionType": "None",
        },
    }
