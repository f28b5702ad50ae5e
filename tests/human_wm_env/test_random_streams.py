from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import (
    FOR_LATENTS,
    FOR_NOISE,
    FOR_START,
    Stream,
    draw_noise,
    generator,
    generators,
)


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1, 2**32, 2**40 + 7])
@pytest.mark.parametrize("slots", [range(3), range(124_870, 124_875)])
def test_every_slot_draws_what_its_own_generator_draws(seed: int, slots: range) -> None:
    drawn = 0
    keys = [(seed, slot, 3) for slot in slots]
    for key, shared in zip(keys, generators(keys, FOR_NOISE), strict=True):
        own = generator(key, FOR_NOISE)
        for _ in range(2):
            np.testing.assert_array_equal(
                shared.standard_normal(7, dtype=np.float32),
                own.standard_normal(7, dtype=np.float32),
            )
            # An odd number leaves half a word behind, which the next slot must not see.
            np.testing.assert_array_equal(
                shared.random(5, dtype=np.float32), own.random(5, dtype=np.float32)
            )
        drawn += 1
    assert drawn == len(slots)


def test_negative_seeds_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="a seed >= 0; received -1"):
        generator((-1, 0, 0), FOR_NOISE)
    with pytest.raises(ConfigError, match="a seed >= 0; received -1"):
        next(generators([(4, 0, 0), (-1, 1, 0)], FOR_NOISE))


def test_no_slots_draw_nothing() -> None:
    assert list(generators([], FOR_NOISE)) == []


def test_uses_of_a_stream_are_kept_apart_and_stay_what_they_are() -> None:
    """A saved seed replays: the entropy is seed, slot and episode, then 0, 1 or 2 by use."""
    for number, use in enumerate((FOR_LATENTS, FOR_NOISE, FOR_START)):
        own = np.random.default_rng(np.random.SeedSequence([7, 3, 5, number]))
        assert generator((7, 3, 5), use).random() == own.random()


def test_noise_of_episodes_is_each_slots_own() -> None:
    streams = [Stream((4, 0, 0), (4, slot, 0)) for slot in range(3)]
    normal, uniform = draw_noise(streams, 5, 2, 4)
    assert normal.shape == (3, 5, 2) and uniform.shape == (3, 5, 4)
    for slot in range(3):
        own = generator((4, slot, 0), FOR_NOISE)
        drawn = own.standard_normal((2, 5), dtype=np.float32), own.random((4, 5), dtype=np.float32)
        assert sorted(normal[slot].ravel()) == sorted(drawn[0].ravel())
        assert sorted(uniform[slot].ravel()) == sorted(drawn[1].ravel())
    assert uniform.min() >= 0.0 and uniform.max() < 1.0
