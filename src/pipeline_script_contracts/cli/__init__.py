"""The command `validate_contracts`: proves that container scripts keep their contracts."""

from .app import main, run

__all__ = ["main", "run"]
