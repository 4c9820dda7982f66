"""The pages on XGBoost and calibration: their Python runs, and every hyperparameter is told."""

import re
import shutil
from pathlib import Path

import pytest

import names3risk
from names3risk.boosting.hyperparameters import XGBoostHyperparameters

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["xgboost", "calibration"])
def test_the_python_of_the_page_runs(page, tmp_path, monkeypatch):
    shutil.copy(ROOT / "src/names3risk/data/samples/synthetic.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, f"{page}.md", "exec"), names)
    assert names["result"]
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        Path("train.yaml").write_text(block)
        assert names3risk.train("train.yaml").evaluations == names["result"].evaluations


def test_every_hyperparameter_is_on_the_page():
    text = (ROOT / "docs" / "xgboost.md").read_text(encoding="utf-8")
    absent = [name for name in XGBoostHyperparameters.model_fields if f"`{name}`" not in text]
    assert not absent
    unnamed = [name for name in XGBoostHyperparameters.ALIASES if f"`{name}`" not in text]
    assert not unnamed


@pytest.mark.parametrize("page", ["xgboost", "calibration"])
def test_links_lead_somewhere(page):
    path = ROOT / "docs" / f"{page}.md"
    for target in re.findall(r"\]\(([\w./-]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
