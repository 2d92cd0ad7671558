"""What whylogs and DuckDB make of a Parquet file; runs in an environment that has them, and imports nothing of ours."""

import os
import sys


def whylogs(path: str) -> None:
    os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
    import pyarrow.parquet as pq
    import whylogs as why

    results = None
    for batch in pq.ParquetFile(path).iter_batches(131_072):
        view = why.log(pandas=batch.to_pandas()).view()
        results = view if results is None else results.merge(view)
    print(results.to_pandas().shape)


def duckdb(path: str) -> None:
    import duckdb

    print(len(duckdb.sql(f"SUMMARIZE SELECT * FROM '{path}'").fetchall()))


if __name__ == "__main__":
    {"whylogs": whylogs, "duckdb": duckdb}[sys.argv[1]](sys.argv[2])
