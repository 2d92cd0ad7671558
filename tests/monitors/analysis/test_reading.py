import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.exceptions import PolarsError

from monitors.analysis import json_lines, lines, reading
from monitors.analysis.errors import (
    ColumnsError,
    DatasetNotFoundError,
    EmptyFileError,
    EncodingError,
    MalformedDataError,
)
from monitors.analysis.files import File
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.summary import statistics_of


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path | str, **options: object) -> list[tuple[object, ...]]:
    dataset = open_dataset(path, **options)  # type: ignore[arg-type]
    found: list[tuple[object, ...]] = []
    for chunk in dataset:
        frame, broken, _ = chunk.rows()
        assert broken.count == 0
        found += frame.rows()
    return found


def test_csv_keeps_every_field_as_text(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", 'a,b\n1,x\n02, y \n"3,5","he said ""no""\nthen left"\n')
    assert open_dataset(file).columns == ("a", "b")
    assert rows(file) == [("1", "x"), ("02", " y "), ("3,5", 'he said "no"\nthen left')]


def test_csv_without_header_names_its_columns(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "1,x\n2,y\n")
    dataset = open_dataset(file, header=False)
    assert dataset.columns == ("_c0", "_c1")
    assert rows(file, header=False) == [("1", "x"), ("2", "y")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_are_no_rows(tmp_path: Path, end: str) -> None:
    lines = ["", "a,b", "", "1,2", "", "", '"x', "", 'y",3', ",", "", ""]
    file = write(tmp_path / "a.csv", end.join(lines))
    assert rows(file) == [("1", "2"), (f"x{end}{end}y", "3"), (None, None)]


def test_a_blank_line_in_a_single_column_is_a_missing_value(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "a\n1\n\n2\n")
    assert rows(file) == [("1",), (None,), ("2",)]


def test_csv_may_begin_with_a_mark_and_end_without_a_line_end(tmp_path: Path) -> None:
    assert rows(write(tmp_path / "a.csv", b"\xef\xbb\xbfa,b\n1,2")) == [("1", "2")]


def test_a_header_alone_is_a_data_set_without_rows(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "a.csv", "a,b\n"))
    assert dataset.columns == ("a", "b")
    assert [chunk.rows().frame.height for chunk in dataset] == [0]


def test_gzip_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv.gz", gzip.compress(b"a,b\n1,2\n"))
    assert rows(file) == [("1", "2")]
    with pytest.raises(MalformedDataError, match=r"b\.csv\.gz can't be read after \d+ bytes"):
        rows(write(tmp_path / "b.csv.gz", gzip.compress(b"a,b\n" + os.urandom(1 << 20).hex().encode())[:-20]))
    with pytest.raises(MalformedDataError, match="gzip"):
        open_dataset(write(tmp_path / "c.csv.gz", b"a,b\n1,2\n"))


def test_blocks_may_cut_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.csv", "a,b\n" + "".join(f'{i},"é,\n""{i}"""\n' for i in range(50)))
    whole = rows(file)
    assert whole[7] == ("7", 'é,\n"7"')
    for size in (1, 2, 3, 5, 8, 13, 64, 1000):
        monkeypatch.setattr(lines, "_READ", size)
        assert rows(file) == whole


def test_chunks_have_a_fixed_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1024)
    frame = pl.DataFrame({"a": range(3500)})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=400)
    frame.write_csv(tmp_path / "a.csv")
    frame.write_ndjson(tmp_path / "a.jsonl")
    for name in ("a.parquet", "a.csv", "a.jsonl"):
        dataset = open_dataset(tmp_path / name)
        chunks = list(dataset)
        assert [chunk.rows().frame.height for chunk in chunks] == [1024, 1024, 1024, 428]
        assert chunks[-1].bytes_read == (tmp_path / name).stat().st_size
        assert [int(value) for chunk in chunks for value in chunk.rows().frame["a"]] == list(range(3500))
        later = list(dataset.chunks(dataset.files[0], 1, 3))
        assert [(chunk.position, chunk.rows().frame["a"][0]) for chunk in later] == [
            (position, chunks[position].rows().frame["a"][0]) for position in (1, 2)
        ]


def test_long_lines_make_chunks_of_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_BYTES", 100)
    file = write(tmp_path / "a.csv", "a,b\n" + f"1,{'x' * 30}\n" * 10)
    found = set()
    for size in (1, 7, 64, 10_000):
        monkeypatch.setattr(lines, "_READ", size)
        found.add(tuple(chunk.rows().frame.height for chunk in open_dataset(file)))
    assert found == {(3, 4, 3)}


def test_wide_tables_have_chunks_of_fewer_rows(tmp_path: Path) -> None:
    for width, rows in [(1, 131_072), (128, 131_072), (129, 65_536), (1000, 16_384), (50_000, 1024)]:
        file = write(tmp_path / f"{width}.csv", ",".join(f"c{i}" for i in range(width)) + "\n")
        assert open_dataset(file).chunk_rows == rows


def test_json_lines_take_what_is_there(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", '{"a": 1, "b": "x"}\n\n{"b": null, "a": 1.5}\n{"c": true}\n{"a": NaN, "b": "5"}')
    assert rows(file) == [
        ("1", "x", None),
        ("1.5", None, None),
        (None, None, "true"),
        ("nan", "5", None),
    ]
    assert rows(file, columns=["c", "d"]) == [(None, None), (None, None), ("true", None), (None, None)]


def test_columns_may_be_chosen(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
    assert rows(file, columns=["c", "a"]) == [("3", "1")]
    with pytest.raises(ColumnsError, match="no column 'd'; it has 'a', 'b', 'c'"):
        open_dataset(file, columns=["d"])


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    write(tmp_path / "b" / "1.csv", "y,x\n4,3\n")
    write(tmp_path / "a.csv", "x,y\n1,2\n")
    write(tmp_path / "_SUCCESS", "")
    write(tmp_path / "_tmp" / "x.csv", "no")
    write(tmp_path / ".hidden.csv", "no")
    write(tmp_path / "notes.txt", "no")
    dataset = open_dataset(tmp_path)
    assert [Path(file.name).name for file in dataset.files] == ["a.csv", "1.csv"]
    assert rows(tmp_path) == [("1", "2"), ("3", "4")]
    assert rows(f"{tmp_path}/*.csv") == [("1", "2")]
    assert rows(f"{tmp_path}/**/1.csv") == [("4", "3")]


def test_brackets_in_a_name_that_exists_mean_themselves(tmp_path: Path) -> None:
    file = tmp_path / "data [1].parquet"
    pl.DataFrame({"a": [1]}).write_parquet(file)
    assert rows(file) == [(1,)]


def test_a_format_may_be_named(tmp_path: Path) -> None:
    file = write(tmp_path / "part-0000", "a\n1\n")
    with pytest.raises(DatasetNotFoundError, match="Name its format"):
        open_dataset(file)
    assert rows(file, format="csv") == [("1",)]
    assert rows(f"{tmp_path}/part-*", format="csv") == [("1",)]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt", "no")
    with pytest.raises(DatasetNotFoundError, match="There is no file or folder"):
        open_dataset(tmp_path / "gone.csv")
    with pytest.raises(
        DatasetNotFoundError, match=r"matches 1 files, none of them.*\.csv, \.csv\.gz, \.tsv, \.parquet"
    ):
        open_dataset(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"\*\.csv matches 0 files"):
        open_dataset(f"{tmp_path}/*.csv")
    write(tmp_path / "a.csv", "a\n1\n")
    write(tmp_path / "a.jsonl", "{}\n")
    with pytest.raises(DatasetNotFoundError, match=r"several formats \(csv, jsonl\)"):
        open_dataset(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"looked for \(\.parquet, \.pq\)"):
        open_dataset(tmp_path, format="parquet")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_an_empty_file_is_an_error(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a.{suffix}", "")
    with pytest.raises(EmptyFileError, match=rf"a\.{suffix} is empty"):
        open_dataset(tmp_path)


def test_a_file_of_blank_lines_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError, match="no line with text"):
        open_dataset(write(tmp_path / "a.csv", "\n\n"))


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.csv", "a,b\n1,2\n3,4,5\n", MalformedDataError, r"line 3: 3 fields where the first line has 2"),
        ("a.csv", 'a,b\n1,2\n3,"4\n5,6\n', MalformedDataError, r"line 3: unexpected end of data"),
        ("a.csv", b"a,b\n1,2\n3,\xff\n", EncodingError, r"line 3: byte 0xff is not UTF-8"),
        ("a.csv", b"a,\xe9\n1,2\n", EncodingError, r"line 1: byte 0xe9"),
        ("a.csv", "a,b,a\n1,2,3\n", ColumnsError, r"more than one column named 'a'"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', MalformedDataError, r"line 2: not JSON"),
        ("a.jsonl", "[1]\n", MalformedDataError, r"line 1: a JSON list where an object"),
        ("a.jsonl", b'{"a": "\xff"}\n', EncodingError, r"line 1: not UTF-8"),
        ("a.json", '{\n"a": 1}\n', MalformedDataError, r"line 1: not JSON"),
        ("a.jsonl", '{"a": "\\ud800"}\n', MalformedDataError, r"line 1"),
        ("a.jsonl", "[" * 100_000, MalformedDataError, r"line 1"),
        ("a.parquet", "PAR1 it is not", MalformedDataError, r"a\.parquet can't be read as Parquet"),
    ],
)
def test_what_is_malformed_is_located(
    tmp_path: Path, name: str, content: str | bytes, error: type[Exception], message: str
) -> None:
    file = write(tmp_path / name, content)
    with pytest.raises(error, match=message) as caught:
        profile_dataset(open_dataset(file))
    assert name in str(caught.value)


def test_a_quote_that_never_ends_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_READ", 1000)
    monkeypatch.setattr(lines, "LONGEST_RECORD", 10_000)
    monkeypatch.setattr(lines, "MOST_BYTES", 10_000)
    file = write(tmp_path / "a.csv", 'a,b\n1,2\n3,"4\n' + "5,6\n" * 10_000)
    with pytest.raises(MalformedDataError, match="record from line 1 on does not end"):
        rows(file)


def test_files_with_other_columns_are_shown_side_by_side(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "x,y\n1,2\n")
    write(tmp_path / "b.csv", "x,z\n1,2\n")
    with pytest.raises(ColumnsError) as caught:
        rows(tmp_path)
    assert "a.csv: 'x', 'y'" in str(caught.value)
    assert "b.csv: 'x', 'z'" in str(caught.value)


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pl.DataFrame({"a": range(100_000)}).write_parquet(file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[100:2000] = os.urandom(1900)
    file.write_bytes(content)
    with pytest.raises(MalformedDataError, match=r"a\.parquet can't be read as Parquet"):
        rows(file)


_MEASURE = """
import resource, sys
from monitors.analysis import open_dataset, profile_dataset
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
profile = profile_dataset(open_dataset(sys.argv[1]))
print(profile.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    block = "".join(f"{i % 977},{i * 0.37:.6f},name {i % 5000},{'x' * 60}\n" for i in range(50_000))
    grown = []
    for blocks in (8, 32):
        file = tmp_path / f"{blocks}.csv"
        with file.open("w") as stream:
            stream.write("a,b,c,d\n")
            for _ in range(blocks):
                stream.write(block)
        done = subprocess.run([sys.executable, "-c", _MEASURE, str(file)], capture_output=True, text=True, check=True)
        counted, kilobytes = map(int, done.stdout.split())
        assert counted == blocks * 50_000
        grown.append(kilobytes)
    # The second file is 100 MB larger.
    assert grown[1] - grown[0] < 60_000


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("a;b\n1;'x;y'\n", {"delimiter": ";", "quote": "'"}, [("1", "x;y")]),
        ('a|b\n1|5" pipe\n2|x\n', {"delimiter": "|", "quote": None}, [("1", '5" pipe'), ("2", "x")]),
        ("a,b\n1,é\n".encode("latin-1"), {"encoding": "latin-1"}, [("1", "é")]),
        ("a,b\n1,€\n".encode("cp1252"), {"encoding": "cp1252"}, [("1", "€")]),
        ("a,b\n1,🦉\n2,x\n".encode("utf-16"), {"encoding": "utf-16"}, [("1", "🦉"), ("2", "x")]),
    ],
)
def test_csv_in_other_dialects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, options: dict[str, object], expected: object
) -> None:
    file = write(tmp_path / "a.csv", content)
    for size in (1, 3, 1 << 20):
        monkeypatch.setattr(lines, "_READ", size)
        assert rows(file, **options) == expected


def test_tabs_are_told_by_the_suffix(tmp_path: Path) -> None:
    assert rows(write(tmp_path / "a.tsv", "a\tb,c\n1\t2,3\n")) == [("1", "2,3")]


def test_another_encoding_must_be_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "a,b\n1,é\n".encode("latin-1"))
    with pytest.raises(EncodingError, match="name the file's encoding"):
        profile_dataset(open_dataset(file))
    with pytest.raises(EncodingError, match="is not utf-16"):
        rows(write(tmp_path / "b.csv", b"a,b\n1,2\n3"), encoding="utf-16")


def test_thousands_of_columns(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(5000)]
    file = write(tmp_path / "a.csv", "\n".join([",".join(names), *(",".join(["7"] * 5000) for _ in range(3))]))
    profile = profile_dataset(open_dataset(file))
    assert list(profile.columns) == names
    assert {(column.integral, column.moments.max) for column in profile.columns.values()} == {(3, 7.0)}


NESTED = [
    {"id": 1, "user": {"age": 3, "home": {"city": "Ulm"}}, "tags": ["x", "y"], "score": 1.0},
    {"id": 2, "user": {"age": 4, "home": None}, "tags": [], "score": 2},
    {"id": 3, "user": None, "score": 0.5},
]


def test_nested_records_are_flattened_by_path(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, NESTED)))
    for broken in ("", "\n{"):  # with a broken line every other is read by the slow reader
        profile = profile_dataset(open_dataset(write(file, file.read_text() + broken)), broken_share=0.5)
        found = {
            name: (column.inferred_type, column.present, column.missing) for name, column in profile.columns.items()
        }
        assert found == {
            "id": ("Integral", 3, 0),
            "user.age": ("Integral", 2, 1),
            "user.home.city": ("String", 1, 2),
            "tags": ("String", 2, 1),
            "score": ("Fractional", 3, 0),
        }
        assert (profile.columns["score"].integral, profile.columns["score"].fractional) == (1, 2)
        assert dict(profile.columns["tags"].categories.top(5)) == {'["x","y"]': 1, "[]": 1}


def test_nested_parquet_is_flattened_too(tmp_path: Path) -> None:
    pl.DataFrame(NESTED, strict=False).write_parquet(tmp_path / "a.parquet")
    dataset = open_dataset(tmp_path / "a.parquet")
    assert dataset.columns == ("id", "user.age", "user.home.city", "tags", "score")
    profile = profile_dataset(dataset)
    assert (profile.columns["user.age"].present, profile.columns["user.home.city"].missing) == (2, 2)
    chosen = profile_dataset(open_dataset(tmp_path / "a.parquet", columns=["user.age"]))
    assert list(chosen.columns) == ["user.age"]
    with pytest.raises(ColumnsError, match="no column 'user'"):
        open_dataset(tmp_path / "a.parquet", columns=["user"])


def test_paths_must_not_meet_names(tmp_path: Path) -> None:
    pl.DataFrame({"a": [{"b": 1}], "a.b": [2]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(ColumnsError, match=r"nested field 'a\.b'"):
        open_dataset(tmp_path / "a.parquet")


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.sampled_from([":", '":', "null", '":null', " :", "1", "2.0", "\\ud800"]),
)


@given(
    first=st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), max_size=4),
    later=st.lists(st.dictionaries(st.sampled_from(["a", "b", "d:", 'e"', "f "]), values, max_size=4), max_size=4),
    spaced=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_fast_and_slow_json_agree(first: list[dict[str, object]], later: list[dict[str, object]], spaced: bool) -> None:
    """What the first lines look like must not change how the others are read."""
    separators = (", ", " : ") if spaced else (",", ":")
    block = "\n".join(json.dumps(record, separators=separators) for record in later).encode()
    piece = lines.Piece(block, 1, len(block))
    hint = "\n".join(map(json.dumps, first)).encode()
    try:
        schema = dict(pl.read_ndjson(hint, infer_schema_length=None).schema) if any(first) else None
    except PolarsError:
        schema = None
    frame, broken, integers = json_lines.parse(piece, File("a.jsonl", 1), schema)
    assert broken.count == 0
    assert frame.height == len(later) or not any(later)
    for name in {name for record in later for name in record}:
        kept = [record.get(name) for record in later]
        if name not in frame.columns:
            # A key that the first lines do not have, and that is null wherever it stands, says nothing.
            assert set(kept) == {None}
            continue
        assert frame[name].null_count() == kept.count(None)
        if frame[name].dtype == pl.Float64:
            assert integers.get(name, 0) == sum(type(value) is int for value in kept)


def test_broken_lines_are_counted(tmp_path: Path) -> None:
    good = [f"{i},x" for i in range(500)]
    write(tmp_path / "a.csv", "\n".join(["a,b", *good[:100], "1,2,3", *good[100:], "4,5,6"]))
    write(tmp_path / "b.csv", b"a,b\n7,\xff\n" + "\n".join(good).encode())
    profile = profile_dataset(open_dataset(tmp_path))
    assert (profile.rows, profile.columns["a"].integral, profile.broken.count) == (1000, 1000, 3)
    assert [(Path(line.file).name, line.line) for line in profile.broken.examples] == [
        ("a.csv", 102),
        ("a.csv", 503),
        ("b.csv", 2),
    ]
    document = statistics_of(profile).document
    assert document["dataset"]["broken_lines"]["count"] == 3
    with pytest.raises(MalformedDataError, match=r"3 of 1003 lines can't be read, more than the 0.1 %"):
        profile_dataset(open_dataset(tmp_path), broken_share=0.001)


def test_what_stands_in_a_broken_line_is_not_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", '{"secret": "Ada"\n["Ada"]\n{"a": "Ada\\ud800"}\n')
    with pytest.raises(MalformedDataError) as caught:
        profile_dataset(open_dataset(file))
    assert "3 of 3 lines" in caught.value.message
    assert "Ada" not in caught.value.message


@dataclass(frozen=True)
class Bucket:
    """Files that only look like a bucket: what is asked of them is what a source has."""

    content: dict[str, bytes]

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        return ((name, len(content)) for name, content in self.content.items() if name.startswith(prefix))

    def open(self, name: str) -> IO[bytes]:
        return io.BytesIO(self.content[name])


def test_a_source_is_read_like_a_folder(tmp_path: Path) -> None:
    pl.DataFrame({"a": ["5"], "b": ["6"]}).write_parquet(tmp_path / "p.parquet")
    source = Bucket(
        {
            "s3://b/d/1.csv": b"a,b\n1,2\n",
            "s3://b/d/sub/2.csv": b"a,b\n3,4\n",
            "s3://b/d/_SUCCESS": b"",
            "s3://b/data.csv": b"a\n9\n",
            "s3://b/p/x.parquet": (tmp_path / "p.parquet").read_bytes(),
        }
    )
    assert rows("s3://b/d", source=source) == [("1", "2"), ("3", "4")]
    assert rows("s3://b/d/1.csv", source=source) == [("1", "2")]
    assert rows("s3://b/d/*.csv", source=source) == [("1", "2")]
    assert rows("s3://b/**/2.csv", source=source) == [("3", "4")]
    assert rows("s3://b/p/", source=source) == [("5", "6")]
    one = statistics_of(profile_dataset(open_dataset("s3://b/d/", source=source), workers=2)).to_json()
    assert one == statistics_of(profile_dataset(open_dataset("s3://b/d/", source=source))).to_json()
    with pytest.raises(DatasetNotFoundError, match="no file or folder s3://b/gone"):
        open_dataset("s3://b/gone", source=source)
