"""A trained model behind SageMaker's two routes: `GET /ping` and `POST /invocations`.

Nothing of a request is logged but its size, its number of rows and how long it took. Errors that the sender can mend
are answered with a 4xx status and `{"error": message}`; others with 500 and no detail.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING

from names3risk.errors import ArtifactError, ConfigError, DataError, MediaTypeError
from names3risk.serving.handlers import ServedModel, input_fn, output_fn, predict_fn

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 6 << 20
"""What SageMaker lets through to a real-time endpoint."""


class _TooLargeError(Exception):
    """A body is longer than allowed."""


def make_app(model: ServedModel, *, max_body_bytes: int = MAX_BODY_BYTES) -> Starlette:
    """The HTTP application of a model.

    Args:
        model: The model.
        max_body_bytes: Longer bodies are refused with status 413.

    Raises:
        ConfigError: The extra `serve` is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse, Response
        from starlette.routing import Route
    except ImportError as error:
        raise ConfigError(
            f"the package {error.name} is not installed", where="serving", mend="pip install 'names3risk[serve]'"
        ) from error

    def answer(body: bytes, content_type: str, accept: str) -> Response:
        started = time.perf_counter()
        try:
            prediction = predict_fn(input_fn(body, content_type), model)
            content, media_type = output_fn(prediction, accept)
        except DataError as error:
            return JSONResponse({"error": str(error)}, 400)
        except MediaTypeError as error:
            return JSONResponse({"error": str(error)}, 415)
        rows = len(next(iter(prediction.values())))
        seconds = time.perf_counter() - started
        logger.info("%d bytes, %d rows, %.1f ms", len(body), rows, 1000 * seconds)
        return Response(content, media_type=media_type)

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        try:
            body = await _body(request, max_body_bytes)
        except _TooLargeError:
            return JSONResponse({"error": f"the body is longer than {max_body_bytes:,} bytes"}, 413)
        content_type = request.headers.get("content-type", "application/json")
        try:
            return await run_in_threadpool(answer, body, content_type, request.headers.get("accept", ""))
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold what people are called
            logger.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            detail = "the model cannot score" if isinstance(error, ArtifactError) else "the request failed"
            return JSONResponse({"error": f"{detail}; the log says where"}, 500)

    return Starlette(routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])])


def serve(model: ServedModel, *, host: str, port: int, max_body_bytes: int = MAX_BODY_BYTES) -> None:
    """Answers requests until the process is interrupted.

    Args:
        model: The model.
        host: Address to listen on; 0.0.0.0 for all.
        port: Port to listen on.
        max_body_bytes: Longer bodies are refused.

    Raises:
        ConfigError: The extra `serve` is not installed.
    """
    app = make_app(model, max_body_bytes=max_body_bytes)
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


async def _body(request: Request, limit: int) -> bytes:
    if int(request.headers.get("content-length") or 0) > limit:
        raise _TooLargeError
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
