"""Objects in S3 as a data set's files."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any, cast

from graph.errors import NotFoundError, UnavailableError
from graph.reach.s3 import Credentials, parts


@dataclass(frozen=True, slots=True)
class Objects:
    """What some credentials may read; named by their URIs. Workers make a client of their own from the credentials.

    Example:
        >>> objects = Objects(Credentials("lake", profile="lake"))
        >>> list(objects.list("s3://lake/churn/"))  # doctest: +SKIP
        [('s3://lake/churn/2026-07.parquet', 1048576)]
    """

    credentials: Credentials

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The URIs and sizes of all objects below a URI.

        Raises:
            InvalidError: it is no `s3://` URI.
            NotFoundError: there is no such bucket.
            UnavailableError: S3 does not answer, or refuses.
        """
        bucket, key = parts(prefix)
        with translated_s3(prefix):
            pages = client_of(self.credentials).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            for page in pages:
                for held in page.get("Contents", ()):
                    yield f"s3://{bucket}/{held['Key']}", int(held["Size"])

    def open(self, name: str) -> IO[bytes]:
        """An object's content, streamed.

        Raises:
            NotFoundError: it is not there any more.
            UnavailableError: S3 does not answer, or refuses.
        """
        bucket, key = parts(name)
        with translated_s3(name):
            return cast("IO[bytes]", client_of(self.credentials).get_object(Bucket=bucket, Key=key)["Body"])


@lru_cache(16)
def client_of(credentials: Credentials) -> Any:
    """A client with some credentials; made once."""
    return credentials.client()


class translated_s3:  # noqa: N801  # a context manager, used as a statement
    """Turn what S3 answers about a URI into errors of ours."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if code in ("NoSuchBucket", "NoSuchKey", "404"):
                raise NotFoundError(f"there is nothing at {self._uri}") from error
            raise UnavailableError(f"S3 refused to read {self._uri}: {code}") from error
        if isinstance(error, BotoCoreError):
            raise UnavailableError(f"S3 can't be reached for {self._uri}: {type(error).__name__}") from error
