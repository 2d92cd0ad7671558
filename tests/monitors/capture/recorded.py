"""Capture records as SageMaker writes them (sample of its developer guide), and folders of them."""

import json
from pathlib import Path
from typing import Any

HOUR = "shop/AllTraffic/2026/03/01/07"


def record(
    request: str | None,
    answer: str | None,
    *,
    event: str = "e0",
    inference: str | None = None,
    encodings: tuple[str, str] = ("CSV", "CSV"),
    kinds: tuple[str, str] = ("text/csv", "text/csv"),
) -> dict[str, Any]:
    captured: dict[str, Any] = {}
    if request is not None:
        captured["endpointInput"] = {
            "observedContentType": kinds[0],
            "mode": "INPUT",
            "data": request,
            "encoding": encodings[0],
        }
    if answer is not None:
        captured["endpointOutput"] = {
            "observedContentType": kinds[1],
            "mode": "OUTPUT",
            "data": answer,
            "encoding": encodings[1],
        }
    metadata = {"eventId": event, "inferenceTime": "2026-03-01T07:12:03Z"}
    if inference is not None:
        metadata["inferenceId"] = inference
    return {"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}


def truth(event: str, data: str, encoding: str = "CSV") -> dict[str, Any]:
    return {
        "groundTruthData": {"data": data, "encoding": encoding},
        "eventMetadata": {"eventId": event},
        "eventVersion": "0",
    }


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in records)


def written(root: Path, name: str, *records: Any) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(*records))
    return path
