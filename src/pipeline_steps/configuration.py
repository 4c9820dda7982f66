"""Pipelines written in YAML: read strictly, every mistake told with its line and the nearest known name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline_step_specs import Source, StepSpecification
from pipeline_step_specs.naming import suggestion
from pipeline_steps.assets import AssetStore
from pipeline_steps.builders import BUILDERS, BuildContext, StepBuilderBase
from pipeline_steps.configuration_references import is_written_reference, with_references
from pipeline_steps.parameters import PipelineParameter
from pipeline_steps.pipeline_builder import PipelineBuilder, StepCheck
from pipeline_steps.problems import (
    CONFIGURATION,
    DEPENDENCY_UNRESOLVED,
    REFERENCE_UNKNOWN,
    PipelineError,
    Problem,
)
from pipeline_steps.references import Value
from pipeline_steps.settings import PipelineSettings
from pipeline_steps.yaml_document import KeyPath, YamlDocument, read_yaml

SECTIONS = ("pipeline", "parameters", "columns", "defaults", "steps", "environments")
Model = TypeVar("Model", bound=BaseModel)
_OF_THE_STEP = ("type", "inputs")
_FILES = ("columns", "hyperparameters")
_FOLDERS = ("code", "inference_code")
_STAND_IN = PipelineSettings(name="Pipeline", role="arn:aws:iam::000000000000:role/Pipeline", storage="s3://bucket")
"""What the rest is checked with where the section `pipeline` is wrong."""


def load_pipeline(
    path: str | Path,
    environments: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
    checks: Iterable[StepCheck] = (),
) -> PipelineBuilder:
    """Reads a pipeline from a YAML file.

    Args:
        path: The file. Paths in it are relative to its folder.
        environments: Names of sections under `environments` that are laid over the rest, in order.
        overrides: Values that are laid over everything, in the shape of the file.
        checks: What gives further problems of a step when the pipeline is compiled.

    Returns:
        The pipeline, ready to be compiled.

    Raises:
        PipelineError: The file is not a pipeline; the error lists everything that is wrong with it.
    """
    document = read_yaml(Path(path))
    return _Loader(document, list(environments), overrides or {}, checks).load()


def find_problems(
    path: str | Path, environments: Iterable[str] = (), checks: Iterable[StepCheck] = ()
) -> tuple[PipelineBuilder | None, list[Problem]]:
    """Looks for everything that is wrong with a pipeline in a YAML file, also behind the first mistakes.

    Args:
        path: The file.
        environments: Names of sections under `environments` that are laid over the rest, in order.
        checks: What gives further problems of a step.

    Returns:
        The pipeline as far as it could be read, and the problems with their lines; of problems that follow from one
        another the first.
    """
    try:
        document = read_yaml(Path(path))
        loader = _Loader(document, list(environments), {}, checks)
        pipeline = loader.load_what_is_sound()
    except PipelineError as error:
        return None, error.problems
    later = [problem for problem in pipeline.check(loader.unsound) if not loader.follows(problem)]
    return pipeline, [*loader.problems, *(_placed(problem, document) for problem in later)]


def with_lines(problems: Iterable[Problem], path: Path) -> list[Problem]:
    """Gives problems of a pipeline with the lines of the YAML file that it was read from.

    Args:
        problems: What is wrong, by step.
        path: The file.

    Raises:
        PipelineError: The file cannot be read any more.
    """
    document = read_yaml(path)
    return [problem if problem.filename or not problem.step else _placed(problem, document) for problem in problems]


def _placed(problem: Problem, document: YamlDocument) -> Problem:
    line = document.line(("steps", problem.step, *problem.where.split(".")))
    return replace(problem, filename=str(document.path), line=line)


def overlay(base: Any, above: Any) -> Any:
    """Lays one value over another: mappings are merged key by key, anything else is replaced."""
    if not isinstance(base, dict) or not isinstance(above, Mapping) or is_written_reference(above):
        return above
    merged = dict(base)
    for key, value in above.items():
        merged[key] = overlay(base[key], value) if key in base else value
    return merged


class _Loader:
    def __init__(
        self,
        document: YamlDocument,
        environments: list[str],
        overrides: Mapping[str, Any],
        checks: Iterable[StepCheck],
    ) -> None:
        self._document, self._checks = document, checks
        self.problems: list[Problem] = []
        self._value = self._overlaid(environments, overrides)
        self._classes: dict[str, type[StepBuilderBase[Any]]] = {}
        self._builders: dict[str, StepBuilderBase[Any] | None] = {}
        self._settings = _STAND_IN
        self.unsound: list[str] = []

    def load(self) -> PipelineBuilder:
        pipeline = self.load_what_is_sound()
        if self.problems:
            raise PipelineError(self.problems)
        return pipeline

    def load_what_is_sound(self) -> PipelineBuilder:
        section = self._referenced(self._section("pipeline"), ("pipeline",))
        if not self._has_told(("pipeline",)) or section:
            self._settings = self._model(PipelineSettings, section, ("pipeline",)) or _STAND_IN
        parameters = {
            name: self._model(PipelineParameter, value, ("parameters", name))
            for name, value in self._section("parameters").items()
        }
        steps = self._section("steps")
        self._find_classes(steps)
        self._check_defaults()
        builders = {name: self._builder(name) for name in self._classes}
        if not steps and not self._has_told(("steps",)):
            self._problem(("steps",), "there are no steps; describe at least one")
        sound = {name: each for name, each in parameters.items() if each is not None}
        pipeline = PipelineBuilder(self._settings, sound, self._checks)
        for builder in builders.values():
            if builder is not None:
                pipeline.add(builder)
        for name, builder in builders.items():
            if builder is not None:
                self._connect(pipeline, name, steps[name].get("inputs") or {})
        self.unsound = [name for name in steps if builders.get(name) is None]
        return pipeline

    def follows(self, problem: Problem) -> bool:
        """Tells whether a problem of the pipeline follows from one that reading the file has told."""
        if problem.code == DEPENDENCY_UNRESOLVED:
            step = "steps", problem.step
            return bool(self.unsound) or self._has_told((*step, "inputs")) or self._has_told((*step, "columns"))
        place, _, name = problem.where.partition(".")
        if problem.code != REFERENCE_UNKNOWN or place != "Parameters":
            return False
        return self._has_told(("parameters", name)) or any(told.where == "parameters" for told in self.problems)

    def _overlaid(self, environments: list[str], overrides: Mapping[str, Any]) -> dict[str, Any]:
        value = self._document.value
        if not isinstance(value, dict):
            raise PipelineError(
                [Problem(CONFIGURATION, "expected a mapping of sections", where=str(self._document.path))]
            )
        known = value.get("environments") or {}
        if not isinstance(known, dict):
            raise PipelineError([self._told_at(("environments",), _no_mapping(known))])
        for name in environments:
            if name not in known:
                raise PipelineError(f"there is no environment '{name}'; {suggestion(name, known)}")
            if not isinstance(known[name], dict):
                raise PipelineError([self._told_at(("environments", name), _no_mapping(known[name]))])
            value = overlay(value, known[name])
        value = overlay(value, overrides)
        for key in value:
            if key not in SECTIONS:
                self._problem((key,), f"unknown section '{key}'; {suggestion(key, SECTIONS)}")
        return dict(value)

    def _section(self, name: str) -> dict[str, Any]:
        value = self._value.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._problem((name,), _no_mapping(value))
            self._value[name] = {}
            return {}
        return value

    def _find_classes(self, steps: dict[str, Any]) -> None:
        by_name = {
            name.casefold(): builder
            for builder in BUILDERS
            if builder.specification is not None
            for name in (builder.specification.step_type, *builder.specification.also_known_as)
        }
        known = [builder.specification.step_type for builder in BUILDERS if builder.specification is not None]
        for name, value in steps.items():
            wanted = value.get("type") if isinstance(value, dict) else None
            if not isinstance(wanted, str):
                self._problem(("steps", name), f"`type` is missing; expected one of {', '.join(known)}")
            elif wanted.casefold() not in by_name:
                self._problem(("steps", name, "type"), f"unknown step type '{wanted}'; {suggestion(wanted, known)}")
            else:
                self._classes[name] = by_name[wanted.casefold()]

    def _check_defaults(self) -> None:
        known = sorted({field for builder in BUILDERS for field in builder.settings_class.model_fields})
        for key in self._section("defaults"):
            if key not in known:
                self._problem(("defaults", key), f"unknown key '{key}'; {suggestion(key, known)}")

    def _builder(self, name: str) -> StepBuilderBase[Any] | None:
        if name not in self._builders:
            self._builders[name] = None  # what a step refers to itself by is not there yet
            self._builders[name] = self._made(name, self._section("steps")[name])
        return self._builders[name]

    def _address(self, step: str, output: str) -> Value:
        builder = self._builder(step) if step in self._classes else None
        if builder is None:
            raise ValueError(f"step '{step}' cannot be referred to: it is wrong itself, or refers back to this one")
        declared = builder.spec.get_output_by_name_or_alias(output)
        if declared is None:
            names = [known.logical_name for known in builder.spec.outputs]
            raise ValueError(f"step '{step}' has no output '{output}'; {suggestion(output, names)}")
        return builder.address(declared, BuildContext(self._settings, AssetStore(self._settings.storage), {}))

    def _made(self, name: str, value: dict[str, Any]) -> StepBuilderBase[Any] | None:
        builder = self._classes[name]
        fields = builder.settings_class.model_fields
        shared = {key: inner for key, inner in self._section("defaults").items() if key in fields}
        if "columns" in fields and "columns" in self._value:
            shared["columns"] = self._value["columns"]
        own = {key: inner for key, inner in value.items() if key not in _OF_THE_STEP}
        settings = overlay(shared, own)
        path = ("steps", name)
        columns_folder = self._document.path.parent
        if isinstance(settings.get("columns"), str):
            columns_folder = (columns_folder / settings["columns"]).parent
        for key in _FILES:
            if isinstance(settings.get(key), str) and key in fields:
                settings[key] = self._file(settings[key], (*path, key))
        columns = settings.pop("columns", None)
        settings = self._referenced(settings, path)
        if columns is not None:
            settings["columns"] = columns
            settings["field_lists"] = self._field_lists(columns, columns_folder, path)
        for key in _FOLDERS:
            if isinstance(settings.get(key), str):
                settings[key] = self._document.path.parent / settings[key]
        made = self._model(builder.settings_class, settings, path)
        try:
            return None if made is None else builder(name, made)
        except ValidationError as error:
            self._problem(
                (*path, "output_columns"), "; ".join(_told(StepSpecification, each) for each in error.errors())
            )
            return None

    def _file(self, name: str, path: KeyPath) -> Any:
        try:
            return read_yaml(self._document.path.parent / name).value
        except PipelineError as error:
            for problem in error.problems:
                place = f"{problem.filename}:{problem.line}" if problem.line else problem.filename
                self._problem(path, f"{place}: {problem.message}")
            return {}

    def _field_lists(self, columns: Any, folder: Path, path: KeyPath) -> dict[str, str]:
        """Reads the lists of fields that a column schema names, which lie beside it."""
        rule = columns.get("tab_field_list") if isinstance(columns, dict) else None
        names = rule.get("files") if isinstance(rule, dict) else None
        lists = {}
        for name in names if isinstance(names, list) else ():
            try:
                lists[Path(str(name)).name] = (folder / Path(str(name)).name).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                self._problem((*path, "columns"), f"cannot read the field list '{folder / str(name)}': {error}")
        return lists

    def _referenced(self, value: dict[str, Any], path: KeyPath) -> dict[str, Any]:
        result = {}
        for key, inner in value.items():
            try:
                result[key] = with_references(inner, self._section("steps"), self._address)
            except ValueError as error:
                self._problem((*path, key), str(error))
        return result

    def _connect(self, pipeline: PipelineBuilder, name: str, inputs: Any) -> None:
        path = ("steps", name, "inputs")
        if not isinstance(inputs, dict):
            self._problem(path, "expected a mapping from dependencies to their sources")
            return
        for dependency, value in inputs.items():
            try:
                if isinstance(value, dict) and set(value) in ({"step", "output"}, {"step", "output", "subfolder"}):
                    source = Source(str(value["step"]), str(value["output"]))
                    pipeline.connect(name, dependency, source, subfolder=value.get("subfolder"))
                elif isinstance(value, str) or is_written_reference(value):
                    pipeline.connect(name, dependency, with_references(value, self._section("steps"), self._address))
                else:
                    self._problem(
                        (*path, dependency), "expected an s3:// address or a reference to a parameter or step"
                    )
            except (PipelineError, ValueError) as error:
                problems = error.problems if isinstance(error, PipelineError) else []
                self._problem((*path, dependency), problems[0].message if problems else str(error))

    def _model(self, model: type[Model], value: Any, path: KeyPath) -> Model | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for each in error.errors():
                place = (*path, *each["loc"])
                if not (each["type"] == "missing" and self._has_told(place)):  # left out because it is wrong
                    self._problem(place, _told(model, each))
            return None

    def _problem(self, path: KeyPath, message: str) -> None:
        self.problems.append(self._told_at(path, message))

    def _told_at(self, path: KeyPath, message: str) -> Problem:
        dotted = ".".join(str(part) for part in path)
        filename, line = str(self._document.path), self._document.line(path)
        return Problem(CONFIGURATION, message, where=dotted, filename=filename, line=line)

    def _has_told(self, path: KeyPath) -> bool:
        dotted = ".".join(str(part) for part in path)
        return any(f"{problem.where}.".startswith(f"{dotted}.") for problem in self.problems)


def _no_mapping(value: object) -> str:
    return f"expected a mapping, found {type(value).__name__}"


def _told(model: type[BaseModel], error: Any) -> str:
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        known = list(model.model_fields) if len(error["loc"]) == 1 else []
        return f"unknown key '{key}'; {suggestion(key, known)}" if known else f"unknown key '{key}'"
    if error["type"] == "missing":
        return "is required and missing"
    return str(error["msg"]).removeprefix("Value error, ")
