"""Runs a user's script in a process of its own: `python script_host.py preprocess|postprocess SCRIPT DESCRIPTOR`.

It imports nothing of ours. Records come as lines of JSON on standard input; of each, the rows that `preprocess_handler` makes
go to the descriptor, as lines of JSON. What the script prints goes to standard error.

Source: "Preprocessing and Postprocessing" in the SageMaker developer guide.
"""

import inspect
import json
import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Fields(dict[str, Any]):
    """An object of a record, whose fields are attributes too: as they are, or in Python's spelling."""

    def __getattr__(self, name: str) -> Any:
        spelt = re.sub("_([a-z])", lambda found: found[1].upper(), name)
        for key in (name, spelt, f"{spelt}s"):
            if key in self:
                return self[key]
        raise AttributeError(name)


class Record(Fields):
    """What `preprocess_handler` is given: `endpoint_input`, `endpoint_output`, `event_metadata`; or `event_data`."""


def record(document: dict[str, Any]) -> Record:
    """A captured record as scripts see it."""
    captured = document.get("captureData") or {}
    sides = {key: Fields(value) for key, value in captured.items() if isinstance(value, dict)}
    metadata = Fields(document.get("eventMetadata") or {})
    given = sides.get("endpointInput", sides.get("batchTransformInput"))
    told = sides.get("endpointOutput", sides.get("batchTransformOutput"))
    truth = document.get("groundTruthData")
    found = Record(endpoint_input=given, endpoint_output=told, event_metadata=metadata, **sides)
    found["ground_truth"] = Fields(truth) if isinstance(truth, dict) else None
    found["event_data"] = Fields(sides, eventMetadata=metadata)
    return found


def rows(made: Any) -> list[Any]:
    """What a handler made, as rows: an object or a list of values is one, a list of those several, and nothing none."""
    if made is None or made == []:
        return []
    if isinstance(made, list) and all(isinstance(item, dict | list) for item in made):
        return made
    return [made]


def main(stage: str, path: str, descriptor: str) -> None:
    """Run a script's handler."""
    source = Path(path).read_text(encoding="utf-8")
    script: dict[str, Any] = {"__name__": "stemma_script", "__file__": path}
    out = os.fdopen(int(descriptor), "w", encoding="utf-8")
    sys.stdout = sys.stderr
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    exec(compile(source, "script.py", "exec"), script)  # noqa: S102  # that is what this process is for
    name = f"{stage}_handler"
    handler: Callable[..., Any] | None = script.get(name)
    if handler is None:
        sys.exit(f"the script has no {name}")
    if stage == "postprocess":
        handler()
        return
    logger = [logging.getLogger("script")] if len(inspect.signature(handler).parameters) > 1 else []
    for line in sys.stdin.buffer:
        if line.strip():
            document = json.loads(line)
            for row in rows(handler(record(document), *logger)):
                out.write(json.dumps({"row": row, "truth": (document.get("groundTruthData") or {}).get("data")}) + "\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
