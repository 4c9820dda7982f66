"""Values for parameters as a command line gives them: `Name=value`, where `file:PATH` stands for local data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline_step_specs.naming import suggestion
from pipeline_steps.assets import AssetStore
from pipeline_steps.problems import PipelineError

LOCAL = "file:"


def parse_parameters(assignments: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Splits `Name=value` texts.

    Args:
        assignments: The texts.
        known: The names of the pipeline's parameters.

    Raises:
        PipelineError: A text has no `=`, or names no parameter.
    """
    names = list(known)
    values: dict[str, str] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise PipelineError(f"'{text}' is not a parameter; expected Name=value")
        if name not in names:
            raise PipelineError(f"there is no parameter '{name}'; {suggestion(name, names)}")
        values[name] = value
    return values


def with_local_data(values: Mapping[str, str], store: AssetStore) -> dict[str, str]:
    """Gives local data its address: a value `file:PATH` becomes the `s3://` address of the published file or folder.

    Args:
        values: The parameters.
        store: Where the data is added, to be published with the code.

    Raises:
        PipelineError: There is no such file or folder.
    """
    addressed = {}
    for name, value in values.items():
        path = Path(value.removeprefix(LOCAL)).expanduser()
        if not value.startswith(LOCAL):
            addressed[name] = value
        elif not path.exists():
            raise PipelineError(f"parameter {name}: there is no file or folder '{path}'")
        elif path.is_dir():
            addressed[name] = store.add_folder(path)
        else:
            addressed[name] = store.add_file(path)
    return addressed
