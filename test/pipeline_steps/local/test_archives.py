"""Packing and unpacking, with and without the guard that newer Pythons have."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest

from pipeline_steps.local import LocalRunError
from pipeline_steps.local.archives import pack, unpack


@pytest.fixture(params=["with the guard of newer Pythons", "without it"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without it":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
        original = tarfile.TarFile.extractall

        def older(self: tarfile.TarFile, path: Path, members: list[tarfile.TarInfo]) -> None:
            original(self, path, members, filter="fully_trusted")

        monkeypatch.setattr(tarfile.TarFile, "extractall", older)


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            member.size = 1 if member.isfile() else 0
            tar.addfile(member, io.BytesIO(b"x") if member.isfile() else None)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, target, mode
    return member


def test_what_is_packed_is_unpacked(tmp_path: Path, python: None) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "run.sh").write_text("two")
    (tmp_path / "run.sh").chmod(0o755)
    pack({"deep/ü b": tmp_path / "a", "run.sh": tmp_path / "run.sh"}, tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "ü b").read_text() == "one"
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o755


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("content")
        (tmp_path / name / "b").write_text("content")
    pack({"a": tmp_path / "one" / "a", "b": tmp_path / "one" / "b"}, tmp_path / "1.tar.gz")
    pack({"b": tmp_path / "two" / "b", "a": tmp_path / "two" / "a"}, tmp_path / "2.tar.gz")
    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()


@pytest.mark.parametrize(
    "member",
    [
        entry("../x"),
        entry("/x"),
        entry("a/../../x"),
        entry("l", tarfile.SYMTYPE, "/etc/passwd"),
        entry("l", tarfile.SYMTYPE, "a/../../x"),
        entry("l", tarfile.LNKTYPE, "../x"),
        entry("l", tarfile.LNKTYPE, "/etc/passwd"),
        entry("pipe", tarfile.FIFOTYPE),
        entry("device", tarfile.CHRTYPE),
    ],
    ids=lambda member: f"{member.name} {member.linkname}".strip(),
)
def test_what_leads_outside_is_refused_before_anything_is_written(
    tmp_path: Path, python: None, member: tarfile.TarInfo
) -> None:
    path = archive(tmp_path / "a.tar.gz", entry("good"), member)
    with pytest.raises(LocalRunError, match=member.name):
        unpack(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_links_inside_and_odd_rights(tmp_path: Path, python: None) -> None:
    members = [entry("deep/model", mode=0o6777), entry("deep/best", tarfile.SYMTYPE, "model")]
    unpack(archive(tmp_path / "a.tar.gz", *members), tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "best").read_text() == "x"
    assert (tmp_path / "out" / "deep" / "model").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8bbroken"])
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(LocalRunError, match="cannot be unpacked"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(random.Random(0).randbytes(100_000))
    pack({"noise": tmp_path / "noise"}, tmp_path / "a.tar.gz")
    damaged = bytearray((tmp_path / "a.tar.gz").read_bytes())
    damaged[50_000:50_100] = bytes(100)
    (tmp_path / "a.tar.gz").write_bytes(damaged)
    with pytest.raises(LocalRunError, match="cannot be unpacked"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out")


def test_a_truncated_archive_is_told(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", *[entry(f"file-{index}") for index in range(200)])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(LocalRunError, match="cannot be unpacked"):
        unpack(path, tmp_path / "out")
