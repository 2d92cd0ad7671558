"""Keys of stretches: whatever ran at a time lies in the ranges for it, and little else."""

import random

from graph.store.running import OPEN, running_key, running_keys, running_ranges
from graph.times import FOREVER

ACCOUNT = "123456789012"
STATE = {"type": "ModelDeployment", "status": "IN_PROGRESS", "arn": "arn:aws:sagemaker:us-east-1:123456789012:action/a"}


def key(begin: int, end: int) -> str:
    found = running_key(ACCOUNT, STATE, begin, end)
    assert found is not None
    return found


def meets(found: str, at: int) -> bool:
    return any(low < found < high for low, high in running_ranges(ACCOUNT, at))


def test_whatever_ran_lies_in_a_range() -> None:
    rng = random.Random(3)
    for _ in range(20_000):
        begin = rng.randrange(2 ** rng.randrange(1, 42))
        end = FOREVER if rng.random() < 0.1 else begin + rng.randrange(1, 2 ** rng.randrange(2, 46))
        for at in (begin, end - 1, rng.randrange(begin, min(end, begin + 2**42)), begin - 1):
            if at >= 0:
                ran = begin <= at < end
                assert not ran or meets(key(begin, end), at), (begin, end, at)
                assert at >= begin or not meets(key(begin, end), at), (begin, end, at)


def test_ranges_hold_little_else() -> None:
    rng = random.Random(4)
    span, count = 365 * 86_400_000, 3_000
    stretches = [(begin := rng.randrange(span), begin + 1 + int(rng.expovariate(1 / 28_800_000))) for _ in range(count)]
    keys = [key(begin, end) for begin, end in stretches]
    ran = held = 0
    for _ in range(20):
        at = rng.randrange(span // 10, span)
        ran += sum(begin <= at < end for begin, end in stretches)
        held += sum(meets(found, at) for found in keys)
    assert ran <= held <= 6 * ran


def test_only_deployments_that_run_have_a_key() -> None:
    for state in (None, {**STATE, "status": "COMPLETED"}, {**STATE, "type": "Approval"}):
        assert running_key(ACCOUNT, state, 1, 2) is None
    assert key(1, FOREVER).startswith(f"{ACCOUNT}/{OPEN}/")
    assert running_keys(ACCOUNT, STATE, "k", 1, 2, FOREVER) == (key(1, 2), None)
    assert running_keys(ACCOUNT, STATE, "k", 1, 2, 1_700_000_000_000_000) == (None, f"{ACCOUNT}/1700000000000000/k")
