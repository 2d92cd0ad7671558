"""`stemma monitor --type attribution` as a person uses it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import polars as pl
import skops.io
from sklearn.linear_model import LinearRegression

from tests.api.cli.conftest import Stemma


def test_attribution(stemma: Stemma) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    skops.io.dump(LinearRegression().fit(x, x @ [4.0, 2.0, 0.1]), stemma.folder / "admission.skops")
    frame = pl.DataFrame(x, ["sat", "gpa", "rank"], orient="row")
    frame.write_csv(stemma.folder / "train.csv")
    frame.with_columns(pl.col("sat") / 100, pl.col("rank") * 90).write_csv(stemma.folder / "july.csv")
    options = ("--type", "attribution", "--model", "admission.skops", "--clusters", "2", "--seed", "5")
    made = stemma("monitor", "baseline", "train.csv", *options, "--keep-local", "--json")
    assert made.code == 0, made.err
    baseline = made.json
    written = {"analysis_config.json", "analysis.json", "local_shap_values.parquet", "out.csv"}
    assert set(baseline["files"]) == {*written, "report.html", "report.pdf"}
    assert list(baseline["analysis"]["explanations"]["kernel_shap"]["label0"]["global_shap_values"]) == [
        "sat",
        "gpa",
        "rank",
    ]
    run = ("monitor", "run", "july.csv", "--type", "attribution", "--baseline", baseline["arn"])
    loud = stemma(*run)
    assert loud.code == 3
    assert "1 → 3" in loud.out
    shown = stemma(*run, "--json").json["files"]["report.html"]
    page = Path(unquote(urlsplit(shown["uri"]).path)).read_text(encoding="utf-8")
    assert "1 violation" in page
    again = f"--predictor {stemma.folder.joinpath('admission.skops').as_uri()} --min-ndcg 0.9"
    assert again in page or again.replace("file://", "") in page
    quiet = stemma(*run, "--min-ndcg", "0.01", "--json")
    assert quiet.code == 0
    assert quiet.json["analysis"]["attribution_drift"]["label0"]["observed"] < 0.9
    (stemma.folder / "admission.pkl").write_bytes(b"")
    for given, message in (((), "need a model"), (("--model", "admission.pkl"), "STEMMA_UNSAFE_LOADERS=pickle")):
        refused = stemma("monitor", "baseline", "train.csv", "--type", "attribution", *given)
        assert refused.code in (1, 2)
        assert message in refused.err
