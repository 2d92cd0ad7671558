"""Location and content: what lies at a URI changes, and lineage has to know which of it was used.

When a digest is learnt, the artifact of the URI alone stays as the *location*, and an artifact of the URI with the digest as
its source type is the *content*: location SameAs content, and the content before DerivedFrom the new one.

A location's timeline are the beginnings of its SameAs edges. Content that comes back (A, B, A) begins a second SameAs edge
where its first ends, so the timeline says what lay there when; it is derived from nothing, for it is what it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.associations import AssociationType
from graph.changes import Applied, Put
from graph.commands import Place, create_artifact
from graph.drafts import Draft
from graph.times import FOREVER
from graph.working import Needs

ALWAYS = -1
"""Before every valid time."""


def sha256(digest: str) -> tuple[str, str]:
    """The source type of content whose SHA-256 is known, in hex."""
    return ("Custom", f"sha256:{digest.lower()}")


@dataclass(frozen=True, slots=True)
class Content:
    """Record what lies at a location; made by `content`.

    Attributes:
        location: makes the artifact of the URI alone.
        content: makes the artifact of the URI and its digest.
    """

    location: Put
    content: Put

    @property
    def arn(self) -> str:
        """The content's ARN, which is what jobs are connected with."""
        return self.content.arn

    def needs(self, needs: Needs) -> None:
        """Both artifacts and their edges, in which the timeline stands."""
        self.location.needs(needs)
        self.content.needs(needs)
        needs.incident |= {self.location.arn, self.content.arn}

    def apply(self, draft: Draft) -> Applied:
        """Make what is missing, and connect it with the content before and after."""
        placed, made = self.location.apply(draft), self.content.apply(draft)
        valid_from = draft.moment(self.content.valid_from)
        same = (self.location.arn, AssociationType.SAME_AS.value, self.content.arn)
        known_since = timeline(draft, self.location.arn)
        earlier = [arn for begin, arn in known_since if begin <= valid_from]
        if earlier and earlier[-1] == self.content.arn:
            return Applied(self.content.arn, changed=placed.changed or made.changed)
        if self.content.arn in earlier:
            draft.disconnect(same, valid_from)
            draft.connect(same, valid_from)
            return Applied(self.content.arn)
        # The location's edge to a content shows that the content exists, so it need not be loaded.
        known = {arn for _, arn in known_since}
        draft.connect(same, valid_from)
        derived = AssociationType.DERIVED_FROM.value
        if earlier:
            draft.connect((earlier[-1], derived, self.content.arn), valid_from, existing=known)
        later = [(begin, arn) for begin, arn in known_since if begin > valid_from and arn != self.content.arn]
        if later:
            begin, arn = later[0]
            draft.connect((self.content.arn, derived, arn), begin, existing=known)
        return Applied(self.content.arn, created=made.created)

    def payload(self) -> dict[str, Any]:
        """Both artifacts that were asked for."""
        return {"content": self.content.payload(), "location": self.location.payload()}


def timeline(draft: Draft, location: str) -> list[tuple[int, str]]:
    """Since when which content lay at a location, in order: beginnings of its SameAs edges to contents that still exist.

    The request has to have asked for the location's `contents` or all of its edges.
    """
    points = []
    for triple in draft.touching(location, ALWAYS):
        source, association, destination = triple
        if source != location or association != AssociationType.SAME_AS.value:
            continue
        edges = draft.edges(triple)
        if any(edge.valid_to == FOREVER for edge in edges):
            # Of two in one millisecond, the one recorded later comes later; what this request made has no key yet.
            points += [(edge.valid_from, not edge.key, edge.key, destination) for edge in edges]
    return [(begin, arn) for begin, _, _, arn in sorted(points)]


def content(
    place: Place,
    source_uri: str,
    source_types: Sequence[tuple[str, str]],
    *,
    name: str | None = None,
    type: str | None = None,  # noqa: A002  # the field's own name
    valid_from: datetime | None = None,
    **details: Any,
) -> Content:
    """What lies at a source URI, told by its digest: `content(place, uri, [sha256(digest)], type="DataSet")`.

    The location is named like the end of its URI, the content so with the beginning of its digest behind.

    Args:
        place: Where the ARNs are made.
        source_uri: Where it lies.
        source_types: What tells it from other content there: an S3ETag, an S3Version, a SHA-256.
        name: The location's name.
        type: The type of both.
        valid_from: Since when it lies there; now by default.
        details: Other fields of the content: `properties`, `tags`, `description`.

    Raises:
        InvalidError: a field does not fit SageMaker's limits.
    """
    location = create_artifact(place, source_uri, name=name, type=type, valid_from=valid_from)
    digest = source_types[0][1].removeprefix("sha256:").strip('"')[:12]
    shown = f"{location.state['name'][: 119 - len(digest)]}@{digest}"
    made = create_artifact(
        place, source_uri, name=shown, type=type, source_types=source_types, valid_from=valid_from, **details
    )
    return Content(location, made)
