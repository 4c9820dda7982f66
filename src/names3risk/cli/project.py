"""The example pipeline of the repository, which the demo and the benchmarks use as it is."""

from __future__ import annotations

from pathlib import Path

from names3risk.errors import ConfigError

EXAMPLE = Path("examples/names3risk.yaml")


def example_pipeline() -> Path:
    """Finds examples/names3risk.yaml in the working folder or in the checkout that this package is installed from.

    Raises:
        ConfigError: It is in neither.
    """
    for folder in (Path.cwd(), Path(__file__).resolve().parents[3]):
        if (folder / EXAMPLE).is_file():
            return folder / EXAMPLE
    raise ConfigError(
        f"there is no {EXAMPLE} here",
        where=Path.cwd(),
        mend="go to a checkout of the repository, which holds the example and the container scripts",
    )
