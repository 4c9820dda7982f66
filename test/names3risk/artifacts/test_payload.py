"""Sample requests: of the split's shape, and nobody's values."""

import json
import tarfile

import names3risk_samples as samples
import polars as pl
import pytest

from names3risk.artifacts.payload import run_payload_job, synthetic_rows
from names3risk.data.splits import load_split
from names3risk.errors import ConfigError, DataError
from names3risk.serving.content import read_body

COLUMNS = [
    "objectId",
    "emailAddress",
    "billingAddressName",
    "customerName",
    "amount",
    "ageInDays",
    "itemCount",
    "paymentMethod",
]


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    rare = samples.orders(400).with_columns(
        paymentMethod=pl.when(pl.int_range(400) == 7).then(pl.lit("Anna's card")).otherwise("paymentMethod")
    )
    return samples.write_splits(tmp_path_factory.mktemp("orders"), rare) / "train"


def test_requests_are_read_by_the_handlers(split, tmp_path):
    types = ("text/csv", "application/json", "application/jsonlines")
    names = run_payload_job(split_dir=split, output_dir=tmp_path, content_types=types, requests=2, rows_per_request=3)
    assert len(names) == 6
    bodies = {name: (tmp_path / name).read_text() for name in names}
    for content_type, suffix in zip(types, ("csv", "json", "jsonl"), strict=True):
        rows = [read_body(bodies[f"payload_{index}.{suffix}"], content_type) for index in range(2)]
        assert [len(each) for each in rows] == [3, 3]
        assert [list(row) for row in rows[0]] == [COLUMNS] * 3
        assert [row["objectId"] for row in rows[1]] == ["sample-3", "sample-4", "sample-5"]
    with tarfile.open(tmp_path / "payload.tar.gz") as tar:
        assert {member.name: tar.extractfile(member).read().decode() for member in tar} == bodies


def test_no_text_and_no_rare_value_of_the_split_is_in_a_request(split):
    real = load_split(split)
    rows = synthetic_rows(real, 300)
    for name in ("emailAddress", "billingAddressName", "customerName", "objectId"):
        assert not set(rows[name]) & set(real.frame[name])
    assert rows["emailAddress"].str.ends_with(".example").all()
    assert set(rows["paymentMethod"]) == {"card", "wallet", "invoice"}
    for name in ("amount", "ageInDays"):
        low, high = (real.frame[name].quantile(level) for level in (0.04, 0.96))
        assert rows[name].is_between(low, high).all()
    assert (rows["itemCount"] == rows["itemCount"].round()).all()
    assert rows["amount"].n_unique() > 200


def test_the_same_seed_gives_the_same_bytes(split, tmp_path):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        run_payload_job(split_dir=split, output_dir=tmp_path / name, requests=1, seed=seed)
    one, two, three = ((tmp_path / name / "payload.tar.gz").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three
    row = json.loads((tmp_path / "one" / "payload_0.json").read_text())[0]
    assert isinstance(row["amount"], float)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"content_types": ("text/html",)}, "unknown content type 'text/html'"),
        ({"requests": 0}, "requests is 0; expected 1 or more"),
        ({"rows_per_request": -1}, "rows_per_request is -1"),
    ],
)
def test_wrong_settings_are_named(split, tmp_path, settings, message):
    with pytest.raises(ConfigError, match=message):
        run_payload_job(split_dir=split, output_dir=tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_split_is_named(tmp_path):
    with pytest.raises(DataError, match=r"there is no schema\.json"):
        run_payload_job(split_dir=tmp_path, output_dir=tmp_path / "out")
