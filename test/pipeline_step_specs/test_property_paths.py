"""Property paths against the service's shapes."""

import pytest

from pipeline_step_specs import StepKind
from pipeline_step_specs.property_paths import PropertyPathError, property_type, split_property_path


@pytest.mark.parametrize(
    ("kind", "path", "found"),
    [
        (StepKind.TRAINING, "ModelArtifacts.S3ModelArtifacts", "string"),
        (StepKind.TRAINING, "properties.TrainingJobName", "string"),
        (StepKind.TRAINING, "FinalMetricDataList['val_loss'].Value", "float"),
        (StepKind.TRAINING, "FinalMetricDataList[0].MetricName", "string"),
        (StepKind.TRAINING, "HyperParameters['lr']", "string"),
        (StepKind.TRAINING, "ResourceConfig.InstanceCount", "integer"),
        (StepKind.PROCESSING, "ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri", "string"),
        (StepKind.MODEL, "ModelName", "string"),
        (StepKind.LAMBDA, "OutputParameters['statusCode']", "string"),
        (StepKind.EMR, "Status.State", "string"),
        (StepKind.TUNING, "BestTrainingJob.TunedHyperParameters['lr']", "string"),
        (StepKind.TUNING, "TrainingJobSummaries[2].TrainingJobName", "string"),
    ],
)
def test_real_properties_have_a_type(kind, path, found):
    assert property_type(kind, path) == found


@pytest.mark.parametrize(
    ("kind", "path", "told"),
    [
        (StepKind.TRAINING, "ModelArtifacts.S3ModelArtefacts", "did you mean 'S3ModelArtifacts'"),
        (StepKind.TRAINING, "ModelArtifacts['x']", "a structure has no ['x']"),
        (StepKind.TRAINING, "TrainingJobName.X", "a string has no 'X'"),
        (StepKind.TRAINING, "FinalMetricDataList.Value", "a list has no 'Value'"),
        (StepKind.TRAINING, "VpcConfig.Subnets['a']", "a list has no ['a']"),
        (StepKind.LAMBDA, "FunctionName", "a Lambda step has properties OutputParameters['name'] only"),
        (StepKind.FAIL, "ErrorMessage", "a Fail step has no properties"),
    ],
)
def test_other_properties_are_told(kind, path, told):
    with pytest.raises(PropertyPathError) as error:
        property_type(kind, path)
    assert told in str(error.value)


@pytest.mark.parametrize("path", ["", ".A", "A..B", "A[", "A['x", "['x'].A", "A B", "A.[0]"])
def test_malformed_paths_are_told(path):
    with pytest.raises(PropertyPathError):
        split_property_path(path)
