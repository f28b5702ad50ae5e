"""Where randomness comes from: streams by (seed, group or slot, episode), and their noise.

`generators` gives the generators of many slots without building so many. To seed one takes
12 us, twice as long as to draw a month of noise. The hash of `numpy.random.SeedSequence` is
fixed for good, so it is worked out here for all slots at once, and one PCG64 is set to each
state in turn.

Source: O'Neill 2015, "Developing a seed_seq alternative"; O'Neill 2014, PCG.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError

_WORD = 2**32
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_HALF = np.uint32(16)
_POOL, _SEED_WORDS = 4, 8
_PCG_MULTIPLIER = (2549297995355413924 << 64) + 4865540595714422341
_PCG_MASK = 2**128 - 1


@dataclass(frozen=True)
class Stream:
    """Where the randomness of one slot's episode comes from, as SeedSequence entropy.

    Attributes:
        latents: shared by the slots of a group: (seed, group, episode).
        noise: the slot's own: (seed, slot, episode).
    """

    latents: tuple[int, int, int]
    noise: tuple[int, int, int]


# Last word of the entropy: keeps the uses of one (seed, index, episode) apart.
FOR_LATENTS, FOR_NOISE, FOR_START, FOR_COMPLIANCE = range(4)


def generator(key: tuple[int, int, int], use: int) -> np.random.Generator:
    """Return the generator of one use of one stream."""
    words = (*key, use)
    _check_words(min(words))
    # Ready-made words are taken as they are; SeedSequence would cut up each number by itself.
    entropy = np.array(words, dtype=np.uint32) if max(words) < 2**32 else list(words)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def generators(keys: Sequence[tuple[int, int, int]], use: int) -> Iterator[np.random.Generator]:
    """Yield `generator(key, use)` of each key, one after the other; see the module.

    What is yielded is used up when the next one is asked for.
    """
    if not keys:
        return
    _check_words(min(map(min, keys)))
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


def _check_words(least: int) -> None:
    if least < 0:
        raise ConfigError("a seed >= 0", f"{least}", "Give a whole number from 0 on.")


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


def draw_noise(
    streams: Sequence[Stream], horizon: int, normals: int, uniforms: int, use: int = FOR_NOISE
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the noise of whole episodes.

    Args:
        streams: of the slots.
        horizon: days of an episode.
        normals: standard normal numbers of a day.
        uniforms: numbers in [0, 1) of a day.
        use: keeps it apart from what else a world draws from the same streams.

    Returns:
        float32 (slots, horizon, normals) and (slots, horizon, uniforms).
    """
    slots = len(streams)
    normal = np.empty((slots, horizon, normals), dtype=np.float32)
    uniform = np.empty((slots, horizon, uniforms), dtype=np.float32)
    for slot, rng in enumerate(generators([stream.noise for stream in streams], use)):
        rng.standard_normal(dtype=np.float32, out=normal[slot])
        rng.random(dtype=np.float32, out=uniform[slot])
    return _days_first(normal), _days_first(uniform)


def _days_first(noise: np.ndarray) -> np.ndarray:
    """Return the same (slots, days, k) with each day's noise in one piece, column by column."""
    return np.ascontiguousarray(noise.transpose(1, 2, 0)).transpose(2, 0, 1)
