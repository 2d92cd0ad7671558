"""Values that must not be written: dropped, or replaced by a keyed hash."""

import csv
import hmac
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

_STEP = re.compile(r"\.([^.\[\]*]+)|\[(\d+|\*)\]|\.(\*)|\['([^']+)'\]")
_CSV_BYTES = 64 << 20


class UnreadableError(ValueError):
    """A payload for which there are rules and that is not what its content type says."""


@dataclass(frozen=True)
class Redaction:
    """One rule.

    Attributes:
        where: A JSON path (`$.user.email`, `$.rows[*][2]`, `$['e-mail']`), for JSON payloads, or the position of a column
            from 0, for CSV payloads.
        action: `drop` it, or write its `hash`.
        part: Only in the `input` or the `output`; in both if None.

    Raises:
        ValueError: the path can't be read, or the action is none.
    """

    where: str | int
    action: Literal["drop", "hash"]
    part: Literal["input", "output"] | None = None

    def __post_init__(self) -> None:
        if self.action not in ("drop", "hash"):
            raise ValueError(f"a value can be dropped or hashed, and not {self.action!r}")
        if isinstance(self.where, str):
            steps(self.where)
        elif self.where < 0:
            raise ValueError("columns are counted from 0")


def steps(path: str) -> list[str | int | None]:
    """A path's names, positions, and None for all of them.

    Raises:
        ValueError: it is none, or `$` itself.
    """
    found: list[str | int | None] = []
    place = 1
    while path.startswith("$") and place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            break
        name, position, everything, quoted = step.groups()
        if everything or position == "*":
            found.append(None)
        else:
            found.append(int(position) if position is not None else name or quoted)
        place = step.end()
    if not found or place < len(path):
        raise ValueError(f"{path!r} is no path such as $.user.email, $.rows[*][2] or $['e-mail']")
    return found


def redacted(text: str, encoding: str, rules: Sequence[Redaction], key: bytes) -> str:
    """A payload without what rules are about.

    Raises:
        UnreadableError: it can't be read.
    """
    columns = {rule.where: rule for rule in rules if isinstance(rule.where, int)}
    paths = [(steps(rule.where), rule) for rule in rules if isinstance(rule.where, str)]
    if encoding == "CSV" and columns:
        return _of_csv(text, columns, key)
    if encoding == "JSON" and paths:
        return _of_json(text, paths, key)
    return text


def _of_csv(text: str, rules: dict[int, Redaction], key: bytes) -> str:
    csv.field_size_limit(_CSV_BYTES)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    try:
        for line in csv.reader(io.StringIO(text, newline=""), strict=True):
            writer.writerow(
                [
                    _replaced(value, rules[position], key) if position in rules else value
                    for position, value in enumerate(line)
                ]
            )
    except csv.Error as error:
        raise UnreadableError from error
    made = written.getvalue()
    return made if text.endswith("\n") else made.removesuffix("\n")


def _of_json(text: str, rules: Sequence[tuple[list[str | int | None], Redaction]], key: bytes) -> str:
    documents, lines = [], False
    try:
        try:
            documents = [json.loads(text)]
        except ValueError:
            documents, lines = [json.loads(line) for line in text.split("\n") if line.strip()], True
        for place, document in enumerate(documents):
            for path, rule in rules:
                documents[place] = document = _walked(document, path, rule, key)
        texts = [json.dumps(document, ensure_ascii=False, separators=(",", ":")) for document in documents]
    except (ValueError, RecursionError) as error:
        raise UnreadableError from error
    return "\n".join(texts) if lines else texts[0]


def _walked(value: Any, path: list[str | int | None], rule: Redaction, key: bytes) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and not isinstance(step, int):
        for name in list(value) if step is None else [step] if step in value else []:
            if rest:
                value[name] = _walked(value[name], rest, rule, key)
            elif rule.action == "drop":
                del value[name]
            else:
                value[name] = _hash(value[name], key)
    elif isinstance(value, list) and not isinstance(step, str):
        for position in range(len(value)) if step is None else [step] if step < len(value) else []:
            if rest:
                value[position] = _walked(value[position], rest, rule, key)
            else:
                value[position] = None if rule.action == "drop" else _hash(value[position], key)
    return value


def _replaced(value: str, rule: Redaction, key: bytes) -> str:
    return "" if rule.action == "drop" or value == "" else _hash(value, key)


def _hash(value: Any, key: bytes) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
