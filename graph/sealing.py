"""Secrets at rest: AES-256-GCM under a key that lies outside the database.

Signatures need a secret back, so a digest would not do. The access key id is the associated data: a sealed secret that is
moved to another key does not open (NIST SP 800-38D; random 96-bit nonces).
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from graph.errors import SettingError
from graph.keyfiles import key_file

KEY_BYTES = 32
NONCE_BYTES = 12
FORM = "v1."
"""Begins every sealed secret, so that another form can be told from this one."""


class SealBrokenError(SettingError):
    """A secret was sealed under another key, or was altered."""


class Sealer:
    """Seals and opens secrets.

    Args:
        load: Gives the key of 32 bytes; asked at the first use.
    """

    def __init__(self, load: Callable[[], bytes]) -> None:
        self._load = load
        self._cipher: AESGCM | None = None

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """With the key in a file of base64, mode 0600, made at the first use."""
        return cls(lambda: decode(key_file(path, _fresh).decode("ascii", "replace"), str(path)))

    @classmethod
    def from_text(cls, text: str, source: str) -> "Sealer":
        """With a key given as base64; `source` names it in errors."""
        return cls(lambda: decode(text, source))

    @property
    def cipher(self) -> AESGCM:
        """The cipher under the key.

        Raises:
            SettingError: there is no usable key.
        """
        if self._cipher is None:
            self._cipher = AESGCM(self._load())
        return self._cipher

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose, such as signing tokens (HKDF with SHA-256, RFC 5869).

        Raises:
            SettingError: there is no usable key.
        """
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._load())

    def seal(self, secret: str, key_id: str) -> str:
        """The secret of an access key as it may be stored."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self.cipher.encrypt(nonce, secret.encode(), key_id.encode())
        return FORM + base64.b64encode(sealed).decode()

    def open(self, sealed: str, key_id: str) -> str:
        """The secret of an access key.

        Raises:
            SealBrokenError: it was sealed under another key or for another access key, or was altered.
        """
        try:
            if not sealed.startswith(FORM):
                raise ValueError
            raw = base64.b64decode(sealed.removeprefix(FORM), validate=True)
            return self.cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], key_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise SealBrokenError(
                f"the secret of key {key_id} does not open with this secrets key: every server and command of a database "
                "needs the same STEMMA_SECRETS_KEY_FILE (or STEMMA_SECRETS_KEY)"
            ) from None


def decode(text: str, source: str) -> bytes:
    """The key in a text of base64.

    Raises:
        SettingError: it is not one of 32 bytes.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingError(
            f"{source} has to hold {KEY_BYTES} random bytes in base64, as `openssl rand -base64 32` makes them"
        )
    return key


def _fresh() -> bytes:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
