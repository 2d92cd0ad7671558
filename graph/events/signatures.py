"""Secrets of webhooks and signatures of messages, as Standard Webhooks 1.0.0 has them (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import secrets

from graph.errors import InvalidError

PREFIX = "whsec_"
FRESH_BYTES = 32
SHORTEST, LONGEST = 24, 64


def fresh() -> str:
    """A new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(FRESH_BYTES)).decode()


def checked(secret: str) -> str:
    """A secret that somebody brings.

    Raises:
        InvalidError: it is not `whsec_` and 24 to 64 bytes in base64.
    """
    try:
        size = len(key(secret)) if secret.startswith(PREFIX) else 0
    except (binascii.Error, ValueError):
        size = 0
    if not SHORTEST <= size <= LONGEST:
        raise InvalidError(
            f"the secret has to be {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64; without one, one is made",
            path="secret",
            constraint=f"{PREFIX}<base64>",
        )
    return secret


def key(secret: str) -> bytes:
    """The bytes of a secret."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def headers(secret: str, message_id: str, timestamp: int, content: bytes) -> dict[str, str]:
    """The headers that let a receiver check who sent a message, when, and that it is whole.

    Args:
        secret: The webhook's.
        message_id: The same for each attempt to send the message.
        timestamp: Of this attempt, epoch seconds.
        content: The body.
    """
    signed = f"{message_id}.{timestamp}.".encode() + content
    signature = base64.b64encode(hmac.new(key(secret), signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
