"""One local run of a pipeline, as `pipeline run` and `demo` make it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from names3risk.cli.runs import telling_how_to_go_on
from names3risk.errors import Names3RiskError

if TYPE_CHECKING:
    from pipeline_steps import PipelineBuilder
    from pipeline_steps.assets import Asset
    from pipeline_steps.local import RunRecord

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {unit: 1024**power for power, unit in enumerate(("", "K", "M", "G", "T"))}


@dataclass(frozen=True)
class Runnable:
    """A definition, and what a run of it needs besides.

    Attributes:
        name: The pipeline.
        definition: The definition, as its JSON has it.
        parameters: The names of its parameters.
        storage: The `s3://` prefix that local data is published to.
        assets: Its code.
        max_parallel: Steps at a time, where the pipeline says it.
    """

    name: str
    definition: Mapping[str, Any]
    parameters: Sequence[str]
    storage: str
    assets: Sequence[Asset] = ()
    max_parallel: int | None = None


@dataclass(frozen=True)
class RunOptions:
    """How to run; see `pipeline_steps.local.run_pipeline`.

    Attributes:
        mode: `portable` or `sandbox`.
        cache: Reuse results of earlier runs where steps allow it.
        logs: Show the lines of the steps' logs too.
        contract_check: In sandbox mode, a step that does not do what was proved of its script fails the run.
        max_parallel: Steps at a time; as the pipeline says it by default.
        cores: Processor cores for all steps together.
        memory: Bytes of memory for all steps together.
        callables: What stands for what AWS would call, by name: `module:function`.
    """

    mode: str = "portable"
    cache: bool = True
    logs: bool = False
    contract_check: bool = True
    max_parallel: int | None = None
    cores: int | None = None
    memory: int | None = None
    callables: Mapping[str, str] = field(default_factory=dict)


def compiled(pipeline: PipelineBuilder) -> Runnable:
    """Compiles a pipeline to run it.

    Raises:
        PipelineError: The pipeline is wrong.
    """
    settings = pipeline.settings
    definition = pipeline.definition()
    names = list(pipeline.parameters)
    return Runnable(settings.name, definition, names, settings.storage, pipeline.assets(), settings.max_parallel_steps)


def written(path: Path) -> Runnable:
    """Reads a definition in JSON, whichever tool wrote it.

    Raises:
        LocalRunError: The file is no definition.
    """
    from pipeline_steps.local import read_definition
    from pipeline_steps.local.definition import parse_definition
    from pipeline_steps.local.job import DEFAULT_BUCKET

    definition = read_definition(path)
    names = [str(item.get("Name")) for item in parse_definition(definition).parameters]
    return Runnable(path.stem, definition, names, DEFAULT_BUCKET)


def run_here(
    runnable: Runnable, run_dir: Path | None, assignments: Iterable[str], options: RunOptions = RunOptions()
) -> RunRecord:
    """Publishes code and local data to the folder that stands for S3, and runs the definition.

    That folder, the cache of results and the model registry lie beside the run's folder, for the runs to share.

    Args:
        runnable: What to run.
        run_dir: A new folder for the run; below runs/ by default.
        assignments: Values of parameters, `Name=value`; `file:PATH` stands for local data.
        options: How to run it.

    Returns:
        The record of the run.

    Raises:
        PipelineError: A parameter is wrong.
        LocalRunError: The definition is wrong, or the run cannot be started.
    """
    from pipeline_steps.assets import AssetStore, publish_local
    from pipeline_steps.given_parameters import parse_parameters, with_local_data
    from pipeline_steps.local import run_pipeline, show_progress

    folder = run_dir or Path("runs") / f"{runnable.name.lower()}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    home = folder.absolute().parent
    store = AssetStore(runnable.storage)
    values = with_local_data(parse_parameters(assignments, runnable.parameters), store)
    publish_local([*runnable.assets, *store.assets()], home / "s3")
    import_from_here(options.callables)
    with telling_how_to_go_on(folder), show_progress(sys.stderr, logs=options.logs) as on_event:
        return run_pipeline(
            runnable.definition,
            run_dir=folder,
            s3_root=home / "s3",
            parameters=values,
            pipeline_name=runnable.name,
            mode=options.mode,  # type: ignore[arg-type]  # the runner names the modes when it is neither
            max_parallel=options.max_parallel or runnable.max_parallel,
            cores=options.cores,
            memory=options.memory,
            cache_dir=home / "cache" if options.cache else None,
            callables=options.callables,
            contract_check=options.contract_check,
            on_event=on_event,
        )


def import_from_here(callables: Mapping[str, str]) -> None:
    """Lets functions that are given by name come from the working folder, as with `python -m`."""
    here = str(Path.cwd())
    if callables and here not in sys.path:
        sys.path.insert(0, here)


def parse_callables(assignments: Iterable[str]) -> dict[str, str]:
    """Splits `NAME=module:function` texts.

    Raises:
        Names3RiskError: A text has another form.
    """
    found = {}
    for text in assignments:
        name, equals, place = text.partition("=")
        if not equals or not name or ":" not in place:
            raise Names3RiskError(f"{text!r} names no function", where="--callable", expected="NAME=module:function")
        found[name] = place
    return found


def parse_size(text: str) -> int:
    """Reads an amount of memory such as `8GiB` or `512M`.

    Raises:
        Names3RiskError: The text is no such amount.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise Names3RiskError(
            f"{text!r} is no amount of memory", where="--memory", expected="for instance 8GiB or 512M"
        )
    return int(float(match[1]) * _UNITS[match[2].upper()])
