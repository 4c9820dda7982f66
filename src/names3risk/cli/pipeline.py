"""`names3risk pipeline`: compile, check and run pipelines that are written in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from names3risk.cli import pipeline_deploy, runs
from names3risk.cli.pipeline_deploy import Environments
from names3risk.cli.pipeline_errors import told_in_one_message
from names3risk.cli.pipeline_loading import load_pipeline, values_of_step
from names3risk.errors import Names3RiskError

__all__ = ["app", "told_in_one_message"]

app = typer.Typer(help="Compile, check, run and deploy pipelines.", no_args_is_help=True)

Config = Annotated[Path, typer.Argument(help="The pipeline in YAML, such as examples/names3risk.yaml.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", metavar="NAME=VALUE", help="file:PATH as the value stands for local data. May be repeated."
    ),
]


@app.command("compile")
def compile_(
    config: Config,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output by default.")] = None,
    environment: Environments = None,
) -> None:
    """Compile a pipeline into a SageMaker pipeline definition."""
    from names3risk.files import write_text

    with told_in_one_message(config):
        text = load_pipeline(config, environment).definition_json(indent=2)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(f"{out}: {len(text.encode()):,} bytes")


@app.command()
def explain(config: Config, environment: Environments = None) -> None:
    """Say which output feeds each dependency, and why."""
    with told_in_one_message(config):
        for resolution in load_pipeline(config, environment).explain():
            typer.echo(str(resolution))


@app.command()
def check(
    config: Annotated[Path, typer.Argument(help="A pipeline in YAML, or a definition in JSON.")],
    environment: Environments = None,
    output_format: Annotated[str, typer.Option(help="concise, full, json, sarif or github.")] = "concise",
) -> None:
    """Tell everything that is wrong with a pipeline and with its scripts; exit code 1 when there is something."""
    from pipeline_script_contracts import Verdict
    from pipeline_script_contracts.reporters import FORMATS, Report, render
    from pipeline_steps.check_report import check_configuration, check_json

    if output_format not in FORMATS:
        expected = f"one of {', '.join(FORMATS)}"
        raise Names3RiskError(f"there is no format '{output_format}'", where="--output-format", expected=expected)
    if config.suffix == ".json":
        with told_in_one_message():
            findings = check_json(config, _definition(config, environment))
    else:
        findings = check_configuration(config, environment or (), (values_of_step,))
    report = Report(tuple(findings), tool="names3risk pipeline check")
    typer.echo(render(report, output_format), nl=False)
    wrong = report.count(Verdict.VIOLATED)
    if output_format in ("concise", "full"):
        clauses = f"; {report.summary()}" if findings else ""
        typer.echo(f"{config}: {wrong or 'no'} problem{'' if wrong == 1 else 's'}{clauses}")
    if wrong:
        raise typer.Exit(1)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A pipeline in YAML, or a definition in JSON.")],
    new: Annotated[Path, typer.Argument(help="The other one.")],
    environment: Environments = None,
) -> None:
    """Show what changes from one pipeline to another, and which steps lose their cached results."""
    from pipeline_steps.definition_diff import diff_definitions

    with told_in_one_message(old):
        before = _definition(old, environment)
    with told_in_one_message(new):
        difference = diff_definitions(before, _definition(new, environment))
    typer.echo(str(difference), nl=False)


@app.command()
def graph(
    config: Annotated[Path, typer.Argument(help="A pipeline in YAML, or a definition in JSON.")],
    output_format: Annotated[str, typer.Option("--format", help="mermaid, svg or html.")] = "mermaid",
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output by default.")] = None,
    environment: Environments = None,
) -> None:
    """Draw a pipeline; arrows name the output and the property path."""
    from names3risk.files import write_text
    from pipeline_steps.graph import FORMATS, picture_of

    if output_format not in FORMATS:
        expected = f"one of {', '.join(FORMATS)}"
        raise Names3RiskError(f"there is no format '{output_format}'", where="--format", expected=expected)
    with told_in_one_message(config):
        if config.suffix == ".json":
            picture = picture_of(_definition(config, environment), config.stem)
        else:
            pipeline = load_pipeline(config, environment)
            picture = picture_of(pipeline.definition(), pipeline.settings.name, pipeline.output_names())
    text = FORMATS[output_format](picture)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="A pipeline in YAML, or a definition in JSON from any tool.")],
    run_dir: Annotated[Path | None, typer.Option(help="A new folder for the run; below runs/ by default.")] = None,
    parameter: Parameters = None,
    environment: Environments = None,
    mode: Annotated[str, typer.Option(help="portable, or sandbox for scripts that hard-code /opt/ml.")] = "portable",
    cache: Annotated[bool, typer.Option(help="Reuse the results of earlier runs where steps allow it.")] = True,
    logs: Annotated[bool, typer.Option("--logs", help="Show the lines of the steps' logs too.")] = False,
    contract_check: Annotated[
        bool, typer.Option(help="In sandbox mode, fail when a step does not do what was proved of its script.")
    ] = True,
    max_parallel: Annotated[int | None, typer.Option(min=1, help="Steps at a time.")] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="Processor cores for all steps; all by default.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory for all steps, such as 8GiB; no limit by default.")] = None,
    callables: runs.Callables = None,
) -> None:
    """Compile a pipeline and run it on this machine, without Docker and without AWS."""
    from names3risk.cli.local_run import RunOptions, compiled, parse_callables, parse_size, run_here, written

    options = RunOptions(
        mode=mode,
        cache=cache,
        logs=logs,
        contract_check=contract_check,
        max_parallel=max_parallel,
        cores=cores,
        memory=parse_size(memory) if memory else None,
        callables=parse_callables(callables or []),
    )
    with told_in_one_message(config):
        runnable = written(config) if config.suffix == ".json" else compiled(load_pipeline(config, environment))
        record = run_here(runnable, run_dir, parameter or [], options)
    runs.conclude(record)


def _definition(path: Path, environments: list[str] | None) -> dict[str, Any]:
    """Compiles a pipeline in YAML, or reads a definition in JSON."""
    from pipeline_steps.local.definition import parse_definition, read_definition

    if path.suffix != ".json":
        return load_pipeline(path, environments).definition()
    definition = read_definition(path)
    parse_definition(definition)
    return dict(definition)


for command in (
    pipeline_deploy.publish,
    pipeline_deploy.upsert,
    pipeline_deploy.start,
    pipeline_deploy.status,
    pipeline_deploy.wait,
    pipeline_deploy.stop,
):
    app.command()(command)
app.command("list")(pipeline_deploy.list_)
app.command()(runs.resume)
