"""Any table, in every format, against counting it plainly."""

import csv
import io
import json
import math
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from monitors.analysis import (
    DocumentError,
    Profile,
    find_violations,
    open_dataset,
    parse_constraints,
    parse_statistics,
    profile_dataset,
    profile_from_bytes,
    profile_to_bytes,
    statistics_of,
    suggest_constraints,
)

SCHEMAS = Path(__file__).parents[3] / "docs/reference/schemas"
STATISTICS, CONSTRAINTS = (
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
    for name in ("statistics", "constraints")
)
BLANKS = " \t\n\r\x0b\x0c\x85\xa0"
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|inf|infinity)", re.IGNORECASE)

names = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(
        lambda name: name.strip() and "." not in name
    ),
    min_size=1,
    max_size=4,
    unique=True,
)
integers = st.integers(-(2**63), 2**63 - 1)
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([-0.0, 2.0**53 + 2, 5e-324, 1.7e308, 1.0, 1e22])
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=5),
    st.sampled_from(["x", "007", "+5", "1e5", "nan", "Nan", "inf", '"', ",", "a\nb", "é" * 20, "y" * (1 << 20), "5 %"]),
)
columns = st.one_of(
    *(st.lists(st.one_of(st.none(), kind), max_size=8) for kind in (integers, numbers, texts, st.booleans())),
    st.lists(st.one_of(st.none(), integers, numbers, texts, st.booleans()), max_size=8),
    st.lists(st.sampled_from([7]), max_size=8),
    st.lists(st.none(), max_size=8),
)


def kind_of(value: object) -> str:
    """The rule of docs/reference/data-quality.md for one value."""
    if value is None or value in ("nan", "NaN", "NAN", "-nan", "-NaN"):
        return "missing"
    if isinstance(value, bool):
        return "String"
    if isinstance(value, int):
        return "Integral"
    if isinstance(value, float):
        return "Fractional"
    text = str(value).strip(BLANKS)
    if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII):
        return "Integral"
    return "Fractional" if NUMBER.fullmatch(text) else "String"


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def write_csv(path: Path, table: dict[str, list[Any]]) -> None:
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(table)
    writer.writerows(
        [["" if value is None else as_text(value) for value in row] for row in zip(*table.values(), strict=True)]
    )
    path.write_text(content.getvalue(), encoding="utf-8", newline="")


def write_lines(path: Path, table: dict[str, list[Any]]) -> None:
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows) or "\n", encoding="utf-8")


@given(names=names, data=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_table(names: list[str], data: st.DataObject) -> None:
    held = [data.draw(columns) for _ in names]
    rows = max(map(len, held))
    table = {name: values + [None] * (rows - len(values)) for name, values in zip(names, held, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "a.csv", table)
        write_lines(Path(folder) / "a.jsonl", table)
        for suffix in ("csv", "jsonl"):
            profile = profile_dataset(open_dataset(Path(folder) / f"a.{suffix}"))
            assert profile.rows == rows
            for name, values in table.items():
                if suffix == "jsonl" and rows == 0:
                    continue
                column = profile.columns[name]
                expected = Counter(map(kind_of, values))
                found = {
                    "missing": column.missing,
                    "Integral": column.integral,
                    "Fractional": column.fractional,
                    "String": column.string,
                }
                assert found == {kind: expected[kind] for kind in found}, (suffix, name, values)
                check_numbers(column, values)
            check_documents(profile)


def check_numbers(column: Any, values: list[Any]) -> None:
    if column.inferred_type not in ("Integral", "Fractional"):
        return
    present = [float(value) for value in values if kind_of(value) != "missing"]
    assert column.moments.count == len(present)
    assert (column.moments.min, column.moments.max) == (min(present), max(present))
    assert column.sketch.levels()[0].tolist() == [value + 0.0 for value in present]
    finite = [value for value in present if math.isfinite(value)]
    if len(finite) == len(present) and max(map(abs, present)) < 1e300:
        size = max(map(abs, present))
        assert column.moments.sum == pytest.approx(math.fsum(present), rel=1e-12, abs=size * 1e-12)


def check_documents(profile: Profile) -> None:
    statistics = statistics_of(profile)
    data = statistics.to_json()
    STATISTICS.validate(json.loads(data))
    assert statistics_of(profile_from_bytes(profile_to_bytes(profile))).to_json() == data
    try:
        constraints = suggest_constraints(statistics)
    except DocumentError:
        assert profile.rows == 0
        return
    CONSTRAINTS.validate(json.loads(constraints.to_json()))
    again = parse_statistics(data)
    # What was learnt from data holds of it.
    assert find_violations(again, again, parse_constraints(constraints.to_json())) == []


def test_duplicate_names_are_refused_in_every_format(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("é,é\n1,2\n")
    with pytest.raises(ValueError, match="more than one column named 'é'"):
        open_dataset(tmp_path / "a.csv")
    # In JSON a repeated key is one key.
    (tmp_path / "a.jsonl").write_text('{"é": 1, "é": 1}\n')
    assert profile_dataset(open_dataset(tmp_path / "a.jsonl")).columns["é"].integral == 1


def test_longer_files_than_one_chunk_agree_across_formats(tmp_path: Path) -> None:
    rows = 140_000
    frame = pl.DataFrame(
        {"n": range(rows), "x": [i * 0.25 for i in range(rows)], "t": [f"k{i % 7}" for i in range(rows)]}
    )
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "a.jsonl")
    documents = [
        statistics_of(profile_dataset(open_dataset(tmp_path / f"a.{suffix}"))).to_json()
        for suffix in ("csv", "parquet", "jsonl")
    ]
    assert documents[0] == documents[1] == documents[2]
