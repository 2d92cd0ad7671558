"""The five kinds of edges, from cause to effect."""

from dataclasses import dataclass
from enum import StrEnum


class AssociationType(StrEnum):
    """How the source bears on the destination."""

    CONTRIBUTED_TO = "CONTRIBUTED_TO"
    ASSOCIATED_WITH = "ASSOCIATED_WITH"
    DERIVED_FROM = "DERIVED_FROM"
    PRODUCED = "PRODUCED"
    SAME_AS = "SAME_AS"


Triple = tuple[str, str, str]
"""Source ARN, association type, destination ARN."""


@dataclass(frozen=True, slots=True)
class Association:
    """An edge, true from `valid_from` until before `valid_to` (epoch milliseconds)."""

    source: str
    destination: str
    association: AssociationType
    valid_from: int
    valid_to: int
    key: str = ""
