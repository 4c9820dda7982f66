"""`names3risk models`: which model classes there are, and what each can be told."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

app = typer.Typer(help="List and explain the model classes.", no_args_is_help=True)


@app.command("list")
def list_classes() -> None:
    """List the model classes: what each is and reads, and its size at the defaults."""
    from rich.console import Console
    from rich.table import Column, Table

    from names3risk.models.catalogue import ALL_CLASSES, describe

    table = Table(Column("class", no_wrap=True), "what it is", "reads", "parameters", box=None)
    for name in ALL_CLASSES:
        found = describe(name)
        table.add_row(name, found.title, found.inputs, "" if found.parameters is None else f"{found.parameters:,}")
    Console().print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the model class.")],
    everything: Annotated[bool, typer.Option("--all", help="Also the hyperparameters common to all classes.")] = False,
) -> None:
    """Explain a model class: its inputs, hyperparameters with defaults and bounds, parameters at the defaults."""
    from rich.console import Console
    from rich.table import Table

    from names3risk.errors import ConfigError
    from names3risk.models.catalogue import ALL_CLASSES, describe

    if name not in ALL_CLASSES:
        near = difflib.get_close_matches(name, ALL_CLASSES, n=1)
        raise ConfigError(
            f"unknown model class {name!r}",
            expected=f"one of {', '.join(ALL_CLASSES)}",
            mend=f"did you mean {near[0]!r}?" if near else None,
        )
    found = describe(name)
    typer.echo(f"{name}: {found.title}")
    typer.echo(f"reads {found.inputs}; {found.command} trains it")
    typer.echo(found.size)
    table = Table("hyperparameter", "type", "default", "bounds", "what it does", box=None)
    shown = [setting for setting in found.settings if setting.own or everything]
    for setting in shown:
        table.add_row(setting.name, setting.kind, setting.default, setting.bounds, setting.description)
    Console().print(table)
    if len(shown) < len(found.settings):
        typer.echo(f"and {len(found.settings) - len(shown)} that all classes have: --all shows them")
