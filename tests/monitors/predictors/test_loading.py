"""Loaders of files: what each format answers, exact tree values, and what is refused."""

import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import onnx
import polars as pl
import pytest
import skops.io
import xgboost
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from graph.errors import ForbiddenError, InvalidError, NotFoundError, StemmaError
from graph.reach import Policy
from monitors.analysis.attribution import AttributionConfig, attribution_report
from monitors.analysis.errors import ModelError
from monitors.predictors import Predictor, load
from tests.monitors.analysis.attribution.brute_force import shapley

Numbers = NDArray[np.float64]
ACCOUNT = "123456789012"
POLICY = Policy(local_user=True)
NAMES = ["a", "b", "c", "d"]


def rows(n: int = 300) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    return pl.DataFrame({name: rng.normal(size=n) for name in NAMES})


def target() -> Numbers:
    x = rows()
    made: Numbers = (x["a"] * x["b"] + x["c"]).to_numpy()
    return made


def opened(path: Path, **given: Any) -> Predictor:
    return load(POLICY, ACCOUNT, str(path), **given)


def boosted(folder: Path, objective: str) -> Path:
    labels = {
        "reg:squarederror": target(),
        "binary:logistic": target() > 0,
        "multi:softprob": np.digitize(target(), [-1, 1]),
    }
    parameters = {"objective": objective, "max_depth": 3, "base_score": 0.5} | (
        {"num_class": 3} if objective == "multi:softprob" else {}
    )
    data = xgboost.DMatrix(rows().to_numpy(), label=labels[objective], feature_names=NAMES)
    path = folder / f"{objective.replace(':', '-')}.ubj"
    xgboost.train(parameters, data, 12).save_model(path)
    return path


def test_xgboost(tmp_path: Path) -> None:
    path = boosted(tmp_path, "binary:logistic")
    predictor = opened(path)
    again = xgboost.Booster(model_file=path)
    plain = again.predict(xgboost.DMatrix(rows().to_numpy(), feature_names=NAMES))
    assert predictor.model.predict(rows()) == pytest.approx(plain)
    # By name, whatever the order in the data.
    assert predictor.model.predict(rows().select(reversed(NAMES))) == pytest.approx(plain)
    again.save_model(tmp_path / "model.json")
    assert opened(tmp_path / "model.json").model.predict(rows()) == pytest.approx(plain)
    assert (predictor.format, predictor.uri, predictor.size) == ("xgboost", f"file://{path}", path.stat().st_size)
    with pytest.raises(ModelError, match="no 'd'"):
        predictor.model.predict(rows().drop("d"))
    with pytest.raises(ModelError, match="'d' hold texts"):
        predictor.model.predict(rows().with_columns(pl.lit("x").alias("d")))


def margin(model: Any, objective: str) -> Any:
    """The trees' sum, which tree explainers explain."""
    booster = model.trees

    def told(x: Numbers) -> Numbers:
        made: Numbers = booster.predict(xgboost.DMatrix(x, feature_names=NAMES), output_margin=True)
        return made

    return told


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
def test_trees_against_a_baseline_are_shapley_s_values(tmp_path: Path, objective: str) -> None:
    model = opened(boosted(tmp_path, objective)).model
    data = rows().head(6).select(reversed(NAMES))  # not the booster's order
    base = rows().tail(2).select(NAMES)
    config = AttributionConfig(
        method="tree", columns=tuple(data.columns), baseline=tuple(base.rows(named=True)), baseline_weights=(1.0, 3.0)
    )
    made = attribution_report(model, data, config)
    assert made.local is not None
    truth = [
        shapley(margin(model, objective), row, base.to_numpy(), (0.25, 0.75)) for row in data.select(NAMES).to_numpy()
    ]
    found = made.local.explanation.values[:, :, 0][:, ::-1]
    assert found == pytest.approx(np.array(truth), abs=1e-4)
    # The estimator asked about the same game agrees.
    asked = lambda frame: margin(model, objective)(frame.select(NAMES).to_numpy())  # noqa: E731
    sampled = attribution_report(
        asked, data, AttributionConfig(baseline=config.baseline, baseline_weights=config.baseline_weights, samples=100)
    )
    assert sampled.local is not None
    assert sampled.local.explanation.values[:, ::-1, 0] == pytest.approx(np.array(truth), abs=1e-4)


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softprob"])
def test_trees_along_their_paths_are_the_library_s_own(tmp_path: Path, objective: str) -> None:
    import shap

    model = opened(boosted(tmp_path, objective)).model
    made = attribution_report(model, rows(), AttributionConfig(method="tree", groups={"ab": ("a", "b")}))
    assert made.local is not None
    assert made.local.features == ("ab", "c", "d")
    theirs = np.asarray(shap.TreeExplainer(model.trees).shap_values(rows().to_numpy())).reshape(300, 4, -1)
    grouped = np.stack([theirs[:, 0] + theirs[:, 1], theirs[:, 2], theirs[:, 3]], axis=1)
    assert made.local.explanation.values == pytest.approx(grouped, abs=1e-4)
    assert len(made.labels) == (3 if objective == "multi:softprob" else 1)


def test_lightgbm(tmp_path: Path) -> None:
    towns = np.where(rows()["a"].to_numpy() > 0, "Oslo", "Rome")
    frame = rows().with_columns(pl.Series("town", towns)).drop("a")
    import pandas

    held = pandas.DataFrame({name: frame[name].to_list() for name in frame.columns})
    held["town"] = held["town"].astype("category")
    made = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(held, label=target() > 0), 10
    )
    made.save_model(tmp_path / "model.txt")
    model = opened(tmp_path / "model.txt").model
    assert model.predict(frame) == pytest.approx(made.predict(held))
    assert model.predict(frame.select(reversed(frame.columns))) == pytest.approx(made.predict(held))
    assert model.contributions(frame)[:, :, 0] == pytest.approx(made.predict(held, pred_contrib=True))
    several = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(rows().to_numpy(), label=np.digitize(target(), [-1, 1])),
        5,
    )
    several.save_model(tmp_path / "several.txt")
    model = opened(tmp_path / "several.txt").model
    assert model.predict(rows()).shape == (300, 3)
    report = attribution_report(model, rows().head(20), AttributionConfig(method="tree"))
    assert report.local is not None
    total = report.local.explanation.values.sum(axis=1) + report.local.explanation.expected
    assert total == pytest.approx(several.predict(rows().head(20).to_numpy(), raw_score=True))
    # shap reads this booster as if it had one output, and does not say so.
    with pytest.raises(ModelError, match="do not add up"):
        attribution_report(model, rows().head(20), AttributionConfig(method="tree", clusters=1))


def people() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    towns = [["Oslo", "Rome", None][at] for at in rng.integers(3, size=300)]
    return rows().with_columns(pl.Series("town", towns), pl.Series("n", range(300)))


def test_skops(tmp_path: Path) -> None:
    frame = people()
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    made = make_pipeline(encoder, LogisticRegression(max_iter=2000)).fit(frame, target() > 0)
    skops.io.dump(made, tmp_path / "model.skops")
    model = opened(tmp_path / "model.skops").model
    assert model.predict(frame.select(reversed(frame.columns))) == pytest.approx(made.predict_proba(frame)[:, 1])
    line = LinearRegression().fit(rows().to_numpy(), target())
    skops.io.dump(line, tmp_path / "line.skops")
    assert opened(tmp_path / "line.skops").model.predict(rows()) == pytest.approx(line.predict(rows().to_numpy()))
    with pytest.raises(ModelError, match="'town' hold texts"):
        opened(tmp_path / "line.skops").model.predict(frame)


@pytest.mark.parametrize(
    ("made", "outputs"),
    [
        (RandomForestClassifier(8, max_depth=4, random_state=1), "probability"),
        (HistGradientBoostingClassifier(max_iter=8), "margin"),
        (GradientBoostingRegressor(n_estimators=8), "value"),
    ],
)
def test_trees_of_scikit_learn_need_the_operator_s_trust(tmp_path: Path, made: Any, outputs: str) -> None:
    made.fit(rows().to_numpy(), target() if outputs == "value" else target() > 0)
    path = tmp_path / "model.skops"
    skops.io.dump(made, path)
    with pytest.raises(InvalidError, match="STEMMA_UNSAFE_LOADERS=skops"):
        opened(path)
    model = opened(path, unsafe={"skops"}).model
    truth: Any = {
        "probability": lambda x: made.predict_proba(x)[:, 1],
        "margin": lambda x: made.decision_function(x),
        "value": lambda x: made.predict(x),
    }[outputs]
    for clusters in (None, 1):
        report = attribution_report(model, rows().head(10), AttributionConfig(method="tree", clusters=clusters))
        assert report.local is not None
        values, expected = report.local.explanation.values, report.local.explanation.expected
        assert values.sum(axis=1)[:, 0] + expected[0] == pytest.approx(truth(rows().head(10).to_numpy()), abs=1e-4)
        assert len(report.labels) == 1


class Evil:
    """A pickle that runs code when it is read."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["EVIL_FOLDER"],)


def test_pickles_are_read_only_where_the_operator_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL_FOLDER", str(tmp_path / "evil"))
    for name in ("evil.pkl", "evil.joblib"):
        (tmp_path / name).write_bytes(pickle.dumps(Evil()))
        with pytest.raises(ForbiddenError, match=r"runs whatever code it names.*STEMMA_UNSAFE_LOADERS=pickle"):
            opened(tmp_path / name, unsafe={"pyfunc", "skops"})
    (tmp_path / "evil.skops").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InvalidError, match="no skops file"):
        opened(tmp_path / "evil.skops", unsafe={"skops"})
    skops.io.dump(Evil(), tmp_path / "worse.skops")
    with pytest.raises(InvalidError, match="neither scikit-learn's nor numpy's"):
        opened(tmp_path / "worse.skops", unsafe={"skops"})
    assert not (tmp_path / "evil").exists()
    line = LinearRegression().fit(rows().to_numpy(), target())
    joblib.dump(line, tmp_path / "line.joblib")
    model = opened(tmp_path / "line.joblib", unsafe={"pickle"}).model
    assert model.predict(rows()) == pytest.approx(line.predict(rows().to_numpy()))


def classifier(path: Path) -> Path:
    """Two classes over one tensor: a label, and a probability a class."""
    scaled = helper.make_node(
        "LinearClassifier",
        ["x"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        coefficients=[-1.0, 0.0, -2.0, 0.5, 1.0, 0.0, 2.0, -0.5],
        intercepts=[0.1, -0.1],
        classlabels_ints=[0, 1],
        post_transform="SOFTMAX",
    )
    mapped = helper.make_node("ZipMap", ["scores"], ["chances"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    kind = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    )
    graph = helper.make_graph(
        [scaled, mapped],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, [None]), helper.make_value_info("chances", kind)],
    )
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=9), path)
    return path


def by_name(path: Path) -> Path:
    """An input a column, one of them a text."""
    nodes = [
        helper.make_node(
            "LabelEncoder", ["town"], ["price"], domain="ai.onnx.ml",
            keys_strings=["Oslo", "Rome"], values_floats=[3.0, -1.0], default_float=0.0,
        ),
        helper.make_node("Cast", ["n"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["price", "a"], ["worth"]),
        helper.make_node("Add", ["worth", "whole"], ["y"]),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info("town", TensorProto.STRING, [None, 1]),
        helper.make_tensor_value_info("n", TensorProto.INT64, [None, 1]),
        helper.make_tensor_value_info("a", TensorProto.FLOAT, [None, 1]),
    ]
    graph = helper.make_graph(
        nodes, "named", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])]
    )
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=9), path)
    return path


def test_onnx(tmp_path: Path) -> None:
    model = opened(classifier(tmp_path / "model.onnx")).model
    x = rows().to_numpy()
    score = 2 * (x @ [1.0, 0.0, 2.0, -0.5] - 0.1)
    assert model.predict(rows()) == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-5)
    with pytest.raises(ModelError, match="takes 4 columns, the data has 3"):
        model.predict(rows().drop("a"))
    report = attribution_report(model, rows().head(30), AttributionConfig(use_logit=True, baseline=((0.0,) * 4,)))
    assert report.local is not None
    expected = x[:30] * [2.0, 0.0, 4.0, -1.0]
    assert report.local.explanation.values[:, :, 0] == pytest.approx(expected, abs=1e-3)
    frame = people().select("a", "n", "town")
    model = opened(by_name(tmp_path / "named.onnx")).model
    price = np.array([{"Oslo": 3.0, "Rome": -1.0}.get(town, 0.0) for town in frame["town"]])
    assert model.predict(frame)[:, 0] == pytest.approx(price * frame["a"].to_numpy() + frame["n"].to_numpy(), abs=1e-4)
    with pytest.raises(ModelError, match="'n' can be"):
        model.predict(frame.with_columns(pl.lit(None, pl.Int64).alias("n")))
    with pytest.raises(ModelError, match="no 'n'"):
        model.predict(frame.drop("n"))


def test_weights_beside_an_onnx_file_are_not_read(tmp_path: Path) -> None:
    """A path in the file would be read by the service."""
    (tmp_path / "secret").write_bytes(np.ones(4, np.float32).tobytes())
    weights = onnx.TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=onnx.TensorProto.EXTERNAL,
        external_data=[onnx.StringStringEntryProto(key="location", value="secret")],
    )  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "w"], ["y"])],
        "external",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 4])],
        [weights],
    )
    path = tmp_path / "model.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    )
    with pytest.raises(InvalidError, match="no model that onnxruntime reads"):
        load(POLICY, ACCOUNT, str(path))


GARBAGE = b"\x00\x01garbage" * 50


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.onnx", b""),
        ("m.onnx", GARBAGE),
        ("m.skops", b""),
        ("m.skops", GARBAGE),
        ("m.ubj", GARBAGE),
        ("m.json", b'{"learner": {}}'),
        ("m.txt", GARBAGE),
        ("m.txt", b"tree\nversion=v4\n"),
    ],
)
def test_files_that_are_no_models(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidError, match=r"no model that|no skops file|can't read"):
        opened(tmp_path / name)


def test_places(tmp_path: Path) -> None:
    path = boosted(tmp_path, "reg:squarederror")
    other = path.rename(tmp_path / "weights.bin")
    with pytest.raises(InvalidError, match=r"no suffix that says.*\.onnx"):
        opened(other)
    assert opened(other, format="xgboost").format == "xgboost"
    with pytest.raises(NotFoundError):
        opened(tmp_path / "absent.onnx")
    with pytest.raises(ForbiddenError, match="STEMMA_POLICY"):
        load(Policy(), ACCOUNT, str(other), format="xgboost")
    folder = tmp_path / "churn"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(ForbiddenError, match=r"MLflow unpickles.*STEMMA_UNSAFE_LOADERS=pyfunc"):
        opened(folder)
    with pytest.raises(StemmaError):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["m.cbm", "mlflow"])
def test_a_library_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    for module in ("catboost", "mlflow"):
        if __import__("importlib.util").util.find_spec(module) is not None:
            pytest.skip(f"{module} is installed here")
    path = tmp_path / name
    if name == "mlflow":
        path.mkdir()
        (path / "MLmodel").write_text("flavors: {}\n")
    else:
        path.write_bytes(b"CBM1")
    extra = "mlflow" if name == "mlflow" else "catboost"
    with pytest.raises(InvalidError, match=rf"pip install 'stemma\[{extra}\]'"):
        opened(path, unsafe={"pyfunc"})
