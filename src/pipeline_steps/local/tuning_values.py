"""The hyperparameter values that the trials of a tuning try: spread evenly over the ranges, the same in every run."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_RANGES = ("ContinuousParameterRanges", "IntegerParameterRanges")
_CATEGORIES = "CategoricalParameterRanges"
_SCALINGS = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")


def trial_values(config: Mapping[str, Any], seed: str) -> list[dict[str, str]]:
    """The values of every trial, as SageMaker hands them to a script: texts.

    Each range is cut into as many parts as there are trials and each part is used once, in a random order (a Latin
    hypercube), so that a few trials cover it. `Grid` gives every combination, for categories only, as on SageMaker.

    Args:
        config: `HyperParameterTuningJobConfig`.
        seed: Decides the random order where the definition has no `RandomSeed`.

    Returns:
        Name to value, for each trial; not more than `MaxNumberOfTrainingJobs`.
    """
    ranges = config["ParameterRanges"]
    limit = (config.get("ResourceLimits") or {}).get("MaxNumberOfTrainingJobs")
    categories = {item["Name"]: list(item["Values"]) for item in ranges.get(_CATEGORIES) or []}
    if config.get("Strategy") == "Grid":
        rows = (dict(zip(categories, row, strict=True)) for row in itertools.product(*categories.values()))
        return list(itertools.islice(rows, limit))
    count = int(limit or 1)
    seed = str(config.get("RandomSeed", seed))
    columns = {}
    for kind in _RANGES:
        for item in ranges.get(kind) or []:
            positions = _spread(count, f"{seed}/{item['Name']}")
            columns[item["Name"]] = [_value(item, kind, position) for position in positions]
    for name, values in categories.items():
        columns[name] = [values[int(position * len(values))] for position in _spread(count, f"{seed}/{name}")]
    return [{name: values[index] for name, values in columns.items()} for index in range(count)]


def range_names(config: Mapping[str, Any]) -> list[str]:
    """The hyperparameters that a tuning varies.

    Args:
        config: `HyperParameterTuningJobConfig`.
    """
    ranges = config.get("ParameterRanges") or {}
    return [str(item.get("Name")) for kind in (*_RANGES, _CATEGORIES) for item in ranges.get(kind) or []]


def range_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the ranges and the number of trials.

    Args:
        config: `HyperParameterTuningJobConfig`.
    """
    ranges = config.get("ParameterRanges") or {}
    grid = config.get("Strategy") == "Grid"
    if ranges.get("AutoParameters"):
        yield "ParameterRanges.AutoParameters does not run locally; name the ranges"
    if not range_names(config):
        yield "ParameterRanges has no range"
    limit = (config.get("ResourceLimits") or {}).get("MaxNumberOfTrainingJobs")
    if limit is None and not grid:
        yield "ResourceLimits.MaxNumberOfTrainingJobs is missing"
    for kind in _RANGES:
        for index, item in enumerate(ranges.get(kind) or []):
            where = f"ParameterRanges.{kind}[{index}] ({item.get('Name')!r})"
            if grid:
                yield f"{where}: with the strategy Grid all ranges have to be categories"
            yield from (f"{where}: {problem}" for problem in _bounds_problems(item))
    for index, item in enumerate(ranges.get(_CATEGORIES) or []):
        if not item.get("Name") or not isinstance(item.get("Values"), list) or not item["Values"]:
            yield f"ParameterRanges.{_CATEGORIES}[{index}]: expected a Name and Values"


def _bounds_problems(item: Mapping[str, Any]) -> Iterator[str]:
    try:
        low, high = float(item["MinValue"]), float(item["MaxValue"])
    except (KeyError, TypeError, ValueError):
        yield f"MinValue is {item.get('MinValue')!r} and MaxValue {item.get('MaxValue')!r}, expected numbers"
        return
    scaling = item.get("ScalingType", "Auto")
    if not low <= high:
        yield f"MinValue {low:g} is above MaxValue {high:g}"
    elif scaling not in _SCALINGS:
        yield f"ScalingType is {scaling!r}, expected one of {', '.join(_SCALINGS)}"
    elif scaling == "Logarithmic" and low <= 0:
        yield f"MinValue is {low:g}, expected more than 0 for a logarithmic scale"
    elif scaling == "ReverseLogarithmic" and not 0 <= low <= high < 1:
        yield f"the range is {low:g} to {high:g}, expected one from 0 to below 1 for a reverse logarithmic scale"


def _spread(count: int, seed: str) -> Sequence[float]:
    """As many positions in [0, 1) as there are trials, one in each part of equal size, in a random order."""
    generator = random.Random(seed)
    positions = [(index + generator.random()) / count for index in range(count)]
    generator.shuffle(positions)
    return positions


def _value(item: Mapping[str, Any], kind: str, position: float) -> str:
    low, high = float(item["MinValue"]), float(item["MaxValue"])
    whole = kind == "IntegerParameterRanges"
    scaling = item.get("ScalingType", "Auto")
    if scaling == "Logarithmic":
        value = low * math.exp(position * math.log(high / low))
    elif scaling == "ReverseLogarithmic":
        value = 1 - (1 - low) * math.exp(position * math.log((1 - high) / (1 - low)))
    elif whole:
        return str(min(int(high), math.floor(low + position * (high - low + 1))))
    else:
        value = low + position * (high - low)
    return str(round(value)) if whole else repr(min(max(value, low), high))
