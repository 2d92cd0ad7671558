"""A model behind HTTP that answers as SageMaker's containers do: `GET /ping`, `POST /invocations`.

Sources: "Use Your Own Inference Code with Hosting Services" and "Request and response payloads" (of Clarify's predictor)
in the SageMaker developer guide.
"""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from graph.errors import InvalidError, ThrottledError, TooExpensiveError, UnavailableError
from graph.reach import Policy
from monitors.analysis.errors import ModelError

CSV, JSON_LINES, JSON = "text/csv", "application/jsonlines", "application/json"
LARGEST_REQUEST = 5 << 20
"""Bytes of a request, at most; SageMaker itself takes 6 MB."""
MOST_ROWS = 100_000
SECONDS = 60.0
LARGEST_ANSWER = 64 << 20
AT_ONCE = 4
RETRIES = 3
BUSY = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a container is spoken to; the keys of Clarify's `predictor`.

    Attributes:
        content_type: `text/csv` (a line a row, without a header) or `application/jsonlines`.
        accept_type: The same, or `application/json`; as `content_type` if None.
        content_template: A line of JSON Lines: `$features` is the list of values, `$features_kvp` an object by column.
        probability: Where the answer is: of CSV the index of a column, of JSON a JMESPath; all of it if None.
    """

    content_type: str = CSV
    accept_type: str | None = None
    content_template: str = '{"features":$features}'
    probability: int | str | None = None

    def __post_init__(self) -> None:
        if self.content_type not in (CSV, JSON_LINES):
            raise InvalidError(f"content_type is {self.content_type!r}; {CSV} or {JSON_LINES} is needed")
        if self.accepted not in (CSV, JSON_LINES, JSON):
            raise InvalidError(f"accept_type is {self.accept_type!r}; {CSV}, {JSON_LINES} or {JSON} is needed")
        try:
            orjson.loads(Template(self.content_template).substitute(features="[]", features_kvp="{}"))
        except (KeyError, ValueError):
            raise InvalidError(
                f"content_template {self.content_template!r} gives no JSON; write it with $features or $features_kvp"
            ) from None

    @property
    def accepted(self) -> str:
        """The type of the answers."""
        return self.accept_type or self.content_type


class ContainerModel:
    """A model behind a URL.

    Args:
        policy: What may be reached.
        account: For whom.
        url: The container's address, or that of its `/invocations`.
        exchange: How it is spoken to.

    Raises:
        ForbiddenError: the policy does not list the host.
        UnavailableError: it does not answer `GET /ping` with 200.
    """

    def __init__(self, policy: Policy, account: str, url: str, exchange: Exchange) -> None:
        base = url.rstrip("/").removesuffix("/invocations")
        self.url = base
        self._policy, self._account, self._exchange = policy, account, exchange
        status, said = asyncio.run(self._once("GET", f"{base}/ping", b""))
        if status != 200:
            raise UnavailableError(f"{base}/ping answers {status}{_said(said)}; the model is not ready")

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The answers for rows, several requests at a time: (rows, outputs)."""
        lines = list(_csv_lines(frame) if self._exchange.content_type == CSV else self._json_lines(frame))
        parts = _parts(lines)
        return np.concatenate(asyncio.run(self._all(parts)))

    async def _all(self, parts: Sequence[list[bytes]]) -> list[NDArray[np.float64]]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def ask(lines: list[bytes]) -> NDArray[np.float64]:
            async with turns:
                said = await self._asked(b"".join(lines))
            return read_answers(said, len(lines), self._exchange)

        return await asyncio.gather(*(ask(lines) for lines in parts))

    async def _asked(self, body: bytes) -> bytes:
        """One request, tried again while the container is busy."""
        for attempt in range(RETRIES + 1):
            status, said = await self._once("POST", f"{self.url}/invocations", body)
            if status == 200:
                return said
            if status not in BUSY or attempt == RETRIES:
                break
            await asyncio.sleep(0.2 * 4**attempt)
        if status in BUSY:
            raise ThrottledError(
                f"{self.url}/invocations answers {status}{_said(said)}, {RETRIES + 1} times", retry_after=10
            )
        if status == 413:
            raise TooExpensiveError(f"{self.url}/invocations takes no {len(body):,} bytes at a time")
        raise ModelError(f"{self.url}/invocations answers {status}{_said(said)}.")

    async def _once(self, method: str, url: str, body: bytes) -> tuple[int, bytes]:
        from graph.reach.fetching import Fetcher

        fetcher = Fetcher(self._policy, self._account, seconds=SECONDS, max_bytes=LARGEST_ANSWER)
        headers = {"Content-Type": self._exchange.content_type, "Accept": self._exchange.accepted} if body else None
        done = await fetcher.fetch(method, url, headers=headers, content=body or None)
        return done.status, done.content

    def _json_lines(self, frame: pl.DataFrame) -> Iterator[bytes]:
        template = Template(self._exchange.content_template)
        for row in frame.rows():
            listed = orjson.dumps(list(row)).decode()
            named = orjson.dumps(dict(zip(frame.columns, row, strict=True))).decode()
            yield template.substitute(features=listed, features_kvp=named).encode() + b"\n"


def read_answers(said: bytes, rows: int, exchange: Exchange) -> NDArray[np.float64]:
    """The answers to a number of rows: (rows, outputs).

    Raises:
        ModelError: They are not of the type that was asked for, or not as many.
    """
    try:
        listed = _of_csv(said, rows, exchange) if exchange.accepted == CSV else _of_json(said, exchange)
        made = np.asarray(listed, dtype=np.float64)
    except (ValueError, TypeError, IndexError) as error:
        raise ModelError(f"The model's answer can't be read as {exchange.accepted}: {error}{_said(said)}.") from error
    if len(made) != rows:
        raise ModelError(f"The model answered {rows:,} rows with {len(made):,} predictions{_said(said)}.")
    return made.reshape(rows, -1)


def _of_csv(said: bytes, rows: int, exchange: Exchange) -> list[list[float]]:
    lines = [line for line in csv.reader(io.StringIO(said.decode())) if line]
    if len(lines) == 1 and rows > 1 and len(lines[0]) == rows:
        lines = [[field] for field in lines[0]]  # as the XGBoost container writes a batch
    if exchange.probability is not None:
        lines = [[line[int(exchange.probability)]] for line in lines]
    return [[number for field in line for number in _numbers(field)] for line in lines]


def _numbers(field: str) -> list[float]:
    """A field: a number, or a list of them in JSON."""
    return [float(item) for item in orjson.loads(field)] if field.lstrip().startswith("[") else [float(field)]


def _of_json(said: bytes, exchange: Exchange) -> list[Any]:
    import jmespath

    def found(document: Any) -> Any:
        if exchange.probability is None:
            return document
        try:
            held = jmespath.search(str(exchange.probability), document)
        except jmespath.exceptions.JMESPathError as error:
            raise ValueError(f"{exchange.probability!r} is no JMESPath ({error})") from error
        if held is None:
            raise ValueError(f"it has nothing at {exchange.probability!r}")
        return held

    if exchange.accepted == JSON:
        whole = found(orjson.loads(said))
        if not isinstance(whole, list):
            raise ValueError("a list of predictions is needed; say where it is")
        return whole
    return [found(orjson.loads(line)) for line in said.splitlines() if line.strip()]


def _csv_lines(frame: pl.DataFrame) -> Iterator[bytes]:
    # A text may hold line ends, so lines can't be had by splitting a whole file.
    for begin in range(0, frame.height, MOST_ROWS):
        part = frame.slice(begin, MOST_ROWS)
        if all(not _breaks(part[name]) for name in part.columns if part.schema[name] == pl.String):
            yield from part.write_csv(include_header=False).encode().splitlines(keepends=True)
        else:
            yield from (part[row].write_csv(include_header=False).encode() for row in range(part.height))


def _breaks(values: pl.Series) -> bool:
    return bool(values.str.contains(r"[\r\n]").any())


def _parts(lines: Sequence[bytes]) -> list[list[bytes]]:
    """Lines in requests that are not too large."""
    parts: list[list[bytes]] = [[]]
    size = 0
    for line in lines:
        if parts[-1] and (size + len(line) > LARGEST_REQUEST or len(parts[-1]) >= MOST_ROWS):
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += len(line)
    return parts


def _said(content: bytes) -> str:
    text = " ".join(content[:400].decode("utf-8", "replace").split())
    return f" ({text[:200]!r})" if text else ""
