"""The policy: per account, what may be touched. Refusals name the rule and the setting, and not whether a thing exists."""

import os
import stat
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import BinaryIO

from graph.errors import ForbiddenError, SettingError
from graph.reach import addresses, local, notifying, origins, s3
from graph.reach.addresses import Address
from graph.reach.notifying import Mail, Topic
from graph.reach.origins import Origin
from graph.reach.policy_file import SETTING, parsed
from graph.reach.rules import NOTHING, Rules
from graph.reach.s3 import Credentials, S3Place

LARGEST_FILE = 1 << 20


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
        return cls(parsed(document, path), local_user)

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

    def mail(self, account: str, address: str) -> Mail:
        """The server that sends an account's mail to an address.

        Raises:
            InvalidError: it is no plain address.
            ForbiddenError: the account may not write to it.
        """
        mail = self._rules(account).mail
        if mail is None or not mail.allows(notifying.address(address)):
            raise self._refused(account, address, "mail")
        return mail

    def topic(self, account: str, arn: str) -> Topic:
        """A topic, with the credentials that publish to it.

        Raises:
            InvalidError: it is no ARN of a topic.
            ForbiddenError: the account may not publish to it.
        """
        notifying.topic(arn)
        for topic in self._rules(account).topics:
            if topic.arn == arn:
                return topic
        raise self._refused(account, arn, "sns")

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
