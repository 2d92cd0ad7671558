"""A container of the kind that SageMaker hosts, over real HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[bytes], tuple[int, bytes]]


@dataclass
class Container:
    """What it answers to invocations, and what it was asked: content type, accept, body."""

    url: str = ""
    answer: Answer = lambda body: (200, b"")
    healthy: bool = True
    asked: list[tuple[str | None, str | None, bytes]] = field(default_factory=list)


@contextmanager
def running(answer: Answer, *, healthy: bool = True) -> Iterator[Container]:
    made = Container(answer=answer, healthy=healthy)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200 if made.healthy and self.path == "/ping" else 404, b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append((self.headers["Content-Type"], self.headers["Accept"], body))
            self._send(*(made.answer(body) if self.path == "/invocations" else (404, b"")))

        def log_message(self, *_: object) -> None:
            pass

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sums(body: bytes) -> tuple[int, bytes]:
    """Of CSV, the sum of each line."""
    return 200, b"".join(b"%r\n" % sum(map(float, line.split(b","))) for line in body.splitlines())


def sums_of_json(body: bytes) -> tuple[int, bytes]:
    """Of JSON Lines, the sum of each line's features as a score."""
    lines = [json.dumps({"score": sum(json.loads(line)["features"])}) for line in body.splitlines()]
    return 200, "\n".join(lines).encode()
