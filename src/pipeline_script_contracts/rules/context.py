"""What the rules look at: one contract, the facts of one script, and the requirements of its image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import Analysis, Argument, EnvRead, HyperparameterUse, PathUse, Place, Unresolved
from ..analysis.library.packages import KNOWN_PACKAGES, distribution_of, normal_name
from ..analysis.models import find_model_fields
from ..analysis.patterns import Hole, Pattern, Relation, plain
from ..analysis.platform import documented_value, is_platform_path
from ..analysis.words import words
from ..findings import ChainStep, Finding, Location, Verdict
from .pipes import channel_of
from .requirements import Requirement, read_requirements

if TYPE_CHECKING:
    from ..analysis.unreached import Unreached
    from ..contract import ScriptContract

# Words in the names of arguments and variables that hold paths; `--backend` or `REGION` given to a library does not.
_PATH_WORDS = frozenset(
    words(
        """artifact artifacts base cache channel checkpoint checkpoints ckpt config corpus csv data dataset dest
        destination dir directory dirs file filename files folder folders home image images in input inputs json
        labels load location log logs loc manifest mnt model models mount out output outputs parquet path paths
        prefix pretrained root sample samples save source src store target test texts tokenizer train uri url
        val valid validation vocab weights workdir workspace yaml"""
    )
)
PORT = "SAGEMAKER_BIND_TO_PORT"
READS = ("read", "update", "list")
WRITES = ("write", "update")


@dataclass(frozen=True)
class Settled:
    """A use of a path in which the contract's own defaults have been put into the holes.

    Attributes:
        use: The use.
        path: The path, as far as it is known.
    """

    use: PathUse
    path: Pattern

    @property
    def text(self) -> str:
        """The path in plain form."""
        return plain(str(self.path)) if self.path.is_known else str(self.path)


@dataclass
class Context:
    """One check.

    Attributes:
        contract: The contract.
        analysis: What the script does.
        requirements: The requirements file, where there is one.
        training: What the training script does, for the artefacts that serving loads.
        coverage_fail_under: The least share of followed calls, where one is asked for.
    """

    contract: ScriptContract
    analysis: Analysis
    requirements: Path | None = None
    training: Analysis | None = None
    coverage_fail_under: float | None = None

    # -- which facts count ------------------------------------------------------------------------------

    @cached_property
    def is_serving(self) -> bool:
        """True when the contract is that of a serving container."""
        return self._is_a("InferenceScriptContract")

    @cached_property
    def is_training(self) -> bool:
        """True for the contract of a training script."""
        return any(cls.__name__ == "TrainingScriptContract" for cls in type(self.contract).__mro__)

    @cached_property
    def _has_handlers(self) -> bool:
        return bool(self.analysis.handlers)

    def runs(self, place: Place) -> bool:
        """Tells whether a place is run in the container that the contract describes."""
        if self.is_serving:
            return place.phase != "main" or not self._has_handlers or self._is_server
        return place.phase != "serving" or self._serves_only

    @cached_property
    def _is_server(self) -> bool:
        """True when the script, started as a program, asks for the port that the platform gives to a server."""
        return any(read.name == PORT and read.place.phase == "main" for read in self.analysis.env)

    @cached_property
    def _serves_only(self) -> bool:
        """A script without a job of its own is judged by its handlers, whatever the contract."""
        facts = self.analysis
        places = [each.place for found in (facts.paths, facts.unresolved, facts.arguments) for each in found]
        return bool(facts.handlers) and all(place.phase == "serving" for place in places)

    @cached_property
    def paths(self) -> list[Settled]:
        """The uses of paths that count."""
        uses = (use for use in self.analysis.paths if self.runs(use.place))
        declared = tuple(self.inputs.values())
        return [Settled(use, channel_of(use.path.fill(self._known), declared)) for use in uses]

    @cached_property
    def unresolved(self) -> list[Unresolved]:
        """The uses that could not be followed and count."""
        result = [
            each
            for each in self.analysis.unresolved
            if self.runs(each.place)
            and not (each.package and distribution_of(each.package) in self.required_distributions)
        ]
        for each in self.paths:
            hole = each.path.parts[0] if each.path.parts else ""
            given = isinstance(hole, Hole) and hole.kind in ("argument", "env") and not _is_published_name(each)
            if each.use.kind != "delegate" and isinstance(hole, Hole) and given:
                what = "command line argument" if hole.kind == "argument" else "environment variable"
                reason = f"the path is given by {what} {hole.name}, which has no default"
                result.append(Unresolved(each.use.kind, each.use.sink, reason, each.use.place, each.use.chain))
        return result

    @cached_property
    def env(self) -> list[EnvRead]:
        """The uses of environment variables that count."""
        return [read for read in self.analysis.env if self.runs(read.place)]

    @cached_property
    def arguments(self) -> list[Argument]:
        """The arguments that count."""
        return [each for each in self.analysis.arguments if self.runs(each.place)]

    @cached_property
    def hyperparameters(self) -> list[HyperparameterUse]:
        """The uses of hyperparameters that count."""
        return [use for use in self.analysis.hyperparameters if self.runs(use.place)]

    def _known(self, hole: Hole) -> str | None:
        """Gives what the contract says about a hole: the default of an argument or variable."""
        value: object = None
        if hole.kind == "argument":
            name = hole.name.replace("-", "_")
            for declared, default in self.contract.expected_arguments.items():
                if declared.replace("-", "_") == name:
                    value = default
        elif hole.kind == "env":
            value = self.contract.optional_env_vars.get(hole.name) or documented_value(hole.name)
        return value if isinstance(value, str) and value else None

    # -- how far the facts go ---------------------------------------------------------------------------

    @cached_property
    def gap(self) -> str:
        """Why something may have been missed altogether; empty when nothing was."""
        if self.analysis.exhausted:
            return "the analysis ended before the end of the script"
        if self.analysis.problems:
            problem = self.analysis.problems[0]
            return f"{Path(problem.filename).name} {problem.message}"
        return self._open_call(lambda each: True) or self._served_elsewhere

    @cached_property
    def _served_elsewhere(self) -> str:
        """Why a serving container may do more than what is seen: its server uses what the script only defines."""
        if self.is_serving and self.analysis.idle:
            return "nothing in the script runs what it defines, and the server that does is not here"
        return ""

    def unreached(self, kind: str, what: str = "") -> str:
        """Why code that nothing was seen to run may do something: a method that an unknown object may have.

        Args:
            kind: `path`, `env` or `argument`.
            what: The path or the variable.
        """
        code = self._unreached
        if code is None:
            return ""
        if kind == "argument":
            label = code.that_parses_arguments
        else:
            label = code.that_uses(what) if kind == "path" else code.that_speaks_of(what)
        who = "the server may call" if code.served else "an object that is not known may have"
        return f"{label} may, which {who}" if label else ""

    @cached_property
    def _unreached(self) -> Unreached | None:
        """What nothing was seen to call; a server whose handlers are not known may make its objects."""
        analysis = self.analysis
        served = self.is_serving and not analysis.handlers and not analysis.paths
        return replace(analysis.unreached, served=True) if analysis.unreached and served else analysis.unreached

    def _beside_the_model(self, kinds: tuple[str, ...]) -> str:
        """Why a read may be one of the model: model servers start the workers of handler classes in its folder."""
        if not self.is_serving or "read" not in kinds or not any(name[:1].isupper() for name in self.analysis.handlers):
            return ""
        for each in self.paths:
            if each.use.kind in kinds and not each.path.is_absolute and not each.path.is_remote:
                line = each.use.place.location.line
                return f"{each.use.sink} (line {line}) reads {each.text} in the folder that the model server starts in"
        return ""

    @cached_property
    def gap_of_arguments(self) -> str:
        """Why an argument may have been missed: other programs that are told theirs parse none of the script's."""
        if self.analysis.exhausted or self.analysis.problems:
            return self.gap
        return self._open_call(lambda each: not each.told)

    @property
    def fails_for_more_arguments(self) -> bool:
        """True when the script's own parser knows all arguments that there can be: it fails for another one."""
        analysis = self.analysis
        whole = not (analysis.arguments_open or analysis.exhausted or analysis.problems)
        return whole and analysis.arguments_closed

    def _open_call(self, counts: Callable[[Unresolved], bool]) -> str:
        for each in self.unresolved:
            if each.kind == "any" and counts(each):
                return f"{each.sink} (line {each.place.location.line}): {each.reason}"
        return ""

    @cached_property
    def unseen_package(self) -> str:
        """A package that is imported, whose source is not here and which is not well known; empty for none."""
        for use in self.analysis.imports:
            root = use.module.partition(".")[0]
            if root not in KNOWN_PACKAGES and distribution_of(use.module) not in self.required_distributions:
                return root
        return ""

    # -- paths ------------------------------------------------------------------------------------------

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Logical name to declared input path."""
        return dict(self.contract.expected_input_paths)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Logical name to declared output path."""
        return dict(self.contract.expected_output_paths)

    def evidence(self, declared: str, kinds: tuple[str, ...]) -> Settled | None:
        """Finds a use that certainly touches a declared path."""
        for each in self.paths:
            if each.use.kind in kinds:
                relation = each.path.relation(declared)
                if relation is Relation.INSIDE:
                    return each
                if relation is Relation.ABOVE and each.use.tree and each.use.kind == "read":
                    return each
        return None

    def doubt(self, declared: str, kinds: tuple[str, ...]) -> str:
        """Gives why a declared path may be touched although no use certainly touches it; empty when it cannot be."""
        for each in self.paths:
            if _is_published_name(each) or (each.use.kind == "delegate" and not _may_be_path(each.path)):
                continue
            if each.use.kind in kinds or each.use.kind == "delegate":
                if each.use.kind == "delegate" and each.text == declared.rpartition("/")[2]:
                    return self._may(each)
                relation = each.path.relation(declared)
                if relation is Relation.MAYBE or (relation is not Relation.OUTSIDE and each.use.kind == "delegate"):
                    return self._may(each)
                if relation is Relation.ABOVE and each.use.kind not in ("list",):
                    return self._may(each)
        for open_use in self.unresolved:
            if open_use.kind in (*kinds, "any"):
                return f"{open_use.sink} (line {open_use.place.location.line}) may: {open_use.reason}"
        return self.gap or self._beside_the_model(kinds)

    def _may(self, each: Settled) -> str:
        line = each.use.place.location.line
        if each.use.kind == "delegate":
            return f"{each.text} is handed to {each.use.sink} (line {line}), whose code is not followed"
        return f"{each.use.sink} (line {line}) may: it is given {each.text}"

    def covered(self, path: Pattern, declared: dict[str, str]) -> Relation:
        """Tells how a path lies to the nearest of some declared paths."""
        relations = {path.relation(each) for each in declared.values()}
        for relation in (Relation.INSIDE, Relation.MAYBE, Relation.ABOVE):
            if relation in relations:
                return relation
        return Relation.OUTSIDE

    def handed_before(self, read: Settled) -> str:
        """Gives the code out of sight that a path was handed to before it is read; empty for none, and for inputs."""
        path = (read.text if read.path.is_known else read.path.head.rpartition("/")[0]).rstrip("/")
        before = [] if "/input/" in f"{path}/" else list(takewhile(lambda each: each.use is not read.use, self.paths))
        for each in before:
            handed = each.use.kind == "delegate" and each.use.sink != "sys.path" and not self.is_scratch(each)
            if handed and each.path.relation(path) in (Relation.INSIDE, Relation.ABOVE):
                return f"{each.use.sink} (line {each.use.place.location.line}), which is given {each.text},"
        return ""

    def is_scratch(self, each: Settled) -> bool:
        """Tells whether no contract has to speak of a use, for its path or for where the path comes from."""
        beside_source = bool(each.use.chain) and each.use.chain[0].text == "__file__"
        not_set = False
        if self.is_training and each.use.off_platform and each.use.kind in (*READS, *WRITES):
            not_set = any(step.text.startswith("os.environ['SM_") for step in each.use.chain)
        return beside_source or not_set or self.is_foreign(each.path)

    def of_another_job(self, each: Settled) -> str:
        """Says why a path is meant for a job of another kind than the contract's; empty when it is not."""
        if self._is_a("ProcessingScriptContract"):
            steps = (step.text for step in each.use.chain if step.text.startswith("os.environ['SM_"))
            names = (text[len("os.environ['") : -2] for text in steps)
            variable = next((name for name in names if documented_value(name) is not None), "")
            return f"the path in {variable}, which processing jobs do not have" if variable else ""
        elsewhere = self._is_a("TrainingScriptContract") and each.text.startswith("/opt/ml/processing/")
        if elsewhere and self._is_told_what_to_do:
            return f"{each.text}, a folder that only processing jobs have"
        chosen = self.analysis.commands or bool(self.analysis.arguments_open)
        if self.is_serving and chosen and each.text.startswith(("/opt/ml/input/", "/opt/ml/output/")):
            return f"{each.text}, a folder that only training jobs have"
        return ""

    def _is_a(self, name: str) -> bool:
        return any(cls.__name__ == name for cls in type(self.contract).__mro__)

    @cached_property
    def _is_told_what_to_do(self) -> bool:
        """True when a declared path is used, and words of the command line may ask for other work too."""
        used = any(self.evidence(path, READS) for path in self.inputs.values())
        used = used or any(self.evidence(path, WRITES) for path in self.outputs.values())
        return used and (bool(self.analysis.arguments_open) or self.analysis.commands)

    def is_foreign(self, path: Pattern) -> bool:
        """Tells whether no contract has to speak of a path: relative, remote, or the platform's own."""
        if not path.is_absolute or path.is_remote:
            return True
        if any(hole.kind == "temporary" for hole in path.holes):
            return True  # it is renamed or removed before the job ends
        text = plain(str(path)) if path.is_known else path.head
        return is_platform_path(text.rstrip("/") or "/") or text == "/"

    @cached_property
    def coverage(self) -> float:
        """The share of calls that touch files and could be followed, 1.0 when there is none."""
        failed = {(each.place.filename, each.place.location) for each in self.unresolved}
        failed |= {_spot(each) for each in self.paths if each.use.kind == "delegate" and not self.is_scratch(each)}
        every = failed | {_spot(each) for each in self.paths if each.use.kind != "delegate"}
        return 1.0 - len(failed) / len(every) if every else 1.0

    # -- hyperparameters and packages -------------------------------------------------------------------

    @cached_property
    def _model(self) -> tuple[dict[str, str], frozenset[str]] | None:
        reference = self.contract.hyperparameters
        if reference is None:
            return None
        known = self.analysis.models
        if reference not in known:
            known[reference] = find_model_fields(reference, self.analysis.script, self.analysis.source_roots)
        found: tuple[dict[str, str], frozenset[str]] | None = known[reference]
        return found

    @cached_property
    def hyperparameter_fields(self) -> dict[str, str] | None:
        """Field of the contract's hyperparameter model to its annotation; None where it is not found."""
        return self._model[0] if self._model is not None else None

    @cached_property
    def hyperparameter_classes(self) -> frozenset[str]:
        """The names of the model's class, its ancestors and its descendants."""
        return self._model[1] if self._model is not None else frozenset()

    @cached_property
    def requirement_lines(self) -> dict[str, Requirement]:
        """Distribution to its line in the requirements file."""
        return read_requirements(self.requirements) if self.requirements is not None else {}

    @cached_property
    def required_distributions(self) -> set[str]:
        """The distributions that the requirements file and the contract list."""
        declared = {normal_name(name.partition("[")[0]) for name in self.contract.framework_requirements}
        return declared | set(self.requirement_lines)

    def ships_source_roots(self, filename: str) -> bool:
        """Tells whether a module is part of a distribution that the requirements list, which brings its own."""
        for root in self.analysis.source_roots:
            try:
                relative = Path(filename).relative_to(root)
            except ValueError:
                continue
            return normal_name(relative.parts[0].removesuffix(".py")) in self.required_distributions
        return False

    # -- findings ---------------------------------------------------------------------------------------

    @property
    def script(self) -> str:
        """The script, as findings name it."""
        return str(self.analysis.script)

    def at(
        self,
        code: str,
        verdict: Verdict,
        clause: str,
        subject: str,
        message: str,
        place: Place | None = None,
        chain: tuple[ChainStep, ...] = (),
        help: str = "",
    ) -> Finding:
        """Builds a finding at a place, or at the top of the script where there is none."""
        if place is None:
            return Finding(code, verdict, clause, subject, message, self.script, Location(), Location(), chain, help)
        return Finding(
            code, verdict, clause, subject, message, place.filename, place.location, place.end_location, chain, help
        )


def _spot(each: Settled) -> tuple[str, Location]:
    return each.use.place.filename, each.use.place.location


def sink_name(sink: str) -> str:
    """Gives the name of a call as people write it."""
    return sink.rpartition(".")[2] if "()" in sink or "[]" in sink else sink


def _is_published_name(each: Settled) -> bool:
    """Tells whether a model is asked for by the name that a hub knows it by, given by an argument or variable."""
    first = each.path.parts[0] if len(each.path.parts) == 1 else None
    if not isinstance(first, Hole) or each.use.sink.rpartition(".")[2] not in _HUB_READERS:
        return False
    return first.name.replace("-", "_").lower().rpartition("_")[2] in ("name", "id", "repo", "tag", "type")


_HUB_READERS = ("from_pretrained", "pipeline", "SentenceTransformer", "load_dataset")


def _may_be_path(path: Pattern) -> bool:
    """Tells whether what is handed to a library may be a path: not when it is a value named for another thing."""
    first = path.parts[0] if path.parts else None
    if not isinstance(first, Hole) or first.kind not in ("argument", "env", "hyperparameter") or not first.name:
        return True
    pieces = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", first.name)
    return any(word.lower() in _PATH_WORDS for word in pieces)
