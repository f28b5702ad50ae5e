"""`worlds.world.generator` of many slots, without building so many generators.

To seed a generator takes 12 us, twice as long as to draw a month of noise. The hash of
`numpy.random.SeedSequence` is fixed for good, so it is worked out here for all slots at once,
and one PCG64 is set to each state in turn.

Source: O'Neill 2015, "Developing a seed_seq alternative"; O'Neill 2014, PCG.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from human_wm_env.worlds.world import generator

_WORD = 2**32
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_HALF = np.uint32(16)
_POOL, _SEED_WORDS = 4, 8
_PCG_MULTIPLIER = (2549297995355413924 << 64) + 4865540595714422341
_PCG_MASK = 2**128 - 1


def generators(keys: Sequence[tuple[int, int, int]], use: int) -> Iterator[np.random.Generator]:
    """Yield `generator(key, use)` of each key, one after the other.

    What is yielded is used up when the next one is asked for.
    """
    if not keys:
        return
    if max(map(max, keys)) >= _WORD:  # would take more words
        yield from (generator(key, use) for key in keys)
        return
    words = [*np.array(keys, dtype=np.uint32).T, np.full(len(keys), use, dtype=np.uint32)]
    bits = np.random.PCG64(0)
    shared = np.random.Generator(bits)
    for high, low, high_step, low_step in _seeds(words).tolist():
        step = (((high_step << 64) + low_step) << 1 | 1) & _PCG_MASK
        state = ((step + (high << 64) + low) * _PCG_MULTIPLIER + step) & _PCG_MASK
        bits.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": step},
            "has_uint32": 0,
            "uinteger": 0,
        }
        yield shared


def _seeds(words: list[np.ndarray]) -> np.ndarray:
    """Return `SeedSequence(words).generate_state(4, np.uint64)` of each slot, (slots, 4).

    Args:
        words: four arrays uint32 (slots,).
    """
    hashed = _Hash(_INIT_A, _MULT_A)
    pool: list[Any] = [hashed(word) for word in words]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                mixed = _MIX_LEFT * pool[target] - _MIX_RIGHT * hashed(pool[source])
                pool[target] = mixed ^ (mixed >> _HALF)
    hashed = _Hash(_INIT_B, _MULT_B)
    drawn = [hashed(pool[word % _POOL]) for word in range(_SEED_WORDS)]
    return np.stack(drawn, axis=1).astype("<u4").view("<u8")


class _Hash:
    """The multiplicative hash, whose constant changes with each use."""

    def __init__(self, first: int, multiplier: int) -> None:
        self._constant, self._multiplier = first, multiplier

    def __call__(self, words: np.ndarray) -> np.ndarray:
        before = np.uint32(self._constant)
        self._constant = self._constant * self._multiplier % _WORD
        mixed = (words ^ before) * np.uint32(self._constant)
        return np.asarray(mixed ^ (mixed >> _HALF))
