"""What the page on serving shows is true."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from names3risk.cli.app import app
from names3risk.evaluation.calibration import METHODS, Calibration
from names3risk.serving.content import MEDIA_TYPES
from names3risk.serving.handlers import CALIBRATED_SCORE, LEGACY_SCORE, SCORE_PERCENTILE

PAGE = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")


def test_the_calibration_on_the_page_is_one():
    response, calibration = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert Calibration.model_validate_json(calibration).method == "platt"
    assert all(f"`{method}`" in PAGE for method in METHODS)
    (row,) = json.loads(response)["predictions"]
    assert list(row)[1:] == [LEGACY_SCORE, CALIBRATED_SCORE, SCORE_PERCENTILE]


def test_the_fields_and_media_types_are_those_that_exist():
    assert re.findall(r"^\| `([a-z]+-[a-z]+)` \|", PAGE, re.MULTILINE) == [
        LEGACY_SCORE,
        CALIBRATED_SCORE,
        SCORE_PERCENTILE,
    ]
    rows = "\n".join(re.findall(r"^\| `[a-z]+/.*$", PAGE, re.MULTILINE))
    assert re.findall(r"`([a-z]+/[a-z-]+)`", rows) == list(MEDIA_TYPES)


def test_the_options_on_the_page_exist():
    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    for option in ("--backend", "--threads", "--max-body-mb", "--port"):
        assert option in PAGE
        assert option in shown
