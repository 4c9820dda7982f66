"""The service models that botocore ships, read as plain JSON: botocore itself is not imported, which is slow."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Shape = dict[str, Any]


@cache
def service_shapes(service: str) -> dict[str, Shape]:
    """Gives every shape of a service by name, from the newest model in the installed botocore.

    Args:
        service: botocore's name of the service, such as `sagemaker` or `emr`.

    Raises:
        FileNotFoundError: botocore is not installed or does not know the service.
    """
    found = find_spec("botocore")
    folders = list(found.submodule_search_locations or ()) if found else []
    models = sorted(Path(folders[0], "data", service).glob("*/service-2.json*")) if folders else []
    if not models:
        raise FileNotFoundError(
            f"botocore's model of the service '{service}' is not installed; run: pip install botocore"
        )
    content = models[-1].read_bytes()
    if models[-1].suffix == ".gz":
        content = gzip.decompress(content)
    shapes: dict[str, Shape] = json.loads(content)["shapes"]
    return shapes
