"""The demonstration's data: records of the American Community Survey for Massachusetts, 2015 to 2018.

They ship inside the wheel of nannyml (Apache-2.0), which is installed as data: its code is never imported. The reference
file holds 2015 with the outcome (`employed`), the analysis file 2016 to 2018, whose outcomes lie in a third. The records
of a year lie in the order in which the bureau delivered them, so a year is cut into four parts, as nannyml's own example
cuts it into chunks; a part is called a quarter here, though no record says in which month it was collected.
"""

import io
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import polars as pl

from graph.errors import NotFoundError

REFERENCE, ANALYSIS = "employment_MA_reference.pq", "employment_MA_analysis.pq"
OUTCOMES = "employment_MA_analysis_target.pq"
LABEL = "employed"
SEX, WOMEN = "SEX", "2"
NUMERIC = ("AGEP",)
CATEGORICAL = (
    *("SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL"),
    *("ANC", "NATIVITY", "DEAR", "DEYE", "DREM", "SEX", "RAC1P"),
)
FEATURES = (*NUMERIC, *CATEGORICAL)
YEARS = (2016, 2017, 2018)
PARTS = 4
HELD_OUT = 3
"""Every third record of the reference period is kept for evaluation and for the baseline."""


@dataclass(frozen=True, slots=True)
class Census:
    """Where the files lie, and their records, each with its outcome."""

    reference_file: Path
    analysis_file: Path
    outcomes_file: Path
    train: pl.DataFrame
    validation: pl.DataFrame
    later: dict[str, pl.DataFrame]


def load() -> Census:
    """The census records: two thirds of 2015 to train on, one third to evaluate, and the later quarters.

    Raises:
        NotFoundError: the data are not installed.
    """
    reference_file, analysis_file, outcomes_file = locate(REFERENCE), locate(ANALYSIS), locate(OUTCOMES)
    reference = pl.read_parquet(reference_file, columns=["id", *FEATURES, LABEL]).sort("id")
    held_out = reference["id"] % HELD_OUT == 0
    outcomes = pl.read_parquet(outcomes_file, columns=["id", LABEL])
    analysis = pl.read_parquet(analysis_file, columns=["id", "year", *FEATURES])
    analysis = analysis.join(outcomes, on="id", validate="1:1").sort("id")
    later = {}
    for year in YEARS:
        records = analysis.filter(pl.col("year") == year)
        size = -(-records.height // PARTS)
        for part in range(PARTS):
            later[f"{year}-q{part + 1}"] = _plain(records.slice(part * size, size)).select(LABEL, *FEATURES)
    return Census(
        reference_file,
        analysis_file,
        outcomes_file,
        _plain(reference.filter(~held_out)).select(LABEL, *FEATURES),
        _plain(reference.filter(held_out)).select(LABEL, *FEATURES),
        later,
    )


def locate(name: str) -> Path:
    """Where a file of the wheel lies.

    Raises:
        NotFoundError: the wheel is not installed.
    """
    try:
        files = distribution("nannyml").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name and (path := Path(str(file.locate()))).is_file():
            return path
    raise NotFoundError(
        "the demo's data are not installed; run `make demo`, or "
        "`pip install --no-deps --require-hashes -r requirements/demo-data.txt`"
    )


def save(frame: pl.DataFrame, path: Path) -> Path:
    """Write a table, unless the file holds these bytes already; the same table always gives the same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    content = buffer.getvalue()
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(path)
    return path


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    # Categories are codes such as "16": as text, they are compared by name and not by position.
    return frame.with_columns(pl.col(CATEGORICAL).cast(pl.String))
