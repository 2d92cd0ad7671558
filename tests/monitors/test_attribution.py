"""Feature attribution end to end: a model and data in, results in the store, and exactly the right graph, on both databases."""

import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.errors import InvalidError
from graph.lineage import Direction, walk
from graph.reach import Policy
from graph.verification import verify
from monitors import attribution, data_quality
from monitors.analysis.attribution import AttributionConfig, parse_attribution
from monitors.predictors import load
from monitors.predictors.places import place_of

SCHEMAS = Path("docs/reference/schemas")


def students(path: Path, seed: int, *, flat: bool = False) -> Path:
    rng = np.random.default_rng(seed)
    spread = {"sat": 0.01 if flat else 1.0, "gpa": 1.0, "rank": 60.0 if flat else 1.0}
    frame = pl.DataFrame({name: rng.normal(size=300) * width for name, width in spread.items()})
    frame.with_columns(admitted=pl.lit(1)).write_csv(path)
    return path


async def test_attribution(catalog: Catalog, caller: Caller, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    room = (catalog, store, caller)
    x = np.random.default_rng(0).normal(size=(50, 3))
    skops.io.dump(LinearRegression().fit(x, x @ [4.0, 2.0, 0.1]), tmp_path / "admission.skops")
    predictor = load(Policy(local_user=True), caller.account, str(tmp_path / "admission.skops"))
    train, july = students(tmp_path / "train.csv", 1), students(tmp_path / "july.csv", 2, flat=True)
    config = AttributionConfig(label="admitted", clusters=2, seed=3, most_rows=200)
    made = await attribution.baseline(*room, train, predictor, config, keep_local=True)
    assert set(made.files) == {"analysis_config.json", "analysis.json", "local_shap_values.parquet", "out.csv"}
    files = {name: store.read(stored.uri) for name, (_, stored) in made.files.items()}
    jsonschema.validate(
        json.loads(files["analysis.json"]), json.loads((SCHEMAS / "analysis_attribution.schema.json").read_text())
    )
    assert parse_attribution(files["analysis.json"]).labels == made.report.labels
    assert (made.report.rows, made.report.explained) == (300, 200)
    local = pl.read_parquet(io.BytesIO(files["local_shap_values.parquet"]))
    seen = pl.read_csv(train)[local["row"].to_list()]
    total = local.drop("row").sum_horizontal() + made.report.labels[0].expected
    assert total.to_numpy() == pytest.approx(seen.drop("admitted").to_numpy() @ [4.0, 2.0, 0.1])
    again = await attribution.baseline(*room, train, predictor, config, keep_local=True)
    assert (again.arn, again.files, again.created) == (made.arn, made.files, False)

    place = await place_of(catalog, store, caller.account, made.arn)
    assert (place.uri, place.format) == (predictor.uri, "skops")
    quiet = await attribution.run(*room, train, made.arn, predictor)
    assert quiet.violations == ()
    assert quiet.drifts[0].ndcg == 1.0
    loud = await attribution.run(*room, july, made.files["analysis.json"][0], predictor)
    (violation,) = loud.violations
    document = json.loads(store.read(loud.files["constraint_violations.json"][1].uri))
    jsonschema.validate(
        document, json.loads((SCHEMAS / "constraint_violations_attribution.schema.json").read_text(encoding="utf-8"))
    )
    assert document["violations"][0]["observed"] == violation.drift.ndcg
    (arn,) = loud.violation_arns
    assert (await catalog.entity(caller.account, arn)).name == "label0 shap feature_attribution_drift_check"
    when = await catalog.moment(caller.account)
    found = await walk(catalog.store, caller.account, [arn], Direction.ASCENDANTS, when)
    upstream = {f"{node.type} {node.name}" for node in found.nodes}
    assert {"DataSet train.csv", "DataSet july.csv", "Model admission.skops", "Column sat", "Column rank"} <= upstream
    assert "Column admitted" not in upstream

    of_data = await data_quality.baseline(*room, train)
    with pytest.raises(InvalidError, match="no baseline"):
        await attribution.run(*room, train, of_data.arn, predictor)
    with pytest.raises(InvalidError, match="no column 'gone'"):
        await attribution.baseline(*room, train, predictor, AttributionConfig(columns=("gone",)))
    with pytest.raises(InvalidError, match="LinearRegression can't predict"):
        await attribution.baseline(*room, train, predictor, AttributionConfig(columns=("sat", "gpa")))
    assert (await verify(catalog.store, None, caller.account)).problem is None
