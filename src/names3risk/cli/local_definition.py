"""One local run of a pipeline definition in JSON, whichever tool wrote it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_steps.local import RunRecord


def run_definition(
    path: Path,
    run_dir: Path | None,
    assignments: Iterable[str],
    *,
    mode: str = "portable",
    cache: bool = True,
    logs: bool = False,
) -> RunRecord:
    """Runs a definition; what it reads from S3 has to lie in the folder `s3` beside the run's folder.

    Args:
        path: The definition.
        run_dir: A new folder for the run; below runs/ by default.
        assignments: Values of parameters, `Name=value`; `file:PATH` stands for local data.
        mode: `portable` or `sandbox`.
        cache: Reuse results of earlier runs where steps allow it.
        logs: Show the lines of the steps' logs too.

    Returns:
        The record of the run.

    Raises:
        PipelineError: An assignment is wrong.
        LocalRunError: The definition is wrong, or the run cannot be started.
    """
    from pipeline_steps.assets import AssetStore, publish_local
    from pipeline_steps.given_parameters import parse_parameters, with_local_data
    from pipeline_steps.local import read_definition, run_pipeline, show_progress
    from pipeline_steps.local.definition import parse_definition
    from pipeline_steps.local.job import DEFAULT_BUCKET

    definition = read_definition(path)
    names = [str(item.get("Name")) for item in parse_definition(definition).parameters]
    folder = run_dir or Path("runs") / f"{path.stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    home = folder.absolute().parent
    store = AssetStore(DEFAULT_BUCKET)
    values = with_local_data(parse_parameters(assignments, names), store)
    publish_local(store.assets(), home / "s3")
    with show_progress(sys.stderr, logs=logs) as on_event:
        return run_pipeline(
            definition,
            run_dir=folder,
            s3_root=home / "s3",
            parameters=values,
            pipeline_name=path.stem,
            mode=mode,  # type: ignore[arg-type]  # the runner names the modes when it is neither
            cache_dir=home / "cache" if cache else None,
            on_event=on_event,
        )
