"""The command `validate_contracts`: what it checks, what it says and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from pipeline_script_contracts.cli import check

Run = Callable[..., tuple[int, str, str]]


def break_script(script: Path) -> None:
    script.write_text(script.read_text().replace("data/train/rows", "data/other/rows"))


def codes(output: str) -> list[str]:
    return sorted(finding["code"] for finding in json.loads(output)["findings"] if finding["verdict"] != "PROVEN")


def test_a_project_that_keeps_its_contracts(project: Path, run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("1 script: 3 proven, 0 violated, 0 unresolved; I/O coverage 100.0%")


def test_a_broken_contract_is_told_with_its_line(script: Path, run: Run) -> None:
    break_script(script)
    code, out, _ = run()
    assert code == 1
    assert [line.split(" ")[:2] for line in out.splitlines()[:-1]] == [
        ["jobs/fit/train.py:1:1:", "SC101"],
        ["jobs/fit/train.py:6:9:", "SC103"],
    ]


@pytest.mark.parametrize("target", ["jobs/fit/train.py", "jobs/fit", "./jobs/fit/../fit"])
def test_scripts_and_folders_as_targets(project: Path, run: Run, target: str) -> None:
    assert run(target)[0] == 0


@pytest.mark.parametrize("reference", ["contracts/train.json", "contracts/*.json"])
def test_a_contract_named_on_the_command_line(script: Path, run: Run, reference: str) -> None:
    (script.parents[2] / "pyproject.toml").unlink()
    renamed = script.rename(script.with_name("my_training.py"))
    assert run(str(renamed), "--contract", reference)[0] == 0
    break_script(renamed)
    assert run(str(renamed), "--contract", reference)[0] == 1


def test_a_contract_of_a_module_and_of_a_yaml_file(script: Path, run: Run, project: Path) -> None:
    fields = json.loads((project / "contracts" / "train.json").read_text())
    kind = fields.pop("type")
    assert kind == "training"
    (project / "c2_command.py").write_text(
        f"from pipeline_script_contracts import TrainingScriptContract\nTRAIN = TrainingScriptContract(**{fields!r})\n"
    )
    (project / "train.yaml").write_text(json.dumps({"type": kind, **fields}))  # JSON is YAML
    assert run(str(script), "--contract", "c2_command:TRAIN")[0] == 0
    assert run(str(script), "--contract", "train.yaml")[0] == 0


def test_json_holds_every_clause(script: Path, run: Run) -> None:
    break_script(script)
    code, out, _ = run("--output-format", "json")
    document = json.loads(out)
    proven = {(each["clause"], each["verdict"]) for each in document["findings"] if each["verdict"] == "PROVEN"}
    assert code == 1
    assert proven == {("output", "PROVEN"), ("env", "PROVEN")}
    assert codes(out) == ["SC101", "SC103"]
    undeclared = next(each for each in document["findings"] if each["code"] == "SC103")
    assert undeclared["filename"] == "jobs/fit/train.py"
    assert undeclared["subject"] == "/opt/ml/input/data/other/rows.csv"
    assert undeclared["location"]["row"] == 6
    assert undeclared["chain"]
    assert document["scripts"][0]["contract"] == "contracts/train.json:train.py"


def test_sarif_and_github(script: Path, run: Run) -> None:
    break_script(script)
    SarifLog.model_validate_json(run("--output-format", "sarif")[1])
    assert run("--output-format=github")[1].count("::error ") == 2


def test_full_shows_the_source(script: Path, run: Run) -> None:
    break_script(script)
    out = run("--output-format", "full")[1]
    assert '6 | frame = pd.read_csv("/opt/ml/input/data/other/rows.csv", nrows=limit)' in out
    assert "= help: " in out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_columns_count_characters(script: Path, run: Run, encoding: str) -> None:
    cookie = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else "# text\n"
    line = 'x = "h\xe9\xe9"; open("/opt/ml/input/data/other/\xe9.csv").read()'
    script.write_bytes(f"{cookie}{line}\n".encode(encoding))
    finding = next(
        each
        for each in json.loads(run("--output-format", "json", "--select", "SC103")[1])["findings"]
        if each["verdict"] == "VIOLATED"
    )
    start, end = finding["location"]["column"] - 1, finding["end_location"]["column"] - 1
    assert line[start:end] == 'open("/opt/ml/input/data/other/\xe9.csv")'


def test_select_and_ignore_take_codes_and_their_beginnings(script: Path, run: Run) -> None:
    break_script(script)
    assert codes(run("--output-format", "json", "--select", "SC103")[1]) == ["SC103"]
    assert codes(run("--output-format", "json", "--ignore", "SC103")[1]) == ["SC101"]
    assert run("--ignore", "SC1")[0] == 0


def test_rules_may_warn_or_be_off_and_scripts_may_differ(script: Path, project: Path, run: Run) -> None:
    break_script(script)
    settings = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        f'{settings}[tool.validate_contracts.rules]\nSC101 = "off"\nSC103 = "warning"\n'
    )
    code, out, _ = run("--output-format", "json")
    assert (code, codes(out)) == (0, ["SC103"])
    (project / "pyproject.toml").write_text(
        f'{settings}[tool.validate_contracts.per_script_ignores]\n"jobs/fit/*" = ["SC10"]\n"other/*" = ["SC2"]\n'
    )
    assert run()[0] == 0


def test_the_unresolved_fails_under_strict_only(script: Path, run: Run) -> None:
    script.write_text(script.read_text() + "import json\nopen(json.load(open('paths.json'))['x']).read()\n")
    assert run()[0] == 0
    assert "[unresolved]" in run()[1]
    assert run("--strict")[0] == 1


def test_coverage_below_the_threshold(script: Path, run: Run) -> None:
    script.write_text(script.read_text() + "import json\nopen(json.load(open('paths.json'))['x']).read()\n")
    assert run("--coverage-fail-under", "50")[0] == 0
    code, out, _ = run("--coverage-fail-under", "90", "--output-format", "json")
    assert code == 1
    assert "SC902" in codes(out)


def test_an_ignore_with_a_reason_and_a_stale_one(script: Path, run: Run) -> None:
    break_script(script)
    lines = script.read_text().splitlines()
    lines[0] += "  # contract: ignore[SC101] the channel is renamed next week"
    lines[5] += "  # contract: ignore[SC103] the channel is renamed next week"
    script.write_text("\n".join(lines) + "\n")
    code, out, _ = run()
    assert (code, out.splitlines()[0]) == (0, "2 findings silenced by comments")
    assert run("--ignore", "SC103")[0] == 0, "an ignore is not stale because its code is not asked for"
    assert run("--select", "SC103,SC904")[0] == 0
    script.write_text(script.read_text().replace("data/other/rows", "data/train/rows"))
    code, out, _ = run("--output-format", "json")
    assert (code, codes(out)) == (1, ["SC904", "SC904"])
    assert run("--ignore", "SC904")[0] == 0
    assert run("--select", "SC1")[0] == 0


def test_a_baseline_hides_what_is_known_and_nothing_else(script: Path, project: Path, run: Run) -> None:
    break_script(script)
    code, out, _ = run("--write-baseline", "--baseline", "known.json")
    assert (code, (project / "known.json").exists()) == (0, True)
    assert "2 findings written to" in out
    assert run("--baseline", "known.json")[0] == 0
    script.write_text("# a line more\n" + script.read_text())
    assert run("--baseline", "known.json")[0] == 0
    script.write_text(script.read_text() + 'pd.read_csv("/opt/ml/input/data/new/rows.csv")\n')
    code, out, _ = run("--baseline", "known.json", "--output-format", "json")
    assert (code, codes(out)) == (1, ["SC103"])
    script.write_text(script.read_text().replace("data/other/rows", "data/train/rows"))
    assert "2 findings of known.json no longer occur" in run("--baseline", "known.json")[1]


def test_explain_says_what_a_rule_means(run: Run) -> None:
    code, out, _ = run("--explain", "sc103")
    assert code == 0
    assert out.startswith("SC103: ")
    assert len(out.splitlines()) > 3
    assert run("--explain", "SC904")[0] == 0


def test_the_version_of_what_is_not_installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert run("--version")[1] == "validate_contracts (run from its source folder)\n"


def test_version_and_statistics(script: Path, run: Run) -> None:
    assert run("--version")[1] == f"validate_contracts {metadata.version('names3risk')}\n"
    break_script(script)
    assert run("--statistics")[2].split() == ["1", "SC101", "1", "SC103"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py"], "nowhere.py: no such script or folder"),
        (["contracts"], "no contract has its entry point in this folder"),
        (["pyproject.toml"], "no contract has this entry point; known entry points: train.py"),
        (["--explain", "SC999"], "--explain: no rule 'SC999'"),
        (["--select", "XY"], "select: no rule 'XY'"),
        (["--ignore", "SC101,SC99"], "ignore: no rule 'SC99'"),
        (["--contract", "missing.json"], "no contract file missing.json"),
        (["--contract", "c2_no_such_module"], "cannot import the contracts of 'c2_no_such_module'"),
        (["--config", "missing.toml"], "missing.toml: cannot read the configuration"),
        (["--baseline", "missing.json"], "missing.json: cannot read the baseline"),
        (["--coverage-fail-under", "x"], "expected a percentage, found 'x'"),
        (["--coverage-fail-under", "-3"], "expected a percentage from 0 to 100"),
        (["--output-format", "xml"], "invalid choice: 'xml'"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["infer"], "the following arguments are required: script"),
        (["infer", "nowhere.py"], "nowhere.py: no such script"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_2(project: Path, run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_an_invalid_contract_is_exit_2_with_its_field(project: Path, run: Run) -> None:
    (project / "contracts" / "train.json").write_text('{"type": "training", "entry_point": "train.txt"}')
    code, out, err = run("--output-format", "json")
    assert code == 2
    assert "contracts/train.json: invalid contract: entry_point 'train.txt' must be a Python file" in err
    assert json.loads(out)["error"]["kind"] == "usage"


def test_a_contract_without_its_script_is_exit_2(script: Path, run: Run) -> None:
    script.unlink()
    code, _, err = run()
    assert code == 2
    assert "no script train.py for this contract; looked in " in err


def test_a_script_is_looked_for_beside_its_contract_and_in_the_working_folder(script: Path, run: Run) -> None:
    project = script.parents[2]
    (project / "pyproject.toml").write_text('[tool.validate_contracts]\ncontracts = ["contracts/*.json"]\n')
    code, _, err = run()
    assert (code, f"looked in {project / 'contracts'}, {project}" in err) == (2, True)
    for folder in ("contracts", "."):
        moved = project / folder / "train.py"
        moved.write_text(script.read_text())
        assert run()[0] == 0
        moved.unlink()


def test_a_script_outside_of_the_project_is_checked(
    script: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = script.rename(tmp_path_factory.mktemp("outside") / "train.py")
    assert run(str(outside))[0] == 0
    break_script(outside)
    assert run(str(outside))[0] == 1


def test_nothing_configured_is_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run()
    assert code == 2
    assert "no contracts to check: name one with --contract" in err


def test_two_contracts_for_one_script_need_a_binding(script: Path, project: Path, run: Run) -> None:
    other = json.loads((project / "contracts" / "train.json").read_text())
    other["optional_env_vars"] = {}
    (project / "contracts" / "other.json").write_text(json.dumps(other))
    code, _, err = run(str(script))
    assert code == 2
    assert "2 contracts have this entry point: contracts/other.json:train.py, contracts/train.json:train.py" in err
    binding = '[tool.validate_contracts.bindings]\n"jobs/fit/train.py" = "contracts/train.json:train.py"\n'
    settings = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(settings + binding)
    assert run(str(script))[0] == 0
    (project / "pyproject.toml").write_text(settings + binding.replace("fit/train.py", "fit/nowhere.py"))
    code, _, err = run(str(script))
    assert code == 2
    assert "jobs/fit/nowhere.py: no such script" in err


def test_a_defect_of_the_tool_is_exit_101_and_the_document_stays_valid(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("wires crossed")

    monkeypatch.setattr(check, "check_project", fail)
    code, out, err = run("--output-format", "sarif")
    assert code == 101
    assert "internal error: RuntimeError: wires crossed at test_command.py:" in err
    assert "Please report it" in err
    SarifLog.model_validate_json(out)
    code, out, _ = run("--output-format=json")
    assert json.loads(out)["error"]["kind"] == "internal"


def test_an_interrupt_ends_with_130(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "check_project", interrupt)
    assert run()[0] == 130


def test_a_source_that_cannot_be_analysed_fails(script: Path, run: Run) -> None:
    script.write_text("frame = (\n")
    code, out, _ = run("--output-format", "json")
    assert code == 1
    assert "SC903" in codes(out)


def test_results_are_kept_and_a_change_is_seen(script: Path, project: Path, run: Run) -> None:
    first = run("--output-format", "json")
    assert list((project / ".validate_contracts_cache").glob("*.json"))
    assert run("--output-format", "json") == first
    break_script(script)
    assert run()[0] == 1
    contract = project / "contracts" / "train.json"
    contract.write_text(contract.read_text().replace("data/train", "data/other"))
    assert run()[0] == 0


def test_without_cache_nothing_is_kept(project: Path, run: Run) -> None:
    assert run("--no-cache")[0] == 0
    assert not (project / ".validate_contracts_cache").exists()


def test_a_second_run_loads_neither_pydantic_nor_the_analyser(project: Path) -> None:
    code = (
        "import sys; from pipeline_script_contracts.cli import main; main([]); "
        "print([name for name in ('pydantic', 'yaml', 'pipeline_script_contracts.analysis.interpreter') "
        "if name in sys.modules])"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert "pydantic" in outputs[0]
    assert outputs[1] == "[]"


def test_output_into_a_closed_pipe_is_no_error(project: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pipeline_script_contracts.cli", "--output-format", "json"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_project_reached_through_a_link(
    script: Path, project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(project)
    monkeypatch.chdir(link)
    break_script(script)
    assert "jobs/fit/train.py:6:9: SC103" in run()[1].splitlines()[1]


def test_an_inference_script_is_checked_beside_the_training_script_of_its_folder(
    script: Path, project: Path, run: Run
) -> None:
    (project / "contracts" / "serve.json").write_text(
        json.dumps({"type": "inference", "entry_point": "serve.py", "expected_input_paths": {"model": "/opt/ml/model"}})
    )
    serve = script.with_name("serve.py")
    serve.write_text("import pandas as pd\ndef model_fn(model_dir):\n    return pd.read_csv(model_dir + '/rows.csv')\n")
    assert run()[0] == 0
    serve.write_text(serve.read_text().replace("rows.csv", "columns.csv"))
    assert codes(run("--output-format", "json")[1]) == ["SC601"]
    script.write_text(script.read_text().replace("model/rows.csv", "model/columns.csv"))
    assert run()[0] == 0, "the training script is part of what the result depends on"
    script.with_name("other.py").write_text(script.read_text())
    other = json.loads((project / "contracts" / "train.json").read_text())
    (project / "contracts" / "other.json").write_text(json.dumps({**other, "entry_point": "other.py"}))
    serve.write_text(serve.read_text().replace("columns.csv", "rows.csv"))
    assert run("jobs/fit/serve.py")[0] == 0, "with two training scripts it is not known which one is served"


def test_bindings_choose_the_scripts_of_a_contract(script: Path, project: Path, run: Run) -> None:
    target = project / "elsewhere" / "fit.py"
    target.parent.mkdir()
    target.write_text(script.read_text())
    script.unlink()
    binding = '[tool.validate_contracts.bindings]\n"elsewhere/fit.py" = "contracts/train.json:train.py"\n'
    (project / "pyproject.toml").write_text((project / "pyproject.toml").read_text() + binding)
    code, out, _ = run("--output-format", "json")
    assert code == 0
    assert [each["script"] for each in json.loads(out)["scripts"]] == ["elsewhere/fit.py"]


def test_a_changed_hyperparameter_model_is_seen(script: Path, project: Path, run: Run) -> None:
    contract = json.loads((project / "contracts" / "train.json").read_text())
    contract["hyperparameters"] = "library.Model"
    contract["expected_input_paths"]["config"] = "/opt/ml/input/config/hyperparameters.json"
    (project / "contracts" / "train.json").write_text(json.dumps(contract))
    library = project / "library" / "library.py"
    library.parent.mkdir()
    library.write_text("from pydantic import BaseModel\nclass Model(BaseModel):\n    epochs: int = 1\n")
    script.write_text(
        script.read_text() + "import json\nhp = json.load(open('/opt/ml/input/config/hyperparameters.json'))\n"
    )
    arguments = ("--source-root", "library", "--output-format", "json")
    assert codes(run(*arguments)[1]) == ["SC402"]
    script.write_text(script.read_text() + "print(hp['epochs'])\n")
    assert codes(run(*arguments)[1]) == []
    library.write_text(library.read_text() + "    rate: float = 0.1\n")
    assert codes(run(*arguments)[1]) == ["SC402"]


def test_requirements_are_read_beside_the_script_and_changes_are_seen(script: Path, run: Run) -> None:
    requirements = script.with_name("requirements.txt")
    requirements.write_text("numpy\n")
    assert codes(run("--output-format", "json")[1]) == ["SC501"]
    requirements.write_text("pandas\n")
    assert run()[0] == 0


def test_an_error_is_an_annotation_too(project: Path, run: Run) -> None:
    code, out, _ = run("nowhere.py", "--output-format", "github")
    assert (code, out) == (
        2,
        "::error title=validate_contracts::validate_contracts: nowhere.py: no such script or folder\n",
    )


def test_where_an_internal_error_happened_is_shown_on_request(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("wires crossed")

    monkeypatch.setattr(check, "check_project", fail)
    monkeypatch.setenv("VALIDATE_CONTRACTS_TRACEBACK", "1")
    assert "Traceback" in run()[2]


def test_a_job_that_is_given_the_model_is_checked_against_the_training_that_the_settings_name(
    script: Path, project: Path, run: Run
) -> None:
    folders = {"model": "/opt/ml/processing/input/model"}, {"report": "/opt/ml/processing/output"}
    fields = {"expected_input_paths": folders[0], "expected_output_paths": folders[1]}
    judge = project / "elsewhere" / "judge.py"
    judge.parent.mkdir()
    judge.write_text(
        "import pandas as pd\n"
        "rows = pd.read_csv('/opt/ml/processing/input/model/rows.csv')\n"
        "rows.to_csv('/opt/ml/processing/output/report.csv')\n"
    )
    (project / "contracts" / "judge.json").write_text(
        json.dumps({"type": "processing", "entry_point": "judge.py", **fields})
    )
    config = project / "pyproject.toml"
    config.write_text(config.read_text().replace('scripts = ["', 'scripts = ["elsewhere", "'))
    assert run()[0] == 0
    pair = '[tool.validate_contracts.trained_by]\n"contracts/judge.json:judge.py" = "contracts/train.json:train.py"\n'
    config.write_text(config.read_text() + "\n" + pair)
    assert run()[0] == 0
    judge.write_text(judge.read_text().replace("rows.csv", "columns.csv"))
    assert codes(run("--output-format", "json")[1]) == ["SC601"]
    config.write_text(config.read_text().replace('"contracts/train.json:train.py"', '"other"'))
    code, _, error = run()
    assert code == 2
    assert "trained_by] contracts/judge.json:judge.py: no contract 'other'; there are" in error
