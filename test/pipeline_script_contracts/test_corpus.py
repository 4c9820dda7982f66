"""Every case of the corpus: verdicts equal the labels beside the lines. corpus/README.md tells the format."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest
import yaml

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


class Rewriting(ast.NodeTransformer):
    """Writes a program differently without changing what it does; texts that must stay constants are left alone."""

    prelude = ""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def rewrite(self, source: str) -> str:
        tree = self.visit(ast.parse(source))
        first = next((index for index, node in enumerate(tree.body) if not is_header(node)), len(tree.body))
        tree.body[first:first] = ast.parse(self.prelude).body
        return ast.unparse(ast.fix_missing_locations(tree))


class SplitTexts(Rewriting):
    """`"a/b"` becomes `"a" + "/b"`."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or "/" not in node.value:
            return node
        half = len(node.value) // 2
        return ast.BinOp(ast.Constant(node.value[:half]), ast.Add(), ast.Constant(node.value[half:]))


class PassedTexts(Rewriting):
    """`"a/b"` becomes `_same({"key": "a/b"})["key"]`."""

    prelude = "def _same(value):\n    return value\n"

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or "/" not in node.value:
            return node
        table = ast.Dict([ast.Constant("key")], [node])
        passed = ast.Call(ast.Name("_same", ast.Load()), [table], [])
        return ast.Subscript(passed, ast.Constant("key"), ast.Load())


class IndirectCalls(Rewriting):
    """`pd.read_csv(x)` becomes `_call(getattr(pd, "read_csv"), x)`."""

    prelude = "def _call(function, *args, **kwargs):\n    return function(*args, **kwargs)\n"
    modules = ("pd", "np", "pl", "pq", "torch", "joblib", "json", "pickle", "shutil", "xgb")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(ast.Name(module) as value, name) if module in self.modules:
                found = ast.Call(ast.Name("getattr", ast.Load()), [value, ast.Constant(name)], [])
                return ast.Call(ast.Name("_call", ast.Load()), [found, *node.args], node.keywords)
        return node


class GuardedBodies(Rewriting):
    """The body of a function goes into a `try` with an empty `finally`."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        first = 1 if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant) else 0
        if node.body[first:]:
            node.body[first:] = [ast.Try(node.body[first:], [], [], [ast.Pass()])]
        return node


def is_header(node: ast.stmt) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


REWRITINGS = (SplitTexts, PassedTexts, IndirectCalls, GuardedBodies)
PARSED_CASES = [case for case in CASES if not case.name.startswith("limits") and not case.gap]


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda rewriting: rewriting.__name__)
def test_the_same_program_written_differently_gets_the_same_verdicts(
    rewriting: type[Rewriting], tmp_path: Path
) -> None:
    problems = []
    for number, case in enumerate(PARSED_CASES):
        files = {
            filename: rewriting().rewrite(body) if filename.endswith(".py") else body
            for filename, body in case.files.items()
        }
        findings = validate(case, files, tmp_path / str(number))
        unmarked = Case(case.name, case.contract, case.files, {label: set() for label in case.labels})
        problems += [f"{case.name}: {each}" for each in disagreements(unmarked, findings)]
    assert not problems, "\n".join(problems)
