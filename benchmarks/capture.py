"""What capturing costs a model server, with and without the middleware in turns: `python -m benchmarks.capture`.

The application is called as uvicorn calls it. CPU time is that of the whole process, so the thread that writes counts.
"""

import argparse
import asyncio
import tempfile
import time
from typing import Any

from stemma_capture import Capture, CaptureMiddleware, Redaction, Settings

from benchmarks import machine

ASKED = b",".join(b"0.%d" % number for number in range(20))
ROUNDS = 7


async def model(_: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
    await send({"type": "http.response.body", "body": b"%d" % len(body)})


async def calls(app: Any, count: int) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/invocations",
        "headers": [(b"content-type", b"text/csv"), (b"x-amzn-sagemaker-inference-id", b"abc")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": ASKED}

    async def send(_: Any) -> None:
        return

    for number in range(count):
        await app(scope, receive, send)
        if number % 50 == 0:
            await asyncio.sleep(0.005)


def cpu(app: Any, count: int, capture: Capture | None = None) -> float:
    """Microseconds of CPU a request, until all of them are on the disk."""
    begin = time.process_time()
    asyncio.run(calls(app, count))
    while capture is not None and capture.statistics().durable_through < capture.statistics().accepted:
        time.sleep(0.05)
    return (time.process_time() - begin) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    count = parser.parse_args().requests
    print(machine.describe())
    for name, rules in (("plain", ()), ("two columns hashed", (Redaction(1, "hash"), Redaction(3, "hash")))):
        with tempfile.TemporaryDirectory() as folder:
            places = {"destination": f"{folder}/lake", "spool": f"{folder}/spool", "hash_key": b"0" * 16}
            capture = Capture(Settings(endpoint="shop", redactions=rules, queued_events=100_000, **places))
            app = CaptureMiddleware(model, capture)
            turns = [(cpu(model, count), cpu(app, count, capture)) for _ in range(ROUNDS)]
            capture.close()
            known = capture.statistics()
        costs = [captured - bare for bare, captured in turns]
        print(f"{count:,} requests of {len(ASKED)} bytes, {ROUNDS} rounds, {name}; dropped {known.dropped}")
        print(f"  without {machine.median([bare for bare, _ in turns]):6.1f} µs CPU a request")
        print(f"  with    {machine.median([captured for _, captured in turns]):6.1f} µs")
        print(
            f"  capturing costs {machine.median(costs):.1f} µs ({min(costs):.1f} - {max(costs):.1f}; aim ≤ 100)",
            flush=True,
        )


if __name__ == "__main__":
    main()
