from __future__ import annotations

import polars as pl
import pytest

from names3risk.data import preprocessing
from names3risk.data.preparation import prepare, split
from names3risk.data.preprocessing import preprocess
from names3risk.data.reading import write_table
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import SPLIT_NAMES, load_split
from names3risk.errors import ConfigError, DataError, OutputError

REGIONS = {"US": "NA", "DE": "EU", "GB": "EU", "FR": "EU", "JP": "FE"}


def written(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("format_", ["csv", "tsv", "parquet"])
def test_folders_hold_what_the_rules_give_for_the_whole_table(orders, schema, tmp_path, format_):
    write_table(orders, tmp_path / f"raw.{format_}")
    counts = preprocess(tmp_path / f"raw.{format_}", schema, tmp_path / "out")
    expected = split(prepare(orders, schema), schema)
    assert counts == {name: part.height for name, part in expected.items()}
    for name, part in expected.items():
        loaded = load_split(tmp_path / "out" / name)
        assert loaded.frame.equals(part)
        assert loaded.format == format_
        assert loaded.schema == schema.prepared()


def test_batches_of_any_size_give_the_same(schema, orders, tmp_path, monkeypatch):
    rows = pl.concat([orders.with_columns(objectId=pl.col("objectId") + str(n)) for n in range(600)])
    write_table(rows.with_columns(customerId="objectId"), tmp_path / "raw.parquet")
    preprocess(tmp_path / "raw.parquet", schema, tmp_path / "a")
    monkeypatch.setattr(preprocessing, "_CELLS_PER_BATCH", 1)
    seen = []
    preprocess(tmp_path / "raw.parquet", schema, tmp_path / "b", on_progress=seen.append)
    assert len(seen) > 3
    assert seen[-1] == rows.height
    for name in SPLIT_NAMES:
        assert load_split(tmp_path / "a" / name).frame.equals(load_split(tmp_path / "b" / name).frame)


def test_columns_without_a_role_are_never_read(schema, orders, tmp_path):
    path = tmp_path / "raw.parquet"
    secret = orders.with_columns(secret=pl.lit("only this column holds these words " * 3))
    secret.write_parquet(path, compression="uncompressed")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"only this column", b"\xff\xfe\xff\xfe this column"))
    assert preprocess(path, schema, tmp_path / "out")["train"] == 3


def test_regions_are_put_together_with_a_region_column(roles, orders, tmp_path):
    schema = ColumnSchema.parse({**roles, "region_name": "region"})
    region = pl.col("marketplaceCountryCode").replace_strict(REGIONS)
    for name in ("NA", "EU", "FE"):
        part = orders.filter(region == name)
        (tmp_path / "raw" / name).mkdir(parents=True)
        part.select(sorted(part.columns, reverse=name == "EU")).write_csv(tmp_path / "raw" / name / "part-0.csv")
    preprocess(tmp_path / "raw", schema, tmp_path / "out")
    frame = pl.concat(load_split(tmp_path / "out" / name).frame for name in SPLIT_NAMES)
    regions = {"o2": "EU", "o3": "NA", "o5": "EU", "o7": "EU", "o8": "NA"}
    assert dict(frame.select("objectId", "region").rows()) == regions
    # The first row of a customer is found over all regions.
    assert frame["customerId"].is_unique().all()

    preprocess(tmp_path / "raw", schema, tmp_path / "na", job_type="testing", region="na")
    assert load_split(tmp_path / "na" / "test").frame["region"].unique().to_list() == ["NA"]
    with pytest.raises(DataError, match="no row is left"):
        preprocess(tmp_path / "raw", schema, tmp_path / "no", region="XX")


def test_a_region_column_of_the_data_is_kept(roles, orders, tmp_path):
    schema = ColumnSchema.parse({**roles, "region_name": "area"})
    orders.with_columns(area=pl.lit("one")).write_csv(tmp_path / "NA.csv")
    preprocess(tmp_path / "NA.csv", schema, tmp_path / "out")
    assert load_split(tmp_path / "out" / "train").frame["area"].unique().to_list() == ["one"]


def test_a_region_needs_a_region_column(schema, roles, orders, tmp_path):
    orders.write_csv(tmp_path / "raw.csv")
    named = ColumnSchema.parse({**roles, "region_name": "area"})
    for region in ("", "NA"):
        with pytest.raises(DataError, match="missing column 'area'"):
            preprocess(tmp_path / "raw.csv", named, tmp_path / "out", region=region)
    with pytest.raises(ConfigError, match="region_name"):
        preprocess(tmp_path / "raw.csv", schema, tmp_path / "out", region="NA")


def test_a_rule_takes_the_fields_that_all_files_have(roles, orders, tmp_path):
    schema = ColumnSchema.parse({**roles, "tab_field_list": {"pattern": "amount|visits|only_.*"}})
    raw = tmp_path / "raw"
    raw.mkdir()
    orders.head(4).with_columns(only_na=pl.lit("1")).write_csv(raw / "NA.csv")
    orders.tail(4).with_columns(only_eu=pl.lit("1")).write_csv(raw / "EU.csv")
    preprocess(raw, schema, tmp_path / "out")
    assert load_split(tmp_path / "out" / "test").schema.tab_fields == ("amount", "visits")


@pytest.mark.parametrize(
    ("job_type", "folder"), [("validation", "val"), ("testing", "test"), ("calibration", "calibration")]
)
def test_other_jobs_write_one_folder_of_all_rows(schema, orders, tmp_path, job_type, folder):
    orders.write_csv(tmp_path / "raw.csv")
    assert preprocess(tmp_path / "raw.csv", schema, tmp_path / "out", job_type=job_type) == {folder: 5}
    assert [path.name for path in (tmp_path / "out").iterdir()] == [folder]
    assert load_split(tmp_path / "out" / folder).frame.equals(prepare(orders, schema))


class TestNothingIsHalfWritten:
    @pytest.fixture
    def earlier(self, schema, orders, tmp_path):
        orders.write_csv(tmp_path / "good.csv")
        preprocess(tmp_path / "good.csv", schema, tmp_path / "out")
        return {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    def test_a_bad_value_late_in_the_file_is_told_by_its_row(self, schema, orders, tmp_path, earlier, monkeypatch):
        monkeypatch.setattr(preprocessing, "_CELLS_PER_BATCH", 1)
        many = [orders.with_columns(objectId=pl.col("objectId") + str(n)) for n in range(500)]
        last = orders.with_columns(amount=pl.when(pl.col("objectId") == "o8").then(pl.lit("lots")).otherwise("amount"))
        nobody = pl.lit(None, dtype=pl.String)
        pl.concat([*many, last]).with_columns(customerId=nobody).write_csv(tmp_path / "bad.csv")
        with pytest.raises(DataError, match=r"bad\.csv: column 'amount' holds 'lots' in row 4008; expected a number"):
            preprocess(tmp_path / "bad.csv", schema, tmp_path / "out")
        assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == earlier
        assert written(tmp_path / "out") == sorted(
            name for split in SPLIT_NAMES for name in (split, f"{split}/data.csv", f"{split}/schema.json")
        )

    def test_an_output_that_is_a_file(self, schema, orders, tmp_path):
        orders.write_csv(tmp_path / "raw.csv")
        with pytest.raises(OutputError, match=r"raw\.csv: cannot write"):
            preprocess(tmp_path / "raw.csv", schema, tmp_path / "raw.csv")


def test_training_needs_a_label(schema, orders, tmp_path):
    orders.write_csv(tmp_path / "raw.csv")
    with pytest.raises(ConfigError, match="label"):
        preprocess(tmp_path / "raw.csv", schema.without_label(), tmp_path / "out")
