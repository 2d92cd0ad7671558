"""What checking one signature costs, beside botocore making one: `python -m benchmarks.signatures [--rounds 11]`.

One request is DescribeArtifact as boto3 sends it, with 80 bytes of body; another has a body of 256 KB.
"""

import argparse
import time
from datetime import UTC, datetime
from functools import partial

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from api.signatures import SignedRequest, Verifier, read
from benchmarks import machine

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REPEATS = 2_000
TARGET_MS = 1.0


def sign(body: bytes) -> AWSRequest:
    headers = {"X-Amz-Target": "SageMaker.DescribeArtifact", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", "http://127.0.0.1:8440/", data=body, headers=headers)
    SigV4Auth(Credentials(KEY_ID, SECRET), "sagemaker", "us-east-1").add_auth(request)
    return request


def received(request: AWSRequest, body: bytes) -> SignedRequest:
    others = {
        "Host": "127.0.0.1:8440",
        "Accept-Encoding": "identity",
        "User-Agent": "Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux lang/python#3.11",
        "amz-sdk-invocation-id": "0" * 36,
        "amz-sdk-request": "attempt=1",
        "Content-Length": str(len(body)),
    }
    headers = [(name.encode(), value.encode()) for name, value in [*request.headers.items(), *others.items()]]
    return SignedRequest("POST", b"/", b"", headers, body)


def check(verifier: Verifier, request: SignedRequest, now: datetime) -> None:
    signature = read(request)
    assert signature is not None
    verifier.check(signature, SECRET, request, now=now, regions={"us-east-1"}, services={"sagemaker"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    print(machine.describe())
    for name, body in (("80 bytes", b"x" * 80), ("256 KB", b"x" * 262_144)):
        request = received(sign(body), body)
        sides = {
            "botocore signs": partial(sign, body),
            "Stemma checks": partial(check, Verifier(), request, datetime.now(UTC)),
        }
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, run in sides.items():
                begin = time.perf_counter()
                for _ in range(REPEATS):
                    run()
                taken[side].append((time.perf_counter() - begin) / REPEATS)
        for side, seconds in taken.items():
            print(f"body of {name}: {side} in {machine.median(seconds) * 1e6:.0f} µs")
        verdict = "met" if machine.median(taken["Stemma checks"]) * 1e3 <= TARGET_MS else "missed"
        print(f"aim: {TARGET_MS:g} ms a check and its validation together ({verdict} by the check alone)")


if __name__ == "__main__":
    main()
