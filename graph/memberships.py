"""Membership by tags: a model group or a collection that carries a collection's tag belongs to it, as SageMaker Studio has it.

Tags are the callers' word, whichever door sets them; the edge to the collection holds as long as the tag does. A collection's
ARN is made of its tag's key, so that whoever sets the tag knows where to look.
"""

from collections.abc import Iterable

import orjson

from graph.associations import AssociationType, Triple
from graph.canonical import digest
from graph.drafts import Draft
from graph.entities import State
from graph.working import Needs

PREFIX = "sagemaker:collection-path:"
ROOT = f"{PREFIX}root"
"""The tag of a collection that lies in no other."""
SLOTS = 4
"""Collections that may have one key: clients make keys of the time in milliseconds."""
FAMILY, TYPE = "context/collection-", "Collection"
RULE, TYPES = "Rule", "Types"
"""In a collection's specification, which only the registry writes: the tag that makes a member, and the members' types."""
GROUP, COLLECTION = "model-package-group", "group"
"""What the own ARNs of members begin with."""
RESOURCE_TYPES = {GROUP: "AWS::SageMaker::ModelPackageGroup", COLLECTION: "AWS::ResourceGroups::Group"}
ASSOCIATED = AssociationType.ASSOCIATED_WITH.value


def keys_in(keys: Iterable[str]) -> list[str]:
    """Those of some tags' keys that may make a member."""
    return [key for key in keys if key.startswith(PREFIX) and key != ROOT]


def slots(arn: str, key: str) -> list[str]:
    """The lineage ARNs that collections of a key may have, in the account and region of `arn`."""
    base = ":".join(arn.split(":", 5)[:5])
    # A digest of the key alone, since the path that is its value changes when a collection is moved.
    hashed = digest(key.encode())[:32]
    return [f"{base}:{FAMILY}{hashed}-{slot}" for slot in range(SLOTS)]


def needs_of(arn: str, keys: Iterable[str], needs: Needs) -> None:
    """Ask for what `settle` has to see."""
    if not may_belong(arn):
        return
    for key in keys_in(keys):
        for slot in slots(arn, key):
            needs.entity(slot, None)
            needs.triples.add((arn, ASSOCIATED, slot))


def settle(draft: Draft, arn: str, keys: Iterable[str]) -> None:
    """Let an entity belong to what its tags of some keys say, from now on, and to nothing else of these keys."""
    if not may_belong(arn):
        return
    state = draft.state(arn) or {}
    tags = dict(state.get("tags", ()))
    for key in keys_in(keys):
        for slot in slots(arn, key):
            triple: Triple = (arn, ASSOCIATED, slot)
            if slot != arn and admits(draft.state(slot), state, key, tags.get(key)):
                draft.connect(triple, draft.now)
            else:
                draft.disconnect(triple, draft.now)


def may_belong(arn: str) -> bool:
    """Whether an entity can be a model group or a collection, by its lineage ARN."""
    return arn.split(":", 5)[5].startswith("context/")


def admits(collection: State | None, member: State, key: str, value: str | None) -> bool:
    """Whether a collection has a member that carries a tag."""
    rule = rule_of(collection)
    resource_arn = member.get("resource_arn")
    if collection is None or rule is None or resource_arn is None or value is None:
        return False
    kind = RESOURCE_TYPES.get(resource_arn.split(":", 5)[5].split("/", 1)[0])
    return rule == [key, value] and kind in orjson.loads(collection["specification"])[TYPES]


def rule_of(state: State | None) -> list[str] | None:
    """The key and the value of the tag that makes a member; None of what is no collection."""
    if state is None or state.get("type") != TYPE or "specification" not in state:
        return None
    found: list[str] | None = orjson.loads(state["specification"]).get(RULE)
    return found
