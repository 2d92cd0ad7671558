"""Models behind HTTP: SageMaker's contract, what is refused, and what goes wrong."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from graph.errors import ForbiddenError, InvalidError, StemmaError, ThrottledError, UnavailableError
from graph.reach import Policy
from monitors.analysis.attribution import AttributionConfig, attribution_report
from monitors.analysis.errors import ModelError
from monitors.predictors import Exchange, Predictor, container, load
from tests.monitors.predictors.container import Container, running, sums, sums_of_json

ACCOUNT = "123456789012"
FRAME = pl.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 2.5]}).with_columns(pl.col("b").fill_null(0.25))


def reaching(tmp_path: Path, url: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(f'[accounts.{ACCOUNT}]\noutbound = ["{url}"]\n')
    path.chmod(0o600)
    return Policy.load(path)


def opened(tmp_path: Path, served: Container, exchange: Exchange | None = None) -> Predictor:
    return load(reaching(tmp_path, served.url), ACCOUNT, served.url, exchange=exchange)


def test_csv(tmp_path: Path) -> None:
    with running(sums) as served:
        predictor = opened(tmp_path, served)
        assert (predictor.format, predictor.uri, predictor.digest) == ("http", served.url, None)
        assert predictor.model.predict(FRAME).tolist() == [[1.5], [2.25], [5.5]]
        assert served.asked == [("text/csv", "text/csv", b"1,0.5\n2,0.25\n3,2.5\n")]
        named = load(reaching(tmp_path, served.url), ACCOUNT, f"{served.url}/invocations")
        assert named.model.predict(FRAME[:1]).tolist() == [[1.5]]


def test_json_lines(tmp_path: Path) -> None:
    with running(sums_of_json) as served:
        exchange = Exchange("application/jsonlines", probability="score")
        assert opened(tmp_path, served, exchange).model.predict(FRAME).tolist() == [[1.5], [2.25], [5.5]]
        named = Exchange("application/jsonlines", None, '{"x": $features_kvp, "features": $features}', "score")
        opened(tmp_path, served, named).model.predict(FRAME[1:2])
        assert json.loads(served.asked[-1][2]) == {"x": {"a": 2, "b": 0.25}, "features": [2, 0.25]}


def read(said: bytes, rows: int, exchange: Exchange) -> list[list[float]]:
    told = container.read_values(said, rows, exchange, exchange.probability)
    numbers: list[list[float]] = container.numbers(told, exchange).tolist()
    return numbers


def sums_of_records(body: bytes) -> tuple[int, bytes]:
    """Of JSON, the sum of each instance's features, as a score with its label."""
    rows = [sum(row["features"]) for row in json.loads(body)["instances"]]
    return 200, json.dumps(
        {"predictions": [{"score": row, "label": "yes" if row > 2 else "no"} for row in rows]}
    ).encode()


def test_json(tmp_path: Path) -> None:
    template = {"content_template": '{"instances": $records}', "record_template": '{"features": $features}'}
    exchange = Exchange("application/json", probability="predictions[*].score", **template)
    with running(sums_of_records) as served:
        model = opened(tmp_path, served, exchange).model
        assert model.predict(FRAME).tolist() == [[1.5], [2.25], [5.5]]
        assert model.answers(FRAME, ["predictions[*].label", "predictions[*].score"]) == [
            ["no", "yes", "yes"],
            [1.5, 2.25, 5.5],
        ]
        assert json.loads(served.asked[0][2]) == {"instances": [{"features": list(row)} for row in FRAME.rows()]}
        one = Exchange(
            "application/json", None, '{"instances": [$record]}', "predictions[0].score", '{"features": $features}'
        )
        asked = len(served.asked)
        assert opened(tmp_path, served, one).model.predict(FRAME).tolist() == [[1.5], [2.25], [5.5]]
        assert len(served.asked) == asked + 3
    with pytest.raises(InvalidError, match="record_template"):
        Exchange("application/json", content_template='{"instances": $records}', record_template="{$row}")


@pytest.mark.parametrize(
    ("exchange", "said", "expected"),
    [
        (Exchange(), b"0.1,0.2,0.3", [[0.1], [0.2], [0.3]]),
        (Exchange(), b"0.1,0.9\n0.2,0.8\n0.3,0.7\n", [[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]),
        (Exchange(probability=1), b"yes,0.9\nno,0.8\nno,0.7\n", [[0.9], [0.8], [0.7]]),
        (Exchange(probability=1), b'a,"[0.4, 0.6]"\r\nb,"[1, 0]"\r\nc,"[0, 1]"\r\n', [[0.4, 0.6], [1, 0], [0, 1]]),
        (
            Exchange(accept_type="application/json", probability="p[].s"),
            b'{"p":[{"s":1},{"s":2},{"s":3}]}',
            [[1], [2], [3]],
        ),
        (Exchange(accept_type="application/jsonlines"), b"[1, 2]\n\n[3, 4]\n[5, 6]", [[1, 2], [3, 4], [5, 6]]),
    ],
)
def test_answers(exchange: Exchange, said: bytes, expected: list[list[float]]) -> None:
    assert read(said, 3, exchange) == expected


@pytest.mark.parametrize(
    ("exchange", "said", "message"),
    [
        (Exchange(), b"yes\nno\nno", "could not convert"),
        (Exchange(), b"1\n2", "3 rows with 2 predictions"),
        (Exchange(probability=3), b"1\n2\n3", "list index"),
        (Exchange(accept_type="application/json"), b'{"p": 1}', "say where it is"),
        (Exchange(accept_type="application/json", probability="q"), b'{"p": 1}', "nothing at 'q'"),
        (Exchange(accept_type="application/json", probability="["), b"{}", "no JMESPath"),
        (Exchange(accept_type="application/jsonlines"), b"<html>", "can't be read"),
    ],
)
def test_answers_that_can_t_be_read(exchange: Exchange, said: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read(said, 3, exchange)


def test_requests_stay_small_and_texts_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import csv
    import io

    def lengths(body: bytes) -> tuple[int, bytes]:
        rows = csv.reader(io.StringIO(body.decode(), newline=""))
        return 200, "".join(f"{len(row[0])}\n" for row in rows).encode()

    monkeypatch.setattr(container, "LARGEST_REQUEST", 40)
    texts = ["x" * 10, "one\ntwo", 'a "quoted", thing', "ß\u2028ß", "y" * 30, ""] * 3
    with running(lengths) as served:
        model = opened(tmp_path, served).model
        frame = pl.DataFrame({"t": texts, "n": range(len(texts))})
        assert model.predict(frame)[:, 0].tolist() == [len(text) for text in texts]
        assert max(len(body) for _, _, body in served.asked) <= 40
        assert len(served.asked) > 5


def test_a_busy_container_is_asked_again(tmp_path: Path) -> None:
    answers = itertools.chain([503, 429], itertools.repeat(200))
    with running(lambda body: (status, sums(body)[1]) if (status := next(answers)) == 200 else (status, b"")) as served:
        assert opened(tmp_path, served).model.predict(FRAME).shape == (3, 1)
        assert len(served.asked) == 3


def test_a_container_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "RETRIES", 0)
    status = 500
    with running(lambda body: (status, b"column b is\nunknown")) as served:
        model = opened(tmp_path, served).model
        with pytest.raises(ModelError, match=r"answers 500 \('column b is unknown'\)"):
            model.predict(FRAME)
        status = 503
        with pytest.raises(ThrottledError, match="answers 503"):
            model.predict(FRAME)
        status = 413
        with pytest.raises(StemmaError, match="takes no 19 bytes"):
            model.predict(FRAME)
    with running(sums, healthy=False) as served, pytest.raises(UnavailableError, match="/ping answers 404"):
        opened(tmp_path, served)
    with pytest.raises(UnavailableError):
        opened(tmp_path, served)


def test_hosts_are_the_policy_s(tmp_path: Path) -> None:
    with running(sums) as served:
        for policy in (Policy(), Policy(local_user=True), reaching(tmp_path, "https://models.example.com")):
            with pytest.raises(ForbiddenError, match="STEMMA_POLICY"):
                load(policy, ACCOUNT, served.url)
        with pytest.raises(ForbiddenError):
            load(reaching(tmp_path, served.url), "999999999999", served.url)
        assert served.asked == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"content_type": "image/png"}, "content_type"),
        ({"content_type": "application/json"}, "content_template"),
        ({"accept_type": "text/html"}, "accept_type"),
        ({"content_template": "{"}, "gives no JSON"),
        ({"content_template": "$records"}, "gives no JSON"),
    ],
)
def test_exchanges_that_make_no_sense(given: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Exchange(**given)


def test_attribution_of_a_url_takes_few_requests(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"f{i}": rng.normal(size=300) for i in range(12)})
    with running(sums) as served:
        model = opened(tmp_path, served).model
        made = attribution_report(model, frame, AttributionConfig(baseline=((0.0,) * 12,)))
        assert len(served.asked) == 2 + 11
    expected: Callable[[str], float] = lambda name: float(frame[name].abs().mean())  # type: ignore[arg-type]  # noqa: E731
    assert dict(made.labels[0].values) == pytest.approx({name: expected(name) for name in frame.columns})
