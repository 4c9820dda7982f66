"""Which of several processes tells of an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from names3risk.container import one_message
from names3risk.errors import DataError
from names3risk.training.telling import LOST, has_been_told, is_first_to_tell, is_of_a_lost_process

GLOO = RuntimeError("[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer")


def variables(folder: Path, rank: int) -> dict[str, str]:
    return {"TORCHELASTIC_ERROR_FILE": str(folder / str(rank) / "error.json"), "WORLD_SIZE": "2"}


def test_the_first_process_of_a_machine_tells_and_a_process_of_its_own_always(tmp_path: Path) -> None:
    assert not has_been_told(variables(tmp_path, 0))
    assert is_first_to_tell(variables(tmp_path, 1))
    assert not is_first_to_tell(variables(tmp_path, 0))
    assert has_been_told(variables(tmp_path, 0))
    for _ in range(2):
        assert is_first_to_tell({})
        assert is_first_to_tell({"TORCHELASTIC_ERROR_FILE": "/dev/null"})


def test_a_lost_connection_is_told_from_other_errors() -> None:
    assert is_of_a_lost_process(GLOO, {"WORLD_SIZE": "2"})
    assert not is_of_a_lost_process(GLOO, {})
    assert is_of_a_lost_process(RuntimeError("ncclRemoteError: A call failed possibly"), {"WORLD_SIZE": "2"})
    assert not is_of_a_lost_process(RuntimeError("NCCL error: duplicate GPU detected"), {"WORLD_SIZE": "2"})
    assert not is_of_a_lost_process(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), {"WORLD_SIZE": "2"})
    assert not is_of_a_lost_process(ValueError("Broken pipe"), {"WORLD_SIZE": "2"})


@pytest.mark.parametrize("first", ["data", "connection"])
def test_what_is_told_is_the_error_not_the_connection_that_broke_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    failure = tmp_path / "failure"
    errors = {"data": DataError("no rows"), "connection": GLOO}
    codes = {}
    for rank, name in enumerate(sorted(errors, key=lambda name: name != first)):
        for key, value in variables(tmp_path, rank).items():
            monkeypatch.setenv(key, value)
        with pytest.raises(SystemExit) as ended, one_message(failure):
            raise errors[name]
        codes[name] = ended.value.code
        if name == first == "connection":
            assert failure.read_text() == LOST
    assert codes == {"data": "error: no rows", "connection": 1}
    assert failure.read_text() == "no rows"
