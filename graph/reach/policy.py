"""The policy: per account, what may be touched. Refusals name the rule and the setting, and not whether a thing exists."""

import os
import stat
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph.errors import ForbiddenError, InvalidError, NotFoundError, SettingError, StemmaError
from graph.reach import addresses, local, origins, s3
from graph.reach.addresses import Address, Network
from graph.reach.origins import Origin
from graph.reach.s3 import Credentials, S3Place

SETTING = "STEMMA_POLICY"
LARGEST_FILE = 1 << 20


class _Table(BaseModel):
    """A table of the file; a key that is not known is an error, since it may be a rule misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _CredentialsTable(_Table):
    profile: str | None = None
    key_id_variable: str | None = None
    secret_variable: str | None = None
    endpoint: str | None = None
    region: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "_CredentialsTable":
        variables = (self.key_id_variable is not None, self.secret_variable is not None)
        if (self.profile is not None) == any(variables) or len(set(variables)) > 1:
            raise ValueError("set either `profile`, or `key_id_variable` and `secret_variable`")
        return self


class _Prefix(_Table):
    prefix: str
    credentials: str


class _AccountTable(_Table):
    local: list[str] = []
    s3: list[_Prefix] = []
    outbound: list[str] = []
    networks: list[str] = []
    cloudwatch: str | None = None


class _File(_Table):
    credentials: dict[str, _CredentialsTable] = {}
    accounts: dict[Annotated[str, Field(pattern=r"^[0-9]{12}$")], _AccountTable] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """What one account may reach.

    Attributes:
        roots: folders whose files may be read.
        prefixes: bucket, prefix of keys (empty, or ending in `/`) and credentials, longest prefix first.
        origins: hosts that may be spoken to.
        networks: of addresses beside the public ones that hosts may have.
        cloudwatch: whose CloudWatch metrics go to.
    """

    roots: tuple[str, ...] = ()
    prefixes: tuple[tuple[str, str, Credentials], ...] = ()
    origins: tuple[Origin, ...] = ()
    networks: tuple[Network, ...] = ()
    cloudwatch: Credentials | None = None


NOTHING = Rules()


@dataclass(frozen=True)
class Policy:
    """What may be touched for whom.

    Args:
        accounts: The rules of each account; an account that is not named may touch nothing.
        local_user: Whether the caller is the user of this host who runs a command: then the host's own permissions decide
            about local files, and no folder has to be listed.
    """

    accounts: dict[str, Rules] = field(default_factory=dict)
    local_user: bool = False

    @classmethod
    def load(cls, path: Path | None, *, local_user: bool = False) -> "Policy":
        """The policy in a TOML file; without a file nothing is allowed.

        Raises:
            SettingError: the file can't be read, others may write it, or it holds something else than a policy.
        """
        if path is None:
            return cls(local_user=local_user)
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(LARGEST_FILE)
        except OSError as error:
            raise SettingError(f"{SETTING} {path} can't be read: {error.strerror}") from None
        if mode & 0o022:
            raise SettingError(f"{SETTING} {path} has mode {mode:04o}, so others may change it; run chmod go-w {path}")
        try:
            document = tomllib.loads(text.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(f"{SETTING} {path} is not TOML: {error}") from None
        return cls(_parsed(document, path), local_user)

    def local(self, account: str, given: str) -> Path:
        """The file that a path or a `file:` URI names, all links resolved. To read it, use `open`.

        Raises:
            InvalidError: it names no absolute path.
            ForbiddenError: it lies outside of the account's folders, or a link leads there.
        """
        return Path(self._placed(account, given)[1])

    def open(self, account: str, given: str) -> BinaryIO:
        """The file that a path or a `file:` URI names, open for reading; what was checked is what is open.

        Raises:
            InvalidError: it names no absolute path.
            ForbiddenError: it lies outside of the account's folders, a link leads there, or it is no regular file.
            NotFoundError: it lies in a folder of the account, but is not there.
            UnavailableError: it can't be read.
        """
        return local.open_beneath(*self._placed(account, given), given)

    def s3(self, account: str, uri: str) -> S3Place:
        """The object or prefix that a URI names, with the credentials for it.

        Raises:
            InvalidError: it is no such URI.
            ForbiddenError: the account has no prefix that it begins with.
        """
        bucket, key = s3.parts(uri)
        for allowed_bucket, prefix, credentials in self._rules(account).prefixes:
            if bucket == allowed_bucket and key.startswith(prefix):
                return S3Place(bucket, key, credentials)
        raise self._refused(account, uri, "s3")

    def outbound(self, account: str, url: str) -> Origin:
        """Where a URL leads, if the account may speak to that host; no name is resolved yet.

        Raises:
            InvalidError: it is no plain URL of HTTP.
            ForbiddenError: the host is not listed, or its address is one that can't be.
        """
        origin = origins.origin_of(url)
        if not any(entry.covers(origin) for entry in self._rules(account).origins):
            raise self._refused(account, url, "outbound")
        if origin.address is not None:
            self.address(account, origin, origin.host)
        return origin

    def address(self, account: str, origin: Origin, text: str) -> Address:
        """An address that a host was found to have, if it may be connected to.

        Raises:
            ForbiddenError: it is neither public nor listed, or is one that can't be listed.
        """
        rules = self._rules(account)
        found = addresses.parse(text)
        # An address that is listed as the host itself needs no network beside.
        named = tuple(ip_network(entry.host) for entry in rules.origins if entry.address and entry.covers(origin))
        if found is None or not addresses.allowed(found, (*rules.networks, *named)):
            raise ForbiddenError(
                f"{origin} leads to an address that {SETTING} does not allow: private and loopback addresses have to be "
                f"listed as `networks` in [accounts.{account}]; link-local and metadata addresses never are"
            )
        return found

    def cloudwatch(self, account: str) -> Credentials | None:
        """Whose CloudWatch an account's metrics go to; None where they go nowhere."""
        return self._rules(account).cloudwatch

    def networks(self, account: str) -> list[str]:
        """Networks beside the public ones that hosts of an account may lie in."""
        return [str(network) for network in self._rules(account).networks]

    def _rules(self, account: str) -> Rules:
        return self.accounts.get(account, NOTHING)

    def _placed(self, account: str, given: str) -> tuple[str, str]:
        """The folder that allows a file and the file, both resolved."""
        if self.local_user:
            path = local.readable(given) if local.is_plain(given) else local.path_of(given)
            return "/", str(local.resolved(path) or path)
        path = local.path_of(given)
        roots = self._rules(account).roots
        # By its text first: nothing outside is even looked at, so an answer can't tell what is there.
        if any(local.within(path, root) for root in roots):
            resolved = local.resolved(path)
            for root in map(local.resolved, roots):
                if resolved is not None and root is not None and local.within(resolved, root):
                    return root, resolved
        raise self._refused(account, given, "local")

    def _refused(self, account: str, given: str, rule: str) -> ForbiddenError:
        return ForbiddenError(
            f"{given[:200]!r} is not among what the service may touch for account {account}: "
            f"`{rule}` in [accounts.{account}] of the file that {SETTING} names lists what is"
        )


def only(account: str, url: str, networks: Sequence[str] = ()) -> Policy:
    """A policy that allows one host and nothing else.

    Args:
        account: For whom.
        url: An address of that host.
        networks: Of addresses beside the public ones that it may have.
    """
    rules = Rules(origins=(origins.origin_of(url),), networks=tuple(ip_network(text) for text in networks))
    return Policy({account: rules})


def _parsed(document: dict[str, Any], path: Path) -> dict[str, Rules]:
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{SETTING} {path}: {place}: {first['msg']}") from None
    known = {name: Credentials(name, **table.model_dump()) for name, table in file.credentials.items()}
    rules = {}
    for account, table in file.accounts.items():
        try:
            rules[account] = _rules(table, known)
        except (StemmaError, ValueError) as error:
            raise SettingError(f"{SETTING} {path}: accounts.{account}: {error}") from None
    return rules


def _rules(table: _AccountTable, known: dict[str, Credentials]) -> Rules:
    prefixes = []
    for entry in table.s3:
        bucket, key = s3.parts(entry.prefix)
        if not entry.prefix.endswith("/"):
            raise InvalidError(f"the prefix {entry.prefix} has to end in '/', so that it does not allow its neighbours")
        if entry.credentials not in known:
            raise NotFoundError(
                f"the prefix {entry.prefix} names credentials {entry.credentials!r}, which are not there"
            )
        prefixes.append((bucket, key, known[entry.credentials]))
    if table.cloudwatch is not None and table.cloudwatch not in known:
        raise NotFoundError(f"cloudwatch names credentials {table.cloudwatch!r}, which are not there")
    networks = tuple(ip_network(text) for text in table.networks)
    for network in networks:
        if any(network.version == never.version and network.subnet_of(never) for never in addresses.NEVER):  # type: ignore[arg-type]
            raise InvalidError(f"the network {network} can't be allowed")
    listed = tuple(origins.listed(text) for text in table.outbound)
    for origin in listed:
        if origin.address is not None and addresses.forbidden(origin.address):
            raise InvalidError(f"the address of {origin} can't be allowed")
    return Rules(
        roots=tuple(local.path_of(root) for root in table.local),
        prefixes=tuple(sorted(prefixes, key=lambda entry: -len(entry[1]))),
        origins=listed,
        networks=networks,
        cloudwatch=None if table.cloudwatch is None else known[table.cloudwatch],
    )
