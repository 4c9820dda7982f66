"""Model archives: unpacked where they may be, refused where a member leads outside."""

import io
import tarfile

import pytest

from names3risk.artifacts import extract_model, model_folder
from names3risk.errors import ArtifactError


def pack(path, *members):
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, str):
                info = tarfile.TarInfo(member)
                info.size = 4
                tar.addfile(info, io.BytesIO(b"data"))
            else:
                tar.addfile(member)
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_an_archive_is_unpacked_for_the_time_of_the_block(tmp_path):
    archive = pack(tmp_path / "model.tar.gz", "model.onnx", "./deep/er.txt")
    with model_folder(archive) as folder:
        assert (folder / "model.onnx").read_text() == "data"
        assert (folder / "deep" / "er.txt").read_text() == "data"
    assert not folder.exists()


def test_a_folder_with_an_archive_and_a_folder_of_files_are_both_models(tmp_path):
    pack(tmp_path / "model.tar.gz", "model.onnx")
    with model_folder(tmp_path) as folder:
        assert [path.name for path in folder.iterdir()] == ["model.onnx"]
    plain = tmp_path / "plain"
    plain.mkdir()
    with model_folder(plain) as folder:
        assert folder == plain
    assert plain.exists()


@pytest.mark.parametrize(
    "member",
    [
        "/etc/passwd",
        "../outside.txt",
        "deep/../../outside.txt",
        link("link", "/etc/passwd"),
        link("link", "model.onnx", tarfile.LNKTYPE),
        link("pipe", "", tarfile.FIFOTYPE),
        link("device", "", tarfile.CHRTYPE),
    ],
    ids=["absolute", "parent", "hidden parent", "symbolic link", "hard link", "pipe", "device"],
)
def test_a_member_that_leads_outside_is_refused_before_anything_is_written(tmp_path, member):
    archive = pack(tmp_path / "model.tar.gz", "model.onnx", member)
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(ArtifactError, match="member"):
        extract_model(archive, target)
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz", "target"]


def test_a_truncated_archive_is_named(tmp_path):
    archive = pack(tmp_path / "model.tar.gz", *[f"file{i}" for i in range(50)])
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(ArtifactError, match=r"model\.tar\.gz: cannot be unpacked"), model_folder(archive):
        pass


def test_what_is_no_archive_is_named(tmp_path):
    (tmp_path / "model.tar.gz").write_text("not an archive")
    with pytest.raises(ArtifactError, match="cannot be unpacked"), model_folder(tmp_path):
        pass
    with pytest.raises(ArtifactError, match="no such model"), model_folder(tmp_path / "nowhere"):
        pass
