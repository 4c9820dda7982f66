"""The command tree: quick to start, and one message for what is wrong."""

import os
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "polars", "pyarrow", "boto3", "botocore", "lightning", "sklearn", "onnxruntime", "matplotlib")


def run(*arguments, **options):
    return subprocess.run([*arguments], capture_output=True, text=True, check=False, **options)


def names3risk(*arguments, **options):
    return run(sys.executable, "-c", "from names3risk.cli import main; main()", *arguments, **options)


@pytest.mark.parametrize(
    "code",
    ["import pipeline_script_contracts", "from names3risk.cli.app import app", "import names3risk"],
)
def test_starting_loads_nothing_heavy(code):
    found = run(sys.executable, "-c", f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])")
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == []


@pytest.mark.parametrize(
    "code",
    ["import pipeline_script_contracts", "sys.argv[1:] = ['--help']; import names3risk.cli as c; c.main()"],
)
def test_starting_is_quick(code):
    def processor_seconds():
        timed = "import atexit, resource, sys\n"
        timed += "atexit.register(lambda: print('T', resource.getrusage(resource.RUSAGE_SELF).ru_utime))\n"
        return float(run(sys.executable, "-c", timed + code).stdout.split()[-1])

    assert min(processor_seconds() for _ in range(3)) < 0.5


def test_no_command_shows_the_help():
    shown = names3risk()
    for command in ("demo", "train", "evaluate", "predict", "data", "pipeline", "runs", "bench"):
        assert command in shown.stdout


def test_version():
    from names3risk import __version__

    assert names3risk("--version").stdout.strip() == __version__


def test_an_expected_error_is_one_message(tmp_path):
    done = names3risk("train", str(tmp_path / "absent.yaml"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "absent.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("told", ["", "go on with it so"])
def test_an_interruption_is_one_message(told):
    code = f"raise KeyboardInterrupt({told!r})" if told else "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    program = "import os, signal, time\nfrom names3risk.cli.app import app, main\n@app.command()\n"
    program += f"def work() -> None:\n    {code}\nmain()"
    done = run(sys.executable, "-c", program, "work")
    assert done.returncode == 130
    assert done.stderr.split("\n") == [": ".join(filter(None, ["interrupted", told])), ""]


def test_sigterm_leaves_nothing_half_written(tmp_path):
    out = tmp_path / "orders.csv"
    program = "import sys\nfrom names3risk.cli import main\nmain()"
    words = ["data", "synthetic", "--rows", "100000000", "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", program, *words])
    while not list(tmp_path.iterdir()):
        time.sleep(0.05)
    process.terminate()
    assert process.wait(60) == 143
    assert list(tmp_path.iterdir()) == []


def test_sigterm_is_told_by_the_exit_code_whatever_became_of_it():
    program = "import os, signal, time\nfrom names3risk.cli.app import app, main\n@app.command()\ndef work() -> None:\n"
    program += "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n        time.sleep(60)\n"
    program += "    except SystemExit as exit:\n        raise OSError('a callback failed') from exit\nmain()"
    assert run(sys.executable, "-c", program, "work").returncode == 143


def test_wrong_usage_ends_with_2():
    assert names3risk("no-such-command").returncode == 2
    assert names3risk("demo", "--data", "no-such-data").returncode == 2


def test_an_unknown_model_class_is_named_before_any_work(tmp_path):
    done = names3risk("demo", "--model", "lstm3risk", cwd=tmp_path)
    assert done.returncode == 1
    assert "'lstm3risk'" in done.stderr
    assert "lstm2risk or transformer2risk" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_demo_goes_from_generated_data_to_a_registered_model_where_npm_is_missing(tmp_path):
    run_dir, empty = tmp_path / "demo" / "run", tmp_path / "bin"
    empty.mkdir()
    began = time.monotonic()
    done = names3risk("demo", "--run-dir", str(run_dir), env={**os.environ, "PATH": str(empty)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "npm is not installed" in done.stdout
    assert "AUROC" in done.stdout
    assert done.stdout.strip().endswith(str(run_dir))
    assert any((tmp_path / "demo" / "registry").rglob("*.json"))
    assert time.monotonic() - began < 600


@pytest.mark.parametrize("model", ["lstm2risk", "transformer2risk"])
@pytest.mark.parametrize("data", ["spam-assassin", "synthetic"])
def test_quality_compares_what_the_example_trains(model, data):
    from names3risk.cli.quality import _candidate
    from names3risk.cli.samples import SampleName, sample

    candidate = _candidate(model, sample(SampleName(data)).environments_of(model))
    assert candidate.hyperparameters.model_class == model
    assert candidate.tokenizer.min_frequency < 25
