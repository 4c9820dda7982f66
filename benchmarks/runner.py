"""What the local runner costs: seconds per step that are not the step's own.

Runs a chain of processing steps that do nothing, takes off what starting the interpreter costs by itself, and compares
with the limit of 0.3 s. Usage: python benchmarks/runner.py [--steps N] [--mode portable|sandbox] [--json FILE].
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipeline_steps.local import run_pipeline

LIMIT_SECONDS = 0.3


def definition(steps: int) -> dict[str, Any]:
    """A chain of steps, each with one input and one output."""
    chain = []
    for index in range(steps):
        source = {"Get": f"Steps.S{index - 1}.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"}
        chain.append(
            {
                "Name": f"S{index}",
                "Type": "Processing",
                "Arguments": {
                    "AppSpecification": {
                        "ImageUri": "image",
                        "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/script.py"],
                    },
                    "ProcessingInputs": [
                        _input("code", "s3://bench/code/script.py"),
                        *([_input("data", source)] if index else []),
                    ],
                    "ProcessingOutputConfig": {
                        "Outputs": [{"OutputName": "o", "S3Output": {"LocalPath": "/opt/ml/processing/output"}}]
                    },
                },
            }
        )
    return {"Version": "2020-12-01", "Steps": chain}


def measure(steps: int, mode: str) -> dict[str, Any]:
    """Runs the chain.

    Args:
        steps: How many steps it has.
        mode: `portable` or `sandbox`.

    Returns:
        Seconds of the whole run, of an empty interpreter, and of the runner per step.
    """
    script = "import os; open(os.environ['SAGEMAKER_BASE_DIR'] + '/processing/output/x', 'w').close()\n"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        code = root / "s3" / "bench" / "code" / "script.py"
        code.parent.mkdir(parents=True)
        code.write_text(script)
        began = time.perf_counter()
        record = run_pipeline(definition(steps), run_dir=root / "run", s3_root=root / "s3", mode=mode)
        seconds = time.perf_counter() - began
        assert record.succeeded, record.failure_reason
    interpreter = statistics.median(_interpreter_seconds() for _ in range(5))
    return {
        "mode": mode,
        "steps": steps,
        "run_seconds": round(seconds, 4),
        "interpreter_seconds": round(interpreter, 4),
        "overhead_seconds_per_step": round(seconds / steps - interpreter, 4),
        "limit_seconds": LIMIT_SECONDS,
    }


def _input(name: str, uri: object) -> dict[str, Any]:
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}"}}


def _interpreter_seconds() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Prints the result, and writes it where asked; exit code 1 when the limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--mode", choices=("portable", "sandbox"), default="portable")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(options.steps, options.mode)
    print(
        f"{result['mode']}: {result['overhead_seconds_per_step']:.3f} s a step over {result['steps']} steps, beside "
        f"{result['interpreter_seconds']:.3f} s for the interpreter (limit {LIMIT_SECONDS} s)"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(result["overhead_seconds_per_step"] > LIMIT_SECONDS)


if __name__ == "__main__":
    main()
