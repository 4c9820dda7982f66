"""What the page on data shows is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import yaml

from names3risk.data import samples
from names3risk.data.fields import FieldSelection
from names3risk.data.schema import ColumnSchema

PAGE = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")


def test_the_schema_on_the_page_is_one_and_shows_every_role():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    schema = ColumnSchema.parse(yaml.safe_load(text))
    assert set(yaml.safe_load(text)) == set(ColumnSchema.model_fields)
    sample = ColumnSchema.load(samples.SYNTHETIC_SCHEMA)
    assert (schema.label, schema.filters, schema.split) == (sample.label, sample.filters, sample.split)
    assert schema.text_source_fields == sample.text_source_fields


def test_the_field_rules_on_the_page_are_those_that_exist():
    texts = re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.M)
    rules = [FieldSelection.model_validate(yaml.safe_load(text)) for text in texts]
    assert [next(iter(rule.model_dump(exclude_none=True))) for rule in rules] == list(FieldSelection.model_fields)
    assert "`{files: [na.txt, eu.txt, fe.txt]}`" in PAGE


def test_the_commands_on_the_page_run(tmp_path):
    (line,) = re.findall(r"^    (names3risk data synthetic .*)$", PAGE, re.M)
    arguments = line.replace("1000000", "50").replace("orders.parquet", str(tmp_path / "orders.parquet")).split()[1:]
    subprocess.run([sys.executable, "-c", "from names3risk.cli import main; main()", *arguments], check=True)
    assert pl.read_parquet(tmp_path / "orders.parquet").select(pl.col("^feature_.*$")).shape == (50, 200)
