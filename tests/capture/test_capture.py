import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from stemma_capture import Capture, CaptureMiddleware, Exchange, Payload, Redaction, Settings
from stemma_capture.records import line
from stemma_capture.spool import Run, key, left

KEY = b"0123456789abcdef"
CSV, JSON = "text/csv", "application/json"


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(destination=folder / "lake", endpoint="shop", spool=folder / "spool", **given)


def exchange(asked: str | bytes, answered: str | bytes = "1", kinds: tuple[str, str] = (CSV, CSV)) -> Exchange:
    bodies = [body if isinstance(body, bytes) else body.encode() for body in (asked, answered)]
    return Exchange(Payload(bodies[0], kinds[0]), Payload(bodies[1], kinds[1]), "AllTraffic")


def data(folder: Path, one: Exchange, **given: Any) -> dict[str, Any]:
    text = line(one, settings(folder, **given))
    return {} if text is None else dict(json.loads(text)["captureData"])


def hashed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def found(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(text)
        for path in sorted((folder / "lake").rglob("*.jsonl"))
        for text in path.read_text().splitlines()
    ]


def test_content_types_choose_the_encoding(tmp_path: Path) -> None:
    made = data(tmp_path, exchange("1,2", '{"a":1}', ("Text/CSV; charset=utf-8", JSON)))
    assert (made["endpointInput"]["encoding"], made["endpointOutput"]["encoding"]) == ("CSV", "JSON")
    made = data(tmp_path, exchange(b"\x89PNG", b"\xff", ("image/png", CSV)))
    assert [base64.b64decode(made[part]["data"]) for part in ("endpointInput", "endpointOutput")] == [
        b"\x89PNG",
        b"\xff",
    ]
    assert data(tmp_path, exchange("1"), csv_content_types=())["endpointInput"]["encoding"] == "BASE64"


def test_redaction_comes_before_anything_is_written(tmp_path: Path) -> None:
    rules = (
        Redaction("$.user.email", "hash"),
        Redaction("$.user.name", "drop"),
        Redaction("$.rows[*][1]", "drop"),
        Redaction("$['card no']", "hash", "input"),
        Redaction(0, "hash"),
        Redaction(2, "drop"),
    )
    secret = {"user": {"email": "a@b.c", "name": "Ada", "age": 3}, "rows": [[1, 2], [3, 4]], "card no": 42}
    made = data(tmp_path, exchange(json.dumps(secret), 'x,"y,z",w\n1\n', (JSON, CSV)), redactions=rules, hash_key=KEY)
    assert json.loads(made["endpointInput"]["data"]) == {
        "user": {"email": hashed("a@b.c"), "age": 3},
        "rows": [[1, None], [3, None]],
        "card no": hashed("42"),
    }
    assert made["endpointOutput"]["data"] == f'{hashed("x")},"y,z",\n{hashed("1")}\n'
    lines = exchange('{"user":{"name":"Ada"}}\n{"user":1}', kinds=(JSON, CSV))
    made = data(tmp_path, lines, redactions=rules, hash_key=KEY)
    assert made["endpointInput"]["data"] == '{"user":{}}\n{"user":1}'
    odd: list[tuple[str | bytes, str]] = [("{", JSON), (b"\xff", CSV), ("[" * 10**5, JSON)]
    for unreadable in (exchange(body, "1", (kind, JSON)) for body, kind in odd):
        assert set(data(tmp_path, unreadable, redactions=rules, hash_key=KEY)) == {"endpointOutput"}
    assert data(tmp_path, exchange(b"\xff", b"\xff", ("image/png",) * 2), redactions=rules, hash_key=KEY) == {}
    for wrong in ("user.email", "$", "$.", "$.a[", "$..a", "$.a[x]"):
        with pytest.raises(ValueError, match="no path"):
            Redaction(wrong, "drop")
    with pytest.raises(ValueError, match="16 bytes"):
        settings(tmp_path, redactions=(Redaction(0, "hash"),))


async def test_the_middleware_hears_and_changes_nothing(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def model(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        seen.append(body)
        status = 400 if body == b"bad" else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"Content-Type", b"text/csv")]})
        await send({"type": "http.response.body", "body": b"0.", "more_body": True})
        await send({"type": "http.response.body", "body": b"5"})

    async def asked(**given: Any) -> list[dict[str, Any]]:
        folder = tmp_path / uuid.uuid4().hex
        capture = Capture(settings(folder, payload_bytes=100, **given))
        app = cast("Any", CaptureMiddleware(model, capture))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:

            async def post(body: bytes, path: str = "/invocations", **headers: str) -> httpx.Response:
                return await client.post(path, content=body, headers={"content-type": "text/csv", **headers})

            for variant in ("blue", "../up"):
                named = {
                    "X-Amzn-SageMaker-Target-Variant": variant,
                    "X-Amzn-SageMaker-Inference-Id": "mine",
                    "X-Amzn-SageMaker-Custom-Attributes": "trace=1",
                }
                assert (await post(b"1,2", **named)).text == "0.5"
            assert (await post(b"bad")).status_code == 400
            assert (await post(b"x" * 200)).text == "0.5"
            assert (await post(b"1", "/ping")).text == "0.5"
            assert (await client.get("/invocations")).text == "0.5"
        capture.close()
        assert capture.statistics().dropped == (
            0 if given.get("percentage") == 0 or not given.get("inputs", True) else 1
        )
        return found(folder)

    records = await asked()
    assert len(records) == 2
    assert {path.parent.parts[-5] for path in tmp_path.glob("*/lake/shop/*/*/*/*/*/*")} == {"blue", "AllTraffic"}  # noqa: ASYNC240
    assert [part["data"] for part in records[0]["captureData"].values()] == ["1,2", "0.5"]
    metadata = records[0]["eventMetadata"]
    assert (metadata["inferenceId"], metadata["customAttributes"]) == ("mine", ["trace=1"])
    assert {tuple(item["captureData"]) for item in await asked(inputs=False, percentage=100)} == {("endpointOutput",)}
    assert {tuple(item["captureData"]) for item in await asked(outputs=False)} == {("endpointInput",)}
    assert await asked(percentage=0) == []
    assert len(seen) > 4


def test_overflow_is_dropped_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    capture = Capture(settings(tmp_path, queued_events=5))
    taken = [capture.put(exchange("1")) for _ in range(200)]
    assert taken[:5] == [True] * 5
    known = capture.statistics()
    assert known.dropped == taken.count(False) > 100
    assert "not captured so far" in caplog.text
    capture.close()
    assert len(found(tmp_path)) == taken.count(True) == capture.statistics().accepted
    assert not capture.put(exchange("1"))


def test_a_full_spool_drops_and_a_spool_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("away")
    capture = Capture(settings(tmp_path, spool_bytes=2000, segment_seconds=0.1))
    end = time.monotonic() + 20
    while capture.put(exchange("1" * 500)) and time.monotonic() < end:
        time.sleep(0.02)
    assert capture.statistics().dropped == 1
    assert capture.statistics().waiting_bytes > 2000
    (tmp_path / "lake").unlink()
    capture.close()
    assert len(found(tmp_path)) == capture.statistics().accepted
    (tmp_path / "file").write_text("")
    blocked = Capture(Settings(destination=tmp_path, endpoint="shop", spool=tmp_path / "file"))
    assert not blocked.put(exchange("1"))
    assert blocked.statistics().failure is not None
    assert blocked.statistics().dropped == 1


def _child(capture: Capture) -> None:
    for _ in range(3):
        capture.put(exchange("child"))
    capture.close()


def test_a_forked_process_has_its_own_run(tmp_path: Path) -> None:
    capture = Capture(settings(tmp_path))
    capture.put(exchange("parent"))
    script = f"""
import os
from pathlib import Path
from stemma_capture import Capture
from tests.capture.test_capture import settings, exchange, _child
capture = Capture(settings(Path({str(tmp_path)!r})))
capture.put(exchange("parent"))
child = os.fork()
if child == 0:
    _child(capture)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
capture.close()
"""
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=root, env={"PYTHONPATH": f"{root}:{root / 'capture'}"}
    )
    capture.close()
    asked = [item["captureData"]["endpointInput"]["data"] for item in found(tmp_path)]
    assert sorted(asked) == ["child"] * 3 + ["parent"] * 2


def test_a_line_cut_in_two_is_left_out_and_keys_follow_from_the_content(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write("shop/a/2026/03/01/07", 0.5, [b"one\n", b"tw"])
    run.state.note(3, 1)
    run.sync()
    assert list(left(tmp_path, tmp_path)) == []
    [segment] = run.seal()
    run.state.close()
    [(state, segments)] = [(state.accepted - state.settled, segments) for state, segments in left(tmp_path, tmp_path)]
    assert (state, segments, segment.read_bytes()) == (2, [segment], b"one\n")
    digest = hashlib.sha256(b"one\n").hexdigest()
    assert key(segment).replace("-", "") == f"shop/a/2026/03/01/07/0000500{digest[:32]}.jsonl"
    assert key(segment).startswith("shop/a/2026/03/01/07/00-00-500-")


def test_it_stands_alone(tmp_path: Path) -> None:
    package = Path(__file__).parents[2] / "capture"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, cwd=package, capture_output=True)
    [built] = tmp_path.glob("stemma_capture-*.whl")
    script = f"import sys; sys.path.insert(0, {str(built)!r}); import stemma_capture; print(stemma_capture.__file__)"
    # No installed package can be seen.
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True, capture_output=True, text=True)
    assert built.name in shown.stdout


@pytest.mark.parametrize(
    "given",
    [
        {"endpoint": "../up"},
        {"endpoint": ""},
        {"variant": "a/b"},
        {"percentage": 101},
        {"inputs": False, "outputs": False},
    ],
)
def test_settings_that_can_not_be_used(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"names no endpoint|percentage|neither"):
        Settings(**{"destination": tmp_path, "endpoint": "shop", "spool": tmp_path, **given})
