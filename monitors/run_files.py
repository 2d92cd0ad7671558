"""The files that a run left: where they lie, by their artifacts, and their content, checked against the digests there."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from graph.artifacts import ArtifactStore
from graph.entities import Entity
from graph.errors import ConflictError, TooExpensiveError
from graph.reach import Policy
from monitors.processing.sources import Bucket


@dataclass(frozen=True, slots=True)
class File:
    """A file of a run: where it lies, and the SHA-256 of its content."""

    uri: str
    digest: str


def file_of(entity: Entity) -> File | None:
    """Where an artifact's content lies; None where its digest is not known, so that it could be another by now."""
    digests = [value.removeprefix("sha256:") for _, value in entity.source_types if value.startswith("sha256:")]
    return File(entity.source_uri, digests[0]) if entity.source_uri and digests else None


def name_of(entity: Entity) -> str:
    """What an artifact's file is called: the end of its URI."""
    return unquote(urlsplit(entity.source_uri or "").path).rpartition("/")[2]


def read_file(artifacts: ArtifactStore, policy: Policy, account: str, file: File, left: int, most: int) -> bytes:
    """The content of a file in the artifact store or in S3.

    Args:
        artifacts: The artifact store.
        policy: What the account may read in S3.
        account: Whose.
        file: Which file.
        left: Bytes that it may have.
        most: Bytes that all of a run may have, as the error says it.

    Raises:
        NotFoundError: it is not there.
        ConflictError: its content has another digest.
        TooExpensiveError: it is larger than `left`.
        ForbiddenError: it lies where the account may not read.
    """
    if file.uri.startswith("s3://"):
        with tempfile.TemporaryDirectory() as folder:
            fetched = Bucket(policy, account, left).fetch(file.uri, Path(folder) / "file")
            if fetched.digest != file.digest:
                raise ConflictError(f"{file.uri} was changed since it was recorded: its content has another digest")
            return fetched.path.read_bytes()
    with artifacts.open(file.uri) as opened:
        size = os.fstat(opened.fileno()).st_size
        if size > left:
            raise TooExpensiveError(
                f"{file.uri} has {size} bytes; of a run up to {most} are read here. Open the file itself"
            )
        content = opened.read()
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise ConflictError(f"{file.uri} was changed or damaged since it was stored: its content has another digest")
    return content
