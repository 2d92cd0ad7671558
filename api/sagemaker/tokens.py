"""`NextToken`: where a list goes on, readable by nobody but us.

A token is bound to its account, operation and query, holds the moment of the first page, so that a list does not shift while
others write, and is signed: what was changed is refused.
"""

import base64
import hashlib
import hmac
from typing import Any

import orjson

from graph.errors import InvalidError
from graph.times import Moment

SIGNATURE = 16
LONGEST = 8192
OF_A_PAGE = ("NextToken", "MaxResults", "PaginationToken", "ResourcesPerPage")


class Tokens:
    """Makes and reads tokens.

    Args:
        key: Signs them; every server of a database needs the same.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, query: str, when: Moment, place: Any) -> str:
        """The token of a place (anything that JSON holds) in the list of a query."""
        body = orjson.dumps([when.at, when.known, when.sequence, place])
        return base64.b64encode(self._sign(query, body) + body).decode()

    def decode(self, token: str, query: str) -> tuple[Moment, Any]:
        """The moment and place of a token.

        Raises:
            InvalidError: it is not a token of this query and account.
        """
        try:
            raw = base64.b64decode(token.encode("ascii"), validate=True)
            body = raw[SIGNATURE:]
            if len(token) > LONGEST or not hmac.compare_digest(raw[:SIGNATURE], self._sign(query, body)):
                raise ValueError
            at, known, sequence, place = orjson.loads(body)
        except ValueError:
            raise InvalidError(
                "NextToken is not one of this list; pass the NextToken of an answer to the same request",
                path="NextToken",
            ) from None
        return Moment(at, known, sequence), place

    def _sign(self, query: str, body: bytes) -> bytes:
        return hmac.digest(self._key, query.encode() + b"\0" + body, "sha256")[:SIGNATURE]


def query_of(account: str, operation: str, given: dict[str, Any]) -> str:
    """What a token is bound to: everything of the request but the token and the size of a page."""
    asked = {name: value for name, value in given.items() if name not in OF_A_PAGE}
    return hashlib.sha256(orjson.dumps([account, operation, asked], option=orjson.OPT_SORT_KEYS)).hexdigest()
