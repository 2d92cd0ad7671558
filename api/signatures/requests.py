"""A request as it came over the wire: nothing decoded, nothing put in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature speaks about.

    Attributes:
        method: such as `POST`.
        path: as received, percent-encoded, without the query (`raw_path` of an ASGI scope).
        query: as received, without `?`; empty when there is none.
        headers: names and values as received, in their order, repeated ones too; names in any case.
        body: all of it.
    """

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes = field(repr=False)

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header, in their order; `name` in lower case."""
        return [value for given, value in self.headers if given.lower() == name]
