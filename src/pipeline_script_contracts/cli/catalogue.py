"""The contracts of a project: what is known of each without loading it, and the contract itself when it is needed.

Loading contracts means importing them, and pydantic with them. A run whose results are all cached does neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache import Cache
from ..loading import FILE_SUFFIXES, LoadedContract, contract_files, is_file_reference, load_contracts

if TYPE_CHECKING:
    from ..contract import ScriptContract


@dataclass(frozen=True)
class Record:
    """What is known of a contract without loading it."""

    name: str
    source: str
    kind: str
    entry_point: str
    digest: str

    @property
    def folder(self) -> str:
        """The folder of the file that declares the contract; empty for a module."""
        return Path(self.source).parent.as_posix() if self.source.endswith(FILE_SUFFIXES) else ""


class Catalogue:
    """The contracts that references name.

    Args:
        references: As `load_contracts` takes them.
        root: The project's folder.
        import_roots: More folders that modules may be imported from.
        cache: Where records are kept between runs.
    """

    def __init__(self, references: Sequence[str], root: Path, import_roots: Sequence[Path], cache: Cache) -> None:
        self._references, self._root, self._import_roots = tuple(references), root, tuple(import_roots)
        self._loaded: dict[tuple[str, str], LoadedContract] | None = None
        key = ("contracts", self._references, str(root), [str(each) for each in import_roots])
        cached = cache.get(*key)
        if cached is not None:
            self.records = [Record(**each) for each in cached]
            return
        loaded, files = self._load()
        self.records = [_record(each) for each in loaded.values()]
        folders = {path.parent for reference in references for path in self._files_of(reference)}
        cache.put(*key, value=[asdict(each) for each in self.records], files=files, folders=folders)

    def contract(self, record: Record) -> ScriptContract:
        """Gives the contract of a record, loading all of them if need be."""
        loaded = self._loaded if self._loaded is not None else self._load()[0]
        return loaded[record.source, record.name].contract

    def _load(self) -> tuple[dict[tuple[str, str], LoadedContract], tuple[Path, ...]]:
        result = load_contracts(self._references, self._root, self._import_roots)
        self._loaded = {(each.source, each.name): each for each in result.contracts}
        return self._loaded, result.files

    def _files_of(self, reference: str) -> list[Path]:
        return contract_files(reference, self._root) if is_file_reference(reference) else []


def _record(loaded: LoadedContract) -> Record:
    contract = loaded.contract
    content = json.dumps([type(contract).__name__, contract.model_dump(mode="json")], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:32]
    return Record(loaded.name, loaded.source, type(contract).__name__, contract.entry_point, digest)
