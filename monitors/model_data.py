"""Whether the model data of a version is still what was registered: looked at where it lies, when somebody asks.

Of an object in S3 its ETag is compared (its version where only that was registered, its SHA-256 where S3 keeps one), of a file
of this host the SHA-256. What lies there is recorded as content of its location, so that an approval of the version shows
that its model data was written anew.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from graph import history
from graph.access import Caller, Permission, require
from graph.catalog import Catalog
from graph.commands import Place, create_artifact
from graph.contents import content, sha256
from graph.entities import Entity, Kind
from graph.errors import NotFoundError, StemmaError
from graph.reach.policy import Policy
from graph.registry import decisions, parts
from graph.registry.parts import DATA, Data
from graph.registry.staleness import lying
from graph.times import Moment
from monitors.buckets import client_of, translated_s3

BLOCK = 1 << 20
Digest = tuple[str, str]
"""An id type and a value, as artifacts have them: `("S3ETag", "9f62…")`, `("Custom", "sha256:…")`."""


class FileState(StrEnum):
    """What became of a file since it was registered."""

    SAME = "SAME"
    CHANGED = "CHANGED"
    MISSING = "MISSING"
    FIRST_SEEN = "FIRST_SEEN"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of a version.

    Attributes:
        registered: the digest with which it was registered, where one is known.
        found: the digest of what lies there now.
        message: what happened to it, for people.
    """

    uri: str
    state: FileState
    message: str
    registered: str | None = None
    found: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to.

    Attributes:
        passed: whether every file could be looked at and is what was registered, as far as that is known.
        sequence: the ledger entry in which it was recorded; None when it told nothing new.
    """

    files: tuple[CheckedFile, ...]
    passed: bool
    sequence: int | None


async def check(catalog: Catalog, caller: Caller, policy: Policy, version: Entity) -> Checked:
    """Look at the model data of a version.

    Args:
        catalog: The graph.
        caller: Who asks.
        policy: What the service may read for the caller's account.
        version: A model package.

    Raises:
        ForbiddenError: the caller may only read; what the policy forbids is told of the file.
    """
    require(caller, Permission.WRITE)
    place = catalog.place(caller.account)
    asked: Mapping[str, Any] = orjson.loads(version.specification or "{}")
    when = await catalog.moment(caller.account)
    made_of = await decisions.evidence(catalog.store, caller.account, version.arn, when)
    files, commands = [], []
    for uri in dict.fromkeys(
        part.location.state["source_uri"] for part in parts.parts(place, asked) if isinstance(part, Data)
    ):
        registered = _registered(uri, made_of.values(), version) or await _earliest(catalog, place, uri, version, when)
        try:
            found = await asyncio.to_thread(_digests, policy, caller.account, uri)
        except NotFoundError:
            files.append(CheckedFile(uri, FileState.MISSING, f"nothing lies at {uri}", _text(registered)))
            continue
        except StemmaError as error:
            files.append(CheckedFile(uri, FileState.UNREADABLE, error.message, _text(registered)))
            continue
        kinds = [_kind(each) for each in found]
        told = next((each for each in found if registered is not None and _kind(each) == _kind(registered)), found[0])
        commands.append(content(place, uri, [told], type=DATA))
        if registered is None or _kind(registered) not in kinds:
            message = "its digest was not known before; it is from now on"
            files.append(CheckedFile(uri, FileState.FIRST_SEEN, message, _text(registered), _text(told)))
        elif told == registered:
            files.append(CheckedFile(uri, FileState.SAME, "it is what was registered", _text(registered), _text(told)))
        else:
            message = "this file changed since it was registered"
            files.append(CheckedFile(uri, FileState.CHANGED, message, _text(registered), _text(told)))
    sequence = None
    if commands:
        sequence = (await catalog.write(caller, commands, operation="checkModelData")).sequence
    passed = all(each.state in (FileState.SAME, FileState.FIRST_SEEN) for each in files)
    return Checked(tuple(files), passed, sequence)


def _registered(uri: str, made_of: Iterable[Entity], version: Entity) -> Digest | None:
    """The digest of the content with which a version was registered, the oldest of those that contributed to it."""
    contents = [each for each in made_of if each.kind is Kind.ARTIFACT and each.source_uri == uri and each.source_types]
    held = sorted(contents, key=lambda each: (each.created_at, each.arn))
    known = [each for each in held if each.created_at <= version.created_at] or held
    return known[-1].source_types[0] if known else None


async def _earliest(catalog: Catalog, place: Place, uri: str, version: Entity, when: Moment) -> Digest | None:
    """The digest of what lay at a URI when a version was registered, else of what was found there first."""
    lain = await lying(catalog.store, place.account, create_artifact(place, uri).arn, when)
    if not lain:
        return None
    arn = ([arn for at, arn in lain if at <= version.created_at] or [lain[0][1]])[-1]
    found = (await history.entities(catalog.store, place.account, [arn], when)).get(arn)
    return found.source_types[0] if found is not None and found.source_types else None


def _digests(policy: Policy, account: str, uri: str) -> list[Digest]:
    """What is known of the bytes at a URI, what tells most first.

    Raises:
        InvalidError: it names no file.
        ForbiddenError: the policy does not allow it.
        NotFoundError: nothing lies there.
        UnavailableError: it can't be read.
    """
    if uri.startswith("s3://"):
        place = policy.s3(account, uri)
        with translated_s3(uri):
            head = client_of(place.credentials).head_object(Bucket=place.bucket, Key=place.key, ChecksumMode="ENABLED")
        found = [("S3ETag", head["ETag"].strip('"'))]
        if head.get("VersionId") not in (None, "null"):
            found.append(("S3Version", head["VersionId"]))
        # S3's checksum of an object that was uploaded in parts is one of the parts' checksums.
        if head.get("ChecksumSHA256") and "-" not in head["ChecksumSHA256"]:
            import base64

            found.append(sha256(base64.b64decode(head["ChecksumSHA256"]).hex()))
        return found
    hashed = hashlib.sha256()
    with policy.open(account, uri) as file:
        while block := file.read(BLOCK):
            hashed.update(block)
    return [sha256(hashed.hexdigest())]


def _kind(digest: Digest) -> str:
    """What digests can be compared with this one."""
    return digest[0] if digest[0] != "Custom" else digest[1].partition(":")[0]


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else digest[1] if digest[0] == "Custom" else f"{digest[0]}:{digest[1]}"
