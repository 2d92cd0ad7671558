"""What is captured, and where it goes."""

import re
from dataclasses import dataclass
from pathlib import Path

from stemma_capture.redaction import Redaction

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})", re.ASCII)
"""What endpoints and variants may be called: they are folders."""


@dataclass(frozen=True)
class Settings:
    """What is captured, and where it goes.

    Attributes:
        destination: A folder, or `s3://bucket/prefix`.
        endpoint: The endpoint's name.
        spool: A folder on this machine for segments that are not uploaded yet; processes may share it.
        variant: The variant's name, unless a request names another.
        percentage: The share of requests that is captured, 0 to 100.
        inputs: Whether requests are captured.
        outputs: Whether answers are captured.
        csv_content_types: Content types of payloads that are written as CSV text.
        json_content_types: Those written as JSON text; any other is written in Base64.
        redactions: What must not be written.
        hash_key: The key of hashes.
        queued_events: Events that may wait for the writer.
        queued_bytes: Bytes of theirs.
        payload_bytes: The largest payload; a larger one is not captured.
        segment_bytes: Bytes after which a segment is closed and uploaded.
        segment_seconds: Its greatest age, in seconds.
        spool_bytes: How much may wait for the destination.
        endpoint_url: Of an S3 other than AWS's.

    Raises:
        ValueError: a value can't be used.
    """

    destination: str | Path
    endpoint: str
    spool: str | Path
    variant: str = "AllTraffic"
    percentage: float = 100.0
    inputs: bool = True
    outputs: bool = True
    csv_content_types: tuple[str, ...] = ("text/csv",)
    json_content_types: tuple[str, ...] = ("application/json", "application/jsonlines")
    redactions: tuple[Redaction, ...] = ()
    hash_key: bytes = b""
    queued_events: int = 10_000
    queued_bytes: int = 64 << 20
    payload_bytes: int = 6 << 20
    segment_bytes: int = 8 << 20
    segment_seconds: float = 60.0
    spool_bytes: int = 1 << 30
    endpoint_url: str | None = None

    def __post_init__(self) -> None:
        for name in (self.endpoint, self.variant):
            if NAME.fullmatch(name) is None:
                raise ValueError(f"{name!r} names no endpoint or variant: 1 to 63 letters, digits and '-'")
        if not 0 <= self.percentage <= 100:
            raise ValueError(f"the percentage is {self.percentage}; 0 to 100 is needed")
        if not (self.inputs or self.outputs):
            raise ValueError("neither requests nor answers would be captured")
        if any(rule.action == "hash" for rule in self.redactions) and len(self.hash_key) < 16:
            raise ValueError("hashing needs a hash_key of at least 16 bytes; with less, values can be guessed")
