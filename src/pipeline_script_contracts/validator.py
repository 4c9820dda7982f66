"""Checks scripts against contracts: the two entry points of the Python interface."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .findings import ValidationReport, ValidationResult

if TYPE_CHECKING:
    from .analysis import Session
    from .contract import ScriptContract


class ScriptContractValidator:
    """Checks the scripts of one folder against the contracts that name them as entry point.

    Args:
        scripts_dir: The folder of the scripts.
        contracts: The contracts to look among; by default those of this package.
        source_roots: Folders that local packages are imported from, beside the script's own folder.
    """

    def __init__(
        self,
        scripts_dir: str | Path,
        contracts: Iterable[ScriptContract] | None = None,
        *,
        source_roots: Iterable[str | Path] | None = None,
    ) -> None:
        from . import ALL_CONTRACTS

        self.scripts_dir = Path(scripts_dir)
        self.contracts = tuple(ALL_CONTRACTS if contracts is None else contracts)
        self.source_roots = None if source_roots is None else tuple(source_roots)
        self._session: Session | None = None

    def validate_script(self, name: str, contract: ScriptContract | None = None) -> ValidationReport:
        """Checks one script.

        Args:
            name: The script's file, relative to the folder.
            contract: The contract to check; by default the one whose entry point is `name`.

        Returns:
            The report.

        Raises:
            FileNotFoundError: There is no such script.
            LookupError: No contract, or more than one, has this entry point.
        """
        script = self.scripts_dir / name
        if not script.is_file():
            raise FileNotFoundError(f"no script {script}; name a file below {self.scripts_dir}")
        from .analysis import Session

        chosen = contract or self._contract_for(name)
        self._session = self._session or Session()  # what the scripts share is followed once
        result = validate(chosen, script, source_roots=self.source_roots, session=self._session)
        return ValidationReport(name, type(chosen).__name__, result)

    def _contract_for(self, name: str) -> ScriptContract:
        matches = [contract for contract in self.contracts if contract.entry_point == name]
        if len(matches) == 1:
            return matches[0]
        known = ", ".join(sorted({contract.entry_point for contract in self.contracts}))
        if not matches:
            raise LookupError(f"no contract has the entry point {name!r}; there are contracts for: {known}")
        raise LookupError(
            f"{len(matches)} contracts have the entry point {name!r}; pass the one to check as `contract`"
        )


def validate(
    contract: ScriptContract,
    script: Path,
    *,
    source_roots: Iterable[str | Path] | None = None,
    requirements: str | Path | None = None,
    session: Session | None = None,
) -> ValidationResult:
    """Analyses a script and checks a contract against what it does.

    Args:
        contract: The contract.
        script: The script's file.
        source_roots: Folders that local packages are imported from; by default the `src` folders of the script's
            parents.
        requirements: The requirements file; by default `requirements.txt` beside the script, if there is one.
        session: What scripts checked before share with this one.

    Returns:
        The findings, summed up.

    Raises:
        FileNotFoundError: There is no such script.
    """
    from .analysis import analyse
    from .rules import check

    if not script.is_file():
        raise FileNotFoundError(f"no script {script}")
    roots = default_source_roots(script) if source_roots is None else [Path(root) for root in source_roots]
    beside = script.parent / "requirements.txt"
    chosen = Path(requirements) if requirements is not None else beside if beside.is_file() else None
    analysis = analyse(script, source_roots=roots, session=session)
    return ValidationResult.from_findings(check(contract, analysis, requirements=chosen))


def default_source_roots(script: Path) -> list[Path]:
    """Gives where a script's packages lie: the folder of the package that it belongs to, and `src` folders.

    The `src` folders are those beside the script and its parents, nearest first, up to the project's root.
    """
    packages = [folder for folder in script.resolve().parents if (folder / "__init__.py").exists()]
    roots = [packages[-1].parent] if packages and packages[0] == script.resolve().parent else []
    for folder in script.resolve().parents:
        if (folder / "src").is_dir():
            roots.append(folder / "src")
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            break
    return roots
