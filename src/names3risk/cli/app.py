"""The command tree, and how an error becomes one message and an exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import Annotated

import typer

from names3risk._version import __version__
from names3risk.cli import bench, data, demo, model_classes, models, pipeline, runs, sequences, serving, tune
from names3risk.cli.processes import is_first_process, require_one_process
from names3risk.container import one_message

app = typer.Typer(
    name="names3risk",
    help="Train fraud-risk models on names, e-mail text and tables, and run them as SageMaker pipelines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.add_typer(data.app, name="data")
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(runs.app, name="runs")
app.add_typer(model_classes.app, name="models")
app.command("train")(models.train)
app.command("evaluator")(models.evaluator)
app.command("evaluate")(models.evaluate)
app.command("predict")(models.predict)
app.command("serve")(serving.serve)
app.command("import-legacy")(models.import_legacy)
app.command("tune")(tune.tune)
app.add_typer(sequences.app, name="sequences")
app.add_typer(bench.app, name="bench")


def _show_version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


IN_PROCESSES = (None, "train", "sequences")
"""Commands that torchrun may start several times; `sequences` looks at its own."""


@app.callback()
def configure(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step of the work.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sets up logging before any command runs."""
    if context.invoked_subcommand not in IN_PROCESSES:
        require_one_process(str(context.invoked_subcommand))
    logging.basicConfig(
        level=logging.INFO if verbose and is_first_process() else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def main() -> None:
    """Runs the command line; an expected error ends it with one message and exit code 1."""
    termination = _Termination()
    signal.signal(signal.SIGTERM, termination)
    try:
        _run()
    except BaseException:
        # What was interrupted may have made another error of it.
        if termination.code:
            sys.exit(termination.code)
        raise


def _run() -> None:
    try:
        with one_message():
            app()
    except (KeyboardInterrupt, SystemExit) as error:
        interruption = _interruption(error)
        if interruption is None:
            raise
        typer.echo(": ".join(["interrupted", *map(str, interruption.args)]), err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone, as in `names3risk ... | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


class _Termination:
    """Lets what is half written be removed on SIGTERM; a second one ends the process at once."""

    code = 0

    def __call__(self, number: int, _: object) -> None:
        self.code = 128 + number
        signal.signal(number, signal.SIG_DFL)
        sys.exit(self.code)


def _interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The Ctrl-C behind an error, which typer turns into an exit without a word."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error
