"""Signed heads, kept outside of the database: a chain is only as good as its head.

One file an account, `<data dir>/checkpoints/<account>.json`, signed with the Ed25519 key `<data dir>/keys/ledger.pem` (0600).
"""

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from graph.canonical import canonical
from graph.errors import SettingError
from graph.keyfiles import key_file, locked
from graph.ledger import Head
from graph.times import now_ms

SECONDS = 1.0
"""At most this often a head is signed while writes come in."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head, when it was signed (epoch milliseconds), and the signature in base64."""

    head: Head
    signed_at: int
    signature: str

    def statement(self) -> bytes:
        """What is signed."""
        return canonical(
            {
                "account": self.head.account,
                "hash": self.head.hash,
                "recorded": self.head.recorded,
                "sequence": self.head.sequence,
                "signed_at": self.signed_at,
            }
        )


class Checkpoints:
    """The signed heads of a data directory, shared by its processes."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "checkpoints"
        self._key_file = data_dir / "keys" / "ledger.pem"
        self._pending: dict[str, Head] = {}
        self._signed = 0.0
        self._key: Ed25519PrivateKey | None = None

    @property
    def key(self) -> Ed25519PrivateKey:
        """The signing key, made at its first use.

        Raises:
            SettingError: the key file can't be read, or others may read it.
        """
        if self._key is None:
            self._key = _load_key(self._key_file)
        return self._key

    def public_key(self) -> str:
        """The raw public key, base64: what a verifier elsewhere needs."""
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def note(self, heads: list[Head]) -> None:
        """Heads that were committed; signed at once, or a little later when writes come thick."""
        for head in heads:
            self._pending[head.account] = head
        if time.monotonic() - self._signed >= SECONDS:
            self.flush()

    @property
    def pending(self) -> bool:
        """Whether a head waits to be signed."""
        return bool(self._pending)

    def flush(self) -> None:
        """Sign what was noted. A file never goes back to an earlier head."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._folder / ".lock"):
                for account, head in pending.items():
                    before = self.read(account)
                    if before is None or before.head.sequence < head.sequence:
                        self._write(head)
        except BaseException:
            self._pending = {**pending, **self._pending}
            raise
        finally:
            self._signed = time.monotonic()

    def read(self, account: str) -> Checkpoint | None:
        """The last checkpoint of an account, or None.

        Raises:
            ValueError: the file is damaged.
        """
        path = self._folder / f"{account}.json"
        try:
            fields = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        head = Head(fields["account"], fields["sequence"], fields["hash"], fields["recorded"])
        return Checkpoint(head, fields["signed_at"], fields["signature"])

    def genuine(self, checkpoint: Checkpoint) -> bool:
        """Whether the checkpoint was signed with our key."""
        try:
            self.key.public_key().verify(base64.b64decode(checkpoint.signature), checkpoint.statement())
        except (InvalidSignature, ValueError):
            return False
        return True

    def attest(self, head: Head) -> str:
        """Our signature, in base64, under a head of any age: the same head has the same signature (RFC 8032)."""
        return base64.b64encode(self.key.sign(attestation(head))).decode()

    def seal(self, account: str, sha256: str) -> str:
        """Our signature, in base64, under a document of an account's: the same document has the same signature (RFC 8032)."""
        return base64.b64encode(self.key.sign(sealing(account, sha256))).decode()

    def _write(self, head: Head) -> None:
        unsigned = Checkpoint(head, now_ms(), "")
        signature = base64.b64encode(self.key.sign(unsigned.statement())).decode()
        fields = {**json.loads(unsigned.statement()), "signature": signature}
        path = self._folder / f"{head.account}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(fields, indent=1) + "\n")
        fresh.replace(path)


def attestation(head: Head) -> bytes:
    """What is signed of a head that a report shows; nobody can take it for a checkpoint, which says what is the newest."""
    return canonical(
        {
            "account": head.account,
            "hash": head.hash,
            "purpose": "report",
            "recorded": head.recorded,
            "sequence": head.sequence,
        }
    )


def sealing(account: str, sha256: str) -> bytes:
    """What is signed of a document: nobody can take it for a checkpoint or for a head."""
    return canonical({"account": account, "purpose": "document", "sha256": sha256})


def attested(head: Head, signature: str, public_key: str) -> bool:
    """Whether a head bears the signature of whoever has the key; both in base64."""
    return _signed(attestation(head), signature, public_key)


def sealed(account: str, sha256: str, signature: str, public_key: str) -> bool:
    """Whether a document of an account's does; see `Checkpoints.seal`."""
    return _signed(sealing(account, sha256), signature, public_key)


def _signed(statement: bytes, signature: str, public_key: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def _load_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(key_file(path, _fresh), None)
    except ValueError as error:
        raise SettingError(f"the ledger's signing key {path} can't be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingError(f"{path} holds no Ed25519 key")
    return key


def _fresh() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
