"""Objects in S3 that jobs read and write, under the policy of their account."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.errors import InvalidError, StemmaError, TooExpensiveError
from graph.reach import Policy, S3Place
from monitors.buckets import client_of, translated_s3

TEXT_BYTES = 131_072
"""The largest script or configuration."""
READ_SECONDS = 10.0
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was read.

    Attributes:
        uri: where it lay.
        digest: the SHA-256 of its content, in hex.
    """

    uri: str
    path: Path
    digest: str
    size: int


class Bucket:
    """What an account may touch in S3.

    Args:
        policy: What may be touched.
        account: For whom.
        most_bytes: How much one job may read.
    """

    def __init__(self, policy: Policy, account: str, most_bytes: int = 1 << 36) -> None:
        self._policy = policy
        self._account = account
        self._left = most_bytes

    def listed(self, uri: str) -> list[tuple[str, int]]:
        """The URIs and sizes of the objects below a prefix, or the one object that the URI names.

        Raises:
            InvalidError: it is no such URI.
            ForbiddenError: the account may not touch it.
            UnavailableError: S3 does not answer, or refuses.
        """
        place = self._policy.s3(self._account, uri)
        found: list[tuple[str, int]] = []
        with translated_s3(uri):
            pages = (
                client_of(place.credentials)
                .get_paginator("list_objects_v2")
                .paginate(Bucket=place.bucket, Prefix=place.key)
            )
            for page in pages:
                for held in page.get("Contents", ()):
                    key = held["Key"]
                    # A prefix names a folder or an object, and no neighbour whose name begins alike.
                    if key == place.key or place.key.endswith("/") or not place.key or key.startswith(f"{place.key}/"):
                        found.append((f"s3://{place.bucket}/{key}", int(held["Size"])))
        return [(name, size) for name, size in found if not name.endswith("/")]

    def fetch(self, uri: str, path: Path) -> Fetched:
        """Copy an object to a file.

        Raises:
            NotFoundError: it is not there.
            TooExpensiveError: the job has read too much.
        """
        place = self._policy.s3(self._account, uri)
        hashed, size = hashlib.sha256(), 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with translated_s3(uri), path.open("wb") as file:
            for block in _content(place).iter_chunks(BLOCK):
                size += len(block)
                self._take(len(block), uri)
                hashed.update(block)
                file.write(block)
        return Fetched(uri, path, hashed.hexdigest(), size)

    def content(self, uri: str) -> bytes:
        """A small object.

        Raises:
            NotFoundError: it is not there.
            TooExpensiveError: the job has read too much.
        """
        place = self._policy.s3(self._account, uri)
        with translated_s3(uri):
            content: bytes = _content(place).read()
        self._take(len(content), uri)
        return content

    def text(self, uri: str) -> str:
        """A script or a configuration.

        Raises:
            InvalidError: it is too large, or no text.
            NotFoundError: it is not there.
        """
        place = self._policy.s3(self._account, uri)
        with translated_s3(uri):
            content: bytes = _content(place).read(TEXT_BYTES + 1)
        if len(content) > TEXT_BYTES:
            raise InvalidError(f"{uri} is larger than {TEXT_BYTES} bytes", path="uri", constraint="a small file")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise InvalidError(f"{uri} is no text in UTF-8", path="uri", constraint="UTF-8") from None

    def put(self, uri: str, content: bytes) -> Fetched:
        """Write an object.

        Raises:
            ForbiddenError: the account may not touch it.
            UnavailableError: S3 does not answer, or refuses.
        """
        place = self._policy.s3(self._account, uri)
        with translated_s3(uri):
            client_of(place.credentials).put_object(Bucket=place.bucket, Key=place.key, Body=content)
        return Fetched(uri, Path(), hashlib.sha256(content).hexdigest(), len(content))

    def _take(self, size: int, uri: str) -> None:
        self._left -= size
        if self._left < 0:
            raise TooExpensiveError(f"the job's inputs are larger than a job may read; {uri} was one too many")


async def read_texts(policy: Policy, account: str, uris: Iterable[str]) -> dict[str, dict[str, str]]:
    """What lies at URIs now: `{uri: {"text": …, "sha256": …}}`, or `{"error": …}` where it could not be read."""
    bucket = Bucket(policy, account)

    async def one(uri: str) -> dict[str, str]:
        try:
            async with asyncio.timeout(READ_SECONDS):
                text = await asyncio.to_thread(bucket.text, uri)
        except StemmaError as error:
            return {"error": error.message}
        except TimeoutError:
            return {"error": f"{uri} could not be read within {READ_SECONDS:g} s"}
        return {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}

    wanted = list(dict.fromkeys(uris))
    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))


def text_of(read: Mapping[str, Any], uri: str) -> str:
    """What lay at a URI when the job was made.

    Raises:
        InvalidError: it could not be read.
    """
    found = read.get(uri, {})
    if "text" not in found:
        why = found.get("error", "it was not looked at")
        raise InvalidError(
            f"{uri} could not be read when the job was made: {why}", path="uri", constraint="a readable file"
        )
    text: str = found["text"]
    return text


def script(read: Mapping[str, Any], uri: str, folder: Path, stage: str) -> Path:
    """A script as it lay at a URI when the job was made, as a file of this host.

    Raises:
        InvalidError: it could not be read.
    """
    path = folder / f"{stage}.py"
    path.write_text(text_of(read, uri), encoding="utf-8")
    return path


def below(prefix: str, uris: Sequence[tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    """URIs with their paths below a prefix, and sizes: what is to be a file in a folder of ours."""
    root = prefix.rstrip("/")
    for uri, size in uris:
        relative = uri.removeprefix(root).lstrip("/") or uri.rpartition("/")[2]
        yield uri, relative, size


def _content(place: S3Place) -> Any:
    return client_of(place.credentials).get_object(Bucket=place.bucket, Key=place.key)["Body"]
