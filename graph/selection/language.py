"""What a selection's text says.

    selection = either
    either    = every { "or" every }
    every     = other { ["and"] other }
    other     = "not" other | "(" either ")" | [[N] "+"] term ["+" [N]]
    term      = [key ":"] value | ARN

`+churn` is churn and all that it came from, `2+churn` as far as two edges, `churn+` and `churn+2` what it touches. A value is
compared with the whole of a name or type, upper and lower case alike; `*` stands for any text and `?` for any character, and
quotation marks hold spaces. The keys are those of `KEYS`; a value without a key is a name, or an ARN.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graph.errors import InvalidError

LONGEST = 2_000
DEEPEST = 50
TERMS = 50
KEYS = {
    "name": "a name",
    "type": "a type, such as DataSet",
    "kind": "artifact, action, context or trial_component",
    "tag": "a tag, by its key or as key=value",
    "owner": "one of the owners in the tag `owner`",
    "uri": "a source URI",
    "arn": "an ARN, also its last part alone",
    "model": "a model group with its versions; churn/7 is one version",
    "endpoint": "an endpoint",
}
TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<term>(?:\d*\+)?(?:[a-z]+:)?(?:"[^"]*"|[^\s()"+]+(?:\+(?!\d*(?:[\s)]|$))[^\s()"+]*)*)(?:\+\d*)?))"""
)
WALKED = re.compile(r"(?:(?P<up>\d*)\+)?(?P<term>.*?)(?:\+(?P<down>\d*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """Entities by one property; `value` may have wildcards."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Walked:
    """Entities with what they came from and touch; each by how many edges, None for any and 0 for none."""

    term: Term
    up: int | None
    down: int | None


@dataclass(frozen=True, slots=True)
class Every:
    """What all parts have in common."""

    parts: tuple["Selection", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """What any of the parts has."""

    parts: tuple["Selection", ...]


@dataclass(frozen=True, slots=True)
class Other:
    """All but these."""

    part: "Selection"


Selection = Term | Walked | Every | Either | Other


def parse(text: str) -> Selection:
    """What a text selects.

    Raises:
        InvalidError: it can't be read; the message says where.

    >>> parse("+model:churn+2 and type:DataSet")
    Every(parts=(Walked(term=Term(key='model', value='churn'), up=None, down=2), Term(key='type', value='DataSet')))
    """
    if len(text) > LONGEST:
        raise _unread(f"it has {len(text)} characters; it may have {LONGEST}")
    reading = _Reading(text)
    found = reading.either(0)
    if reading.at_hand is not None:
        raise _unread(f"there is a closing parenthesis too many at character {reading.at}")
    return found


class _Reading:
    """A text as it is read: the token at hand, and those that follow."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._terms = 0
        self.at_hand: str | None = None
        self.at = 0
        self.step()

    def step(self) -> None:
        self.at, self.at_hand = next(self._tokens, (self.at, None))

    def word(self) -> str:
        return (self.at_hand or "").lower()

    def either(self, depth: int) -> Selection:
        if depth > DEEPEST:
            raise _unread(f"its parentheses go deeper than {DEEPEST}")
        parts = [self.every(depth)]
        while self.word() == "or":
            self.step()
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def every(self, depth: int) -> Selection:
        parts = [self.other(depth)]
        while self.at_hand not in (None, ")") and self.word() != "or":
            if self.word() == "and":
                self.step()
            parts.append(self.other(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def other(self, depth: int) -> Selection:
        turned = False
        while self.word() == "not":
            turned = not turned
            self.step()
        if self.at_hand == "(":
            self.step()
            part = self.either(depth + 1)
            if self.at_hand != ")":
                raise _unread("a closing parenthesis is missing")
        else:
            part = self.leaf()
        self.step()
        return Other(part) if turned else part

    def leaf(self) -> Selection:
        if self.at_hand is None or self.at_hand == ")" or self.word() in ("and", "or"):
            raise _unread(f"a name or `key:value` is missing at character {self.at}")
        self._terms += 1
        if self._terms > TERMS:
            raise _unread(f"it has more than {TERMS} terms")
        return _leaf(self.at_hand)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            raise _unread(f"nothing is understood from character {at + 1} on: {text[at : at + 20].strip()!r}")
        yield found.start(found.lastgroup or 0) + 1, found[found.lastgroup or 0]
        at = found.end()


def _leaf(token: str) -> Selection:
    walked = WALKED.fullmatch(token)
    assert walked is not None
    term = _term(walked["term"])
    if walked["up"] is None and walked["down"] is None:
        return term
    return Walked(term, _distance(walked["up"]), _distance(walked["down"]))


def _distance(text: str | None) -> int | None:
    if text is None:
        return 0
    return min(int(text), 10_000) if text[:6] else None


def _term(text: str) -> Term:
    key, colon, value = text.partition(":")
    if not colon or (key == "arn" and value.startswith("aws")):
        key, value = ("arn" if colon else "name"), text
    elif key not in KEYS:
        if text.startswith(("s3:", "http:", "https:", "file:")):
            key, value = "uri", text
        else:
            raise _unread(f"there is no key {key!r}; the keys are {', '.join(KEYS)}")
    value = value.strip('"')
    if not value:
        raise _unread(f"{key}: has no value")
    return Term(key, value)


def _unread(why: str) -> InvalidError:
    return InvalidError(
        f"the selection can't be read: {why}. An example: +model:churn+2 and type:DataSet",
        path="query",
        constraint="a selection",
    )
