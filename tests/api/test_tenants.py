"""Another account's things, tried at every place of the schema: they look like things that are not there, and nothing shows."""

import asyncio
import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from graph.access import Role
from graph.keys import MadeKey
from tests.api.keys import Keys
from tests.api.tenants import CORE, Place, places, request

MAKE = """mutation($s: String!, $n: String!, $d: String!, $t: [TagInput!], $a: ID!, $c: ID!, $x: ID!, $tc: ID!) {
  artifact: createArtifact(input: {sourceUri: $s, name: $n, description: $d, tags: $t, resourceArn: $a}) { arn }
  action: createAction(input: {name: $n, description: $d, tags: $t, resourceArn: $c}) { arn }
  context: createContext(input: {name: $n, description: $d, tags: $t, resourceArn: $x}) { arn }
  trial: createTrialComponent(input: {name: $n, description: $d, tags: $t, resourceArn: $tc}) { arn }
}"""
LINK = "mutation($input: IngestInput!) { ingest(input: $input) { sequence } }"
CURSORS = """query($arn: ID!) {
  contexts(first: 1) { pageInfo { endCursor } }
  accessLog(first: 1) { pageInfo { endCursor } }
  entity(arn: $arn) { history(first: 1) { pageInfo { endCursor } } associations(first: 1) { pageInfo { endCursor } } }
}"""
GROWS = ("accessLog",)
"""Answers that the tries themselves change."""
MOMENTS = ("asOf", "knownAt", "knownAtSequence", "cursor", "startCursor", "endCursor")


FREE = ("resourceArn", "sourceArn")
"""Where an ARN is written down and nothing is looked up; one of the caller's own account may be new there."""


@dataclass
class Tenant:
    """An account with a key and one thing of each kind.

    Attributes:
        word: is in the names of its things.
        secret: is in what they hold, and is never sent by another.
    """

    keys: Keys
    key: MadeKey
    word: str
    secret: str
    arns: dict[str, str]
    resources: dict[str, str]

    async def ask(self, query: str, /, **variables: Any) -> tuple[int, dict[str, Any], str]:
        response = await self.keys.post(self.keys.as_(self.key), query, **variables)
        return response.status_code, response.json(), response.text


async def tenant(keys: Keys, account: str) -> Tenant:
    admin = replace(keys.admin, account=account)
    key = await keys.principals.create(admin, "root", role=Role.ADMIN)
    word = f"w{uuid.uuid4().hex}"
    resources = {
        kind: f"arn:aws:sagemaker:us-east-1:{account}:{resource}/r{word}"
        for kind, resource in (("a", "model"), ("c", "training-job"), ("x", "endpoint"), ("tc", "transform-job"))
    }
    made = Tenant(keys, key, word, f"hush-{uuid.uuid4().hex}", {}, resources)
    tags = [{"key": word, "value": made.secret}]
    _, body, _ = await made.ask(MAKE, s=f"s3://{word}/data", n=word, d=made.secret, t=tags, **resources)
    assert "errors" not in body, body
    made.arns = {kind: row["arn"] for kind, row in body["data"].items()}
    names = list(made.arns.values())
    links = [{"source": a, "destination": b} for a, b in pairwise(names)]
    _, body, _ = await made.ask(LINK, input={"associations": links, "clientRequestId": word})
    assert "errors" not in body, body
    return made


def told(status: int, body: dict[str, Any], tried: str, place: Place) -> str:
    """An answer without what differs by itself: the value tried, the request's id, moments."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key not in (*MOMENTS, "requestId")}
        return [plain(item) for item in value] if isinstance(value, list) else value

    # What a write makes has times and digests of its own; whether it is made is compared, and what it shows is searched.
    data = bool(body.get("data")) if place.root == "mutation" or place.field in GROWS else plain(body.get("data"))
    text = json.dumps([status, data, plain(body.get("errors"))], sort_keys=True)
    quoted = json.dumps(tried)[1:-1]
    return text.replace(quoted, "TRIED").replace(quoted.lower(), "TRIED")


async def test_nothing_of_another_account_shows_anywhere(keys: Keys) -> None:
    theirs = await tenant(keys, keys.admin.account)
    mine = await tenant(keys, f"{int(keys.admin.account) ^ 1:012d}")
    head = await keys.service.catalog.moment(keys.admin.account)
    _, body, _ = await theirs.ask(CURSORS, arn=theirs.arns["action"])
    found = body["data"]
    cursors = [
        *(found[name]["pageInfo"]["endCursor"] for name in ("contexts", "accessLog")),
        *(found["entity"][name]["pageInfo"]["endCursor"] for name in ("history", "associations")),
    ]
    foreign = [*theirs.arns.values(), theirs.resources["a"]]
    begun = datetime.now(UTC).isoformat()
    own = {"*": mine.arns["context"], "asOf": begun, "source": mine.arns["artifact"], "sourceUri": "s3://mine/data"}
    own |= {"name": "mine", "start": mine.arns["context"], "sourceRow": "0", "after": ""}
    tries = 0
    found_out = []
    for place in places():
        if place.scalar == "ID":
            chosen = [alike(arn, place, theirs, mine) for arn in foreign]
        elif place.path[-1] == "after":
            chosen = [[cursor, cursor[:-8] + "AAAAAAA="] for cursor in cursors]
        else:
            chosen = [
                [text, text.replace(theirs.word, f"w{uuid.uuid4().hex}")]
                for text in (theirs.word, f"s3://{theirs.word}/data")
            ]
        asked = [request(place, value, own) for values in chosen for value in values]
        replies = iter(await asyncio.gather(*(mine.ask(query, **variables) for query, variables in asked)))
        tries += len(asked)
        for values in chosen:
            answers = set()
            for value in values:
                status, body, text = next(replies)
                assert status in (200, 400), (str(place), text)
                assert "INTERNAL" not in text, (str(place), text)
                if theirs.secret in text:
                    found_out.append(f"{place} shows {text[:300]}")
                if place.root == "mutation" and place.scalar == "String":
                    # It does what it says to the caller's own; a name or request id of others is no hindrance.
                    assert "was used for another request" not in text, (str(place), text)
                    assert '"ALREADY_EXISTS"' not in text, (str(place), text)
                elif not (value in values[2:] and wrong_kind(body)):
                    answers.add(told(status, body, value, place))
            if len(answers) > 1:
                found_out.append(f"{place} tells them apart: {sorted(answers)}")
    assert found_out == [], "\n".join(found_out)
    assert tries > 400
    # Nothing happened there, and all that is there still is.
    assert (await keys.service.catalog.moment(keys.admin.account)).sequence == head.sequence
    for arn in theirs.arns.values():
        _, body, text = await theirs.ask("query($arn: ID!) { entity(arn: $arn) { description } }", arn=arn)
        assert body["data"] == {"entity": {"description": theirs.secret}}, text


def wrong_kind(body: dict[str, Any]) -> bool:
    """Whether a text is no name for its place at all: said of the caller's own, that says nothing of others."""
    return [error["extensions"]["code"] for error in body.get("errors") or ()] == ["INVALID"]


def alike(arn: str, place: Place, theirs: Tenant, mine: Tenant) -> list[str]:
    """A foreign ARN, and ones like it of things that are not there: in that account, and in the caller's."""
    absent = arn[: arn.rindex("/") + 1] + f"w{uuid.uuid4().hex}"
    in_mine = absent.replace(theirs.key.key.account, mine.key.key.account)
    return [arn, absent] if place.path[-1] in FREE else [arn, absent, in_mine]


def test_every_field_is_tried() -> None:
    tried = {(place.root, place.field) for place in places() if place.nested is None}
    for root, type_ in (("query", CORE.query_type), ("mutation", CORE.mutation_type)):
        assert type_ is not None
        for name, field in type_.fields.items():
            # Only what takes nothing names nothing.
            assert ((root, name) in tried) == bool(field.args), name
    assert ("Entity", "history") in {place.nested for place in places()}


@pytest.mark.parametrize("scalar", ["ID", "String"])
def test_a_request_fits_the_schema(scalar: str) -> None:
    from graphql import parse, validate

    for place in places():
        if place.scalar == scalar:
            query, _ = request(place, "x", {"*": "y"})
            assert validate(CORE, parse(query)) == [], str(place)
