"""Who asks. Without a key every caller on a loopback address is the account's administrator; with one, whoever holds it."""

import hashlib
import hmac
import stat
from dataclasses import dataclass
from pathlib import Path

from api.problems import ProblemError
from api.settings import Settings
from graph.access import Role
from graph.errors import SettingError

LOCAL_ADMIN = "local-admin"
SHORTEST = 32
LONGEST = 1_024
FREE_PATHS = ("/livez", "/readyz")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and in which account."""

    account: str
    actor: str
    role: Role


class Authenticator:
    """Tells who asks.

    Args:
        account: The account of all callers.
        key: The bearer key, or None when none is configured.
    """

    def __init__(self, account: str, key: str | None) -> None:
        self._account = account
        # Only a digest is kept and compared: its length says nothing, and no dump or log can hold the key.
        self._digest = None if key is None else hashlib.sha256(key.encode()).digest()

    @property
    def required(self) -> bool:
        """Whether a key has to be shown."""
        return self._digest is not None

    def identify(self, authorization: str | None) -> Identity:
        """Who shows this `Authorization` header.

        Raises:
            ProblemError: a key is required and this is not it.
        """
        if self._digest is None:
            return Identity(self._account, LOCAL_ADMIN, Role.ADMIN)
        scheme, _, shown = (authorization or "").partition(" ")
        given = hashlib.sha256(shown.strip().encode("utf-8", "surrogateescape")).digest()
        if not hmac.compare_digest(given, self._digest) or scheme.lower() != "bearer":
            raise ProblemError(
                401, "send the key of this service as Authorization: Bearer <key>", {"WWW-Authenticate": "Bearer"}
            )
        return Identity(self._account, f"key-{self._digest.hex()[:8]}", Role.ADMIN)


def authenticator(settings: Settings) -> Authenticator:
    """The authenticator that the settings ask for.

    Raises:
        SettingError: the service is to listen beyond loopback without a key, or the key file can't be used.
    """
    if settings.key_file is None:
        if settings.beyond_loopback:
            raise SettingError(
                f"STEMMA_HOST is {settings.host}, where others reach the service, so it needs a key: "
                'run (umask 077; python3 -c "import secrets; print(secrets.token_urlsafe(32))" > stemma.key) and set '
                "STEMMA_KEY_FILE=stemma.key, or listen on 127.0.0.1"
            )
        return Authenticator(settings.account, None)
    return Authenticator(settings.account, read_key(settings.key_file))


def read_key(path: Path) -> str:
    """The key in a file of ours alone.

    Raises:
        SettingError: the file can't be read, others may read it, or it holds no good key.
    """
    try:
        with path.open("rb") as file:
            status = path.stat()
            content = file.read(LONGEST + 2)
    except OSError as error:
        raise SettingError(f"STEMMA_KEY_FILE {path} can't be read: {error.strerror}") from None
    if stat.S_IMODE(status.st_mode) & 0o177:
        raise SettingError(f"STEMMA_KEY_FILE {path} has mode {stat.S_IMODE(status.st_mode):04o}; run chmod 600 {path}")
    key = content.decode("ascii", "replace").strip()
    if not SHORTEST <= len(key) <= LONGEST or not all("!" <= character <= "~" for character in key):
        raise SettingError(
            f"STEMMA_KEY_FILE {path} has to hold one key of {SHORTEST} to {LONGEST} printable ASCII characters without spaces"
        )
    return key
