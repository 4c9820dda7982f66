"""Prints a digest of the interpreter and its packages; of packages under development the source itself is read."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse


def digest() -> str:
    """SHA-256 over the interpreter's version, each package's name and version, and source installed in place."""
    lines = [sys.version]
    for package in importlib.metadata.distributions():
        lines.append(f"{package.name}=={package.version}")
        lines += _source(package.read_text("direct_url.json"))
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _source(direct_url: str | None) -> Iterator[str]:
    origin = json.loads(direct_url) if direct_url else {}
    if not origin.get("dir_info", {}).get("editable"):
        return
    root = Path(unquote(urlparse(origin["url"]).path))
    folder = root / "src" if (root / "src").is_dir() else root
    for path in sorted(folder.rglob("*.py")):
        yield f"{path}:{hashlib.sha256(path.read_bytes()).hexdigest()}"


if __name__ == "__main__":
    sys.stdout.write(digest() + "\n")
