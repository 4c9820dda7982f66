"""Kernels for GPUs, written in Triton, for what general libraries do slowly on short rows."""

from __future__ import annotations

from importlib.util import find_spec

HAS_KERNELS = find_spec("triton") is not None
"""Whether Triton, which comes with PyTorch for GPUs, is installed."""
