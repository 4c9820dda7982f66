"""Every case of the corpus: verdicts equal the labels beside the lines. corpus/README.md tells the format."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest
import yaml
from rewritings import REWRITINGS, Rewriting

from pipeline_script_contracts import (
    InferenceScriptContract,
    ProcessingScriptContract,
    ScriptContract,
    TrainingScriptContract,
)
from pipeline_script_contracts.findings import Finding, Verdict

CORPUS = Path(__file__).parent / "corpus"
CONTRACTS = {
    "training": TrainingScriptContract,
    "processing": ProcessingScriptContract,
    "inference": InferenceScriptContract,
}
FENCE = re.compile(r"^```(?P<kind>\w+)(?: (?P<what>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LABEL = re.compile(r"-> (?P<verdict>PROVEN|VIOLATED|UNRESOLVED) (?P<name>\S+)(?: (?P<subject>(?!->)\S+))?")


@dataclass(frozen=True)
class Label:
    """One expectation; `name` is a clause for PROVEN and a code for the others."""

    verdict: str
    name: str
    subject: str


@dataclass
class Case:
    """A contract, its program and what must be said of it."""

    name: str
    contract: ScriptContract
    files: dict[str, str]
    labels: dict[Label, set[tuple[str, int]]] = field(default_factory=dict)
    gap: str = ""

    @property
    def paths(self) -> dict[str, str]:
        return {**self.contract.expected_input_paths, **self.contract.expected_output_paths}

    def speaks_of(self, finding: Finding, label: Label) -> bool:
        """Tells whether the label means this finding: by name, or by the path that the name stands for."""
        name = finding.clause if label.verdict == "PROVEN" else finding.code
        if name != label.name:
            return False
        wanted = {label.subject, self.paths.get(label.subject, label.subject)}
        if label.subject == "" or finding.subject in wanted:
            return True
        return finding.subject.endswith("/" + label.subject) or finding.subject.startswith(label.subject + "/")


def read_cases(path: Path) -> list[Case]:
    sections = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [read_case(f"{path.stem}: {title}", body) for title, body in zip(sections[::2], sections[1::2], strict=True)]


def read_case(name: str, text: str) -> Case:
    files: dict[str, str] = {}
    fields: dict[str, object] = {}
    labels: dict[Label, set[tuple[str, int]]] = {}
    gap = ""
    for block in FENCE.finditer(text):
        kind, what, body = block["kind"], block["what"] or "", block["body"]
        if what == "contract":
            fields = yaml.safe_load(body)
        elif what.startswith("file="):
            files[what.removeprefix("file=")] = body
        elif kind == "expect":
            for line in body.splitlines():
                if line.startswith("GAP "):
                    gap = line.removeprefix("GAP ")
                else:
                    labels.setdefault(one_label("-> " + line), set())
        else:
            raise ValueError(f"{name}: what is the block ```{kind} {what}?")
    for filename, body in files.items():
        for number, line in enumerate(body.splitlines(), start=1):
            for match in LABEL.finditer(line):
                labels.setdefault(one_label(match[0]), set()).add((filename, number))
    contract_class = CONTRACTS[str(fields.pop("type"))]
    contract = contract_class(entry_point=next(iter(files)), **fields)
    return Case(name, contract, files, labels, gap)


def one_label(text: str) -> Label:
    match = LABEL.fullmatch(text.strip())
    assert match, f"not a label: {text!r}"
    return Label(match["verdict"], match["name"], match["subject"] or "")


CASES = [case for path in sorted(CORPUS.rglob("*.md")) if path.name != "README.md" for case in read_cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdicts_equal_the_labels(case: Case, tmp_path: Path) -> None:
    findings = validate(case, case.files, tmp_path)
    problems = disagreements(case, findings)
    if case.gap:
        assert problems, f"the gap is closed; remove GAP from the case: {case.gap}"
        pytest.xfail(case.gap)
    assert not problems, "\n".join([*problems, "said:", *map(str, map(summary, findings))])


def validate(case: Case, files: dict[str, str], folder: Path) -> tuple[Finding, ...]:
    """Writes the files of a case down and checks them."""
    for filename, body in files.items():
        target = folder / filename
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body, encoding="utf-8")
    return case.contract.validate_implementation(folder / case.contract.entry_point, source_roots=[folder]).findings


def disagreements(case: Case, findings: tuple[Finding, ...]) -> list[str]:
    problems = []
    anything_open = Label("UNRESOLVED", "*", "") in case.labels
    labels = {label: places for label, places in case.labels.items() if label.name != "*"}
    for finding in findings:
        if finding.verdict is Verdict.PROVEN or (finding.verdict is Verdict.UNRESOLVED and anything_open):
            continue
        matching = [label for label in labels if label.verdict == finding.verdict and case.speaks_of(finding, label)]
        if not matching:
            problems.append(f"not in the labels: {summary(finding)}")
    for label, places in labels.items():
        meant = [finding for finding in findings if finding.verdict == label.verdict and case.speaks_of(finding, label)]
        if not meant:
            problems.append(f"missing: {label}")
        elif places and not any(covers(finding, place) for finding in meant for place in places):
            problems.append(f"elsewhere: {label} should be at {sorted(places)}")
        elif places and label.verdict == "VIOLATED":
            strays = [finding for finding in meant if not any(covers(finding, place) for place in places)]
            problems += [f"also elsewhere: {summary(finding)}" for finding in strays]
    return problems


def covers(finding: Finding, place: tuple[str, int]) -> bool:
    filename, line = place
    parts = PurePosixPath(filename).parts
    same_file = PurePosixPath(finding.filename).parts[-len(parts) :] == parts
    return same_file and finding.location.line <= line <= max(finding.end_location.line, finding.location.line)


def summary(finding: Finding) -> str:
    where = f"{PurePosixPath(finding.filename).name}:{finding.location.line}"
    return f"{finding.verdict.value} {finding.code} {finding.clause} {finding.subject} at {where}: {finding.message}"


def test_every_rule_has_a_violated_case() -> None:
    """The corpus shows each rule at work, so that none can break unseen."""
    shown = {label.name for case in CASES for label in case.labels if label.verdict != "PROVEN"}
    rules = {f"SC{number}" for number in (*range(101, 107), *range(201, 206), *range(301, 306), *range(401, 404))}
    assert rules | {"SC501", "SC502", "SC503", "SC601", "SC901", "SC903"} <= shown


# What these say is taken from how a thing is written in place: a default beside an `except`, words that are split, the
# default of an argument. Written otherwise, it is called UNRESOLVED, or not noticed.
AS_WRITTEN = {
    "called_with_bound_arguments: Input functions of an estimator": {"Decorated"},
    "defaults_and_names: The default inside except KeyError is another one": {"Assignments", "PassedValues"},
    "gone_and_drawn: A method of a name that is bound nowhere": {"IndirectCalls"},
    "handlers_and_reports: An evaluation job with plots and curves": {"Decorated"},
    "more_arguments: Defaults that are worked out from what the platform says": {"Assignments"},
    "more_arguments: Flags with defaults of the platform": {"IndirectCalls"},
    "off_platform: Asked in other words": {"IndirectCalls", "PassedValues"},
    "off_platform: Asked once, under a name": {
        *("Blocks", "Decorated", "IndirectCalls", "InnerFunctions", "PassedValues"),
    },
    "off_platform: The other way of a script that also runs on a desk": {"PassedValues"},
    "odd_corners: Environment set and asked in every way": {"PassedValues"},
    "other_programs: A script that a job is given as data": {"IndirectCalls"},
    "said_in_messages: A default that nothing else has": {"PassedValues"},
    "said_in_messages: A default that only a message has": {"IndirectCalls", "PassedValues"},
    "seen_in_pipelines: Commands that go on with any number of words": {"IndirectCalls", "PassedValues"},
    "seen_in_pipelines: Variables that must be set, for what is done with them": {"IndirectCalls", "PassedValues"},
    "seen_in_pipelines: What stands in for a variable that is not set": {
        *("Assignments", "Blocks", "IndirectCalls", "PassedValues"),
    },
    "seen_in_processing: A folder or the archive in it": {"IndirectCalls"},
    "served_by_name: A parser for the words of a text is none of the command line": {"IndirectCalls", "PassedValues"},
    "served_by_name: Whether a variable is there is asked under a name": {"PassedValues"},
    "served_out_of_sight: A server that looks at a command line which the script writes": {"Imports"},
    "serving: Multi-model handler class": {"Decorated"},
    "under_other_names: A default that is told before it is taken, or made a number": {
        *("Assignments", "Blocks", "IndirectCalls", "PassedValues"),
    },
}
PARSED_CASES = [case for case in CASES if not case.name.startswith("limits") and not case.gap]


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda rewriting: rewriting.__name__)
def test_the_same_program_written_differently_gets_the_same_verdicts(
    rewriting: type[Rewriting], tmp_path: Path
) -> None:
    problems = []
    for number, case in enumerate(PARSED_CASES):
        files = {name: rewriting().rewrite(body) if name.endswith(".py") else body for name, body in case.files.items()}
        findings = validate(case, files, tmp_path / str(number))
        unmarked = Case(case.name, case.contract, case.files, {label: set() for label in case.labels})
        found = [f"{case.name}: {each}" for each in disagreements(unmarked, findings)]
        if rewriting.__name__ in AS_WRITTEN.get(case.name, ()):
            assert found, f"{case.name} need not be left as it is written by {rewriting.__name__}"
        else:
            problems += found
    assert not problems, "\n".join(problems)
