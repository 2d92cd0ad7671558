"""How many different values a column has: exact while they are few, estimated afterwards."""

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
from datasketches import compact_theta_sketch, theta_union, update_theta_sketch
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

DEFAULT_BOUND_BITS = 14
_TWO_64 = 2.0**64
_EMPTY = "\x00empty\x00"
_BLOCK = 32_768


class _Scratch(threading.local):
    """Two arrays a thread: fresh ones would cost more than the hashing, since their pages must first be mapped."""

    def __init__(self) -> None:
        self.mixed = np.empty(_BLOCK, dtype=np.uint64)
        self.shifted = np.empty(_BLOCK, dtype=np.uint64)


_scratch = _Scratch()


class DistinctCounter:
    """The smallest hashes seen, up to `bound` of numbers and of texts, whose spread tells how many there are.

    Up to `bound` different values the count is exact (two of 16,384 values share a 64-bit hash with a probability of
    7·10⁻¹²). Beyond, with U the bound-th smallest hash as a fraction of all hashes, the estimate is (bound − 1) / U,
    whose relative standard error is 1 / √(bound − 2): 0.8 % by default. The result depends on the set of values
    alone, not on their order, so states merge in any order.

    Numbers are hashed here, whole arrays at once; texts by the theta sketch of Apache DataSketches, which is the same
    method. Source: Beyer, Haas, Reinwald, Sismanis, Gemulla, "On Synopses for Distinct-Value Estimation Under
    Multiset Operations" (SIGMOD 2007).

    Args:
        bound_bits: The bound is 2 to this power; 5 to 26.

    Example:
        >>> counter = DistinctCounter()
        >>> counter.add_numbers(np.array([1.0, 2.0, 2.0]))
        >>> counter.count, counter.is_exact
        (2, True)
    """

    def __init__(self, bound_bits: int = DEFAULT_BOUND_BITS) -> None:
        self.bound_bits = bound_bits
        self.bound = 1 << bound_bits
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._full = False
        self._texts: Any = None

    def add_numbers(self, values: NDArray[np.float64]) -> None:
        """Take in numbers (1-D, contiguous, −0.0 already made 0.0)."""
        for begin in range(0, len(values), _BLOCK):
            bits = values[begin : begin + _BLOCK].view(np.uint64)
            mixed, shifted = _scratch.mixed[: len(bits)], _scratch.shifted[: len(bits)]
            # MurmurHash3's finaliser (Appleby 2011): a bijection, so different numbers never collide.
            np.right_shift(bits, np.uint64(33), out=shifted)
            np.bitwise_xor(bits, shifted, out=mixed)
            np.multiply(mixed, np.uint64(0xFF51AFD7ED558CCD), out=mixed)
            np.right_shift(mixed, np.uint64(33), out=shifted)
            np.bitwise_xor(mixed, shifted, out=mixed)
            np.multiply(mixed, np.uint64(0xC4CEB9FE1A85EC53), out=mixed)
            np.right_shift(mixed, np.uint64(33), out=shifted)
            np.bitwise_xor(mixed, shifted, out=mixed)
            self._add(mixed)

    def add_texts(self, values: Iterable[str]) -> None:
        """Take in texts; give each once where that is easy, since hashing them is the cost."""
        batch = update_theta_sketch(self.bound_bits)
        empty = False
        for value in values:
            batch.update(value)
            # DataSketches takes the empty text for nothing; no text of a column may be this one's stand-in.
            empty |= not value
        if empty:
            batch.update(_EMPTY)
        self._add_theta(batch)

    def merge(self, other: "DistinctCounter") -> None:
        """Take in another state of the same bound; `other` is unchanged."""
        self._add(other._hashes)
        # A hash that `other` dropped is above all it kept; what is above its largest is unknown here too.
        self._full |= other._full
        if other._texts is not None:
            self._add_theta(other._texts.get_result())

    @property
    def is_exact(self) -> bool:
        """Whether `count` is the true number."""
        return not self._full and (self._texts is None or not self._texts.get_result().is_estimation_mode())

    @property
    def count(self) -> int:
        """The number of different values, or its estimate."""
        numbers = len(self._hashes)
        if self._full:
            numbers = round((self.bound - 1) / ((float(self._hashes[-1]) + 1.0) / _TWO_64))
        texts: float = 0.0 if self._texts is None else self._texts.get_result().get_estimate()
        return numbers + round(texts)

    def __getstate__(self) -> dict[str, Any]:
        texts = None if self._texts is None else self._texts.get_result().serialize()
        return {**self.__dict__, "_texts": texts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _texts=None)
        if state["_texts"] is not None:
            self._add_theta(compact_theta_sketch.deserialize(state["_texts"]))

    def _add_theta(self, sketch: Any) -> None:
        if self._texts is None:
            self._texts = theta_union(self.bound_bits)
        self._texts.update(sketch)

    def _add(self, hashes: Hashes) -> None:
        if self._full:
            hashes = hashes[hashes < self._hashes[-1]]
        if len(hashes) == 0:
            return
        kept = np.sort(np.concatenate((self._hashes, hashes)))
        first = np.empty(len(kept), dtype=np.bool_)
        first[0] = True
        np.not_equal(kept[1:], kept[:-1], out=first[1:])
        kept = kept[first]
        if len(kept) > self.bound:
            self._full = True
        self._hashes = kept[: self.bound].copy()
