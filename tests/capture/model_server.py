"""A model server as a team would write it, with our middleware: scores a CSV or JSON payload, and tells the statistics."""

import dataclasses
import json
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from stemma_capture import Capture, CaptureMiddleware, Settings

capture = Capture(
    Settings(
        destination=os.environ["DESTINATION"],
        endpoint="shop",
        spool=Path(os.environ["SPOOL"]),
        segment_seconds=float(os.environ.get("SEGMENT_SECONDS", "0.5")),
        endpoint_url=os.environ.get("S3_ENDPOINT"),
    )
)


async def invocations(request: Request) -> Response:
    body = await request.body()
    if request.headers["content-type"].startswith("application/json"):
        return JSONResponse({"score": len(json.loads(body))})
    return PlainTextResponse(str(len(body.split(b","))), media_type="text/csv")


async def statistics(_: Request) -> Response:
    return JSONResponse(dataclasses.asdict(capture.statistics()))


app = CaptureMiddleware(
    Starlette(
        routes=[Route("/invocations", invocations, methods=["POST"]), Route("/statistics", statistics)],
    ),
    capture,
)
