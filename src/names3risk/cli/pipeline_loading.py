"""Pipelines in YAML, with what the library's scripts will read in their containers checked beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names3risk.errors import ConfigError

if TYPE_CHECKING:
    from pipeline_script_contracts import ScriptContract
    from pipeline_steps import PipelineBuilder, StepBuilderBase
    from pipeline_steps.problems import Problem


def load_pipeline(config: Path, environments: Iterable[str] | None) -> PipelineBuilder:
    """Reads a pipeline from a YAML file; hyperparameters and column schemas are checked when it is compiled.

    Args:
        config: The file.
        environments: Names of sections under `environments` that are laid over the rest, in order.

    Raises:
        PipelineError: The file is not a pipeline; the error lists everything that is wrong with it.
    """
    from pipeline_steps import configuration

    return configuration.load_pipeline(config, environments or (), checks=(values_of_step,))


def values_of_step(builder: StepBuilderBase[Any]) -> Iterator[Problem]:
    """Gives what the step's script would refuse: a wrong hyperparameter, range or column schema.

    Args:
        builder: The step.
    """
    settings = builder.settings
    given: Mapping[str, Any] = getattr(settings, "hyperparameters", {})
    parse = _parser(builder.contract, given) if given else None
    checks: dict[str, Callable[[], object]] = {}
    if parse:
        checks["hyperparameters"] = lambda: parse(given)
        if ranges := getattr(settings, "ranges", None):
            checks["ranges"] = lambda: _check_ranges(ranges, given)
    if columns := getattr(settings, "columns", None):
        checks["columns"] = lambda: _check_columns(columns)
    for where, check in checks.items():
        try:
            check()
        except ConfigError as error:
            yield builder.problem(where, f"{error.what}; expected {error.expected}" if error.expected else error.what)


def _parser(contract: ScriptContract | None, given: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], None] | None:
    """What checks hyperparameters, where it is the library that reads them.

    A contract that names no model of them may be of a script with its own; what has one of our model classes is ours.
    """
    from names3risk.hyperparameters import HYPERPARAMETER_CLASSES

    model = contract.hyperparameters if contract else None
    if model is None and str(given.get("model_class")) in HYPERPARAMETER_CLASSES:
        return _check_hyperparameters
    return _PARSERS.get(model or "")


def _check_hyperparameters(given: Mapping[str, Any]) -> None:
    from names3risk.hyperparameters import HYPERPARAMETER_CLASSES, parse_hyperparameters
    from pipeline_steps.references import is_reference

    if not any(is_reference(value) for value in given.values()):
        parse_hyperparameters(given)
        return
    # Some values are known when the pipeline runs only, and all of them have to go together.
    model_class = str(given.get("model_class"))
    names = HYPERPARAMETER_CLASSES[model_class].unknown(given) if model_class in HYPERPARAMETER_CLASSES else []
    if names:
        raise ConfigError("; ".join(names))


def _check_xgboost(given: Mapping[str, Any]) -> None:
    from names3risk.boosting.hyperparameters import parse_xgboost_hyperparameters
    from pipeline_steps.references import is_reference

    if not any(is_reference(value) for value in given.values()):
        parse_xgboost_hyperparameters(given)


_PARSERS = {
    "names3risk.hyperparameters.Hyperparameters": _check_hyperparameters,
    "names3risk.boosting.hyperparameters.XGBoostHyperparameters": _check_xgboost,
}


def _check_ranges(ranges: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    from pydantic import TypeAdapter

    from names3risk.hyperparameters import HYPERPARAMETER_CLASSES
    from names3risk.hyperparameters.ranges import Range, check_ranges

    model_class = str(fixed.get("model_class"))
    if model_class in HYPERPARAMETER_CLASSES:
        written = {name: each.model_dump(exclude={"scaling"}) for name, each in ranges.items()}
        parsed: dict[str, Range] = TypeAdapter(dict[str, Range]).validate_python(written)
        check_ranges(parsed, HYPERPARAMETER_CLASSES[model_class], fixed)


def _check_columns(columns: Mapping[str, Any]) -> None:
    from names3risk.data.schema import ColumnSchema

    fields = columns.get("tab_field_list")
    read = isinstance(fields, dict) and "files" in fields  # by the pipeline, which delivers them
    ColumnSchema.parse({**columns, "tab_field_list": []} if read else dict(columns))
