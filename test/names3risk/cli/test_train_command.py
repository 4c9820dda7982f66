"""`names3risk train`: in several processes, and going on with an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from names3risk import api
from names3risk.cli.app import app
from names3risk.training.job import TrainingResult


@pytest.mark.parametrize(("rank", "printed"), [(0, "model: m\nresults: d\n"), (1, "")])
def test_the_first_process_alone_tells_of_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: int, printed: str
) -> None:
    monkeypatch.setattr(api, "train", lambda config, resume: TrainingResult(Path("m"), Path("d"), {}, 1))
    variables = {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"}
    done = CliRunner().invoke(app, ["train", str(tmp_path / "train.yaml")], env=variables)
    assert done.exit_code == 0, done.output
    assert done.output.endswith(printed) if printed else done.output == ""


@pytest.mark.parametrize(
    ("written", "words", "wanted"), [("", [], False), ("resume: true", [], True), ("", ["--resume"], True)]
)
def test_resume_on_the_command_line_or_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, words: list[str], wanted: bool
) -> None:
    asked = []

    def job(resume: bool, **_: object) -> TrainingResult:
        asked.append(resume)
        return TrainingResult(tmp_path, tmp_path, {}, 1)

    monkeypatch.setattr("names3risk.training.job.run_training_job", job)
    (tmp_path / "splits" / "train").mkdir(parents=True)
    values = f"data: splits\noutput: out\nhyperparameters: {{model_class: lstm2risk}}\n{written}\n"
    (tmp_path / "train.yaml").write_text(values)
    done = CliRunner().invoke(app, ["train", str(tmp_path / "train.yaml"), *words])
    assert done.exit_code == 0, done.output
    assert asked == [wanted]
