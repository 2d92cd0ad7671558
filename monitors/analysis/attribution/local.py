"""Attributions of single rows as files."""

import io

import polars as pl

from monitors.analysis.attribution.report import AttributionReport
from monitors.analysis.errors import DocumentError


def local_frame(report: AttributionReport) -> pl.DataFrame:
    """The values of every explained row, a column a feature and label, called as Clarify calls them: `age_label0`.

    Raises:
        DocumentError: The report was read from a file, which has no local values.
    """
    local = report.local
    if local is None:
        raise DocumentError("This report has no values of single rows: it was read from analysis.json.")
    values = local.explanation.values
    return pl.DataFrame(
        {
            f"{feature}_{label.label}": values[:, position, output]
            for output, label in enumerate(report.labels)
            for position, feature in enumerate(local.features)
        }
    )


def local_to_csv(report: AttributionReport) -> bytes:
    """`explanations_shap/out.csv` as SageMaker Clarify writes it: no column beside the values."""
    return local_frame(report).write_csv().encode()


def local_to_parquet(report: AttributionReport) -> bytes:
    """The same as Parquet, with each row's place in the data set (`row`) first."""
    frame = local_frame(report)
    assert report.local is not None, "local_frame has looked"
    buffer = io.BytesIO()
    frame.insert_column(0, report.local.rows.cast(pl.Int64).alias("row")).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()
