"""Files of the repository that the demo and the benchmarks use as they are."""

from __future__ import annotations

from pathlib import Path

from names3risk.errors import ConfigError

EXAMPLE = Path("examples/names3risk.yaml")
REFERENCE_LOOP = Path("benchmarks/reference_loop.py")


def example_pipeline() -> Path:
    """Finds examples/names3risk.yaml in the working folder or in the checkout that this package is installed from.

    Raises:
        ConfigError: It is in neither.
    """
    return _find(EXAMPLE, "the example and the container scripts")


def reference_loop() -> Path:
    """Finds benchmarks/reference_loop.py in the same places.

    Raises:
        ConfigError: It is in neither.
    """
    return _find(REFERENCE_LOOP, "the training loop that is measured beside the library's")


def _find(path: Path, what: str) -> Path:
    for folder in (Path.cwd(), Path(__file__).resolve().parents[3]):
        if (folder / path).is_file():
            return folder / path
    raise ConfigError(
        f"there is no {path} here",
        where=Path.cwd(),
        mend=f"go to a checkout of the repository, which holds {what}",
    )
