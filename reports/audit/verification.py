"""Checking the file of a report without a database: its digests, its sources, and the ledger that it shows."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from graph.canonical import digest
from graph.errors import InvalidError
from reports.audit.bundle import EXCERPT, FORMAT, MANIFEST
from reports.audit.excerpt import BrokenError, check
from reports.audit.seal import check_seal

MOST = 1 << 30
"""Bytes that a report may have when it is unpacked."""
REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it.

    Attributes:
        checked: what is in order, in sentences.
        problem: the first thing that is wrong; None when nothing is.
    """

    checked: tuple[str, ...]
    problem: str | None


def verify(path: Path, public_key: str | None = None) -> Verified:
    """Check the file of a report: a zip, or its JSON.

    Args:
        path: The file.
        public_key: The service's public key in base64, where it is known otherwise than from the report.

    Raises:
        InvalidError: it is no file that can be checked.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidError(f"{path} can't be read: {error.strerror}", path="FILE") from None
    said: list[str] = []
    try:
        if content.startswith(b"PK"):
            _archive(content, public_key, said)
        elif content.lstrip()[:1] == b"{":
            _report(_parsed(content, path.name), public_key, said)
        else:
            raise InvalidError(
                f"{path} is neither a zip nor JSON; a PDF, a page or a table is checked by the zip that it comes in "
                "(stemma report audit … --format zip)",
                path="FILE",
                constraint="a zip or JSON",
            )
    except BrokenError as broken:
        return Verified(tuple(said), str(broken))
    return Verified(tuple(said), None)


def _archive(content: bytes, public_key: str | None, said: list[str]) -> None:
    files = _unpacked(content)
    if MANIFEST not in files:
        raise BrokenError(f"the zip has no {MANIFEST}")
    manifest = _parsed(files.pop(MANIFEST), MANIFEST)
    _format(manifest)
    try:
        account, key = manifest["scope"]["account"], manifest["public_key"]
        listed = {each["name"]: each["sha256"] for each in manifest["files"]}
    except (KeyError, TypeError) as error:
        raise BrokenError(f"{MANIFEST} is damaged: {error!r}") from error
    if missing := sorted(listed.keys() - files.keys()):
        raise BrokenError(f"{missing[0]} is missing from the zip")
    if more := sorted(files.keys() - listed.keys()):
        raise BrokenError(f"{more[0]} is in the zip, but not in its manifest")
    for name, known in sorted(listed.items()):
        if digest(files[name]) != known:
            raise BrokenError(f"{name} was changed: it does not have the SHA-256 that the manifest names")
    said.append(f"{len(listed)} files have the digests that the manifest names")
    if EXCERPT not in files:
        said.append("tables alone hold nothing of the ledger: the zip of the whole report does")
        said.append(check_seal(MANIFEST, manifest, account, key, public_key))
        return
    if REPORT not in files:
        raise BrokenError(f"{REPORT} is missing from the zip")
    report = _parsed(files[REPORT], REPORT)
    if report.get("scope") != manifest["scope"]:
        raise BrokenError("the manifest and the report were not asked the same")
    if report.get("ledger") != _parsed(files[EXCERPT], EXCERPT):
        raise BrokenError(f"{EXCERPT} is not the excerpt that the report holds")
    _report(report, public_key, said)
    if key != report["ledger"]["public_key"]:
        raise BrokenError("the manifest and the ledger excerpt have different public keys")
    said.append(check_seal(MANIFEST, manifest, account, key, public_key))


def _report(report: Mapping[str, Any], public_key: str | None, said: list[str]) -> None:
    _format(report)
    try:
        scope, ledger = report["scope"], report["ledger"]
        if (scope["account"], scope["knownAtSequence"]) != (ledger["account"], ledger["head"]["sequence"]):
            raise BrokenError("the report was asked for another ledger entry than its excerpt ends at")
        held = {revision["source"] for revision in ledger["revisions"]}
        cited = report["sources"]
    except (KeyError, TypeError) as error:
        raise BrokenError(f"the report is damaged: {error!r} is missing") from error
    if unknown := [source for source in cited if source not in held]:
        raise BrokenError(f"the report rests on {unknown[0]}, of which the excerpt says nothing")
    said.append(f"all {len(cited)} sources of the report are in the excerpt")
    said += check(ledger, public_key)
    said.append(check_seal("the report", report, scope["account"], ledger["public_key"], public_key))


def _format(document: Mapping[str, Any]) -> None:
    if document.get("format") != FORMAT:
        raise BrokenError(f"it has the format {document.get('format')!r}, not {FORMAT}")


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BrokenError(f"{name} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise BrokenError(f"{name} is no JSON object")
    return found


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            infos = zipped.infolist()
            # What an entry says of its size is what zipfile reads of it at the most.
            if sum(info.file_size for info in infos) > MOST:
                raise BrokenError(f"the zip holds more than {MOST >> 20} MiB")
            if len({info.filename for info in infos}) != len(infos):
                raise BrokenError("the zip has two files of one name")
            return {info.filename: zipped.read(info) for info in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BrokenError(f"the zip can't be read: {error}") from None
