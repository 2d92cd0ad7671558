"""The policy's file: TOML, whose tables and keys are all known."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph.errors import InvalidError, NotFoundError, SettingError, StemmaError
from graph.reach import addresses, local, notifying, origins, s3
from graph.reach.notifying import MailTable, Topic, TopicTable
from graph.reach.rules import Rules
from graph.reach.s3 import Credentials

SETTING = "STEMMA_POLICY"


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
    mail: MailTable | None = None
    sns: list[TopicTable] = []


class _File(_Table):
    credentials: dict[str, _CredentialsTable] = {}
    accounts: dict[Annotated[str, Field(pattern=r"^[0-9]{12}$")], _AccountTable] = {}


def parsed(document: dict[str, Any], path: Path) -> dict[str, Rules]:
    """The rules of each account.

    Raises:
        SettingError: the document holds something else than a policy.
    """
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
    for what, name in (("cloudwatch", table.cloudwatch), *(("sns", entry.credentials) for entry in table.sns)):
        if name is not None and name not in known:
            raise NotFoundError(f"{what} names credentials {name!r}, which are not there")
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
        mail=None if table.mail is None else notifying.mail(table.mail),
        topics=tuple(Topic(notifying.topic(entry.topic), known[entry.credentials]) for entry in table.sns),
    )
