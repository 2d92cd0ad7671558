"""How many different values a column has: exact while they are few, estimated afterwards."""

import threading

import numpy as np
import polars as pl
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

DEFAULT_BOUND_BITS = 14
_TWO_64 = 2.0**64
_BLOCK = 32_768
_WORD = 8
_MASKS = np.array([0, *((1 << 8 * length) - 1 for length in range(1, _WORD + 1))], dtype=np.uint64)


class _Scratch(threading.local):
    """Two arrays a thread: fresh ones would cost more than the hashing, since their pages must first be mapped."""

    def __init__(self) -> None:
        self.mixed = np.empty(_BLOCK, dtype=np.uint64)
        self.shifted = np.empty(_BLOCK, dtype=np.uint64)


_scratch = _Scratch()


class DistinctCounter:
    """The smallest hashes seen, up to `bound` of them, whose spread tells how many different values there are.

    Up to `bound` different values the count is exact (two of 16,384 values share a 64-bit hash with a probability of
    7·10⁻¹²). Beyond, with U the bound-th smallest hash as a fraction of all hashes, the estimate is (bound − 1) / U,
    whose relative standard error is 1 / √(bound − 2): 0.8 % by default. The result depends on the set of values
    alone, not on their order, so states merge in any order. A number and the text that looks like it are two values.

    Values may be passed over, where nobody is likely to ask: then the count is of the others.

    Source: Beyer, Haas, Reinwald, Sismanis, Gemulla, "On Synopses for Distinct-Value Estimation Under Multiset
    Operations" (SIGMOD 2007).

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
        self._partial = False

    @classmethod
    def from_hashes(
        cls, hashes: Hashes, full: bool, partial: bool = False, bound_bits: int = DEFAULT_BOUND_BITS
    ) -> "DistinctCounter":
        """The counter whose state these are."""
        counter = cls(bound_bits)
        counter._hashes, counter._full, counter._partial = hashes, full, partial
        return counter

    @property
    def hashes(self) -> Hashes:
        """The smallest hashes, ascending."""
        return self._hashes

    def add_numbers(self, values: NDArray[np.float64]) -> None:
        """Take in numbers (1-D, contiguous, −0.0 already made 0.0)."""
        for begin in range(0, len(values), _BLOCK):
            bits = values[begin : begin + _BLOCK].view(np.uint64)
            mixed = _scratch.mixed[: len(bits)]
            _mix(bits, mixed)
            self._add(mixed)

    def add_texts(self, values: pl.Series) -> None:
        """Take in texts (no nulls); give each once where that is easy, since hashing them is the cost."""
        if len(values):
            self._add(hash_texts(values))

    def pass_over(self) -> None:
        """Note that there are values that are not given."""
        self._partial = True

    def merge(self, other: "DistinctCounter") -> None:
        """Take in another state of the same bound; `other` is unchanged."""
        self._add(other._hashes)
        self._partial |= other._partial
        # A hash that `other` dropped is above all it kept; what is above its largest is unknown here too.
        self._full |= other._full

    @property
    def is_exact(self) -> bool:
        """Whether `count` is the true number."""
        return not (self._full or self._partial)

    @property
    def is_full(self) -> bool:
        """Whether there were more different values than `bound`."""
        return self._full

    @property
    def is_partial(self) -> bool:
        """Whether values were passed over, so that `count` is too small."""
        return self._partial

    @property
    def count(self) -> int:
        """The number of different values, or its estimate."""
        if not self._full:
            return len(self._hashes)
        return round((self.bound - 1) / ((float(self._hashes[-1]) + 1.0) / _TWO_64))

    def _add(self, hashes: Hashes) -> None:
        if self._full:
            hashes = hashes[hashes < self._hashes[-1]]
        if len(hashes) == 0:
            return
        kept = np.concatenate((self._hashes, hashes))
        kept.sort()
        first = np.empty(len(kept), dtype=np.bool_)
        first[0] = True
        np.not_equal(kept[1:], kept[:-1], out=first[1:])
        kept = kept[first]
        if len(kept) > self.bound:
            self._full = True
        self._hashes = kept[: self.bound].copy()


def hash_texts(values: pl.Series) -> Hashes:
    """A 64-bit hash of each text (no nulls), all at once: eight bytes of every text at a time.

    It depends on the bytes alone, so stored states stay mergeable whatever the versions of libraries.
    """
    lengths = values.str.len_bytes().to_numpy().astype(np.int64)
    data = values.str.join("").item().encode() + bytes(_WORD)
    # Every position of the bytes as the beginning of a little-endian word, without a copy.
    words: Hashes = np.ndarray(len(data) - _WORD + 1, dtype="<u8", buffer=data, strides=(1,))
    begins = np.cumsum(lengths) - lengths
    hashes = lengths.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x2545F4914F6CDD1D)
    rows = np.arange(len(lengths))
    position = 0
    while len(rows := rows[lengths[rows] > position]):
        left = np.minimum(lengths[rows] - position, _WORD)
        word = words[begins[rows] + position] & _MASKS[left]
        # A word is mixed before it meets the others, so that no two texts cancel out.
        word *= np.uint64(0x87C37B91114253D5)
        word ^= word >> np.uint64(31)
        word *= np.uint64(0x4CF5AD432745937F)
        mixed = (hashes[rows] ^ word) * np.uint64(0x5851F42D4C957F2D) + np.uint64(0x14057B7EF767814F)
        hashes[rows] = mixed ^ (mixed >> np.uint64(29))
        position += _WORD
    final = np.empty_like(hashes)
    for begin in range(0, len(hashes), _BLOCK):
        _mix(hashes[begin : begin + _BLOCK], final[begin : begin + _BLOCK])
    return final


def _mix(bits: Hashes, out: Hashes) -> None:
    """MurmurHash3's finaliser (Appleby 2011) into `out`: a bijection, so different numbers never collide."""
    shifted = _scratch.shifted[: len(bits)]
    np.right_shift(bits, np.uint64(33), out=shifted)
    np.bitwise_xor(bits, shifted, out=out)
    np.multiply(out, np.uint64(0xFF51AFD7ED558CCD), out=out)
    np.right_shift(out, np.uint64(33), out=shifted)
    np.bitwise_xor(out, shifted, out=out)
    np.multiply(out, np.uint64(0xC4CEB9FE1A85EC53), out=out)
    np.right_shift(out, np.uint64(33), out=shifted)
    np.bitwise_xor(out, shifted, out=out)
