"""`names3risk pipeline`: compile, check and run pipelines that are written in YAML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from names3risk.errors import Names3RiskError

if TYPE_CHECKING:
    from pipeline_steps import PipelineBuilder
    from pipeline_steps.local import Event

app = typer.Typer(help="Compile, check, run and deploy pipelines.", no_args_is_help=True)

Config = Annotated[Path, typer.Argument(help="The pipeline in YAML, such as examples/names3risk.yaml.")]
Environments = Annotated[
    list[str] | None,
    typer.Option("--environment", "-e", help="A section of `environments` to lay over the rest; may be repeated."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", help="Name=value; file:PATH stands for local data. May be repeated."),
]


@app.command("compile")
def compile_(
    config: Config,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output by default.")] = None,
    environment: Environments = None,
) -> None:
    """Compile a pipeline into a SageMaker pipeline definition."""
    from names3risk.files import write_text

    with _told_in_one_message():
        text = _load(config, environment).definition_json(indent=2)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(f"{out}: {len(text.encode()):,} bytes")


@app.command()
def explain(config: Config, environment: Environments = None) -> None:
    """Say which output feeds each dependency, and why."""
    with _told_in_one_message():
        for resolution in _load(config, environment).explain():
            typer.echo(str(resolution))


@app.command()
def run(
    config: Config,
    run_dir: Annotated[Path | None, typer.Option(help="A new folder for the run; below runs/ by default.")] = None,
    parameter: Parameters = None,
    environment: Environments = None,
    mode: Annotated[str, typer.Option(help="portable, or sandbox for scripts that hard-code /opt/ml.")] = "portable",
    cache: Annotated[bool, typer.Option(help="Reuse the results of earlier runs where steps allow it.")] = True,
) -> None:
    """Compile a pipeline and run it on this machine, without Docker and without AWS."""
    from pipeline_steps.assets import AssetStore, publish_local
    from pipeline_steps.given_parameters import parse_parameters, with_local_data
    from pipeline_steps.local import run_pipeline

    with _told_in_one_message():
        pipeline = _load(config, environment)
        definition = pipeline.definition()
        folder = run_dir or _new_run_dir(pipeline.settings.name)
        home = folder.absolute().parent
        store = AssetStore(pipeline.settings.storage)
        values = with_local_data(parse_parameters(parameter or [], pipeline.parameters), store)
        publish_local([*pipeline.assets(), *store.assets()], home / "s3")
        record = run_pipeline(
            definition,
            run_dir=folder,
            s3_root=home / "s3",
            parameters=values,
            pipeline_name=pipeline.settings.name,
            mode=mode,  # type: ignore[arg-type]  # the runner names the modes when it is neither
            cache_dir=home / "cache" if cache else None,
            max_parallel=pipeline.settings.max_parallel_steps,
            on_event=_show,
        )
    typer.echo(f"{record.status} in {record.seconds or 0:.1f} s: {record.run_dir}")
    if record.status != "Succeeded":
        raise typer.Exit(1)


def _load(config: Path, environments: list[str] | None) -> PipelineBuilder:
    from pipeline_steps.configuration import load_pipeline

    return load_pipeline(config, environments or ())


def _new_run_dir(name: str) -> Path:
    from datetime import datetime

    return Path("runs") / f"{name.lower()}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def _show(event: Event) -> None:
    if event.kind in ("step_log", "run_finished"):
        return
    parts = [part for part in (event.step, event.status, event.message) if part]
    typer.echo(f"{event.kind.replace('_', ' ')}: {' - '.join(parts)}" if parts else event.kind.replace("_", " "))


@contextmanager
def _told_in_one_message() -> Iterator[None]:
    """Turns the errors of the pipeline packages into the one that the command line tells."""
    from pipeline_steps.local.errors import LocalRunError
    from pipeline_steps.problems import PipelineError

    try:
        yield
    except (PipelineError, LocalRunError) as error:
        raise Names3RiskError(str(error)) from error
