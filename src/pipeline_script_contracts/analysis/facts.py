"""What the analyser finds out about a script: plain facts, each with its place and the chain that led there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..findings import ChainStep, Location
from .patterns import Pattern
from .unreached import Unreached


class _Missing:
    """The default that is not there."""


MISSING = _Missing()
TOP = Location()


@dataclass(frozen=True)
class Place:
    """Where in which file something stands, and in which phase of the container's life it runs.

    Attributes:
        filename: The file.
        location: Where it begins.
        end_location: Where it ends.
        phase: `import` (module level), `main` (below `if __name__ == "__main__"`, or called from there) or `serving`
            (a handler that the platform calls: `model_fn`, ...).
    """

    filename: str
    location: Location = TOP
    end_location: Location = TOP
    phase: str = "import"


@dataclass(frozen=True)
class PathUse:
    """A call that touches the file system.

    Attributes:
        kind: `read`, `write`, `update` (both), `list` (names only), `probe` (existence), `create` (a folder),
            `delete`, or `delegate` (given to code that cannot be seen).
        path: The path.
        sink: The call, for instance `pandas.read_parquet`.
        place: Where the call stands.
        chain: The steps that led to the path.
        tree: True when everything below the path is touched too.
        source: What is moved there, for a move.
        off_platform: True where the script has found that it is not run by a training job.
    """

    kind: str
    path: Pattern
    sink: str
    place: Place
    chain: tuple[ChainStep, ...] = ()
    tree: bool = False
    source: Pattern | None = None
    off_platform: bool = False


@dataclass(frozen=True)
class Unresolved:
    """A call that touches files in a way that could not be followed.

    Attributes:
        kind: As in `PathUse`; `any` when it may read and write whatever it likes.
        sink: The call.
        reason: Why it could not be followed.
        place: Where the call stands.
        chain: The steps that led there.
        package: The package that is called, when it is one whose source is not here.
        told: True for another program that is told all its arguments, so that it parses none of the script's.
    """

    kind: str
    sink: str
    reason: str
    place: Place
    chain: tuple[ChainStep, ...] = ()
    package: str = ""
    told: bool = False


@dataclass(frozen=True)
class EnvRead:
    """A use of an environment variable.

    Attributes:
        name: The variable; empty when its name is not known.
        default: What the script takes without it: a constant, None, `MISSING` (it fails without), or a pattern.
        default_known: False when the default is not a constant.
        probe: True when only its presence is asked for.
        guarded: True when its absence is handled by other means.
        own: True when the script itself may have set it before, or only sets it unless it is set.
        enforced: True when the script ends where the variable is empty, as its default is.
        conditional: True when it is read, or must not be empty, on some ways of a condition only.
        replaced: True when the script takes something else where the variable is empty, which is not known.
    """

    name: str
    place: Place
    default: Any = MISSING
    default_known: bool = True
    probe: bool = False
    guarded: bool = False
    chain: tuple[ChainStep, ...] = ()
    own: bool = False
    enforced: bool = False
    conditional: bool = False
    replaced: bool = False


@dataclass(frozen=True)
class Argument:
    """A command line argument that the script parses.

    Attributes:
        name: The long option without dashes, as spelled, or the positional's name.
        options: All spellings, dashes included.
        default: The default, `MISSING` where none is given.
        default_known: False when the default is not a constant.
        type: Name of the conversion (`int`, `float`, `str`, ...); empty where it is not known.
        flag: True when it takes no value.
        required: True when the script fails without it.
        choices: The allowed values, None where anything goes or they are not known.
        positional: True for a positional argument.
        multiple: True when it takes several values.
        platform: True when its default is a variable that the platform sets.
    """

    name: str
    place: Place
    options: tuple[str, ...] = ()
    dest: str = ""
    default: Any = MISSING
    default_known: bool = True
    type: str = "str"
    flag: bool = False
    required: bool = False
    choices: tuple[Any, ...] | None = None
    positional: bool = False
    multiple: bool = False
    platform: bool = False


@dataclass(frozen=True)
class HyperparameterUse:
    """A use of a hyperparameter by name.

    Attributes:
        name: The key; `*` when all may be meant.
        raw: True when the value is still SageMaker's string.
        as_number: True when it is used as a number here.
        via: How it is reached: `json`, `env`, or the dotted name of the class whose attribute it is.
        default: What the script takes without it: a constant, or `MISSING` where it fails or that is not known.
    """

    name: str
    place: Place
    raw: bool = True
    as_number: bool = False
    via: str = "json"
    chain: tuple[ChainStep, ...] = ()
    default: Any = MISSING


@dataclass(frozen=True)
class ImportUse:
    """An import of a package that is not local.

    Attributes:
        module: The dotted module.
        optional: True when its absence is handled.
        own: True when the import stands in the script's own folder, False in a package found through a source root.
    """

    module: str
    place: Place
    optional: bool = False
    own: bool = True


@dataclass(frozen=True)
class SourceProblem:
    """A source file that could not be analysed."""

    filename: str
    message: str
    location: Location = TOP


@dataclass
class Analysis:
    """All facts about one script.

    Attributes:
        script: The script.
        paths: Uses of paths.
        unresolved: Uses that could not be followed.
        env: Uses of environment variables.
        arguments: Command line arguments.
        arguments_open: Why there may be more arguments than those listed; empty when the list is complete.
        arguments_closed: True when the script itself fails for an argument that its parser does not know.
        hyperparameters: Uses of hyperparameters.
        imports: Imports of packages that are not local.
        local_modules: The local files that were followed, the script included.
        problems: Files that could not be analysed.
        exhausted: True when the step budget ran out before the end.
        steps: How many steps the analysis took.
        handlers: The serving handlers that the script defines.
        unreached: What may be called although nothing was seen to call it.
        commands: True when a word of the command line chooses one of several things to do.
        idle: True when the script defines functions or classes, and nothing in sight runs any of them.
        source_roots: The folders that local packages were looked for in.
        models: What rules have found out about hyperparameter models, by dotted name.
    """

    script: Path
    paths: list[PathUse] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    env: list[EnvRead] = field(default_factory=list)
    arguments: list[Argument] = field(default_factory=list)
    arguments_open: str = ""
    arguments_closed: bool = False
    hyperparameters: list[HyperparameterUse] = field(default_factory=list)
    imports: list[ImportUse] = field(default_factory=list)
    local_modules: list[Path] = field(default_factory=list)
    problems: list[SourceProblem] = field(default_factory=list)
    exhausted: bool = False
    steps: int = 0
    handlers: tuple[str, ...] = ()
    commands: bool = False
    idle: bool = False
    unreached: Unreached | None = field(default=None, repr=False)
    source_roots: tuple[Path, ...] = ()
    models: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def reads(self) -> list[PathUse]:
        """The uses that read."""
        return [use for use in self.paths if use.kind in ("read", "update", "list")]

    @property
    def writes(self) -> list[PathUse]:
        """The uses that write."""
        return [use for use in self.paths if use.kind in ("write", "update")]

    @property
    def coverage(self) -> float:
        """The share of calls that touch files and were followed, 1.0 when there is none."""
        failed = {(use.place.filename, use.place.location) for use in self.unresolved}
        failed |= {(use.place.filename, use.place.location) for use in self.paths if use.kind == "delegate"}
        every = failed | {(use.place.filename, use.place.location) for use in self.paths}
        return 1.0 - len(failed) / len(every) if every else 1.0
