"""What several processes share: rows to score, and files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
import torch

from names3risk.training.scoring import SharedScorer
from names3risk.training.team import Team, share_file
from names3risk.training.world import World


class Scorer:
    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        assert frame.height, "nothing can be predicted from no rows"
        return frame.select("id", score=pl.col("id") / 10)


class Alone(Team):
    """A process of several, on one machine or each on its own, that hears nothing but what the first has."""

    def __init__(self, rank: int, size: int, machines: int = 1, first_has: tuple[bytes, ...] = ()) -> None:
        super().__init__(World(), torch.device("cpu"))
        self.world = World(rank, size, rank % (size // machines), size // machines)
        self.machine, self.first_has = rank * machines // size, list(first_has)

    def first_s(self, content: bytes) -> bytes:
        return self.first_has.pop(0) if self.first_has else content


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 11])
def test_shares_together_hold_each_row_once_in_order(rows: int) -> None:
    frame = pl.DataFrame({"id": range(rows)})
    shares = [SharedScorer(Scorer(), Alone(rank, 3)).predict(frame) for rank in range(3)]
    assert pl.concat(shares).equals(Scorer().predict(frame))
    assert max(share.height for share in shares) - min(share.height for share in shares) <= 1


@pytest.mark.parametrize(("before", "content"), [(b"stale", b"new"), (None, b"new"), (b"stale", b""), (b"new", b"new")])
def test_a_file_becomes_what_it_is_on_the_first_machine(tmp_path: Path, before: bytes | None, content: bytes) -> None:
    path = tmp_path / "last.ckpt"
    if before is not None:
        path.write_bytes(before)
    digest = sha256(content).digest() if content else bytes(32)
    share_file(Alone(1, 2, machines=2, first_has=(digest, content)), path)
    assert path.is_file() == bool(content)
    assert not content or path.read_bytes() == content
    assert [found.name for found in tmp_path.iterdir()] == ["last.ckpt"][: bool(content)]
