"""The service's signature under a whole document, so that nothing of it can be changed by who does not have the key.

The ledger's excerpt proves what entities said; the seal proves the sentences, pictures and tables made of it.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from graph import checkpoints
from graph.canonical import canonical, digest
from graph.checkpoints import Checkpoints
from reports.audit.excerpt import BrokenError

SIGNATURE = "signature"


def with_seal(document: Mapping[str, Any], account: str, keys: Checkpoints) -> dict[str, Any]:
    """The document with a signature under all the rest of it; the same document and key give the same signature.

    Args:
        document: Plain values as JSON has them, without floats.
        account: Whose it is.
        keys: The service's.
    """
    return {**document, SIGNATURE: keys.seal(account, _digest(document))}


def check_seal(what: str, document: Mapping[str, Any], account: str, key: str, public_key: str | None) -> str:
    """Check the signature under a document.

    Args:
        what: What it is called.
        document: As it was read.
        account: Whose it says that it is.
        key: The public key in the file.
        public_key: The one that whoever checks knows to be right; None to take the one in the file.

    Returns:
        What was checked, in a sentence.

    Raises:
        BrokenError: it has no signature, or another one.
    """
    try:
        signature = document[SIGNATURE]
        rest = {name: value for name, value in document.items() if name != SIGNATURE}
        good = checkpoints.sealed(account, _digest(rest), signature, key if public_key is None else public_key)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        known = "its own public key" if public_key is None else f"the public key {public_key}"
        raise BrokenError(f"{what} was changed, or is not signed with {known}")
    return f"{what} is signed with {'the key in it' if public_key is None else 'the given key'}"


def _digest(document: Mapping[str, Any]) -> str:
    # Through JSON once, so that who made it and who reads it sign the same: tuples are lists there.
    return digest(canonical(orjson.loads(orjson.dumps(document))))
