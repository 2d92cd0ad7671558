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
_NO_FEATURES = {"features": "[]", "features_kvp": "{}"}
LARGEST_REQUEST = 5 << 20
"""Bytes of a request, at most; SageMaker itself takes 6 MB."""
MOST_ROWS = 100_000
SECONDS = 60.0
LARGEST_ANSWER = 64 << 20
AT_ONCE = 4
RETRIES = 3
BUSY = (429, 502, 503, 504)

Where = int | str | None
"""A place in an answer: of CSV the index of a column, of JSON a JMESPath (or an index); all of it if None."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a container is spoken to; the keys of Clarify's `predictor`.

    Attributes:
        content_type: `text/csv` (a line a row, without a header), `application/jsonlines` or `application/json`.
        accept_type: The type of the answers; as `content_type` if None.
        content_template: A line of JSON Lines, of which `$features` is the list of values and `$features_kvp` an object by
            column; of JSON a whole request, of which `$records` is the list of its rows, or `$record` its only one.
        record_template: A row of JSON, with `$features` or `$features_kvp`.
        probability: Where the answer is: of CSV the index of a column, of JSON a JMESPath; all of it if None.
    """

    content_type: str = CSV
    accept_type: str | None = None
    content_template: str = '{"features":$features}'
    probability: int | str | None = None
    record_template: str = "$features"

    def __post_init__(self) -> None:
        if self.content_type not in (CSV, JSON_LINES, JSON):
            raise InvalidError(f"content_type is {self.content_type!r}; {CSV}, {JSON_LINES} or {JSON} is needed")
        if self.accepted not in (CSV, JSON_LINES, JSON):
            raise InvalidError(f"accept_type is {self.accept_type!r}; {CSV}, {JSON_LINES} or {JSON} is needed")
        if self.content_type == JSON:
            _tried("record_template", self.record_template, "$features or $features_kvp", **_NO_FEATURES)
            _tried("content_template", self.content_template, "$records or $record", records="[]", record="[]")
        else:
            _tried("content_template", self.content_template, "$features or $features_kvp", **_NO_FEATURES)

    @property
    def one_by_one(self) -> bool:
        """Whether a request holds one row."""
        return self.content_type == JSON and "$records" not in self.content_template.replace("${", "$")

    @property
    def accepted(self) -> str:
        """The type of the answers."""
        return self.accept_type or self.content_type

    def body(self, lines: Sequence[bytes]) -> bytes:
        """The request for rows that are written already."""
        if self.content_type != JSON:
            return b"".join(lines)
        rows = [line.decode().rstrip("\n") for line in lines]
        return Template(self.content_template).substitute(records=f"[{','.join(rows)}]", record=rows[0]).encode()


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
        """The answers for rows as numbers: (rows, outputs)."""
        (told,) = self.answers(frame, [self._exchange.probability])
        return numbers(told, self._exchange)

    def answers(self, frame: pl.DataFrame, places: Sequence[Where]) -> list[list[Any]]:
        """What stands in the answers at places, several requests at a time: for each place a value a row.

        Raises:
            ModelError: the answers can't be read, or are not as many as the rows.
        """
        exchange = self._exchange
        if exchange.content_type == CSV:
            lines = list(_csv_lines(frame))
        else:
            template = exchange.content_template if exchange.content_type == JSON_LINES else exchange.record_template
            lines = list(_filled(frame, template))
        parts = _parts(lines, 1 if exchange.one_by_one else MOST_ROWS)
        read = asyncio.run(self._all(parts, places))
        return [[value for part in read for value in part[position]] for position in range(len(places))]

    async def _all(self, parts: Sequence[list[bytes]], places: Sequence[Where]) -> list[list[list[Any]]]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def ask(lines: list[bytes]) -> list[list[Any]]:
            async with turns:
                said = await self._asked(self._exchange.body(lines))
            return [read_values(said, len(lines), self._exchange, where) for where in places]

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


def numbers(told: Sequence[Any], exchange: Exchange) -> NDArray[np.float64]:
    """Answers as numbers: (rows, outputs).

    Raises:
        ModelError: they are none.
    """
    try:
        return np.asarray([_floats(value) for value in told], dtype=np.float64).reshape(len(told), -1)
    except (ValueError, TypeError) as error:
        raise ModelError(f"The model's answer can't be read as numbers of {exchange.accepted}: {error}.") from error


def read_values(said: bytes, rows: int, exchange: Exchange, where: Where) -> list[Any]:
    """What stands at a place of the answers to a number of rows, a value a row.

    Raises:
        ModelError: They are not of the type that was asked for, or not as many.
    """
    try:
        listed = _of_csv(said, rows, where) if exchange.accepted == CSV else _of_json(said, exchange, where)
    except (ValueError, TypeError, IndexError) as error:
        raise ModelError(f"The model's answer can't be read as {exchange.accepted}: {error}{_said(said)}.") from error
    if len(listed) != rows:
        raise ModelError(f"The model answered {rows:,} rows with {len(listed):,} predictions{_said(said)}.")
    return listed


def _of_csv(said: bytes, rows: int, where: Where) -> list[Any]:
    lines = [line for line in csv.reader(io.StringIO(said.decode())) if line]
    if len(lines) == 1 and rows > 1 and len(lines[0]) == rows:
        lines = [[field] for field in lines[0]]  # as the XGBoost container writes a batch
    if where is not None:
        return [_field(line[int(where)]) for line in lines]
    return [_field(line[0]) if len(line) == 1 else [_field(field) for field in line] for line in lines]


def _field(field: str) -> Any:
    """A field: a text, or a list in JSON."""
    return orjson.loads(field) if field.lstrip().startswith("[") else field


def _floats(value: Any) -> list[float]:
    if isinstance(value, list):
        return [number for item in value for number in _floats(item)]
    return [float(value)]


def _of_json(said: bytes, exchange: Exchange, where: Where) -> list[Any]:
    import jmespath

    def found(document: Any) -> Any:
        if where is None:
            return document
        # An index counts in the list of what is told of a row.
        expression = f"[{where}]" if str(where).isdecimal() else str(where)
        try:
            held = jmespath.search(expression, document)
        except jmespath.exceptions.JMESPathError as error:
            raise ValueError(f"{where!r} is no JMESPath ({error})") from error
        if held is None:
            raise ValueError(f"it has nothing at {where!r}")
        return held

    if exchange.accepted == JSON:
        whole = found(orjson.loads(said))
        if not isinstance(whole, list):
            if exchange.one_by_one:
                return [whole]
            raise ValueError("a list of predictions is needed; say where it is")
        return whole
    return [found(orjson.loads(line)) for line in said.splitlines() if line.strip()]


def _filled(frame: pl.DataFrame, template: str) -> Iterator[bytes]:
    """Each row, put into a template, and a line's end."""
    whole = Template(template)
    for row in frame.rows():
        listed = orjson.dumps(list(row)).decode()
        named = orjson.dumps(dict(zip(frame.columns, row, strict=True))).decode()
        yield whole.substitute(features=listed, features_kvp=named).encode() + b"\n"


def _tried(what: str, template: str, holders: str, **values: str) -> None:
    """Refuse a template that makes no JSON."""
    try:
        orjson.loads(Template(template).substitute(**values))
    except (KeyError, ValueError):
        raise InvalidError(f"{what} {template!r} gives no JSON; write it with {holders}", path=what) from None


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


def _parts(lines: Sequence[bytes], most: int) -> list[list[bytes]]:
    """Lines in requests that are not too large."""
    parts: list[list[bytes]] = [[]]
    size = 0
    for line in lines:
        if parts[-1] and (size + len(line) > LARGEST_REQUEST or len(parts[-1]) >= most):
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += len(line)
    return parts


def _said(content: bytes) -> str:
    text = " ".join(content[:400].decode("utf-8", "replace").split())
    return f" ({text[:200]!r})" if text else ""
