import base64
import gzip
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from monitors.analysis import (
    AnalysisError,
    CaptureLayout,
    ColumnsError,
    MalformedDataError,
    open_dataset,
    profile_dataset,
    read_attribute,
    statistics_of,
)
from monitors.analysis.broken import BrokenLines
from monitors.analysis.capture import NO_LAYOUT, parse, rows
from monitors.analysis.files import File
from monitors.analysis.lines import Piece
from tests.monitors.capture.recorded import HOUR, lines, record, truth, written

FILE = File("capture.jsonl", 1)
NAMES = CaptureLayout(("churned", "age", "city"))


def read(block: bytes, layout: CaptureLayout = NO_LAYOUT) -> tuple[list[dict[str, Any]], BrokenLines]:
    frame, broken, _ = parse(Piece(block, 1, len(block)), FILE, layout)
    return frame.to_dicts(), broken


def slowly(monkeypatch: pytest.MonkeyPatch, block: bytes, layout: CaptureLayout) -> tuple[pl.DataFrame, BrokenLines]:
    with monkeypatch.context() as patched:
        patched.setattr(rows, "_at_once", lambda *_: None)
        frame, broken, _ = parse(Piece(block, 1, len(block)), FILE, layout)
    return frame, broken


def test_the_answer_comes_first_and_names_go_by_position() -> None:
    found, broken = read(lines(record("41,Oslo", "1"), record("17,\n", "0\n")), NAMES)
    assert found == [
        {"churned": "1", "age": "41", "city": "Oslo"},
        {"churned": "0", "age": "17", "city": None},
    ]
    assert broken.count == 0
    assert read(lines(record("41,Oslo", "1")))[0] == [{"_c0": "1", "_c1": "41", "_c2": "Oslo"}]


def test_lines_of_a_payload_are_rows() -> None:
    several = record("41,Oslo\n17,Bergen\n", "1\n0")
    expected = [{"churned": "1", "age": "41", "city": "Oslo"}, {"churned": "0", "age": "17", "city": "Bergen"}]
    assert read(lines(several), NAMES)[0] == expected
    assert read(lines(several, record("5,A", "1")), NAMES)[0] == [*expected, {"churned": "1", "age": "5", "city": "A"}]
    found, broken = read(lines(record("41,Oslo\n17,Bergen", "1")), NAMES)
    assert not found
    assert broken.examples[0].reason == "1 rows of output and 2 rows of input"


def test_json_goes_by_name_and_its_types_stay() -> None:
    one = record(
        json.dumps({"age": 41, "home": {"city": "Oslo"}}),
        json.dumps({"score": 0.5}),
        encodings=("JSON", "JSON"),
        kinds=("application/json",) * 2,
    )
    assert read(lines(one)) == ([{"score": 0.5, "age": 41, "home.city": "Oslo"}], BrokenLines())
    pretty = record(json.dumps({"age": 41}, indent=1), '{"score": 2.0}', encodings=("JSON", "JSON"))
    assert read(lines(pretty))[0] == [{"score": "2.0", "age": "41"}]
    by_line = record('{"age": 1}\n{"age": 2}', "[0.1, 0.2]", encodings=("JSON", "JSON"))
    assert read(lines(by_line))[1].count == 1
    by_line = record('{"age": 1}\n{"age": 2}', "[[0.1], [0.2]]", encodings=("JSON", "JSON"))
    assert read(lines(by_line))[0] == [{"_c0": "0.1", "age": "1"}, {"_c0": "0.2", "age": "2"}]


def test_positions_take_the_names_that_fields_do_not_have() -> None:
    mixed = record('{"city": "Oslo", "age": 3}', "1", encodings=("JSON", "CSV"))
    assert read(lines(mixed), NAMES)[0] == [{"churned": "1", "city": "Oslo", "age": 3}]


def test_base64_is_read_by_its_content_type() -> None:
    def coded(text: str, kind: str) -> dict[str, Any]:
        return record(
            base64.b64encode(text.encode()).decode(), "1", encodings=("BASE64", "CSV"), kinds=(kind, "text/csv")
        )

    assert read(lines(coded("41,Oslo", "text/csv; charset=utf-8")), NAMES)[0][0]["city"] == "Oslo"
    assert read(lines(coded('{"age": 3, "city": "B"}', "application/json")), NAMES)[0][0]["age"] == "3"
    found, broken = read(lines(coded("x", "image/png")), NAMES)
    assert (found, broken.examples[0].reason) == ([], "its input is in 'image/png', and CSV and JSON can be read")


def test_attributes_are_positions_names_and_paths() -> None:
    layout = CaptureLayout(
        ("label", "score", "a", "b"),
        (read_attribute("label=truth:0"), read_attribute("score=output:predictions[*].score")),
        features="instances[*].features",
    )
    one = record(
        json.dumps({"instances": [{"features": [1, 2]}, {"features": [3, 4]}]}),
        json.dumps({"predictions": [{"score": 0.9}, {"score": 0.1}]}),
        encodings=("JSON", "JSON"),
    )
    one["groundTruthData"] = {"data": "1\n0", "encoding": "CSV"}
    assert read(lines(one), layout)[0] == [
        {"label": "1", "score": "0.9", "a": "1", "b": "2"},
        {"label": "0", "score": "0.1", "a": "3", "b": "4"},
    ]
    two = record("7,8,9", "0.3,yes")
    two["groundTruthData"] = truth("e0", '{"label": 1}', "JSON")["groundTruthData"]
    columns = (read_attribute("p=output:0"), read_attribute("y=truth:label"))
    plain = CaptureLayout(("q", "a", "b", "c"), columns, excluded=frozenset("b"))
    assert read(lines(two), plain)[0] == [{"p": "0.3", "q": "yes", "a": "7", "c": "9", "y": 1}]
    assert read(lines(two))[0] == [
        {"_c0": "0.3", "_c1": "yes", "_c2": "7", "_c3": "8", "_c4": "9", "groundTruth.label": 1}
    ]
    for wrong in ("p", "p=output", "p=side:0", "=output:0", "p=output:a["):
        with pytest.raises(ColumnsError):
            read_attribute(wrong)


def test_both_lists_are_told_where_counts_or_names_do_not_fit(tmp_path: Path) -> None:
    _, broken = read(lines(record("41,Oslo,9", "1")), NAMES)
    assert broken.examples[0].reason == (
        "the answer has 1 values without names, the request has 3 values without names; "
        "expected are the columns 'churned', 'age', 'city'"
    )
    _, broken = read(lines(record('{"alter": 3}', '{"weg": 1}', encodings=("JSON", "JSON"))), NAMES)
    assert "the request has 'alter'; expected are the columns 'churned'" in broken.examples[0].reason
    written(tmp_path, f"{HOUR}/a.jsonl", *[record("41,Oslo,9", "1")] * 3)
    with pytest.raises(MalformedDataError, match=r"(?s)3 of 3 lines can't be read.*expected are the columns 'churned'"):
        profile_dataset(open_dataset(tmp_path, "capture", layout=NAMES))


def test_a_piece_at_once_gives_what_one_record_at_a_time_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(3)
    alphabet = ["1", "2.5", "", " ", "x", "ø", "-0", "nan", "a b", "\t", "'", ";"]
    quick = 0
    for turn in range(300):
        width = random.randint(1, 4)
        rich = [*alphabet, '"q,r"', '""', "u\r\nv"] if turn % 3 == 0 else alphabet

        def payload(height: int, width: int = width, rich: list[str] = rich) -> str:
            end = random.choice(["", "\n"])
            count = width if random.random() < 0.98 else width + 1
            return "\n".join(",".join(random.choice(rich) for _ in range(count)) for _ in range(height)) + end

        heights = [random.choice([1, 1, 1, 2]) if turn % 2 else 1 for _ in range(random.randint(1, 6))]
        block = lines(*(record(payload(height), "\n".join("01"[:1] for _ in range(height))) for height in heights))
        if turn % 5 == 0:
            block += b"not json\n"
        frame, broken, _ = parse(Piece(block, 1, len(block)), FILE, NO_LAYOUT)
        expected, lost = slowly(monkeypatch, block, NO_LAYOUT)
        assert frame.to_dicts() == expected.to_dicts(), block
        assert broken == lost
        quick += rows._at_once(block, FILE, NO_LAYOUT) is not None
    assert quick > 50


def test_hostile_lines_are_counted_with_their_numbers(tmp_path: Path) -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    shallow = '{"a":' * 900 + "1" + "}" * 900
    block = lines(
        record("41,Oslo", "1"),
        {"captureData": None},
        {"captureData": {}},
        {"captureData": {"endpointInput": []}},
        record("41,Oslo", None, encodings=("XML", "CSV")),
        record('"41,Oslo', "1"),
        record("\ud800", "1"),
        record("{", "1", encodings=("JSON", "CSV")),
        record("!", "1", encodings=("BASE64", "CSV")),
        record(deep, "1", encodings=("JSON", "CSV")),
        record(shallow, "1", encodings=("JSON", "CSV")),
        [1],
    )
    block += deep.encode() + b"\n" + b"\xff\n" + lines(record("17,Bergen", "0"))
    found, broken = read(block, NAMES)
    assert [row["city"] for row in found] == ["Oslo", "Bergen"]
    assert broken.count == 13
    assert [example.line for example in broken.examples] == list(range(2, 15))
    assert "Oslo" not in str(broken)

    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(b'{"captureData": {"endpointInput": {"encoding": "CSV", "data": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}}}\n')
    with pytest.raises(MalformedDataError, match="line 1 on does not end within 64 MB"):
        profile_dataset(open_dataset(path, "capture"))
    bomb = tmp_path / "bomb.jsonl.gz"
    bomb.write_bytes(gzip.compress(b"0" * (200 << 20)))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(MalformedDataError, match="does not end within 64 MB"):
        profile_dataset(open_dataset(bomb, "capture"))


def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path) -> None:
    for hour in range(4):
        records = [record(f"{row % 90},{row % 7}", f"0.{row % 10}") for row in range(2000)]
        written(tmp_path, f"shop/AllTraffic/2026/03/01/0{hour}/12-00-000-{hour}.jsonl", *records)
    (tmp_path / "shop/AllTraffic/2026/03/01/00/left.jsonl").touch()
    dataset = open_dataset(tmp_path, "capture", layout=CaptureLayout(("score", "age", "day")))
    one = statistics_of(profile_dataset(dataset)).to_json()
    assert one == statistics_of(profile_dataset(dataset, workers=3)).to_json()
    plain = tmp_path / "plain.csv"
    rows_ = [f"0.{row % 10},{row % 90},{row % 7}" for _ in range(4) for row in range(2000)]
    plain.write_text("\n".join(["score,age,day", *rows_]))
    expected = profile_dataset(open_dataset(plain))
    found = profile_dataset(dataset)
    assert found.rows == expected.rows == 8000
    assert list(found.columns) == list(expected.columns)
    for name, column in expected.columns.items():
        assert found.columns[name].moments.mean == pytest.approx(column.moments.mean, rel=1e-12)
        assert found.columns[name].distinct.count == column.distinct.count


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no JMESPath"):
        CaptureLayout(features="a[")
    with pytest.raises(ColumnsError, match="one name"):
        CaptureLayout(("a", "a"))
