"""Serves `weights.json`, a logistic model, with SageMaker's container contract: `weights.py FOLDER PORT`."""

import json
import math
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def main(folder: str, port: str) -> None:
    weights = json.loads((Path(folder) / "weights.json").read_text(encoding="utf-8"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(b"")

        def do_POST(self) -> None:
            rows = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
            self._send("".join(f"{_probability(row, weights)!r}\n" for row in rows).encode())

        def log_message(self, *_: object) -> None:
            pass

        def _send(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


def _probability(row: str, weights: list[float]) -> float:
    total = sum(weight * float(value) for weight, value in zip(weights, row.split(","), strict=True))
    return 1 / (1 + math.exp(-total))


if __name__ == "__main__":
    main(*sys.argv[1:])
