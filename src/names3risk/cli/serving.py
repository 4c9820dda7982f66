"""`names3risk serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    model: Annotated[Path, typer.Argument(help="Model folder, or its model.tar.gz.")],
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    backend: Annotated[
        str, typer.Option(help="onnx, onnx-int8, torch, or torch-bf16, -fp16 or -tf32 for a GPU.")
    ] = "onnx",
    threads: Annotated[int, typer.Option(min=0, help="Threads of a request in ONNX Runtime; 0: one a core.")] = 0,
    max_body_mb: Annotated[float, typer.Option(min=0.001, help="Longer bodies are refused.")] = 6,
) -> None:
    """Answer SageMaker's /ping and /invocations with the scores of a trained model."""
    from names3risk.boosting.loading import load_served
    from names3risk.serving import http

    loaded = load_served(model, backend, threads)
    typer.echo(f"serving {model} on http://{host}:{port}/invocations", err=True)
    http.serve(loaded, host=host, port=port, max_body_bytes=int(max_body_mb * (1 << 20)))
