"""The flights are never part of the project: an invented package, in a folder instead of an index, stands in."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

from names3risk.errors import DataError, OutputError
from names3risk.sequences import flights
from names3risk.sequences.flights import MEMBER, load_flights, sample_entities
from names3risk.sequences.pypi_package import PypiPackage, fetch

ROWS = """year,month,day,dep_time,carrier,tailnum,origin,dest,hour,minute
2013,1,2,517,UA,N1,EWR,IAH,5,15
2013,1,1,533,UA,N1,LGA,ORD,5,29
2013,1,1,NA,AA,N2,JFK,MIA,6,0
2013,1,1,600,AA,NA,JFK,BOS,6,0
"""


def wheel(folder: Path, name: str = "invented") -> Path:
    """A wheel that pip can find in a folder."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder that pip looks into instead of an index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_package_is_fetched_once_and_verified(index, tmp_path, monkeypatch) -> None:
    made = wheel(index)
    package = PypiPackage("invented", "1.0", made.name, sha256(made))
    found = fetch(package, tmp_path / "cache")
    assert sha256(found) == package.sha256
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [made.name]
    made.unlink()
    assert fetch(package, tmp_path / "cache") == found
    found.write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"pip cannot fetch invented 1\.0: .*to mend it: check the network"):
        fetch(package, tmp_path / "cache")


def test_a_package_of_another_checksum_is_refused(index, tmp_path) -> None:
    made = wheel(index)
    with pytest.raises(DataError, match="pip cannot fetch invented"):
        fetch(PypiPackage("invented", "1.0", made.name, "0" * 64), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="set XDG_CACHE_HOME"):
        fetch(PypiPackage("invented", "1.0", "x.whl", "0" * 64), tmp_path / "file" / "cache")


def cached(folder: Path, monkeypatch: pytest.MonkeyPatch, member: str = MEMBER) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flights.csv", ROWS)
    path = folder / "flights.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(packed.getvalue())
        archive.addfile(info, io.BytesIO(packed.getvalue()))
    monkeypatch.setattr(flights, "PACKAGE", PypiPackage("invented", "1.0", path.name, sha256(path)))


def test_flights_that_took_place_by_a_known_aircraft(tmp_path, monkeypatch) -> None:
    cached(tmp_path, monkeypatch)
    found = load_flights(tmp_path)
    assert found.columns == ["tailnum", "dest", "time", "origin", "carrier"]
    assert found["dest"].to_list() == ["IAH", "ORD"]
    assert str(found["time"][0]) == "2013-01-02 05:15:00"


def test_a_package_without_the_flights_is_named(tmp_path, monkeypatch) -> None:
    cached(tmp_path, monkeypatch, "other.zip")
    with pytest.raises(DataError, match="the flights cannot be read"):
        load_flights(tmp_path)


def test_entities_are_drawn_whole_and_the_same_every_time() -> None:
    frame = pl.DataFrame({"who": [i % 10 for i in range(50)], "n": range(50)})
    found = sample_entities(frame, "who", 4, seed=0)
    assert found["who"].n_unique() == 4
    assert found.height == 20
    assert found.equals(sample_entities(frame, "who", 4, seed=0))
    assert sample_entities(frame, "who", 10, seed=0).equals(frame)


@pytest.mark.network
def test_the_real_package_holds_the_flights() -> None:
    try:
        found = load_flights()
    except DataError as error:
        pytest.skip(f"cannot be fetched here: {error}")
    assert found.height == 328_521
    assert found["tailnum"].n_unique() == 4037
