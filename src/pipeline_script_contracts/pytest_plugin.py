"""pytest plugin: one test for each clause of each contract, when asked for.

Turn it on with `--contracts`, or for good with `validate_contracts = true` in pytest's ini options. What is checked is
told by `[tool.validate_contracts]`. Scripts are analysed, never imported. A violated clause fails, an unresolved one is
skipped with its reason, or fails when the settings are strict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .findings import Finding


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the switch that turns the plugin on."""
    group = parser.getgroup("validate_contracts", "script contracts")
    group.addoption("--contracts", action="store_true", help="test every clause of the project's script contracts")
    parser.addini("validate_contracts", "test every clause of the project's script contracts", "bool", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Adds a test for each clause, before selections such as `-k` are made."""
    if not (config.getoption("--contracts") or config.getini("validate_contracts")):
        return
    from .cli.check import check_project
    from .cli.options import Options
    from .settings import UsageError, load_settings

    try:
        settings = load_settings(None, config.rootpath)
        outcome = check_project(Options(settings), config.rootpath)
    except UsageError as error:
        raise pytest.UsageError(f"validate_contracts: {error}") from error
    for script, findings in outcome.by_script().items():
        collector = Script.from_parent(session, path=Path(script), findings=findings, fails=outcome.fails)
        items.extend(collector.collect())


class Script(pytest.File):
    """A script and the findings on its contract."""

    def __init__(self, *, findings: list[Finding], fails: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.findings, self.fails = findings, fails

    def collect(self) -> Iterator[Clause]:
        """Gives one test for each finding, with names that do not repeat."""
        seen: Counter[str] = Counter()
        for finding in self.findings:
            name = f"{finding.clause} {finding.subject} [{finding.code}]"
            seen[name] += 1
            name = name if seen[name] == 1 else f"{name} {seen[name]}"
            yield Clause.from_parent(self, name=name, finding=finding, fails=self.fails(finding))


class Clause(pytest.Item):
    """The test of one clause."""

    def __init__(self, *, finding: Finding, fails: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.finding, self.fails = finding, fails

    def runtest(self) -> None:
        """Fails where the clause is violated, skips where it is unresolved."""
        from .findings import Verdict

        if self.fails:
            raise ClauseError(self.finding)
        if self.finding.verdict is Verdict.UNRESOLVED:
            pytest.skip(f"unresolved: {self.finding.message}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Shows the finding as `--output-format full` does."""
        if isinstance(excinfo.value, ClauseError):
            from .reporters import Report
            from .reporters.full import paragraph

            return paragraph(Report(root=self.config.rootpath), excinfo.value.finding)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Points to the line that the finding speaks of."""
        return Path(self.finding.filename), self.finding.location.line - 1, self.name


class ClauseError(Exception):
    """A clause does not hold."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding
