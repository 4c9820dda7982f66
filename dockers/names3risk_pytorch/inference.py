"""Serving script: the handlers of a trained model, and an HTTP server of its own where no serving stack calls them."""

from __future__ import annotations

import os

from names3risk.container import container_job
from names3risk.serving.handlers import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - the platform reaches a container from outside

if __name__ == "__main__":
    from names3risk.serving.http import serve

    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    with container_job() as base_dir:
        serve(model_fn(str(base_dir / "model")), host=ALL_ADDRESSES, port=port)
