import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy import stats  # type: ignore[import-untyped]
from scipy.spatial.distance import jensenshannon  # type: ignore[import-untyped]

from monitors.analysis.comparison import compare, drift_to_json
from monitors.analysis.distances import categorical_distances, numeric_distances
from monitors.analysis.intervals import of_distance, of_share
from monitors.analysis.multiple import adjusted
from monitors.analysis.profile import Profile
from monitors.analysis.sketch import Floats, QuantileSketch
from monitors.analysis.statistics import Categories, Statistics
from monitors.analysis.summary import statistics_of

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[3] / "docs/reference/schemas/drift.schema.json").read_text())
)


def sketch_of(values: Floats) -> QuantileSketch:
    sketch = QuantileSketch()
    sketch.update(values)
    return sketch


def describe(frame: pl.DataFrame) -> Statistics:
    profile = Profile(sensitive=frozenset(["secret"]))
    profile.update(frame)
    return statistics_of(profile)


@pytest.mark.parametrize(("n", "m", "shift"), [(300, 1500, 0.4), (2000, 900, 0.0), (40_000, 30_000, 1.0)])
def test_numeric_distances_against_scipy(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    now, before = rng.normal(shift, 1.2, n), rng.normal(size=m)
    found = numeric_distances(sketch_of(now), sketch_of(before))
    close = 1e-9 if n + m < 2050 else 0.02
    edges = np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf")
    p, q = (
        np.histogram(-side, -np.array([math.inf, *edges[::-1], -math.inf]))[0] / len(side) for side in (now, before)
    )
    p = np.maximum(p, 0.5 / n)
    assert found.psi == pytest.approx(((p - q) * np.log(p / q)).sum(), abs=close)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2), abs=max(close, 1e-6))
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(now, before), abs=close)
    exact = stats.ks_2samp(now, before, method="asymp").pvalue
    assert found.p_value == pytest.approx(exact, abs=0.02)


def test_categorical_distances_against_scipy() -> None:
    now, before = Categories({"x": 30, "y": 70, "new": 5}), Categories({"x": 100, "y": 100, "old": 40})
    found = categorical_distances(now, before)
    p, q = np.array([5, 0, 30, 70]) / 105, np.array([0, 40, 100, 100]) / 240
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2))
    p, q = np.maximum(p, 0.5 / 105), np.maximum(q, 0.5 / 240)
    assert found.psi == pytest.approx(((p - q) * np.log(p / q)).sum())
    assert math.isnan(found.wasserstein)


def test_the_same_has_no_distance_and_infinities_do_no_harm() -> None:
    sketch = sketch_of(np.array([1.0, 1.0, math.inf, -math.inf, 3.0]))
    found = numeric_distances(sketch, sketch)
    assert (found.psi, found.jensen_shannon, found.wasserstein, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    other = numeric_distances(sketch_of(np.array([1.0, 2.0])), sketch)
    assert other.wasserstein == math.inf
    assert 0 < other.jensen_shannon < 1


@given(values=st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.floats(0, 1), min_size=1, max_size=12))
@settings(deadline=None)
def test_adjusted_p_values_against_scipy(values: dict[str, float]) -> None:
    found = adjusted(values, "BenjaminiHochberg")
    expected = stats.false_discovery_control(list(values.values()), method="bh")
    assert list(found.values()) == pytest.approx(expected.tolist())
    holm = adjusted(values, "Holm")
    for threshold in (0.01, 0.05, 0.5):
        # As Holm wrote it: reject in ascending order until the first that does not pass.
        rejected: set[str] = set()
        for rank, name in enumerate(sorted(values, key=lambda name: (values[name], name))):
            if values[name] * (len(values) - rank) > threshold:
                break
            rejected.add(name)
        assert {name for name, value in holm.items() if value <= threshold} == rejected
    assert adjusted(values, "None") == values


def test_intervals_cover_what_they_promise() -> None:
    rng = np.random.default_rng(4)
    covered = [
        low <= 0.3 <= high for low, high in (of_share(float(rng.binomial(200, 0.3)) / 200, 200) for _ in range(2000))
    ]
    assert np.mean(covered) > 0.93
    assert of_share(0.0, 10)[0] == 0.0
    assert of_share(1.0, 10)[1] == 1.0
    assert of_share(0.5, 0) == (0.0, 1.0)
    result = stats.binomtest(36, 100).proportion_ci(0.95, method="wilson")
    assert of_share(0.36, 100) == pytest.approx((result.low, result.high))
    true = stats.norm.cdf(0.25) - stats.norm.cdf(-0.25)
    held = []
    for _ in range(200):
        now, before = sketch_of(rng.normal(0.5, 1, 400)), sketch_of(rng.normal(0, 1, 600))
        points = np.unique(np.concatenate([*now.levels(), *before.levels()]))
        distance = float(np.abs(now.ranks(points) / 400 - before.ranks(points) / 600).max())
        low, high = of_distance(distance, 400, 600)
        held.append(low <= true <= high)
    assert np.mean(held) >= 0.95


def test_the_file() -> None:
    rng = np.random.default_rng(1)
    before = describe(
        pl.DataFrame(
            {
                "x": rng.normal(size=900),
                "city": ["Ulm", "Köln", "Bonn"] * 300,
                "secret": ["s1", "s2", "s3"] * 300,
                "kind": ["a", "b", "c"] * 300,
                "gone": [1] * 900,
            }
        )
    )
    now = describe(
        pl.DataFrame(
            {
                "x": rng.normal(size=300) + 1,
                "city": ["Ulm", "Köln", "Rom"] * 100,
                "secret": ["s4", "s2", "s3"] * 100,
                "kind": [1, 2, 3] * 100,
            }
        )
    )
    drifts = compare(now, before)
    data = drift_to_json(drifts)
    document = json.loads(data)
    SCHEMA.validate(document)
    assert b"s4" not in data
    x, city = document["features"]
    assert (x["name"], x["kind"], x["sample_size"], x["baseline_sample_size"]) == ("x", "numeric", 300, 900)
    assert x["adjusted_p_value"] < 1e-9
    assert x["wasserstein"] == pytest.approx(1, abs=0.2)
    assert x["interval"][0] < x["linf_simple"] < x["interval"][1]
    assert (city["new_categories"], city["vanished_categories"], city["categories_complete"]) == (
        ["Rom"],
        ["Bonn"],
        True,
    )
    assert city["linf_simple"] == pytest.approx(1 / 3)
    same = compare(before, before, "Holm")
    assert [drift.linf for drift in same] == [0.0] * 4
    assert {drift.adjusted_p_value for drift in same} == {1.0}
