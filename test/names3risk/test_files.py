"""Staged folders: complete, or as they were."""

import pytest

from names3risk.errors import OutputError
from names3risk.files import staged


def test_files_and_folders_move_in_together(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old").write_text("old")
    (tmp_path / "model").write_text("old")
    (tmp_path / "kept").write_text("kept")
    with staged(tmp_path) as stage:
        (stage / "model").write_text("new")
        (stage / "logs").mkdir()
        (stage / "logs" / "new").write_text("new")
        assert (tmp_path / "model").read_text() == "old"
    found = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"model": "new", "logs/new": "new", "kept": "kept"}


def test_a_failure_leaves_earlier_outputs_as_they_were(tmp_path):
    (tmp_path / "model").write_text("old")

    def work():
        with staged(tmp_path) as stage:
            (stage / "model").write_text("half")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"model": "old"}


def test_an_unwritable_folder_is_named_before_any_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(OutputError, match=r"file.*cannot write.*a folder that you may write to"),
        staged(tmp_path / "file" / "model"),
    ):
        pytest.fail("the block must not run")
