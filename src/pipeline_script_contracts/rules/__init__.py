"""The rules: each says of one kind of clause whether the facts prove it, violate it or leave it open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import Analysis
from ..findings import Finding

if TYPE_CHECKING:
    from ..contract import ScriptContract
