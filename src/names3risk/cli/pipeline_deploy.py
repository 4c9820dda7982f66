"""`names3risk pipeline publish|upsert|start|status|wait|stop|list`: pipelines on SageMaker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from names3risk.cli.pipeline_errors import told_in_one_message
from names3risk.cli.pipeline_loading import load_pipeline
from names3risk.errors import Names3RiskError

if TYPE_CHECKING:
    from pipeline_steps.deploy import AwsClients, Execution

Config = Annotated[Path, typer.Argument(help="The pipeline in YAML.")]
Environments = Annotated[
    list[str] | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="A section of `environments` to lay over the rest; may be repeated."
    ),
]
Region = Annotated[str | None, typer.Option(help="The AWS region; by default that of the environment or profile.")]
Profile = Annotated[str | None, typer.Option(help="The profile of ~/.aws/config.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Arn = Annotated[str, typer.Argument(help="The ARN of the execution.")]


def publish(
    config: Config,
    environment: Environments = None,
    dry_run: DryRun = False,
    to: Annotated[
        Path | None, typer.Option(help="A folder that stands for S3, such as runs/s3, for local runs of a definition.")
    ] = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Upload a pipeline's code to S3, each folder under the hash of its content."""
    from pipeline_steps.assets import publish_local
    from pipeline_steps.deploy import publish_assets

    with told_in_one_message(config):
        assets = load_pipeline(config, environment).assets()
        if to is not None:
            if dry_run:
                raise Names3RiskError("--dry-run has no effect with --to", expected="one of them")
            for folder in publish_local(assets, to):
                typer.echo(folder)
            return
        report = publish_assets(assets, _clients(region, profile), dry_run=dry_run)
    for uri in report.uploaded:
        typer.echo(f"{'would upload' if dry_run else 'uploaded'} {uri}")
    typer.echo(f"{len(report.uploaded)} uploaded, {len(report.present)} there already{_dry(dry_run)}")


def upsert(
    config: Config,
    environment: Environments = None,
    dry_run: DryRun = False,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Publish a pipeline's code, then create the pipeline on SageMaker or update it."""
    from pipeline_steps.deploy import publish_assets, upsert_pipeline

    with told_in_one_message(config):
        pipeline, clients = load_pipeline(config, environment), _clients(region, profile)
        published = publish_assets(pipeline.assets(), clients, dry_run=dry_run)
        report = upsert_pipeline(pipeline, clients, dry_run=dry_run)
    if report.difference is not None and not report.difference.is_empty:
        typer.echo(str(report.difference), nl=False)
    typer.echo(f"code: {len(published.uploaded)} files uploaded, {len(published.present)} there already")
    if report.definition_uri:
        typer.echo(f"definition: {report.definition_uri}")
    typer.echo(f"pipeline {pipeline.settings.name}: {report.action}{_dry(dry_run)} {report.arn}".rstrip())


def start(
    config: Config,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="file:PATH as the value is uploaded first."),
    ] = None,
    display_name: Annotated[str | None, typer.Option(help="What the execution is called in lists.")] = None,
    wait_for_end: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    environment: Environments = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Start a deployed pipeline."""
    from pipeline_steps.assets import AssetStore
    from pipeline_steps.deploy import publish_assets, start_execution
    from pipeline_steps.given_parameters import parse_parameters, with_local_data

    with told_in_one_message(config):
        pipeline, clients = load_pipeline(config, environment), _clients(region, profile)
        store = AssetStore(pipeline.settings.storage)
        values = with_local_data(parse_parameters(parameter or [], pipeline.parameters), store)
        publish_assets(store.assets(), clients)
        arn = start_execution(pipeline.settings.name, clients, values, display_name)
    typer.echo(arn)
    if wait_for_end:
        wait(arn, None, region, profile)


def status(arn: Arn, region: Region = None, profile: Profile = None) -> None:
    """Show how far an execution and its steps are."""
    from pipeline_steps.deploy import describe_execution

    with told_in_one_message():
        execution = describe_execution(arn, _clients(region, profile))
    _show(execution)


def wait(
    arn: Arn,
    timeout_seconds: Annotated[float | None, typer.Option(help="How long to wait; without end by default.")] = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Wait until an execution has ended; exit code 1 unless it succeeded."""
    from pipeline_steps.deploy import wait_for_execution

    with told_in_one_message():
        execution = wait_for_execution(arn, _clients(region, profile), timeout_seconds=timeout_seconds, on_change=_show)
    if execution.status != "Succeeded":
        raise typer.Exit(1)


def stop(arn: Arn, region: Region = None, profile: Profile = None) -> None:
    """Stop an execution."""
    from pipeline_steps.deploy import stop_execution

    with told_in_one_message():
        stop_execution(arn, _clients(region, profile))
    typer.echo(f"stopping {arn}")


def list_(
    name: Annotated[str | None, typer.Argument(help="A pipeline, whose executions are listed.")] = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """List the deployed pipelines, or the executions of one."""
    from pipeline_steps.deploy import list_executions, list_pipelines

    with told_in_one_message():
        clients = _clients(region, profile)
        if name is None:
            for pipeline in list_pipelines(clients):
                typer.echo(f"{pipeline['PipelineName']}  {pipeline['PipelineArn']}")
            return
        for execution in list_executions(name, clients):
            started = execution.get("StartTime")
            when = f"{started:%Y-%m-%d %H:%M:%S}" if started else ""
            typer.echo(f"{execution['PipelineExecutionStatus']:<10}  {when}  {execution['PipelineExecutionArn']}")


def _clients(region: str | None, profile: str | None) -> AwsClients:
    from pipeline_steps.deploy import AwsClients

    return AwsClients(region, profile)


def _show(execution: Execution) -> None:
    typer.echo(f"{execution.status}  {execution.arn}")
    for step in execution.steps:
        seconds = "" if step.seconds is None else f"{step.seconds:.0f} s"
        parts = [seconds, "from the cache" if step.cached else "", step.reason]
        typer.echo(f"  {step.status:<10}  {step.name}  {'  '.join(part for part in parts if part)}".rstrip())
    if execution.reason:
        typer.echo(f"  {execution.reason}")


def _dry(dry_run: bool) -> str:
    return " (dry run: nothing was changed)" if dry_run else ""
