"""Who asks. With no key in the database, callers on loopback are the local administrator; else whoever holds a key."""

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from api.keyring import HeldKey, Keyring
from api.rates import Rates
from api.settings import Settings
from api.signatures import SignedRequest, Verifier, read
from api.tokens import Tokens
from graph.access import Role
from graph.catalog import Catalog
from graph.errors import Reason, SettingError, UnauthenticatedError
from graph.keys import AccessKey, KeyState
from graph.principals import Principals
from graph.sealing import Sealer
from graph.times import now_ms

LOCAL_ADMIN = "local-admin"
COOKIE = "stemma_session"
FREE_PATHS = ("/livez", "/readyz")
GLOBAL = frozenset({"iam", "sts"})
"""Services that clients sign for us-east-1 wherever they are."""
HOW = "send an active key as Authorization: Bearer <access key id>:<secret>; `stemma keys create` makes one"
UNKNOWN = "The security token included in the request is invalid."
"""AWS's words for a key that it does not know."""
MISSING = "Missing Authentication Token"
ENDED = "this session has ended; sign in again"
SESSION_MS = 3_600_000
"""How long a session lasts from its last renewal."""
SESSION_LONGEST_MS = 12 * SESSION_MS


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, in which account, and what it may do; `key_id` is None for the local administrator."""

    account: str
    actor: str
    role: Role
    key_id: str | None = None


class RefusedError(UnauthenticatedError):
    """A caller that was not believed.

    Attributes:
        key: the key that it named, where there is one: for the access log, never for the caller.
    """

    def __init__(self, message: str, *, reason: Reason, key: AccessKey | None = None) -> None:
        super().__init__(message, reason=reason)
        self.key = key


class Authenticator:
    """Tells who asks.

    Args:
        settings: What was set.
        opened: Gives the open graph, which is there once requests come.
    """

    def __init__(self, settings: Settings, opened: Callable[[], Catalog]) -> None:
        self._settings = settings
        self._opened = opened
        self._rates = Rates(settings.rate)
        self._verifier = Verifier()
        self._sessions = Tokens(sealer(settings), "session")
        self._kept: Keyring | None = None

    @property
    def _keyring(self) -> Keyring:
        if self._kept is None:
            self._kept = Keyring(principals(self._settings, self._opened()))
        return self._kept

    async def required(self) -> bool:
        """Whether a key has to be shown.

        Raises:
            DatabaseUnavailableError: the database can't be asked.
        """
        if self._settings.beyond_loopback or self._settings.keys == "required":
            return True
        return self._settings.keys == "auto" and await self._keyring.any_key()

    async def identify(self, authorization: str | None, session: str | None = None) -> Identity:
        """Who shows this `Authorization` header of the form `Bearer <access key id>:<secret>`, or else this session's token.

        Raises:
            RefusedError: a key is required and this is none that opens; the message is the same for all that don't.
            DatabaseUnavailableError: the key can't be looked up.
        """
        if not await self.required():
            return self._local()
        if authorization is None and session:
            return (await self.resume(session))[0]
        scheme, _, shown = (authorization or "").partition(" ")
        key_id, _, secret = shown.strip().partition(":")
        held = await self._keyring.find(key_id) if scheme.lower() == "bearer" else None
        # Compared in any case, so that the time says nothing about which keys there are.
        same = hmac.compare_digest(_bytes(secret), _bytes("" if held is None else held.secret))
        if held is None or not same or held.key.state(now_ms()) is not KeyState.ACTIVE:
            reason = Reason.UNKNOWN if authorization else Reason.MISSING
            raise RefusedError(HOW, reason=reason, key=None if held is None else held.key)
        return self._known(held)

    def session(self, identity: Identity, begun_at: int) -> str:
        """A token of a session, begun at that time (epoch milliseconds), with which the key's holder goes on without it."""
        expires_at = min(now_ms() + SESSION_MS, begun_at + SESSION_LONGEST_MS)
        return self._sessions.make([identity.key_id, begun_at], expires_at)

    async def resume(self, session: str) -> tuple[Identity, int]:
        """Whose session it is, and when it began; it ends with its key.

        Raises:
            RefusedError: it has ended, or is none.
            DatabaseUnavailableError: its key can't be looked up.
        """
        try:
            key_id, begun_at, _ = self._sessions.read(session)
        except ValueError:
            raise RefusedError(ENDED, reason=Reason.UNKNOWN) from None
        held = await self._keyring.find(key_id)
        if held is None or held.key.state(now_ms()) is not KeyState.ACTIVE:
            raise RefusedError(ENDED, reason=Reason.UNKNOWN, key=None if held is None else held.key)
        return self._known(held), begun_at

    async def signed(self, request: SignedRequest, *, services: Collection[str]) -> Identity:
        """Who signed this request, by AWS Signature Version 4, for one of these services.

        Raises:
            RefusedError: a key is required, and the request is not signed with one that opens.
            DatabaseUnavailableError: the key can't be looked up.
        """
        if not await self.required():
            return self._local()
        held: HeldKey | None = None
        try:
            signature = read(request)
            if signature is None:
                raise RefusedError(MISSING, reason=Reason.MISSING)
            held = await self._keyring.find(signature.key_id)
            if held is None or held.key.state(now_ms()) is not KeyState.ACTIVE:
                raise RefusedError(UNKNOWN, reason=Reason.UNKNOWN)
            regions = {self._settings.region, "us-east-1"} if signature.service in GLOBAL else {self._settings.region}
            now = datetime.now(UTC)
            self._verifier.check(signature, held.secret, request, now=now, regions=regions, services=services)
        except UnauthenticatedError as error:
            raise RefusedError(error.message, reason=error.reason, key=None if held is None else held.key) from None
        return self._known(held)

    def admit(self, identity: Identity) -> None:
        """Count a request of a key.

        Raises:
            ThrottledError: it asks too often.
        """
        if identity.key_id is not None:
            self._rates.admit(identity.key_id)

    async def close(self) -> None:
        """Finish what runs in the background."""
        if self._kept is not None:
            await self._kept.close()

    def _local(self) -> Identity:
        return Identity(self._settings.account, LOCAL_ADMIN, Role.ADMIN)

    def _known(self, held: HeldKey) -> Identity:
        self._keyring.used(held.key)
        return Identity(held.key.account, held.key.actor, held.key.role, held.key.id)


def principals(settings: Settings, catalog: Catalog) -> Principals:
    """The principals of an open graph."""
    return Principals(catalog.store, sealer(settings))


def sealer(settings: Settings) -> Sealer:
    """What seals secrets and signs tokens: the secrets key that the settings name."""
    if text := settings.secrets_key.get_secret_value():
        return Sealer.from_text(text, "STEMMA_SECRETS_KEY")
    return Sealer.from_file(settings.secrets_key_location)


async def check(settings: Settings, catalog: Catalog) -> None:
    """Look before serving whether those who may come can be told apart.

    Raises:
        SettingError: others could reach the service, or keys are required, and there is no key; or the keys were sealed under
            another secrets key.
    """
    if settings.keys == "off":
        if settings.beyond_loopback:
            raise SettingError(
                f"STEMMA_KEYS is off and STEMMA_HOST is {settings.host}, where others reach the service; "
                "leave STEMMA_KEYS away, or listen on 127.0.0.1"
            )
        return
    known = principals(settings, catalog)
    if (settings.beyond_loopback or settings.keys == "required") and not await known.any_key():
        raise SettingError(
            f"the service at STEMMA_HOST {settings.host} needs keys and the database holds none: make the first with "
            "`stemma keys create --principal NAME --role admin` on the same data directory or database"
            + ("; or listen on 127.0.0.1" if settings.beyond_loopback else "")
        )
    await known.check_seal()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
