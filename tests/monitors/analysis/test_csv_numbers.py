"""Columns of CSV that are parsed as numbers give what their texts give."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from monitors.analysis import csv_files, csv_numbers, reading
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import open_dataset
from monitors.analysis.stored import profile_to_bytes

ROWS = 8192
CHUNKS = 4

Writer = Callable[[random.Random, int], str]


def odd(text: str, at: int = 2 * ROWS + 5) -> Writer:
    """Numbers without end, and in one chunk something else."""
    return lambda dice, row: text if row == at else f"{dice.random():.9f}"


COLUMNS: dict[str, Writer] = {
    "floats": lambda dice, row: repr(dice.gauss(0, 1)),
    "some without fraction": lambda dice, row: dice.choice([f"{row % 5}", f"{row}.0"] + [f"{dice.random()}"] * 30),
    "many without fraction": lambda dice, row: f"{row}.0" if row % 2 else f"{dice.random()}",
    "integers": lambda dice, row: str(dice.randrange(-(10**15), 10**15)),
    "large integers": lambda dice, row: str(2**63 - 1 - row),
    "from then on larger than a long": lambda dice, row: str(2**63 + row if row > ROWS + 7 else row),
    "integers, then few": lambda dice, row: str(row if row < 2 * ROWS else row % 9),
    "gaps": lambda dice, row: "" if row % 7 == 0 else repr(dice.random()),
    "nothing for a while": lambda dice, row: "" if ROWS < row < 3 * ROWS else repr(dice.random()),
    "text": odd("N/A"),
    "not a number": odd("NaN"),
    "infinite": odd("-inf"),
    "blank": odd("  "),
    "blank before": odd(" 7.25"),
    "blank behind": odd("7.25 "),
    "an integer with blanks": odd(" 7 "),
    "signed": odd("+7"),
    "zero below zero": odd("-0.0"),
    "quoted": odd('"7.5"'),
    "quoted integer": odd('"7"'),
    "too large": odd("1e999"),
    "integers with a sign": lambda dice, row: f"+{row}",
    "integers with zeros": lambda dice, row: f"{row:09}",
    "last": odd("7", CHUNKS * ROWS - 1),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_numbers_and_texts_are_taken_in_alike(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(1)
    rows = (f"{COLUMNS[name](dice, row)},{dice.random()},k{row % 3}" for row in range(CHUNKS * ROWS + 100))
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n" + "".join(f"{row}\n" for row in rows))
    monkeypatch.setattr(reading, "CHUNK_ROWS", ROWS)
    monkeypatch.setattr(csv_files, "FEW_BYTES", 0)
    taken: list[dict[str, int]] = []
    settle = csv_numbers.settle

    def noted(*arguments: object) -> object:
        made = settle(*arguments)  # type: ignore[arg-type]
        taken.append(made[1])
        return made

    monkeypatch.setattr(csv_files, "settle", noted)
    found = profile_dataset(open_dataset(path))
    assert taken, "some chunk was parsed as numbers"
    monkeypatch.setattr(csv_files, "expect", lambda *_: None)
    count = len(taken)
    expected = profile_dataset(open_dataset(path))
    assert len(taken) == count
    assert profile_to_bytes(found) == profile_to_bytes(expected)


def test_a_line_end_in_a_text_does_not_shift_the_lines_that_are_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", ROWS)
    monkeypatch.setattr(csv_files, "FEW_BYTES", 0)
    dice = random.Random(2)
    lines = [f'{dice.random() if row % 50 else row},"a\nb"\n' for row in range(3 * ROWS)]
    (tmp_path / "a.csv").write_text("x,t\n" + "".join(lines))
    column = profile_dataset(open_dataset(tmp_path / "a.csv")).columns["x"]
    whole = sum(row % 50 == 0 for row in range(3 * ROWS))
    assert (column.integral, column.fractional) == (whole, 3 * ROWS - whole)


def test_rows_that_are_measured_stay_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "FEW_BYTES", 0)
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{row}.50\n" for row in range(20_000)))
    dataset = open_dataset(tmp_path / "a.csv")
    assert next(iter(dataset)).rows().frame["x"][3] == "3.50"
