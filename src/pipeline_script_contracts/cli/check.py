"""The checking command: plan, check, silence, compare with the baseline, report."""

from __future__ import annotations

import fnmatch
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..baseline import apply_baseline, relative_name, write_baseline
from ..cache import Cache
from ..findings import Finding, Verdict
from ..reporters import Report, render
from ..settings import Settings, UsageError
from .catalogue import Catalogue
from .checking import Analyses, Check, check_job
from .options import Options, build_parser, check_codes, gather
from .plan import plan, training_script

_ALWAYS_FAIL = ("SC903",)  # a source that cannot be analysed proves nothing
_BASELINE = ".validate_contracts_baseline.json"


@dataclass(frozen=True)
class Outcome:
    """What a run came to: the report, the checks behind it and the settings that judge them."""

    report: Report
    checks: tuple[Check, ...]
    settings: Settings

    @property
    def failed(self) -> bool:
        """True when a finding counts against the run."""
        return any(self.fails(finding) for finding in self.report.findings)

    def fails(self, finding: Finding) -> bool:
        """Tells whether a finding counts against the run."""
        if finding.verdict is Verdict.PROVEN or self.settings.rules.get(finding.code) == "warning":
            return False
        return finding.verdict is Verdict.VIOLATED or self.settings.strict or finding.code in _ALWAYS_FAIL

    def by_script(self) -> dict[str, list[Finding]]:
        """Gives the reported findings by script; those on comments go to the file that the comment is in."""
        found: dict[str, list[Finding]] = {}
        left = dict.fromkeys(self.report.findings)
        for check in self.checks:
            own = set(check.findings)
            mine = [finding for finding in self.report.findings if finding in own]
            found.setdefault(str(check.script), []).extend(dict.fromkeys(mine))
            for finding in mine:
                left.pop(finding, None)
        for finding in left:
            found.setdefault(finding.filename, []).append(finding)
        return found


def run_check(argv: Sequence[str]) -> int:
    """Runs the checking command.

    Args:
        argv: The arguments.

    Returns:
        0 when nothing is wrong, 1 when something is.

    Raises:
        UsageError: The usage is wrong or a contract is invalid.
    """
    arguments = build_parser().parse_args(argv)
    if arguments.version:
        print(f"validate_contracts {_version()}")
        return 0
    if arguments.explain is not None:
        from .explain import explain

        print(explain(arguments.explain))
        return 0
    options = gather(arguments, Path.cwd())
    outcome = check_project(options, Path.cwd())
    print(render(outcome.report, options.settings.output_format), end="")
    if options.statistics:
        counts = Counter(finding.code for finding in outcome.report.shown)
        print("".join(f"{count:6} {code}\n" for code, count in sorted(counts.items())), end="", file=sys.stderr)
    return 1 if outcome.failed else 0


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("names3risk")
    except PackageNotFoundError:
        return "(run from its source folder)"


def check_project(options: Options, cwd: Path) -> Outcome:
    """Checks what the options name.

    Args:
        options: What to check and how.
        cwd: The folder that targets are relative to.

    Returns:
        The report and whether it fails.

    Raises:
        UsageError: The usage is wrong or a contract is invalid.
    """
    settings = options.settings
    _check_settings(settings)
    checks = run_jobs(options, cwd)
    kept, complaints, silenced = _silence(checks, options)
    findings = [each for check in checks for each in _counted(check, settings) if each in kept]
    findings += [each for each in complaints if _is_selected(each.code, settings)]
    notes = [f"{silenced} findings silenced by comments"] if silenced else []
    findings, baseline_notes = _compare(findings, options)
    report = Report(
        findings=tuple(findings),
        root=cwd,
        scripts=[
            {"script": str(each.script), "contract": each.contract, "kind": each.kind, "coverage": each.coverage}
            for each in checks
        ],
        notes=notes + baseline_notes,
        strict=settings.strict,
        warnings=[code for code, severity in settings.rules.items() if severity == "warning"],
    )
    return Outcome(report, tuple(checks), settings)


def run_jobs(options: Options, cwd: Path) -> list[Check]:
    """Checks every script of the run against its contract.

    Raises:
        UsageError: There is nothing to check, or a script or contract cannot be used.
    """
    settings = options.settings
    references = options.contracts or settings.contracts
    if not references:
        raise UsageError(
            "no contracts to check: name one with --contract, or list them under [tool.validate_contracts] contracts "
            f"in pyproject.toml (looked in {cwd} and above)"
        )
    cache = Cache(settings.root / settings.cache_dir if settings.cache_dir else None)
    roots = None if settings.source_roots is None else [settings.root / each for each in settings.source_roots]
    catalogue = Catalogue(references, cwd if options.contracts else settings.root, roots or [], cache)
    jobs = plan(catalogue.records, settings, options.targets, bool(options.contracts), cwd)
    analyses = Analyses()
    return [
        check_job(
            job,
            catalogue,
            cache,
            source_roots=roots,
            coverage_fail_under=settings.coverage_fail_under,
            training=training_script(job, catalogue.records, settings, cwd),
            analyses=analyses,
        )
        for job in jobs
    ]


def _check_settings(settings: Settings) -> None:
    named = {"select": settings.select, "ignore": settings.ignore, "rules": tuple(settings.rules)}
    named |= {f"per_script_ignores {pattern}": codes for pattern, codes in settings.per_script_ignores.items()}
    for where, codes in named.items():
        if codes:
            check_codes(codes, _known_codes(), where)


def _known_codes() -> tuple[str, ...]:
    from ..rule_texts import rule_texts

    return tuple(rule_texts())


def _counted(check: Check, settings: Settings) -> list[Finding]:
    """Gives the findings of a check that the settings select."""
    script = relative_name(str(check.script), settings.root)
    ignored = [
        code
        for pattern, codes in settings.per_script_ignores.items()
        if fnmatch.fnmatch(script, pattern)
        for code in codes
    ]
    return [
        each
        for each in check.findings
        if _is_selected(each.code, settings) and not each.code.startswith(tuple(ignored))
    ]


def _is_selected(code: str, settings: Settings) -> bool:
    chosen = not settings.select or code.startswith(settings.select)
    return chosen and not code.startswith(settings.ignore) and settings.rules.get(code) != "off"


def _silence(checks: Sequence[Check], options: Options) -> tuple[set[Finding], list[Finding], int]:
    """Gives the findings that no comment silences, what is wrong with comments, and how many findings are silenced."""
    from ..suppressions import CODE, apply_suppressions

    findings = [each for check in checks for each in check.findings]
    files = {name for check in checks for name in check.files}
    own = {str(check.script) for check in checks}
    narrowed = bool(options.targets or options.contracts)
    kept, silenced = apply_suppressions(findings, files, _known_codes, own if narrowed else None)
    return set(kept), [each for each in kept if each.code == CODE], silenced


def _compare(findings: list[Finding], options: Options) -> tuple[list[Finding], list[str]]:
    settings = options.settings
    path = settings.root / (settings.baseline or _BASELINE)
    proven = [each for each in findings if each.verdict is Verdict.PROVEN]
    counting = [each for each in findings if each.verdict is not Verdict.PROVEN]
    if options.write_baseline:
        write_baseline(path, counting, settings.root)
        return proven, [f"{len(counting)} findings written to {relative_name(str(path))}"]
    if not settings.baseline:
        return findings, []
    fresh, known, gone = apply_baseline(path, counting, settings.root)
    notes = [f"{known} findings known from {path.name}"] if known else []
    notes += [f"{gone} findings of {path.name} no longer occur; write it anew with --write-baseline"] if gone else []
    return proven + fresh, notes
