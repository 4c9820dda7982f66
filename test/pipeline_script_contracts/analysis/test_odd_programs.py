"""Small programs that do odd things: shell lines, validators, launchers, names made up as they are asked for."""

from pathlib import Path

from analysis_samples import facts

from pipeline_script_contracts import ScriptContract


def test_shell_lines_change_folder_redirect_and_end(tmp_path: Path) -> None:
    source = (
        "import subprocess\n"
        "subprocess.run('cd /batch; cat rows.csv > /out/copy.csv; ls', shell=True)\n"
        "subprocess.run(['cp', 'a.txt', '/out/b.txt'], cwd='/folder')\n"
        "subprocess.run(['bash', '-c', 'sort < /in/names.txt | head /in/more.txt'])\n"
        "open('rows.csv')\n"
    )
    found = facts(tmp_path, source)
    assert {"/batch/rows.csv", "/folder/a.txt", "/in/names.txt", "rows.csv"} <= {str(use.path) for use in found.reads}
    assert {"/out/copy.csv", "/out/b.txt"} <= {str(use.path) for use in found.writes}


def test_arguments_declared_in_the_dark_leave_the_list_open(tmp_path: Path) -> None:
    dark = (
        "import argparse, json\np = argparse.ArgumentParser()\n"
        "for n in json.load(open('x')):\n    p.add_argument(n)\np.parse_args()",
        "import fire\nfire.Fire()",
        "import fire\ndef f(*args):\n    pass\nfire.Fire(f)",
        "from absl import flags\nimport sys\nflags.DEFINE_string(sys.argv[1], None, '')",
        "from transformers import HfArgumentParser, TrainingArguments\n"
        "HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()",
        "import acme\nacme.parser(1).parse_args()",
        "import os\nos.environ['SM_USER_ARGS']",
    )
    for source in dark:
        assert facts(tmp_path, source).arguments_open, source


def test_validators_that_only_check_run_once_and_others_each_time(tmp_path: Path) -> None:
    source = (
        "from pydantic import BaseModel, model_validator\n"
        "class Base(BaseModel):\n"
        "    size: int = 1\n"
        "    path: str = ''\n"
        "    @model_validator(mode='after')\n"
        "    def check(self):\n"
        "        if self.size < 0 or str(self.path).startswith('x'):\n"
        "            raise ValueError(f'{self.size}')\n"
        "        return self._more()\n"
        "    def _more(self):\n"
        "        return self\n"
        "class Loud(Base):\n"
        "    def _more(self):\n"
        "        open(f'/checked/{self.path}')\n"
        "        return super()._more()\n"
        "    @model_validator(mode='after')\n"
        "    def fill(self):\n"
        "        self.path = '/filled/' + self.path\n"
        "        return self\n"
        "for name in ('a', 'b'):\n"
        "    Base(path=name)\n"
        "    open(Loud(path=name).path)\n"
    )
    reads = {str(use.path) for use in facts(tmp_path, source).reads}
    assert {"/filled/a", "/filled/b", "/checked/b"} <= {path.replace(("/filled//filled"), "/filled") for path in reads}


def test_a_script_that_runs_itself_under_a_launcher_does_nothing_new(tmp_path: Path) -> None:
    launch = (
        "import os, subprocess, sys\n"
        "def command(script):\n"
        "    return [sys.executable, *('-m', 'torch.distributed.run'), '--nnodes', '2', *script]\n"
        "if 'RANK' not in os.environ:\n"
        "    sys.exit(subprocess.run(command({}), check=False).returncode)\n"
        "open('/data')\n"
    )
    again = facts(tmp_path, launch.format("sys.argv"))
    assert not again.unresolved
    assert not again.arguments_open
    assert facts(tmp_path, launch.format("[*sys.argv, 'other.py']")).unresolved


def test_a_module_may_make_up_its_names(tmp_path: Path) -> None:
    lazy = "def __getattr__(name):\n    return '/lazy/' + name\n"
    found = facts(tmp_path, "import lazy\nopen(lazy.path)", lazy=lazy)
    assert {str(use.path) for use in found.reads} == {"/lazy/path"}


def test_a_module_from_a_folder_that_the_script_adds_knows_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "tool.py").write_text("import os\nopen(os.path.dirname(__file__) + '/rows.csv')\n")
    (tmp_path / "jobs").mkdir()
    source = "import sys\nsys.path.append('../common')\nimport tool\n"
    assert {str(use.path) for use in facts(tmp_path / "jobs", source).reads} == {"/opt/ml/code/rows.csv"}


def test_only_what_a_distribution_ships_brings_its_own_requirements(tmp_path: Path) -> None:
    texts = {
        "jobs/main.py": "import sys\nsys.path.append('../common')\nimport kit\nimport tool\n",
        "jobs/requirements.txt": "kit==1.0\n",
        "one/other.py": "",
        "two/kit.py": "import scipy\n",
        "common/tool.py": "import sklearn\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    script = tmp_path / "jobs" / "main.py"
    contract = ScriptContract(entry_point="main.py")
    result = contract.validate_implementation(script, source_roots=[tmp_path / "one", tmp_path / "two"])
    assert [finding.subject for finding in result.findings if finding.code == "SC501"] == ["sklearn"]
