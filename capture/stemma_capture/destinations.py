"""Where segments are uploaded to: a folder, or S3. A key that is there already is written again with the same content."""

import os
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Protocol

S3 = "s3://"


class Destination(Protocol):
    """Takes files under keys."""

    def put(self, segment: Path, key: str) -> None:
        """Keep a file's content under a key; it is there as a whole, or not at all.

        Raises:
            Exception: whatever goes wrong; it will be tried again.
        """
        ...


class Folder:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, segment: Path, key: str) -> None:
        """Keep a file's content under a key."""
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another process may upload the same one.
        part = path.with_name(f".{path.name}.{os.getpid()}")
        with segment.open("rb") as content, part.open("wb") as copy:
            copyfileobj(content, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Bucket:
    """A prefix in S3, with the credentials of the surroundings."""

    def __init__(self, uri: str, endpoint_url: str | None) -> None:
        self._bucket, _, prefix = uri[len(S3) :].partition("/")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._endpoint = endpoint_url
        self._client: Any = None

    def put(self, segment: Path, key: str) -> None:
        """Keep a file's content under a key."""
        if self._client is None:
            import boto3

            self._client = boto3.client("s3", endpoint_url=self._endpoint)
        with segment.open("rb") as content:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)


def destination(place: str | Path, endpoint_url: str | None) -> Destination:
    """The destination that a setting names."""
    return Bucket(str(place), endpoint_url) if str(place).startswith(S3) else Folder(Path(place))
