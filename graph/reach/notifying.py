"""Where an account may send mail and publish, as the policy lists it."""

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from graph.errors import InvalidError
from graph.reach.s3 import Credentials

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", re.ASCII)
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?", re.ASCII)
MAIL, SNS = "mailto:", "arn:"


class MailTable(BaseModel):
    """`mail` of an account: the server, the sender, and to whom may be written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    server: str
    sender: str
    to: list[str]
    user: str | None = None
    password_variable: str | None = None
    starttls: bool = True


class TopicTable(BaseModel):
    """An entry of `sns` of an account."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    topic: str
    credentials: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server, and what may be sent by it.

    Attributes:
        to: addresses, or `@domain` for all of a domain.
        password_variable: the environment variable with the user's password; never the password itself.
    """

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password_variable: str | None = None
    starttls: bool = True

    def allows(self, address: str) -> bool:
        """Whether may be written to an address."""
        domain = address[address.rindex("@") :].lower()
        return any(entry.lower() in (address.lower(), domain) for entry in self.to)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of SNS, and whose credentials publish there."""

    arn: str
    credentials: Credentials


def mail(table: MailTable) -> Mail:
    """The mail server of a table.

    Raises:
        InvalidError: an address is none, or the server has no port.
    """
    host, _, port = table.server.rpartition(":")
    if not host or not port.isdecimal():
        raise InvalidError(f"mail.server is {table.server!r}; host:port is needed, such as smtp.example.org:587")
    address(table.sender)
    for entry in table.to:
        address(f"any{entry}" if entry.startswith("@") else entry)
    return Mail(*(host, int(port), table.sender, tuple(table.to)), table.user, table.password_variable, table.starttls)


def address(text: str) -> str:
    """A plain mail address.

    Raises:
        InvalidError: it is none.
    """
    if ADDRESS.fullmatch(text) is None:
        raise InvalidError(f"{text[:100]!r} is no plain mail address", path="url", constraint="name@example.org")
    return text


def topic(text: str) -> str:
    """The ARN of a topic.

    Raises:
        InvalidError: it is none.
    """
    if TOPIC.fullmatch(text) is None:
        raise InvalidError(
            f"{text[:200]!r} is no ARN of a topic", path="url", constraint="arn:aws:sns:region:account:name"
        )
    return text
