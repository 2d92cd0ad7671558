"""What a batch transform read and wrote, as captured records, so that whatever reads those reads it too.

Input and output are told of line by line. Where the transform was asked for inference ids, the output's lines end with
`SageMakerInferenceId` and `SageMakerInferenceTime`; else a record's id is its file and line.

Source: "Capture data from batch transform job" in the SageMaker developer guide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from graph.errors import InvalidError

INPUT, OUTPUT = "input", "output"
SUFFIX = ".out"
ID, TIME = "SageMakerInferenceId", "SageMakerInferenceTime"
CONTENT = {"csv": ("text/csv", "CSV"), "jsonl": ("application/jsonlines", "JSON")}
_TAIL = re.compile(rb',"?([0-9a-fA-F-]{36})"?,"?(\d{4}-\d\d-\d\d[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)"?$')


@dataclass(frozen=True, slots=True)
class Side:
    """The lines of one file of an input or output."""

    path: Path
    kind: str
    header: bool

    def lines(self) -> Iterator[bytes]:
        """Its lines, without the names and the blank ones."""
        with self.path.open("rb") as file:
            if self.header:
                next(file, None)
            for line in file:
                if line.strip():
                    yield line.rstrip(b"\r\n")


def write(folder: Path, target: Path, names: tuple[str, str], kind: str, *, header: bool) -> None:
    """Write records of all pairs of files.

    Args:
        folder: `{input,output}/yyyy/mm/dd/hh/<number>-<file>`; an output is called as its input, with `.out` behind.
        target: Where they go: `<names>/yyyy/mm/dd/hh/<file>.jsonl`.
        names: Two names, as those of an endpoint and a variant.
        kind: `csv` or `jsonl`.
        header: Whether files of input begin with a line of names.

    Raises:
        InvalidError: an input and its output have different numbers of lines, or the kind can't be read line by line.
    """
    if kind not in CONTENT:
        raise InvalidError(
            f"batch transforms are read line by line, as {' or '.join(CONTENT)}; the DatasetFormat is {kind}",
            path="DatasetFormat",
            constraint=", ".join(CONTENT),
        )
    read, made = _files(folder / INPUT), _files(folder / OUTPUT)
    for name in sorted({*read, *made}):
        path = read.get(name, made.get(name))
        assert path is not None
        hour = Path(*path.parent.parts[-4:])
        place = target.joinpath(*names) / hour / f"{len(name):04}-{path.name}.jsonl"
        place.parent.mkdir(parents=True, exist_ok=True)
        sides: dict[str, Side] = {}
        if name in read:
            sides["batchTransformInput"] = Side(read[name], kind, header)
        if name in made:
            sides["batchTransformOutput"] = Side(made[name], kind, header=False)
        with place.open("wb") as file:
            for record in _records(name, hour, sides, kind):
                file.write(orjson.dumps(record) + b"\n")


def _files(folder: Path) -> dict[str, Path]:
    """Files by the name that input and output have in common; with their hours where several have one name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        found.setdefault(path.name.partition("-")[2].removesuffix(SUFFIX), []).append(path)
    made = {}
    for name, paths in found.items():
        for path in paths:
            key = name if len(paths) == 1 else "/".join((*path.parent.parts[-4:], name))
            if key in made:
                raise InvalidError(
                    f"two files {name} of one hour are in the manifests, so it can't be told which output is whose",
                    path="data",
                    constraint="names of their own",
                )
            made[key] = path
    return made


def _records(name: str, hour: Path, sides: dict[str, Side], kind: str) -> Iterator[dict[str, object]]:
    content, encoding = CONTENT[kind]
    begun = "{}-{}-{}T{}:00:00Z".format(*hour.parts)
    streams = {key: side.lines() for key, side in sides.items()}
    for number in range(1 << 62):
        lines = {key: next(stream, None) for key, stream in streams.items()}
        if all(line is None for line in lines.values()):
            return
        if any(line is None for line in lines.values()):
            raise InvalidError(
                f"the input and the output of {name} have different numbers of lines: one ends after {number}; a transform "
                "with SplitType Line writes a line for each",
                path="data",
            )
        event, time = f"{name}:{number}", begun
        captured: dict[str, object] = {}
        for key, line in lines.items():
            assert line is not None
            if key == "batchTransformOutput":
                line, found = _without_id(line, kind)
                event, time = found or (event, time)
            mode = "INPUT" if key.endswith("Input") else "OUTPUT"
            text = line.decode("utf-8", "replace")
            captured[key] = {"observedContentType": content, "mode": mode, "data": text, "encoding": encoding}
        yield {
            "captureData": captured,
            "eventMetadata": {"eventId": event, "inferenceTime": time},
            "eventVersion": "0",
        }


def _without_id(line: bytes, kind: str) -> tuple[bytes, tuple[str, str] | None]:
    """A line of output without the inference id and time, and these."""
    if kind == "csv":
        tail = _TAIL.search(line)
        return (line, None) if tail is None else (line[: tail.start()], (tail[1].decode(), tail[2].decode()))
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line, None
    if not isinstance(document, dict) or not isinstance(document.get(ID), str):
        return line, None
    found = (document.pop(ID), str(document.pop(TIME, "")))
    return orjson.dumps(document), found
