import asyncio
import json
from typing import Any

import httpx
import pytest
import structlog

from api import gate
from tests.api.conftest import Serve, Service

pytestmark = pytest.mark.parametrize("catalog", ["embedded"], indirect=True, scope="session")

QUERY = {"query": "{ viewer { account actor { id kind } } }"}


async def post(service: Service, **headers: str) -> httpx.Response:
    return await service.client.post("/graphql", json=QUERY, headers=headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8440", "[::1]", "LOCALHOST:1", "stemma.example.com"])
async def test_hosts_that_are_answered(serve: Serve, host: str) -> None:
    assert (await post(serve(allowed_hosts=["Stemma.example.com"]), Host=host)).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example.com", 421),
        ("127.0.0.1.evil.com", 421),
        ("localhost:x", 400),
        ("a b", 400),
        ("", 400),
        ("[::2]", 421),
    ],
)
async def test_hosts_that_are_refused(service: Service, host: str, status: int) -> None:
    response = await post(service, Host=host)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert (await service.client.get("/metrics", headers={"Host": host})).status_code == status
    # Probes come under any name, and learn nothing.
    assert (await service.client.get("/livez", headers={"Host": host or "x"})).status_code == 200


async def test_origins(service: Service) -> None:
    host = service.client.base_url.netloc.decode()
    for headers in ({"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert (await post(service, **headers)).status_code == 200
    for headers in (
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": f"http://{host}.evil.com"},
        {"Origin": "http://localhost:3000"},
        {"Origin": f"ftp://{host}"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": f"http://{host}", "Sec-Fetch-Site": "cross-site"},
    ):
        response = await post(service, **headers)
        assert response.status_code == 403, headers
        assert response.json()["code"] == "FORBIDDEN"


async def test_without_a_key_everybody_here_is_the_administrator(service: Service) -> None:
    assert (await post(service, Authorization="Bearer anything")).json()["data"]["viewer"] == {
        "account": service.account,
        "actor": {"id": "local-admin", "kind": "local"},
    }


async def test_request_ids(service: Service) -> None:
    assert (await post(service, **{"X-Request-Id": "mine-1"})).headers["x-request-id"] == "mine-1"
    for odd in ("a b", "x" * 65, "<x>"):
        given = (await post(service, **{"X-Request-Id": odd})).headers["x-request-id"]
        assert given != odd
        assert len(given) == 32
    reply = await service.client.get("/nope", headers={"X-Request-Id": "mine-2"})
    assert reply.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
        "code": "NOT_FOUND",
        "requestId": "mine-2",
    }


async def test_other_methods_and_paths(service: Service) -> None:
    assert (await service.client.get("/graphql")).status_code == 405
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        response = await service.client.request(method, "/graphql")
        assert response.status_code == 405
        assert "POST" in response.headers["allow"]
    for path in ("/graphql/", "/..%2f..%2fetc/passwd", "/%00", "/ui/assets/none.js"):
        assert (await service.client.get(path, follow_redirects=False)).status_code in (307, 404)


async def test_pages_about_the_service(service: Service) -> None:
    assert (await service.client.get("/livez")).json() == {"status": "live"}
    assert (await service.client.get("/readyz")).json() == {"status": "ready"}
    assert (await service.client.get("/")).json()["graphql"] == "/graphql"
    shown = await service.client.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (shown.status_code, shown.headers["location"]) == (307, "/ui/")
    await post(service)
    await service.ask("{ nope }")
    numbers = (await service.client.get("/metrics")).text
    assert 'stemma_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in numbers
    assert 'stemma_graphql_errors_total{code="INVALID"} 1.0' in numbers
    assert 'stemma_graphql_operations_total{result="ok"} 1.0' in numbers


async def test_not_ready_without_a_database(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from graph.errors import DatabaseUnavailableError

    async def gone(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("the database at bolt://secret did not answer")

    monkeypatch.setattr(service.catalog.store, "read", gone)
    response = await service.client.get("/readyz")
    assert response.status_code == 503
    assert "secret" not in response.text
    assert (await service.ask("{ ledger { hash } }")).code == "UNAVAILABLE"


async def test_a_bug_is_logged_once_and_not_shown(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(service.catalog.store, "read", broken)
    with structlog.testing.capture_logs() as lines:
        reply = await service.ask("{ ledger { hash } }")
    assert reply.status == 200
    assert reply.error["message"] == "internal error"
    assert reply.code == "INTERNAL"
    assert "secret" not in json.dumps(reply.body)
    failures = [line for line in lines if line["log_level"] == "error"]
    assert len(failures) == 1
    assert isinstance(failures[0]["exc_info"], RuntimeError)


async def test_the_access_line(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "log", structlog.wrap_logger(None, wrapper_class=structlog.BoundLogger))
    with structlog.testing.capture_logs() as lines:
        await service.client.post(
            "/graphql?token=secret",
            json={"query": "query Who { viewer { account } }", "operationName": "Who"},
            headers={"X-Request-Id": "r-1", "Authorization": "Bearer secret"},
        )
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"], line["operation"]) == ("POST", "/graphql", 200, "viewer")
    assert line["ms"] >= 0
    assert "secret" not in json.dumps(line)


async def test_media_types_of_answers(service: Service) -> None:
    plain = await post(service)
    assert plain.headers["content-type"] == "application/json"
    modern = await post(service, Accept="application/graphql-response+json, application/json;q=0.9")
    assert modern.headers["content-type"] == "application/graphql-response+json"
    assert modern.headers["x-content-type-options"] == "nosniff"
    body = json.dumps(QUERY).encode()
    sent = await service.client.post(
        "/graphql", content=body, headers={"Content-Type": "application/graphql-response+json; charset=UTF-8"}
    )
    assert sent.status_code == 200


async def test_the_query_console_is_of_one_piece(serve: Serve) -> None:
    # A browser can't send a key with a page; the page holds nothing, and asks for the key itself.
    service = serve(graphiql=True, keys="required")
    page = await service.client.get("/graphql")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert page.text.count(nonce) == 2
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "{{" not in page.text
    assert (await service.client.get("/graphql")).headers["content-security-policy"] != policy
    assert (await post(service)).status_code == 401


async def test_a_caller_that_goes_away_stops_its_read(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = asyncio.Event()
    begun = asyncio.Event()

    async def slow(*_: Any, **__: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            stopped.set()
            raise

    monkeypatch.setattr(service.catalog.store, "read", slow)
    asking = asyncio.create_task(service.ask("{ ledger { hash } }"))
    await begun.wait()
    asking.cancel()
    await asyncio.wait_for(stopped.wait(), 5)


async def test_a_request_has_a_time_limit(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    from api import deadlines

    monkeypatch.setattr(deadlines, "WRITE_SECONDS", 0.1)
    service = serve(read_seconds=0.1)

    async def slow(*_: Any, **__: Any) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(service.catalog.store, "read", slow)
    reply = await service.ask("{ ledger { hash } }")
    assert reply.status == 200
    assert reply.code == "TIMEOUT"
    assert reply.body["data"] is None


async def test_websockets_are_refused(service: Service) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"}
    assert (await service.client.get("/graphql", headers=upgrade)).status_code == 405
