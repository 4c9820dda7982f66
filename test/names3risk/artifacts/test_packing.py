"""Packing: one archive of model, calibration and inference code, the same bytes for the same files, nothing else."""

import os
import tarfile
import time

import pytest

from names3risk.artifacts.archive import extract_model
from names3risk.artifacts.packing import pack, run_packaging_job
from names3risk.errors import ArtifactError, ConfigError
from names3risk.evaluation.calibration import Calibration


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"network")
    (folder / "tokenizer" / "vocab.json").write_text("{}")
    (folder / ".staging").write_text("unfinished")
    return folder


@pytest.fixture
def calibration(tmp_path):
    (tmp_path / "calibration").mkdir()
    Calibration.fit([0, 1, 0, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3], [0.1, 0.9]], "platt").save(
        tmp_path / "calibration"
    )
    return tmp_path / "calibration"


@pytest.fixture
def code(tmp_path):
    folder = tmp_path / "code"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "inference.pyc").write_bytes(b"")
    (folder / "inference.py").write_text("serve")
    (folder / "train.py").write_text("train")
    return folder


def members(archive):
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


def test_an_archive_holds_model_calibration_and_code(model, calibration, code, tmp_path):
    names = run_packaging_job(
        model_dir=model,
        output_dir=tmp_path / "out",
        calibration_dir=calibration,
        code_dir=code,
        code_files=["inference*.py"],
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.tar.gz"]
    contents = members(tmp_path / "out" / "model.tar.gz")
    assert names == list(contents) == ["calibration.json", "code/inference.py", "model.onnx", "tokenizer/vocab.json"]
    assert contents["model.onnx"] == b"network"
    assert contents["calibration.json"] == (calibration / "calibration.json").read_bytes()


def test_the_same_files_give_the_same_bytes_whenever_and_however_they_came(model, tmp_path):
    run_packaging_job(model_dir=model, output_dir=tmp_path / "one")
    first = (tmp_path / "one" / "model.tar.gz").read_bytes()
    later = time.time() + 5000
    for path in model.rglob("*"):
        os.utime(path, (later, later))
        path.chmod(0o700)
    run_packaging_job(model_dir=model, output_dir=tmp_path / "two")
    assert (tmp_path / "two" / "model.tar.gz").read_bytes() == first
    (tmp_path / "three").mkdir()
    extract_model(tmp_path / "one" / "model.tar.gz", tmp_path / "three")
    run_packaging_job(model_dir=tmp_path / "three", output_dir=tmp_path / "four")
    assert (tmp_path / "four" / "model.tar.gz").read_bytes() == first


def test_a_packed_model_can_be_packed_again_with_other_parts(model, calibration, code, tmp_path):
    run_packaging_job(model_dir=model, output_dir=tmp_path / "one", code_dir=code)
    (code / "inference.py").write_text("serve better")
    run_packaging_job(
        model_dir=tmp_path / "one",
        output_dir=tmp_path / "two",
        calibration_dir=calibration,
        code_dir=code,
        code_files=["inference.py"],
    )
    contents = members(tmp_path / "two" / "model.tar.gz")
    assert contents["code/inference.py"] == b"serve better"
    assert "code/train.py" not in contents
    assert "calibration.json" in contents


@pytest.mark.parametrize("name", ["link", "tokenizer/link"])
def test_a_link_in_the_model_is_refused(model, tmp_path, name):
    (model / name).symlink_to("/etc/passwd")
    with pytest.raises(ArtifactError, match="link: is a link or a device"):
        run_packaging_job(model_dir=model, output_dir=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_hostile_archive_is_refused(tmp_path):
    (tmp_path / "model").mkdir()
    with tarfile.open(tmp_path / "model" / "model.tar.gz", "w:gz") as tar:
        tar.add(__file__, arcname="../escaped.py")
    with pytest.raises(ArtifactError, match="leads outside"):
        run_packaging_job(model_dir=tmp_path / "model", output_dir=tmp_path / "out")


def test_a_broken_calibration_is_not_packed(model, calibration, tmp_path):
    (calibration / "calibration.json").write_text('{"method": "platt"}')
    with pytest.raises(ArtifactError, match=r"calibration\.json: not a calibration"):
        run_packaging_job(model_dir=model, output_dir=tmp_path / "out", calibration_dir=calibration)


def test_a_pattern_that_fits_no_file_is_named(model, code, tmp_path):
    with pytest.raises(ConfigError, match=r"fits 'inference_xgb\.py'"):
        run_packaging_job(
            model_dir=model, output_dir=tmp_path / "out", code_dir=code, code_files=["*.py", "inference_xgb.py"]
        )


def test_an_empty_model_folder_is_named(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(ArtifactError, match="the model folder is empty"):
        run_packaging_job(model_dir=tmp_path / "model", output_dir=tmp_path / "out")


def test_a_failure_leaves_the_earlier_archive(model, tmp_path, monkeypatch):
    run_packaging_job(model_dir=model, output_dir=tmp_path)
    earlier = (tmp_path / "model.tar.gz").read_bytes()

    def full(contents, archive):
        pack({name: contents[name] for name in list(contents)[:1]}, archive)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("names3risk.artifacts.packing.pack", full)
    with pytest.raises(Exception, match="No space left"):
        run_packaging_job(model_dir=model, output_dir=tmp_path)
    assert (tmp_path / "model.tar.gz").read_bytes() == earlier
    assert not list(tmp_path.glob(".model*"))
