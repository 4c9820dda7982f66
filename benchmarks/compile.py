"""How long a compile takes in a cold process, by the number of steps; beside the SageMaker SDK where it is given.

    python benchmarks/compile.py [--steps 10 100 500] [--repeat 5] [--sdk-python PATH] [--json FILE]

`--sdk-python` names the interpreter of an environment with the SageMaker Python SDK v2, which writes the same pipeline.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HEAD = """
pipeline: {name: Bench, role: "arn:aws:iam::123456789012:role/Bench", storage: s3://bench/pipelines}
parameters: {RawDataUri: {type: String, default: s3://bench/raw}}
columns: {id_name: id}
defaults: {image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/bench:1", code: code}
steps:
"""
GROUP = """
  Preprocess{i}:
    type: TabularPreprocessing
    inputs: {{raw_data: {{parameter: RawDataUri}}}}
  Tokenizer{i}:
    type: TokenizerTraining
    inputs: {{train_data: {{step: Preprocess{i}, output: processed_data}}}}
  Train{i}:
    type: Names3RiskTraining
    inputs:
      input_path: {{step: Preprocess{i}, output: processed_data}}
      model_artifacts_input: {{step: Tokenizer{i}, output: model_artifacts_output}}
    hyperparameters: {{model_class: lstm2risk, lr: 0.001, batch_size: 256}}
  Evaluate{i}:
    type: ModelEvaluation
    inputs:
      model_input: {{step: Train{i}, output: model_output}}
      eval_data: {{step: Preprocess{i}, output: processed_data, subfolder: test}}
  Register{i}:
    type: Registration
    model_package_group: bench
    inputs: {{model_input: {{step: Train{i}, output: model_output}}}}
"""
SCRIPTS = ("tabular_preprocessing.py", "tokenizer_training.py", "pytorch_training.py", "model_evaluation.py")
OURS = """
import sys
from pipeline_steps.configuration import load_pipeline
sys.stdout.write(load_pipeline(sys.argv[1]).definition_json())
"""
SDK = Path(__file__).with_name("compile_sdk.py")


def write_pipeline(folder: Path, steps: int) -> Path:
    """Writes a pipeline of `steps` steps, in groups of five that feed each other."""
    (folder / "code").mkdir(exist_ok=True)
    for script in SCRIPTS:
        (folder / "code" / script).write_text("pass\n")
    path = folder / f"pipeline-{steps}.yaml"
    path.write_text(HEAD + "".join(GROUP.format(i=index) for index in range(steps // 5)))
    return path


def measure(command: list[str], repeat: int) -> tuple[float, float]:
    """Runs a command `repeat` times and gives the medians of what the clock and the processor took, in seconds."""
    clock, processor = [], []
    for _ in range(repeat):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        clock.append(time.perf_counter() - began)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 50, 100, 200, 500])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--sdk-python", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for steps in arguments.steps:
            path = write_pipeline(Path(temporary), steps)
            commands = {"ours": [sys.executable, "-c", OURS, str(path)]}
            if arguments.sdk_python:
                commands["sdk"] = [str(arguments.sdk_python), str(SDK), str(steps)]
            row: dict[str, Any] = {"steps": steps}
            for name, command in commands.items():
                row[name], row[f"{name}_processor"] = measure(command, arguments.repeat)
            rows.append(row)
            print("  ".join(f"{key} {value:.3g}" for key, value in row.items()), flush=True)
    if arguments.json:
        result = {"machine": platform.machine(), "python": platform.python_version(), "rows": rows}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
