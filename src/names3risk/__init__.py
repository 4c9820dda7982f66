"""Fraud-risk models on names, e-mail text and tabular features."""

from names3risk._version import __version__

__all__ = ["__version__"]
