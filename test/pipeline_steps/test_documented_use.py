"""What documents show works as it is shown."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(program):
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


def test_the_python_of_the_pipelines_page_runs():
    page = (ROOT / "docs" / "pipelines.md").read_text()
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    program = program.replace("pipeline.validate_script_contracts()", "pipeline.validate_script_contracts")
    done = run(program + "\nassert mine.definition()['Steps'][0]['Name'] == 'Train'\n")
    assert done.returncode == 0, done.stderr


def test_every_step_type_and_setting_is_on_the_page():
    from pipeline_steps import BUILDERS
    from pipeline_steps.settings import JobSettings, PipelineSettings

    page = (ROOT / "docs" / "pipelines.md").read_text()
    columns = {"given_columns", "required_columns", "output_columns"}
    names = {builder.specification.step_type for builder in BUILDERS}
    for name in names | set(JobSettings.model_fields) | set(PipelineSettings.model_fields) | columns:
        assert f"`{name}`" in page, name


def test_packages_can_be_imported_from_the_repository_root_by_path():
    done = run(
        "from src.pipeline_step_specs import PYTORCH_TRAINING_SPEC\n"
        "from src.pipeline_steps import PyTorchTrainingStepBuilder, StepBuilderBase\n"
        "assert PYTORCH_TRAINING_SPEC.step_name == 'pytorch_training'\n"
        "assert PYTORCH_TRAINING_SPEC.validate_contract_alignment().is_valid\n"
        "assert issubclass(PyTorchTrainingStepBuilder, StepBuilderBase)\n"
    )
    assert done.returncode == 0, done.stderr


def test_both_spellings_give_the_same_objects_and_may_be_mixed():
    done = run(
        "import src.pipeline_script_contracts as seen, src.pipeline_step_specs as specs, src.pipeline_steps as steps\n"
        "import pipeline_script_contracts, pipeline_step_specs, pipeline_steps\n"
        "from src.pipeline_script_contracts import PYTORCH_TRAIN_CONTRACT, ScriptContractValidator\n"
        "for ours, theirs in ((seen, pipeline_script_contracts), (specs, pipeline_step_specs),"
        " (steps, pipeline_steps)):\n"
        "    different = [name for name in theirs.__all__ if getattr(ours, name) != getattr(theirs, name)]\n"
        "    assert not different, different\n"
        "spec = pipeline_step_specs.PYTORCH_TRAINING_SPEC\n"
        "again = pipeline_step_specs.StepSpecification(**{**dict(spec), 'script_contract': PYTORCH_TRAIN_CONTRACT})\n"
        "assert again.validate_contract_alignment().is_valid and again.script_contract.entry_point == 'train.py'\n"
        "assert issubclass(steps.PyTorchTrainingStepBuilder, pipeline_steps.StepBuilderBase)\n"
        "report = ScriptContractValidator('dockers/pytorch_bsm').validate_script('train.py')\n"
        "assert isinstance(report, pipeline_script_contracts.ValidationReport), type(report)\n"
        "assert report.summary.startswith('train.py vs TrainingScriptContract: ')\n"
    )
    assert done.returncode == 0, done.stderr


def test_compiling_imports_neither_torch_nor_boto3():
    done = run(
        "import sys\n"
        "from pipeline_steps import load_pipeline\n"
        "load_pipeline('examples/names3risk.yaml').definition()\n"
        "heavy = {'torch', 'boto3', 'botocore', 'polars', 'pandas', 'sagemaker'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    assert done.returncode == 0, done.stderr
