"""The contract that a script's behaviour implies."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipeline_script_contracts import (
    InferenceScriptContract,
    ProcessingScriptContract,
    ScriptContract,
    TrainingScriptContract,
)
from pipeline_script_contracts.analysis import analyse
from pipeline_script_contracts.findings import Verdict
from pipeline_script_contracts.infer import infer_contract
from pipeline_script_contracts.rules import check

Run = Callable[..., tuple[int, str, str]]
CORPUS = Path(__file__).parents[1] / "corpus"
CLASSES: dict[str, type[ScriptContract]] = {
    "training": TrainingScriptContract,
    "processing": ProcessingScriptContract,
    "inference": InferenceScriptContract,
}

SCRIPT = """\
import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from unseen import publish

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--name", required=True)
parser.add_argument("--fast", action="store_true")
parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
args = parser.parse_args()
mode, limit = os.environ["MODE"], int(os.environ.get("LIMIT", "10"))
hyperparameters = json.loads(Path("/opt/ml/input/config/hyperparameters.json").read_text())
frame = pd.read_csv(os.path.join(args.train, "rows.csv"), nrows=limit)
frame.to_csv("/tmp/copy.csv")
joblib.dump(frame.mean() * float(hyperparameters["rate"]), "/opt/ml/model/mean.joblib")
frame.to_parquet(f"/opt/ml/output/data/{args.name}/{mode}.parquet")
publish("/opt/ml/model")
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "my-train.py"
    path.write_text(SCRIPT)
    (tmp_path / "requirements.txt").write_text(
        "pandas==2.1.4\n--index-url x\njoblib>=1  # open\nlightning[extra]==2.1\n"
    )
    monkeypatch.chdir(tmp_path)
    return path


FIELDS = {
    "entry_point": "my-train.py",
    "expected_input_paths": {
        "config": "/opt/ml/input/config/hyperparameters.json",
        "train": "/opt/ml/input/data/train",
    },
    "expected_output_paths": {"model_output": "/opt/ml/model", "data_output": "/opt/ml/output/data"},
    "expected_arguments": {"epochs": 3, "name": None, "fast": False},
    "required_env_vars": ["MODE"],
    "optional_env_vars": {"LIMIT": "10"},
    "framework_requirements": {"pandas": "==2.1.4", "lightning": "==2.1"},
}


def test_every_clause_comes_from_what_the_script_does(written: Path, run: Run) -> None:
    code, out, _ = run("infer", "my-train.py", "--format", "json")
    assert (code, json.loads(out)) == (0, {"type": "training", **FIELDS})


def test_as_python_it_is_a_module_that_can_be_imported(written: Path, run: Run) -> None:
    code, out, _ = run("infer", "my-train.py", "--name", "MINE")
    namespace: dict[str, ScriptContract] = {}
    exec(out, namespace)
    assert code == 0
    assert namespace["MINE"] == TrainingScriptContract(**FIELDS)  # type: ignore[arg-type]
    assert "MY_TRAIN_CONTRACT = TrainingScriptContract(" in run("infer", "my-train.py")[1]


def test_as_yaml_with_remarks_on_what_a_person_should_decide(written: Path, run: Run) -> None:
    out = run("infer", "my-train.py", "--format", "yaml")[1]
    assert yaml.safe_load(out) == {"type": "training", **FIELDS}
    assert "# To decide: line 22: /opt/ml/model is given to unseen.publish, which cannot be seen" in out
    assert "# To decide: hyperparameters in use: rate; declare them in a pydantic model and name it" in out


def test_the_kind_is_judged_from_paths_and_handlers_or_told(tmp_path: Path) -> None:
    script = tmp_path / "inference.py"
    script.write_text("import joblib\ndef model_fn(model_dir):\n    return joblib.load(model_dir + '/m.joblib')\n")
    draft = infer_contract(analyse(script))
    assert (draft.kind, draft.fields["expected_input_paths"]) == ("inference", {"model": "/opt/ml/model"})
    script.write_text(
        "import pandas as pd\npd.read_csv('/opt/ml/processing/x/a.csv').to_csv('/opt/ml/processing/y/a.csv')\n"
    )
    draft = infer_contract(analyse(script))
    assert draft.kind == "processing"
    assert draft.fields["expected_input_paths"] == {"x": "/opt/ml/processing/x"}
    assert infer_contract(analyse(script), "training").kind == "training"
    script.write_text("print('nothing')\n")
    assert infer_contract(analyse(script)).fields == {"entry_point": "inference.py"}


def test_folders_of_the_same_name_get_names_of_their_own(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import shutil\n"
        "shutil.copytree('/opt/ml/processing/in/train', '/opt/ml/processing/out/train')\n"
        "open('/opt/ml/processing/2024-01/a.txt').read()\n"
        "open('/opt/ml/processing/out/train/b.txt').read()\n"
    )
    fields = infer_contract(analyse(script)).fields
    assert fields["expected_input_paths"] == {
        "_2024_01": "/opt/ml/processing/2024-01",
        "train": "/opt/ml/processing/in/train",
    }
    assert fields["expected_output_paths"] == {"out_train": "/opt/ml/processing/out/train"}
    ProcessingScriptContract(**fields)


def test_what_no_contract_of_the_kind_allows_is_a_remark(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import shutil\n"
        "shutil.copy('/opt/ml/input/data/train/a.csv', '/opt/ml/models/a.csv')\n"
        "open('/srv/words.txt').read()\n"
    )
    draft = infer_contract(analyse(script))
    assert "expected_output_paths" not in draft.fields
    assert draft.remarks == (
        "/opt/ml/models is written, which training contracts do not allow",
        "/srv is read, which training contracts do not allow",
    )


@pytest.mark.parametrize(
    ("kind", "options"), [("training", {"fit"}), ("inference", set())], ids=["training", "inference"]
)
def test_the_side_of_a_script_that_does_not_run_is_left_out(tmp_path: Path, kind: str, options: set[str]) -> None:
    script = tmp_path / "both.py"
    script.write_text(
        "import argparse, joblib\n"
        "def model_fn(model_dir):\n"
        "    return joblib.load(model_dir + '/m.joblib')\n"
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--fit', default='x')\n"
        "    joblib.dump(parser.parse_args().fit, '/opt/ml/model/m.joblib')\n"
    )
    fields = infer_contract(analyse(script), kind).fields
    assert set(fields.get("expected_arguments", {})) == options
    assert ("expected_output_paths" in fields) == (kind == "training")
    CLASSES[kind](**fields)


def drafted(tmp_path: Path, source: str) -> tuple[str, dict[str, object], tuple[str, ...]]:
    script = tmp_path / "run.py"
    script.write_text(source)
    draft = infer_contract(analyse(script))
    return draft.kind, draft.fields, draft.remarks


def test_an_archive_unpacked_where_it_lies_makes_no_output_of_an_input(tmp_path: Path) -> None:
    _, fields, remarks = drafted(
        tmp_path,
        "import tarfile\n"
        "folder = '/opt/ml/processing/model'\n"
        "with tarfile.open(folder + '/model.tar.gz') as archive:\n"
        "    archive.extractall(folder)\n"
        "open('/opt/ml/processing/report/a.json', 'w').write('{}')\n",
    )
    assert fields["expected_input_paths"] == {"model": "/opt/ml/processing/model"}
    assert fields["expected_output_paths"] == {"report": "/opt/ml/processing/report"}
    assert remarks == ("/opt/ml/processing/model is an input, and an archive is unpacked into it",)


def test_channels_handed_to_code_that_is_not_here_are_inputs(tmp_path: Path) -> None:
    _, fields, remarks = drafted(
        tmp_path,
        "import os\n"
        "from unseen import load, save\n"
        "rows = load(os.environ['SM_CHANNEL_ROWS'], '/opt/ml/input/data/words/words.txt')\n"
        "save(rows, os.environ['SM_MODEL_DIR'])\n"
        "save(rows, os.environ['SM_MODEL_DIR'])\n",
    )
    assert fields["expected_input_paths"] == {
        "rows": "/opt/ml/input/data/rows",
        "words": "/opt/ml/input/data/words",
    }
    assert fields["expected_output_paths"] == {"model_output": "/opt/ml/model"}
    assert sum("unseen.save" in remark for remark in remarks) == 1


def test_a_table_that_is_read_and_written_by_its_folder(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path,
        "import pandas as pd\n"
        "rows = pd.read_parquet('/opt/ml/processing/input/rows')\n"
        "rows.to_parquet('/opt/ml/processing/output/kept')\n",
    )
    assert fields["expected_input_paths"] == {"rows": "/opt/ml/processing/input/rows"}
    assert fields["expected_output_paths"] == {"kept": "/opt/ml/processing/output/kept"}


def test_a_channel_is_a_folder_also_where_it_is_read_as_a_whole(tmp_path: Path) -> None:
    _, fields, _ = drafted(tmp_path, "import pandas as pd\npd.read_parquet('/opt/ml/input/data/train')\n")
    assert fields["expected_input_paths"] == {"train": "/opt/ml/input/data/train"}


def test_a_folder_above_the_channels_that_is_only_listed_is_no_input(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path,
        "import os\nprint(os.listdir('/opt/ml/input/data'))\nopen('/opt/ml/input/data/rows/rows.csv').read()\n",
    )
    assert fields["expected_input_paths"] == {"rows": "/opt/ml/input/data/rows"}


def test_the_folder_of_all_channels_may_be_walked(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path,
        "import os\nprint(list(os.walk('/opt/ml/input/data')))\nopen('/opt/ml/input/data/rows/rows.csv').read()\n",
    )
    assert fields["expected_input_paths"] == {"rows": "/opt/ml/input/data/rows"}


def test_a_channel_that_is_only_asked_for_is_told(tmp_path: Path) -> None:
    _, fields, remarks = drafted(
        tmp_path,
        "import os\n"
        "rows = os.environ['SM_CHANNEL_ROWS']\n"
        "open(rows + '/rows.csv').read()\n"
        "print(os.environ['SM_CHANNEL_WORDS'].upper())\n"
        "open(os.environ['SM_MODEL_DIR'] + '/m', 'w').write('')\n",
    )
    assert fields["expected_input_paths"] == {"rows": "/opt/ml/input/data/rows"}
    assert [remark for remark in remarks if "SM_CHANNEL" in remark] == [
        "SM_CHANNEL_WORDS is asked for, and nothing is seen to be read there; declare what is needed"
    ]


def test_what_lies_beside_the_source_is_not_in_the_container(tmp_path: Path) -> None:
    kind, fields, remarks = drafted(
        tmp_path,
        "import json, os\n"
        "from pathlib import Path\n"
        "job = json.load(open('/opt/ml/config/processingjobconfig.json'))\n"
        "root = Path('/opt/ml/processing/in') if job else Path(__file__).parent.parent / 'data'\n"
        "(root / 'rows.csv').read_text()\n",
    )
    assert (kind, fields["expected_input_paths"], remarks) == ("processing", {"in": "/opt/ml/processing/in"}, ())


def test_a_variable_that_must_not_be_empty_is_required(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path,
        "import os\n"
        "key, note = os.environ.get('KEY', ''), os.environ.get('NOTE', '')\n"
        "if not key:\n"
        "    raise SystemExit('set KEY')\n",
    )
    assert (fields["required_env_vars"], fields["optional_env_vars"]) == (["KEY"], {"NOTE": ""})


def test_what_a_shell_copies_lies_in_a_folder_with_a_name(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path, "import os\nos.system('cp -r /opt/ml/processing/raw/* /opt/ml/processing/kept/')\n"
    )
    assert fields["expected_input_paths"] == {"raw": "/opt/ml/processing/raw"}
    assert fields["expected_output_paths"] == {"kept": "/opt/ml/processing/kept"}


def test_arguments_keep_the_order_of_the_script(tmp_path: Path) -> None:
    _, fields, _ = drafted(
        tmp_path,
        "import click\n"
        "@click.command()\n"
        "@click.option('--rows', default=3)\n"
        "@click.option('--deep', default=5)\n"
        "def main(rows, deep):\n"
        "    print(rows, deep)\n"
        "main()\n",
    )
    assert list(fields["expected_arguments"].items()) == [("rows", 3), ("deep", 5)]


@pytest.mark.parametrize(
    ("use", "required"),
    [
        ("if not key:\n    raise SystemExit('set KEY')", True),
        ("if key is None:\n    raise SystemExit('set KEY')", True),
        ("if key is not None:\n    print(key)\nelse:\n    raise SystemExit('set KEY')", True),
        ("assert key, 'set KEY'", True),
        ("try:\n    assert key\nexcept AssertionError:\n    print('no KEY')", False),
        ("def use():\n    if not key:\n        raise ValueError\ntry:\n    use()\nexcept ValueError:\n    pass", False),
        ("def use():\n    if not key:\n        raise ValueError\ntry:\n    use()\nexcept ValueError:\n    raise", True),
        ("if key is None:\n    print('no KEY')", False),
        ("if key:\n    raise SystemExit('KEY is not for here')", False),
        ("print(key == '1')", False),
    ],
)
def test_a_variable_without_default_is_required_where_the_script_says_so(
    tmp_path: Path, use: str, required: bool
) -> None:
    _, fields, _ = drafted(tmp_path, f"import os\nkey = os.environ.get('KEY')\n{use}\n")
    assert fields.get("required_env_vars", []) == (["KEY"] if required else [])
    assert fields.get("optional_env_vars", {}) == ({} if required else {"KEY": ""})


def sources(page: Path) -> list[dict[str, str]]:
    """Gives the programs of a page of the corpus, each as its files."""
    text = page.read_text(encoding="utf-8")
    block = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [dict(block.findall(case)) for case in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


_WRONG_ANYWAY = ("SC105", "SC304", "SC403", "SC601")  # SC304: the script's own default does not fit its type


@pytest.mark.parametrize("page", sorted(CORPUS.glob("*.md")), ids=lambda page: page.stem)
def test_a_script_keeps_the_contract_that_was_drafted_from_it(page: Path, tmp_path: Path) -> None:
    """Except where the script is wrong whatever the contract says, and where a remark tells what cannot be declared."""
    for number, files in enumerate(sources(page)):
        folder = tmp_path / str(number)
        for name, source in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(source, encoding="utf-8")
        if not files:
            continue
        analysis = analyse(folder / next(iter(files)), source_roots=[folder])
        draft = infer_contract(analysis)
        findings = check(CLASSES[draft.kind](**draft.fields), analysis, ignore=_WRONG_ANYWAY)
        violated = [each for each in findings if each.verdict is Verdict.VIOLATED]
        told = any("contracts do not allow" in remark for remark in draft.remarks)
        assert told or not violated, violated


def test_names_that_contracts_do_not_allow_are_left_out_and_told(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse, os\n"
        "rows = os.environ.get('rows-v1.csv')\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--job-type', default='all')\n"
        "parser.add_argument('--job_type', default='all')\n"
        "parser.add_argument('--job.size', default='1')\n"
        "parser.parse_args()\n"
    )
    draft = infer_contract(analyse(script))
    assert TrainingScriptContract(**draft.fields).expected_arguments == {"job-type": "all"}
    assert draft.remarks == (
        "argument 'job_type' differs from 'job-type' only by hyphen and underscore, which contracts do not allow",
        "argument 'job.size' has an odd name, which contracts do not allow",
        "environment variable 'rows-v1.csv' is read, a name which contracts do not allow",
    )
