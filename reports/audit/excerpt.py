"""What of the ledger a report rests on, so that it can be checked without the database: and that check.

An excerpt holds every revision that the report names, with its salt; the ledger entries that wrote them, with their leaves; the
bodies of the entries from the oldest of them to the head, when those are not too many; and the head with our signature.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from graph.canonical import digest
from graph.checkpoints import Checkpoints, attested
from graph.ledger import GENESIS, Head, entry_key, merkle_root
from graph.records import leaf_digest, revision_content
from graph.store.store import Store
from reports.audit.covered import Covered

FORMAT = "stemma-ledger-excerpt/1"
LINKS = 10_000
"""Entries from the oldest one to the head up to which the whole chain between is in the excerpt."""
CHUNK = 500


class BrokenError(Exception):
    """The first thing that is wrong with an excerpt."""


async def excerpt(store: Store, checkpoints: Checkpoints, covered: Covered) -> dict[str, Any]:
    """The excerpt of a report, as JSON has it; the same for the same report."""
    account, head = covered.scope.account, covered.scope.head
    revisions = sorted(covered.revisions.values(), key=lambda revision: revision.key)
    wrote = sorted({revision.sequence for revision in revisions})
    entries: dict[int, dict[str, Any]] = {}
    for begin in range(0, len(wrote), CHUNK):
        keys = [entry_key(account, sequence) for sequence in wrote[begin : begin + CHUNK]]
        for sequence, _, body, leaves in await store.read("ledger/given", {"keys": keys}):
            entries[sequence] = {"sequence": sequence, "body": body, "leaves": leaves}
    if linked := head.sequence - wrote[0] < LINKS:
        span = {"after": entry_key(account, wrote[0] - 1), "end": entry_key(account, head.sequence + 1)}
        for row in await store.read("ledger/entries", span):
            entries.setdefault(row[1], {"sequence": row[1], "body": row[5]})
    return {
        "format": FORMAT,
        "account": account,
        "head": {"sequence": head.sequence, "hash": head.hash, "recorded": head.recorded},
        "signature": checkpoints.attest(head),
        "public_key": checkpoints.public_key(),
        "linked": linked,
        "entries": [entries[sequence] for sequence in sorted(entries)],
        "revisions": [
            {
                "source": revision.source,
                "arn": revision.entity.arn,
                "key": revision.key,
                "leaf": revision.leaf,
                "salt": revision.salt,
                "operation": revision.operation,
                "replaces": revision.replaces,
                "body": revision.body,
                "valid_from": revision.valid_from,
                "valid_to": revision.valid_to,
            }
            for revision in revisions
        ],
    }


def check(document: Mapping[str, Any], public_key: str | None = None) -> list[str]:
    """Recompute an excerpt: each revision is a leaf of its entry, each entry follows the one before, the head is signed.

    Args:
        document: The excerpt.
        public_key: The key, in base64, that whoever checks knows to be right; None to take the one in the excerpt.

    Returns:
        What was checked, in sentences.

    Raises:
        BrokenError: something is wrong.
    """
    try:
        return _checked(document, public_key)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BrokenError(f"the ledger excerpt is damaged: {error!r}") from error


def _checked(document: Mapping[str, Any], public_key: str | None) -> list[str]:
    if document["format"] != FORMAT:
        raise BrokenError(f"the ledger excerpt has the format {document['format']!r}, not {FORMAT}")
    account = document["account"]
    head = Head(account, document["head"]["sequence"], document["head"]["hash"], document["head"]["recorded"])
    entries = {each["sequence"]: _entry(account, each) for each in document["entries"]}
    for revision in document["revisions"]:
        _revision(account, revision, entries)
    said = [f"{len(document['revisions'])} revisions are what {len(entries)} ledger entries say"]
    last = entries.get(head.sequence)
    if last is not None and (last["hash"], last["recorded"]) != (head.hash, head.recorded):
        raise BrokenError(f"ledger entry {head.sequence} is not the head that the report shows")
    # What the file says of it is not asked: who takes the links away would say that there were too many.
    if not entries:
        raise BrokenError("the ledger excerpt has no entries")
    if head.sequence - min(entries) < LINKS:
        said.append(_linked(entries, head))
    else:
        said.append("the chain between these entries and the head is too long for a report: `stemma verify` checks it")
    key = document["public_key"] if public_key is None else public_key
    if not attested(head, document["signature"], key):
        known = "its own public key" if public_key is None else f"the public key {public_key}"
        raise BrokenError(f"the head is not signed with {known}")
    whose = "the key in the report itself: compare it with the service's (stemma verify)"
    said.append(f"the head, entry {head.sequence}, is signed with {whose if public_key is None else 'the given key'}")
    return said


def _entry(account: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    sequence = entry["sequence"]
    body = orjson.loads(entry["body"])
    if (body["account"], body["sequence"]) != (account, sequence):
        raise BrokenError(f"ledger entry {sequence} says that it is entry {body['sequence']} of {body['account']}")
    leaves: list[bytes] = []
    if "leaves" in entry:
        raw = bytes.fromhex(entry["leaves"])
        leaves = [raw[at : at + 32] for at in range(0, len(raw), 32)]
        if merkle_root(leaves) != body["root"]:
            raise BrokenError(f"the changes of ledger entry {sequence} do not have its Merkle root")
    return {**body, "hash": digest(entry["body"].encode()), "leaves": leaves}


def _revision(account: str, revision: Mapping[str, Any], entries: Mapping[int, Mapping[str, Any]]) -> None:
    name, key, leaf = revision["source"], revision["key"], revision["leaf"]
    sequence = int(key.split("/")[1])
    if key != f"{entry_key(account, sequence)}/{leaf:06d}":
        raise BrokenError(f"{name} has the key {key}, which is not that of change {leaf}")
    if name != f"{revision['arn']} (ledger entry {sequence}, change {leaf})":
        raise BrokenError(f"{name} is not what revision {key} is called")
    if sequence not in entries or not 0 <= leaf < len(entries[sequence]["leaves"]):
        raise BrokenError(f"{name}: the excerpt has no such change")
    content = revision_content(
        *(key, revision["arn"], revision["operation"], revision["replaces"], revision["body"]),
        *(revision["valid_from"], revision["valid_to"]),
    )
    if leaf_digest(revision["salt"], content) != entries[sequence]["leaves"][leaf].hex():
        raise BrokenError(f"{name} was changed: the ledger says something else")


def _linked(entries: Mapping[int, Mapping[str, Any]], head: Head) -> str:
    first = min(entries)
    before = GENESIS if first == 1 else None
    for sequence in range(first, head.sequence + 1):
        if sequence not in entries:
            raise BrokenError(f"ledger entry {sequence} is missing")
        if before is not None and entries[sequence]["previous"] != before:
            raise BrokenError(f"ledger entry {sequence} does not follow the entry before it")
        before = entries[sequence]["hash"]
    if before != head.hash:
        raise BrokenError(f"the chain does not end at the head, entry {head.sequence}")
    return f"entries {first} to {head.sequence} follow one another"
