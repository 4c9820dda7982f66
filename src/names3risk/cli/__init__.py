"""The `names3risk` command line: thin commands over the library, one module a command group."""

from names3risk.cli.app import main

__all__ = ["main"]
