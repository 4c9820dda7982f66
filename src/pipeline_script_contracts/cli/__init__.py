"""The command `validate_contracts`: proves that container scripts keep their contracts."""

from .app import main

__all__ = ["main"]
