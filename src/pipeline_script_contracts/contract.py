"""Script contracts: what a container script reads, writes, takes and needs, declared once.

A contract is immutable and complete in itself. Building one checks every rule of its fields; all broken rules are
reported together as one `pydantic.ValidationError`. Whether a script keeps a contract is a different question,
answered by `validate_implementation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, field_validator, model_validator

from .findings import ValidationResult

Scalar = str | int | float | bool | None
T = TypeVar("T")
_LOGICAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ARGUMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9,._ -]+\])?)\s*(.*?)\s*")
_SPECIFIER = re.compile(r"((===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)*")


class _ReadOnlyDict(dict[str, Any]):
    """A dict that cannot be changed, so that a frozen contract is frozen all the way down."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> Any:
        raise TypeError("a contract cannot be changed; make another with contract.model_copy(update={...})")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __copy__(self) -> _ReadOnlyDict:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> _ReadOnlyDict:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (dict(self),))


def _split_requirements(value: Any) -> Any:
    """Accepts requirement lines (`torch==2.1.2`) beside the mapping that they mean."""
    if isinstance(value, str) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        return value
    matches = [_REQUIREMENT.fullmatch(line) for line in value if isinstance(line, str)]
    return {match[1]: match[2] for match in matches if match}


Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: list(value) if isinstance(value, set) else value)]
Paths = Annotated[dict[str, str], AfterValidator(_ReadOnlyDict)]
Scalars = Annotated[dict[str, Scalar], AfterValidator(_ReadOnlyDict)]
Defaults = Annotated[dict[str, str | None], AfterValidator(_ReadOnlyDict)]
Requirements = Annotated[dict[str, str], BeforeValidator(_split_requirements), AfterValidator(_ReadOnlyDict)]


class ScriptContract(BaseModel):
    """What a container script promises.

    Attributes:
        entry_point: The script's file, relative to its folder.
        expected_input_paths: Logical name to the absolute path that the script reads (a declared path covers what
            lies below it).
        expected_output_paths: Logical name to the absolute path that the script writes.
        expected_arguments: Command line argument, without dashes, to its default; None says that the argument is
            required. A bool is a flag.
        required_env_vars: Environment variables that the script cannot run without.
        optional_env_vars: Environment variable to the default that the script uses without it; None, or an empty
            text, where it has none and does without.
        hyperparameters: Dotted name of the pydantic model that holds the hyperparameters, for instance
            `names3risk.hyperparameters.Hyperparameters`; never imported by the analyser.
        framework_requirements: Distribution to version specifier (`{"torch": "==2.1.2"}`); a list of requirement
            lines is accepted too.
        framework_provided: Logical names of inputs and outputs that the platform itself provides, so that no step
            has to be wired to them.
        description: For people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_roots: ClassVar[tuple[str, ...]] = ("/opt/ml",)
    output_roots: ClassVar[tuple[str, ...]] = ("/opt/ml",)

    entry_point: str
    expected_input_paths: Paths = _ReadOnlyDict()
    expected_output_paths: Paths = _ReadOnlyDict()
    expected_arguments: Scalars = _ReadOnlyDict()
    required_env_vars: Names = ()
    optional_env_vars: Defaults = _ReadOnlyDict()
    hyperparameters: str | None = None
    framework_requirements: Requirements = _ReadOnlyDict()
    framework_provided: Names = ()
    description: str = ""

    @field_validator("entry_point")
    @classmethod
    def _check_entry_point(cls, value: str) -> str:
        path = PurePosixPath(value)
        problems = []
        if path.suffix not in (".py", ""):  # a container's own `train` and `serve` have no suffix
            problems.append(f"entry_point {value!r} must be a Python file, for instance 'train.py' or 'train'")
        if path.is_absolute() or ".." in path.parts:
            problems.append(f"entry_point {value!r} must lie in the script's folder: relative and without '..'")
        return _all_or(value, problems)

    @field_validator("expected_input_paths")
    @classmethod
    def _check_inputs(cls, value: dict[str, str]) -> dict[str, str]:
        return _all_or(value, _path_problems("expected_input_paths", value, cls.input_roots))

    @field_validator("expected_output_paths")
    @classmethod
    def _check_outputs(cls, value: dict[str, str]) -> dict[str, str]:
        return _all_or(value, _path_problems("expected_output_paths", value, cls.output_roots))

    @field_validator("expected_arguments")
    @classmethod
    def _check_arguments(cls, value: dict[str, Any]) -> dict[str, Any]:
        problems = [
            f"expected_arguments: {name!r} is not an argument name; write it without dashes in front"
            for name in value
            if not ARGUMENT_NAME.fullmatch(name)
        ]
        return _all_or(value, problems)

    @field_validator("required_env_vars")
    @classmethod
    def _check_required_env(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in value if value.count(name) > 1})
        problems = _variable_problems("required_env_vars", value)
        problems += [f"required_env_vars: {name!r} is listed twice" for name in twice]
        return _all_or(value, problems)

    @field_validator("optional_env_vars")
    @classmethod
    def _check_optional_env(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        return _all_or(value, _variable_problems("optional_env_vars", value))

    @field_validator("hyperparameters")
    @classmethod
    def _check_hyperparameters(cls, value: str | None) -> str | None:
        if value is None or _REFERENCE.fullmatch(value):
            return value
        raise ValueError(f"hyperparameters {value!r} must name a model as 'package.module.ClassName'")

    @field_validator("framework_requirements")
    @classmethod
    def _check_requirements(cls, value: dict[str, str]) -> dict[str, str]:
        problems = [
            f"framework_requirements: {name!r}: {specifier!r} is not a version specifier such as '==2.1.2' or '>=2,<3'"
            for name, specifier in value.items()
            if not _SPECIFIER.fullmatch(specifier)
        ]
        return _all_or(value, problems)

    @model_validator(mode="after")
    def _check_together(self) -> ScriptContract:
        problems = [
            f"environment variable {name!r} is both required and optional; keep one"
            for name in self.required_env_vars
            if name in self.optional_env_vars
        ]
        spellings: dict[str, str] = {}
        for name in self.expected_arguments:
            other = spellings.setdefault(name.replace("-", "_"), name)
            if other != name:
                problems.append(f"arguments {other!r} and {name!r} differ only by hyphen and underscore; keep one")
        known = {*self.expected_input_paths, *self.expected_output_paths}
        problems += [
            f"framework_provided: {name!r} is neither an input nor an output of this contract"
            for name in self.framework_provided
            if name not in known
        ]
        return _all_or(self, problems)

    def validate_implementation(
        self,
        script: str | Path,
        *,
        source_roots: Iterable[str | Path] | None = None,
        requirements: str | Path | None = None,
    ) -> ValidationResult:
        """Checks a script against this contract, without importing or running it.

        Args:
            script: The script's file.
            source_roots: Folders that local packages are imported from, beside the script's own folder. By default
                the `src` folders of the script's parents.
            requirements: The requirements file of the script's image. By default `requirements.txt` beside the script.

        Returns:
            The findings, summed up.
        """
        from .validator import validate

        return validate(self, Path(script), source_roots=source_roots, requirements=requirements)


class ProcessingScriptContract(ScriptContract):
    """The contract of a script that runs as a SageMaker processing job: all its paths lie below /opt/ml/processing."""

    input_roots = ("/opt/ml/processing",)
    output_roots = ("/opt/ml/processing",)


class TrainingScriptContract(ScriptContract):
    """The contract of a SageMaker training script: channels and config in, model, output and checkpoints out."""

    input_roots = ("/opt/ml/input", "/opt/ml/checkpoints", "/opt/ml/code")
    output_roots = ("/opt/ml/model", "/opt/ml/output", "/opt/ml/checkpoints")


class InferenceScriptContract(ScriptContract):
    """The contract of a SageMaker inference script: the unpacked model in; what little it writes goes to output."""

    input_roots = ("/opt/ml/model", "/opt/ml/input", "/opt/ml/code", "/opt/ml/additional-model-data-sources")
    output_roots = ("/opt/ml/output",)


def _all_or(value: T, problems: list[str]) -> T:
    if problems:
        raise ValueError("; ".join(problems))
    return value


def _path_problems(field: str, paths: Mapping[str, str], roots: tuple[str, ...]) -> list[str]:
    problems = [
        f"{field}: {name!r} is not a logical name (letters, digits and underscores)"
        for name in paths
        if not _LOGICAL_NAME.fullmatch(name)
    ]
    seen: dict[str, str] = {}
    for name, text in paths.items():
        path = PurePosixPath(text)
        where = f"{field}: {name}: {text!r}"
        if not path.is_absolute():
            problems.append(f"{where} must be an absolute path")
        elif ".." in path.parts or str(path) != text:
            problems.append(f"{where} must be in plain form: no '..', no '.', no doubled or trailing '/'")
        elif not any(path.is_relative_to(root) for root in roots):
            problems.append(f"{where} must be {' or '.join(roots)}, or lie below")
        other = seen.setdefault(text, name)
        if other != name:
            problems.append(f"{where} is declared twice, as {other!r} and {name!r}")
    return problems


def _variable_problems(field: str, names: Iterable[str]) -> list[str]:
    return [
        f"{field}: {name!r} is not a name of an environment variable"
        for name in names
        if not VARIABLE_NAME.fullmatch(name)
    ]
