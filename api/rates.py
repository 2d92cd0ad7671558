"""How often a key may ask: a moving window a key, counted by this process alone."""

import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from graph.errors import SettingError, ThrottledError


class Rates:
    """The limits of `STEMMA_RATE`, such as `200/second` or `200/second;5000/minute`.

    A window of n a second admits n requests at once, and then one whenever one of the last n is a second old.

    Args:
        text: What was set; empty for no limit.

    Raises:
        SettingError: the text is no rate.
    """

    def __init__(self, text: str) -> None:
        self._items = parse(text)
        self._limiter = MovingWindowRateLimiter(MemoryStorage()) if self._items else None

    def admit(self, key_id: str) -> None:
        """Count a request of a key.

        Raises:
            ThrottledError: it asks too often; it says when to ask again.
        """
        if self._limiter is None:
            return
        for item in self._items:
            if not self._limiter.hit(item, key_id):
                reset, _ = self._limiter.get_window_stats(item, key_id)
                raise ThrottledError(
                    f"the key {key_id} may ask {item.amount} times in {item.multiples} {item.GRANULARITY.name}(s); "
                    "ask again a little later",
                    retry_after=max(0.0, reset - time.time()),
                )


def parse(text: str) -> list[RateLimitItem]:
    """The limits that a text names.

    Raises:
        SettingError: it names none.
    """
    if not text.strip():
        return []
    try:
        found = parse_many(text)
    except ValueError:
        found = []
    if not found or any(item.amount < 1 for item in found):
        raise SettingError(
            f"STEMMA_RATE is {text!r}; write it like 200/second or 200/second;5000/minute, or leave it empty"
        )
    return found
