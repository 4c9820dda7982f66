"""One script checked against one contract, from the cache where nothing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cache import Cache, finding_from_dict
from ..findings import Finding
from .catalogue import Catalogue
from .plan import Job

if TYPE_CHECKING:
    from ..analysis import Analysis, Session


@dataclass(frozen=True)
class Check:
    """The outcome of one job.

    Attributes:
        script: The script.
        contract: The contract's name.
        kind: The contract's class.
        findings: All findings, the proven clauses too.
        coverage: The share of I/O calls that could be followed, from 0 to 1.
        files: The local files that were followed.
    """

    script: Path
    contract: str
    kind: str
    findings: tuple[Finding, ...]
    coverage: float
    files: tuple[str, ...]


class Analyses:
    """The analyses of one run: a training script is looked at once, for itself and for those that serve its model."""

    def __init__(self) -> None:
        self._done: dict[tuple[Path, ...], Analysis] = {}
        self._session: Session | None = None

    def of(self, script: Path, roots: Sequence[Path]) -> Analysis:
        """Gives the facts about a script."""
        from ..analysis import Session, analyse

        key = (script, *roots)
        if key not in self._done:
            self._session = self._session or Session()
            self._done[key] = analyse(script, source_roots=roots, session=self._session)
        return self._done[key]


def check_job(
    job: Job,
    catalogue: Catalogue,
    cache: Cache,
    *,
    source_roots: Sequence[Path] | None = None,
    coverage_fail_under: float | None = None,
    training: Path | None = None,
    analyses: Analyses | None = None,
) -> Check:
    """Checks one script.

    Args:
        job: The script and its contract.
        catalogue: Where the contract is.
        cache: Where results are kept between runs.
        source_roots: Folders that local packages are imported from; None looks for `src` folders above the script.
        coverage_fail_under: Least share of I/O calls that could be followed, in percent.
        training: The training script whose artefacts this one serves, where there is one.
        analyses: What the run has analysed so far.

    Returns:
        The outcome.
    """
    roots = _default_roots(job.script) if source_roots is None else list(source_roots)
    threshold = None if coverage_fail_under is None else coverage_fail_under / 100
    names = [str(path) for path in (job.script, training, *roots)]
    key = ("check", names, job.record.kind, job.record.digest, threshold)
    value = cache.get(*key)
    if value is None:
        value, files = _analyse(job, catalogue, roots, threshold, training, analyses or Analyses())
        cache.put(*key, value=value, files=files, folders=[job.script.parent, *roots])
    return Check(
        script=job.script,
        contract=job.record.name,
        kind=job.record.kind,
        findings=tuple(finding_from_dict(each) for each in value["findings"]),
        coverage=value["coverage"],
        files=tuple(value["files"]),
    )


def _analyse(
    job: Job,
    catalogue: Catalogue,
    roots: list[Path],
    threshold: float | None,
    training: Path | None,
    analyses: Analyses,
) -> tuple[dict[str, Any], list[Path]]:
    from ..rules import Context, check

    contract = catalogue.contract(job.record)
    beside = job.script.parent / "requirements.txt"
    requirements = beside if beside.is_file() else None
    analysis = analyses.of(job.script, roots)
    served = analyses.of(training, roots) if training is not None else None
    findings = check(contract, analysis, requirements=requirements, coverage_fail_under=threshold, training=served)
    followed = sorted({job.script, *analysis.local_modules})
    value = {
        "findings": [finding.to_dict() for finding in findings],
        "coverage": Context(contract, analysis, requirements).coverage,
        "files": [str(path) for path in followed],
    }
    files = [*followed, *(served.local_modules if served else ()), *_model_files(contract.hyperparameters, job, roots)]
    files += [path for path in (requirements, training) if path is not None]
    return value, files + [Path(finding.filename) for finding in findings]


def _model_files(reference: str | None, job: Job, roots: Sequence[Path]) -> list[Path]:
    """Gives the sources beside and above the hyperparameter model, whose classes it may inherit from."""
    if not reference:
        return []
    package = reference.replace(":", ".").split(".")[0]
    files: list[Path] = []
    for root in (job.script.parent, *roots):
        files += [path for path in (root / f"{package}.py",) if path.is_file()]
        files += (root / package).rglob("*.py")
    return files


def _default_roots(script: Path) -> list[Path]:
    from ..validator import default_source_roots

    return default_source_roots(script)
