"""By what deployments that ran at a time are found: a key of each stretch in which one ran.

Stretches are kept by how long they were, in powers of eight from a minute on, and by their beginning. What ran at `t` and was
at most `d` long began in `(t − d, t]`, so one short range of keys for each length holds it, with at most a few times as many
that had ended before, where deployments are evenly spread in time. Those that still run have a length of their own: all of
their range run.
"""

from graph.entities import State, Status
from graph.times import FOREVER

TYPE = "ModelDeployment"
LENGTHS = tuple(range(16, 44, 3))
"""Powers of two, in milliseconds: from a minute to 278 years."""
OPEN = 99


def running_key(account: str, state: State | None, valid_from: int, valid_to: int) -> str | None:
    """The key of a revision that says that a deployment ran; None for any other."""
    if state is None or state.get("type") != TYPE or state.get("status") != Status.IN_PROGRESS:
        return None
    bits = (valid_to - valid_from - 1).bit_length()
    length = OPEN if valid_to == FOREVER else next((length for length in LENGTHS if bits <= length), OPEN)
    return f"{account}/{length:02d}/{valid_from:016d}/{state['arn']}"


def running_ranges(account: str, at: int) -> list[list[str]]:
    """The ranges of keys between which lies whatever ran at a time, and little else."""
    # "0" is the character after "/".
    ranges = [
        [f"{account}/{length:02d}/{max(0, at - 2**length + 1):016d}/", f"{account}/{length:02d}/{at:016d}0"]
        for length in LENGTHS
    ]
    return [*ranges, [f"{account}/{OPEN}/", f"{account}/{OPEN}/{at:016d}0"]]


def superseded_key(account: str, recorded: int, key: str) -> str:
    """By what such a revision is found once another one took its place: until when it was believed."""
    return f"{account}/{recorded:016d}/{key}"


def running_keys(
    account: str, state: State | None, key: str, valid_from: int, valid_to: int, recorded_to: int
) -> tuple[str | None, str | None]:
    """What a revision holds as `running` and as `superseded`."""
    running = running_key(account, state, valid_from, valid_to)
    if running is None or recorded_to == FOREVER:
        return running, None
    return None, superseded_key(account, recorded_to, key)
