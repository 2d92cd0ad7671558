import json
from dataclasses import asdict, dataclass

PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What a running database tells its users: the greeting on its socket, and the content of `run/db.json`.

    Attributes:
        pid: The database's process.
        bolt_port: Where it speaks Bolt, on 127.0.0.1.
        password: The password of `options.USER`, made anew at each start.
        version: The version of this record.
    """

    pid: int
    bolt_port: int
    password: str
    version: int = PROTOCOL

    def __repr__(self) -> str:
        # A record ends up in logs and tracebacks; its password must not.
        return f"Record(pid={self.pid}, bolt_port={self.bolt_port}, version={self.version})"

    def encode(self) -> bytes:
        """One line of JSON, newline included."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> "Record":
        """Reads what `encode` wrote.

        Raises:
            ValueError: The line is no record of this version.
        """
        fields = json.loads(line)
        if not isinstance(fields, dict) or fields.get("version") != PROTOCOL:
            raise ValueError("the database on this data directory was started by another version of Stemma")
        return cls(pid=int(fields["pid"]), bolt_port=int(fields["bolt_port"]), password=str(fields["password"]))
