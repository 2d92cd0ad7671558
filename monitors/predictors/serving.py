"""A model behind loopback, with the contract of SageMaker's containers: `GET /ping`, `POST /invocations`.

`python -m monitors.predictors.serving FOLDER LOADER PORT [--unsafe LOADER] [--columns JSON]`

It is asked in `text/csv` (without a header), `application/jsonlines` (`{"features": [...]}`) or `application/json`
(`{"instances": [...]}` of such), and answers with a number a row, or one a row and class: in CSV a line a row, in JSON Lines
`{"score": 0.2}` or `{"scores": [0.2, 0.8]}`, in JSON `{"predictions": [...]}` of these.
"""

import argparse
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import uvicorn
from numpy.typing import NDArray
from polars.exceptions import PolarsError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graph.errors import StemmaError
from graph.reach import Policy
from monitors.analysis.attribution.models import answers
from monitors.analysis.errors import AnalysisError
from monitors.predictors.container import CSV, JSON, JSON_LINES
from monitors.predictors.loading import load

Numbers = NDArray[np.float64]


def application(model: Any, columns: Sequence[str] = ()) -> Starlette:
    """What answers for a model.

    Args:
        model: An object with `predict`.
        columns: What the values of a row without names are called; as the model's own columns if empty, or `_c0`, `_c1` ….
    """
    columns = columns or getattr(model, "feature_names", None) or ()

    async def ping(_: Request) -> Response:
        return Response()

    async def invocations(request: Request) -> Response:
        kind = request.headers.get("content-type", CSV).partition(";")[0].strip().lower()
        accepted = request.headers.get("accept", "*/*").partition(";")[0].strip().lower()
        wanted = kind if accepted in ("*/*", "") else accepted
        if kind not in (CSV, JSON_LINES, JSON) or wanted not in (CSV, JSON_LINES, JSON):
            return Response(f"{CSV}, {JSON_LINES} and {JSON} are understood", 415)
        try:
            frame = _frame(await request.body(), kind, columns)
            told = answers(model.predict, frame)
        except (AnalysisError, StemmaError, PolarsError, ValueError) as error:
            return Response(str(error), 400)
        return Response(_written(told, wanted), media_type=wanted)

    return Starlette(
        routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])],
    )


def _frame(body: bytes, kind: str, columns: Sequence[str]) -> pl.DataFrame:
    """The rows of a request.

    Raises:
        ValueError: it holds none, or has other columns.
    """
    frame, named = _of_csv(body) if kind == CSV else _of_json(body, kind)
    if not named:
        names = list(columns) or [f"_c{position}" for position in range(frame.width)]
        if len(names) != frame.width:
            raise ValueError(f"the request has {frame.width} columns, and the model's are {', '.join(names)}")
        frame.columns = names
    # A column without any value has no type of its own.
    return frame.with_columns(pl.col(name).cast(pl.Float64) for name in frame.columns if _is_empty(frame[name]))


def _of_csv(body: bytes) -> tuple[pl.DataFrame, bool]:
    return pl.read_csv(body, has_header=False, infer_schema_length=None), False


def _of_json(body: bytes, kind: str) -> tuple[pl.DataFrame, bool]:
    """The rows, and whether their columns have names."""
    rows = [orjson.loads(line) for line in body.splitlines() if line.strip()] if kind == JSON_LINES else None
    if rows is None:
        document = orjson.loads(body)
        rows = document.get("instances") if isinstance(document, dict) else document
        if not isinstance(rows, list):
            raise ValueError("the request has no list of instances")
    values = [row["features"] if isinstance(row, dict) and "features" in row else row for row in rows]
    if all(isinstance(row, dict) for row in values):
        return pl.DataFrame(values, infer_schema_length=None), True
    if not all(isinstance(row, list) for row in values):
        raise ValueError("a row is a list of values, or an object by column, or one of these as its features")
    return pl.DataFrame(values, orient="row", infer_schema_length=None), False


def _is_empty(values: pl.Series) -> bool:
    return values.null_count() == len(values) and values.dtype != pl.Float64


def _written(told: Numbers, wanted: str) -> bytes:
    if wanted == CSV:
        return "".join(",".join(map(repr, row)) + "\n" for row in told.tolist()).encode()
    rows = [{"score": row[0]} if len(row) == 1 else {"scores": row} for row in told.tolist()]
    if wanted == JSON:
        return orjson.dumps({"predictions": rows})
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def main() -> None:
    """Load a model and answer for it until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("loader")
    parser.add_argument("port", type=int)
    parser.add_argument("--unsafe", action="append", default=[])
    parser.add_argument("--columns", default="[]")
    given = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", given.port))
    # The files were brought here for this process, which may read whatever it is given.
    path = str(Path(given.model).resolve())
    held = load(Policy(local_user=True), "", path, format=given.loader, unsafe=given.unsafe, alone=True)
    app = application(held.model, json.loads(given.columns))
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    try:
        main()
    except StemmaError as error:
        raise SystemExit(error.message) from None
