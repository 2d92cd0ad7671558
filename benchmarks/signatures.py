"""What checking one signature costs, beside botocore making one: `python -m benchmarks.signatures [--rounds 11]`.

DescribeArtifact as boto3 sends it; CreateTrialComponent with 100 parameters, some 11 KB; and a body of 256 KB, checked alone.
"Validates" finds the operation, parses the body and holds it against the service's model, too, as the door does. All times are
this process's CPU time, so that what else runs on the machine does not count.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from api.sagemaker import routing
from api.sagemaker.validation import validate
from api.signatures import SignedRequest, Verifier
from api.signatures import read as read_signature
from benchmarks import machine

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REPEATS = 500
AIM_MS = 1.0
NAME = f"parameter-{'x' * 60}"
BODIES = {
    "DescribeArtifact": {
        "ArtifactArn": "arn:aws:sagemaker:us-east-1:123456789012:artifact/0123456789abcdef0123456789abcdef"
    },
    "CreateTrialComponent": {
        "TrialComponentName": "benchmark",
        "Parameters": {f"{NAME}-{number}": {"NumberValue": number / 7} for number in range(100)},
    },
}


def sign(operation: str, body: bytes) -> AWSRequest:
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", "http://127.0.0.1:8440/", data=body, headers=headers)
    SigV4Auth(Credentials(KEY_ID, SECRET), "sagemaker", "us-east-1").add_auth(request)
    return request


def received(operation: str, body: bytes) -> SignedRequest:
    others = {
        "Host": "127.0.0.1:8440",
        "Accept-Encoding": "identity",
        "User-Agent": "Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux lang/python#3.11",
        "amz-sdk-invocation-id": "0" * 36,
        "amz-sdk-request": "attempt=1",
        "Content-Length": str(len(body)),
    }
    pairs = [*sign(operation, body).headers.items(), *others.items()]
    return SignedRequest("POST", b"/", b"", [(name.encode(), value.encode()) for name, value in pairs], body)


def check(verifier: Verifier, request: SignedRequest, now: datetime) -> None:
    signature = read_signature(request)
    assert signature is not None
    verifier.check(signature, SECRET, request, now=now, regions={"us-east-1"}, services={"sagemaker"})


def check_and_validate(verifier: Verifier, request: SignedRequest, now: datetime) -> None:
    headers = {name.decode().lower(): value.decode() for name, value in request.headers}
    sent = routing.Sent("POST", "/", "", headers, request.body)
    route = routing.find(sent)
    check(verifier, request, now)
    validate(route.operation.input_shape, routing.read(route, sent))


def measure(title: str, sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of CPU time of each side, taken in turn."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            begin = time.process_time()
            for _ in range(REPEATS):
                run()
            taken[side].append((time.process_time() - begin) / REPEATS)
    medians = {side: machine.median(seconds) for side, seconds in taken.items()}
    print(f"{title}: " + ", ".join(f"{side} in {seconds * 1e6:,.0f} µs" for side, seconds in medians.items()))
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    print(machine.describe())
    for operation, document in BODIES.items():
        body = orjson.dumps(document)
        arguments = (Verifier(), received(operation, body), datetime.now(UTC))
        sides: dict[str, Callable[[], object]] = {
            "botocore signs": partial(sign, operation, body),
            "Stemma checks": partial(check, *arguments),
            "Stemma checks and validates": partial(check_and_validate, *arguments),
        }
        seconds = measure(f"{operation}, {len(body):,} bytes", sides, rounds)["Stemma checks and validates"]
        print(f"  aim: {AIM_MS:g} ms for both, {'met' if seconds * 1e3 <= AIM_MS else 'missed'}")
    large = b"x" * 262_144
    alone = partial(check, Verifier(), received("DescribeArtifact", large), datetime.now(UTC))
    measure("256 KB", {"botocore signs": partial(sign, "DescribeArtifact", large), "Stemma checks": alone}, rounds)


if __name__ == "__main__":
    main()
