"""The pages on XGBoost and calibration: their Python runs, and every hyperparameter is told."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from names3risk.boosting.hyperparameters import XGBoostHyperparameters

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["xgboost", "calibration"])
def test_the_python_of_the_page_runs(page, tmp_path):
    shutil.copy(ROOT / "src/names3risk/data/samples/synthetic.yaml", tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


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
