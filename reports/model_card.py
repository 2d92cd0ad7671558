"""A model card as a document: what it says, part by part, what is not known as it stands, and where it was kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from graph.registry.cards.lists import Card
from graph.times import from_ms
from reports.documents import Document, Facts, Notice, Paragraph, Part, Section, Table, Tone

HEADINGS = {
    "model_overview": "The model",
    "model_package_details": "The registered version",
    "intended_uses": "Intended uses",
    "business_details": "Business",
    "training_details": "Training",
    "evaluation_details": "Evaluation",
    "additional_information": "Additional information",
}
TONES: Mapping[str, Tone] = {"Approved": "good", "Archived": "bad"}
LONG = 120
"""Characters from which a text stands as a paragraph of its own."""
LINES = 15
METRICS = ("training_metrics", "user_provided_training_metrics", "hyper_parameters", "user_provided_hyper_parameters")
CELLS = 12
"""Columns of a matrix that fit on a page."""


def document(card: Card) -> Document:
    """The document of a card; the same version in the same state gives the same document."""
    content = card.content
    entity = card.entity
    parts: list[Part] = [
        Notice(TONES.get(card.shown, "note"), f"{card.shown}, version {card.version}", _status(card)),
        Facts(
            (
                ("Card", card.resource),
                ("First written by", entity.created_by),
                ("Last changed", f"{from_ms(entity.modified_at):%Y-%m-%d %H:%M UTC} by {entity.modified_by}"),
                *((("Risk rating", card.subject.risk),) if card.subject.risk else ()),
            )
        ),
    ]
    known = [_section(HEADINGS[name], content[name]) for name in HEADINGS if content.get(name)]
    rest = [_section(_words(name), value) for name, value in content.items() if name not in HEADINGS]
    return Document(
        card.name,
        "Model card",
        parts=parts,
        sections=[*known, *rest],
        created=entity.modified_at // 1000,
        footer=f"{card.resource}, version {card.version}",
    )


def _status(card: Card) -> str:
    if card.shown == "Approved":
        return "Whoever may approve models has approved what this card says."
    return "" if card.shown == "Archived" else "This card is not approved."


def _section(heading: str, value: Any) -> Section:
    """A part of a card: its short fields as facts, its long texts as paragraphs, what is nested as sections."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return Section(heading, sections=[_section(_named(item, number), item) for number, item in enumerate(value, 1)])
    if not isinstance(value, Mapping):
        return Section(heading, _plain(value))
    facts: list[tuple[str, str]] = []
    parts: list[Part] = []
    sections: list[Section] = []
    for name, item in value.items():
        if item is None or item in ("", [], {}) or (name == "name" and item == heading):
            continue
        if name == "metric_groups":
            sections += [_metrics(group) for group in item if isinstance(group, Mapping)]
        elif name in METRICS:
            parts.append(_pairs(_words(name), item))
        elif isinstance(item, Mapping) and all(_short(inner) for inner in item.values()):
            facts += [(f"{_words(name)}: {_words(key)}", _text(inner)) for key, inner in item.items()]
        elif isinstance(item, Mapping) or (isinstance(item, list) and any(isinstance(i, Mapping) for i in item)):
            sections.append(_section(_words(name), item))
        elif _short(item):
            facts.append((_words(name), _text(item)))
        elif isinstance(item, list):
            parts.append(Table(_words(name), (_words(name),), tuple((_text(inner),) for inner in item)))
        else:
            sections.append(Section(_words(name), _plain(item)))
    return Section(heading, [*([Facts(tuple(facts))] if facts else []), *parts], sections)


def _metrics(group: Mapping[str, Any]) -> Section:
    """A group of metrics: numbers in one table, what has axes in tables of their own."""
    data = [item for item in group.get("metric_data", ()) if isinstance(item, Mapping)]
    scalars = [item for item in data if not isinstance(item.get("value"), list)]
    tables: list[Part] = []
    if scalars:
        rows = tuple((_text(item.get("name")), _text(item.get("value")), _text(item.get("notes"))) for item in scalars)
        tables.append(Table("Metrics", ("metric", "value", "notes"), rows, frozenset({1})))
    tables += [_axes(item) for item in data if isinstance(item.get("value"), list)]
    return Section(_text(group.get("name")) or "Metrics", tables)


def _axes(metric: Mapping[str, Any]) -> Table:
    value, name = metric["value"], _text(metric.get("name"))
    across, down = metric.get("x_axis_name"), metric.get("y_axis_name")
    if metric.get("type") == "matrix":
        width = min(max((len(row) for row in value if isinstance(row, list)), default=0), CELLS)
        columns = [*(across if isinstance(across, list) else [])][:width]
        columns += [str(number) for number in range(len(columns) + 1, width + 1)]
        labels = [*(down if isinstance(down, list) else [])]
        rows = tuple(
            (_text(labels[number]) if number < len(labels) else str(number + 1), *_row(row, width))
            for number, row in enumerate(value)
        )
        return Table(name, ("", *map(_text, columns)), rows, frozenset(range(1, width + 1)))
    if metric.get("type") == "bar_chart":
        bars = across if isinstance(across, list) else []
        rows = tuple(
            (_text(bars[number]) if number < len(bars) else str(number + 1), _text(item))
            for number, item in enumerate(value)
        )
        return Table(name, ("bar", _text(down) or "value"), rows, frozenset({1}))
    rows = tuple(_row(item, 2) for item in value)
    return Table(name, (_text(across) or "x", _text(down) or "y"), rows, frozenset({0, 1}))


def _row(item: Any, width: int) -> tuple[str, ...]:
    cells = [_text(cell) for cell in item] if isinstance(item, list) else [_text(item)]
    return tuple([*cells, *[""] * width][:width])


def _pairs(caption: str, items: Any) -> Part:
    held = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    rows = tuple((_text(item.get("name")), _text(item.get("value")), _text(item.get("notes"))) for item in held)
    if any(row[2] for row in rows):
        return Table(caption, ("name", "value", "notes"), rows, frozenset({1}))
    return Table(caption, ("name", "value"), tuple(row[:2] for row in rows), frozenset({1}))


def _plain(value: Any) -> Sequence[Part]:
    return [Paragraph(line) for line in _text(value).split("\n") if line.strip()]


def _named(item: Mapping[str, Any], number: int) -> str:
    return _text(item.get("name")) or str(number)


def _short(value: Any) -> bool:
    """Whether it stands beside its name: a line, or a few."""
    if isinstance(value, list):
        return len(value) <= LINES and not any(isinstance(item, Mapping | list) for item in value)
    return not isinstance(value, Mapping) and len(_text(value)) < LONG


def _text(value: Any) -> str:
    if isinstance(value, list) and value and _short(value):
        return "\n".join(map(_text, value))
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return orjson.dumps(value).decode()


def _words(name: str) -> str:
    """A member's name as words: `purpose_of_model` → `Purpose of model`."""
    text = name.replace("_", " ").strip() or name
    return text[:1].upper() + text[1:]
