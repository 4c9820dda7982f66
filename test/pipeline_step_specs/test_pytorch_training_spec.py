"""The specification of PyTorch training, as its users rely on it."""

from pipeline_script_contracts import PYTORCH_TRAIN_CONTRACT
from pipeline_step_specs import (
    PYTORCH_TRAINING_SPEC,
    DependencyType,
    NodeType,
    SpecificationRegistry,
    StepKind,
)


def test_can_be_registered_and_found():
    registry = SpecificationRegistry()
    registry.register("pytorch_training", PYTORCH_TRAINING_SPEC)
    assert registry.get_specification("pytorch_training") is PYTORCH_TRAINING_SPEC
    assert registry.get_specification("PyTorchTraining") is PYTORCH_TRAINING_SPEC


def test_is_an_internal_training_step():
    assert PYTORCH_TRAINING_SPEC.node_type is NodeType.INTERNAL
    assert PYTORCH_TRAINING_SPEC.kind is StepKind.TRAINING
    assert PYTORCH_TRAINING_SPEC.step_type == "PyTorchTraining"
    assert PYTORCH_TRAINING_SPEC.step_name == "pytorch_training"


def test_requires_data_and_hyperparameters():
    required = PYTORCH_TRAINING_SPEC.list_required_dependencies()
    assert [(each.logical_name, each.dependency_type) for each in required] == [
        ("input_path", DependencyType.TRAINING_DATA),
        ("config", DependencyType.HYPERPARAMETERS),
    ]


def test_outputs_in_order_with_types_and_data_types():
    assert [(each.logical_name, each.output_type.value, each.data_type) for each in PYTORCH_TRAINING_SPEC.outputs] == [
        ("model_output", "model_artifacts", "S3Uri"),
        ("data_output", "processing_output", "S3Uri"),
        ("checkpoints", "model_artifacts", "S3Uri"),
        ("training_job_name", "custom_property", "String"),
        ("metrics_output", "custom_property", "String"),
    ]


def test_old_output_names_are_aliases():
    for alias in ("ModelArtifacts", "model_data", "output_path", "model_input"):
        assert PYTORCH_TRAINING_SPEC.get_output_by_name_or_alias(alias).logical_name == "model_output"
    assert PYTORCH_TRAINING_SPEC.get_output_by_name_or_alias("trainingjobname").logical_name == "training_job_name"
    assert PYTORCH_TRAINING_SPEC.get_output_by_name_or_alias("TrainingMetrics").logical_name == "metrics_output"
    assert PYTORCH_TRAINING_SPEC.get_output("ModelArtifacts") is None
    assert PYTORCH_TRAINING_SPEC.get_output("model_output").aliases == [
        "ModelArtifacts",
        "model_data",
        "output_path",
        "model_input",
    ]


def test_data_may_come_from_these_steps():
    dependency = PYTORCH_TRAINING_SPEC.get_dependency("input_path")
    assert dependency.compatible_sources == ["TabularPreprocessing", "ProcessingStep", "DataLoad"]
    assert "training" in dependency.semantic_keywords


def test_agrees_with_the_service_and_with_its_contract():
    assert PYTORCH_TRAINING_SPEC.script_contract is PYTORCH_TRAIN_CONTRACT
    assert PYTORCH_TRAINING_SPEC.validate() == []
    result = PYTORCH_TRAINING_SPEC.validate_contract_alignment()
    assert result.is_valid
    assert result.errors == []
