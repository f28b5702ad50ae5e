from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.random_streams import FOR_NOISE, generator, generators


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


def test_no_slots_draw_nothing() -> None:
    assert list(generators([], FOR_NOISE)) == []
