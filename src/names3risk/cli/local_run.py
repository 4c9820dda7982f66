"""One local run of a compiled pipeline, as `pipeline run` and `demo` make it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_steps import PipelineBuilder
    from pipeline_steps.local import RunRecord


def run_here(
    pipeline: PipelineBuilder,
    run_dir: Path | None,
    assignments: Iterable[str],
    *,
    mode: str = "portable",
    cache: bool = True,
    logs: bool = False,
) -> RunRecord:
    """Publishes a pipeline's code and data to the folder that stands for S3, and runs its definition.

    That folder, the cache of results and the model registry lie beside the run's folder, for the runs to share.

    Args:
        pipeline: The pipeline.
        run_dir: A new folder for the run; below runs/ by default.
        assignments: Values of parameters, `Name=value`; `file:PATH` stands for local data.
        mode: `portable` or `sandbox`.
        cache: Reuse results of earlier runs where steps allow it.
        logs: Show the lines of the steps' logs too.

    Raises:
        PipelineError: The pipeline or the parameters are wrong.
        LocalRunError: The run cannot be started.
    """
    from pipeline_steps.assets import AssetStore, publish_local
    from pipeline_steps.given_parameters import parse_parameters, with_local_data
    from pipeline_steps.local import run_pipeline
    from pipeline_steps.local.progress import show_progress

    definition = pipeline.definition()
    name = pipeline.settings.name
    folder = run_dir or Path("runs") / f"{name.lower()}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    home = folder.absolute().parent
    store = AssetStore(pipeline.settings.storage)
    values = with_local_data(parse_parameters(assignments, pipeline.parameters), store)
    publish_local([*pipeline.assets(), *store.assets()], home / "s3")
    with show_progress(sys.stderr, logs=logs) as on_event:
        return run_pipeline(
            definition,
            run_dir=folder,
            s3_root=home / "s3",
            parameters=values,
            pipeline_name=name,
            mode=mode,  # type: ignore[arg-type]  # the runner names the modes when it is neither
            cache_dir=home / "cache" if cache else None,
            max_parallel=pipeline.settings.max_parallel_steps,
            on_event=on_event,
        )
