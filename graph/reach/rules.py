"""What one account may reach."""

from dataclasses import dataclass

from graph.reach.addresses import Network
from graph.reach.notifying import Mail, Topic
from graph.reach.origins import Origin
from graph.reach.s3 import Credentials


@dataclass(frozen=True, slots=True)
class Rules:
    """What one account may reach.

    Attributes:
        roots: folders whose files may be read.
        prefixes: bucket, prefix of keys (empty, or ending in `/`) and credentials, longest prefix first.
        origins: hosts that may be spoken to.
        networks: of addresses beside the public ones that hosts may have.
        cloudwatch: whose CloudWatch metrics go to.
        mail: the server by which mail is sent, and to whom.
        topics: that may be published to.
    """

    roots: tuple[str, ...] = ()
    prefixes: tuple[tuple[str, str, Credentials], ...] = ()
    origins: tuple[Origin, ...] = ()
    networks: tuple[Network, ...] = ()
    cloudwatch: Credentials | None = None
    mail: Mail | None = None
    topics: tuple[Topic, ...] = ()


NOTHING = Rules()
