"""How container scripts read flags, and how an error ends them."""

import pytest

from names3risk.container import container_job, one_message, parse_flag
from names3risk.errors import ConfigError, DataError


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("True", True), (" FALSE ", False), ("false", False)])
def test_flags_are_true_or_false_in_any_case(value, expected):
    assert parse_flag("USE_IT", value) is expected


@pytest.mark.parametrize("value", ["", "1", "yes"])
def test_anything_else_is_named(value):
    with pytest.raises(ConfigError, match=r"USE_IT: is '.*'; expected true or false"):
        parse_flag("USE_IT", value)


def end(error, failure_file=None):
    with one_message(failure_file):
        raise error


def test_an_expected_error_ends_the_script_with_its_message(tmp_path):
    failure = tmp_path / "output" / "failure"
    with pytest.raises(SystemExit) as ended:
        end(DataError("no rows", where="a.csv"), failure)
    assert ended.value.code == "error: a.csv: no rows"
    assert failure.read_text() == "a.csv: no rows"


def test_a_defect_keeps_its_traceback_and_is_told_in_the_failure_file(tmp_path):
    for error, text in ((KeyError("name"), "'name'"), (MemoryError(), "MemoryError")):
        with pytest.raises(type(error)):
            end(error, tmp_path / "failure")
        assert (tmp_path / "failure").read_text() == text


def test_the_first_error_is_told_where_the_failure_file_cannot_be_written(tmp_path):
    (tmp_path / "output").write_text("a file in the way")
    with pytest.raises(SystemExit) as ended:
        end(DataError("no rows"), tmp_path / "output" / "failure")
    assert ended.value.code == "error: no rows"


def test_success_writes_no_failure_file(tmp_path):
    with one_message(tmp_path / "failure"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_job_is_given_its_root_and_tells_why_it_failed_below_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    with container_job("output/failure") as base_dir:
        assert base_dir == tmp_path
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SystemExit), container_job("output/failure"):
        raise DataError("no rows")
    assert (tmp_path / "output" / "failure").read_text() == "no rows"
    monkeypatch.delenv("SAGEMAKER_BASE_DIR")
    with container_job() as base_dir:
        assert str(base_dir) == "/opt/ml"
