from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.runtime import gru

PEOPLE, DAYS, INPUTS, HIDDEN = 3, 40, 5, 4


@pytest.mark.parametrize("padding", [False, True])
def test_reading_equals_the_recurrence(padding: bool) -> None:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    weights = (draw(2, INPUTS, 3 * HIDDEN), draw(2, 3 * HIDDEN))
    weights += (draw(2, HIDDEN, 3 * HIDDEN), draw(2, HIDDEN))
    days = 3.0 * draw(PEOPLE, DAYS, INPUTS)
    lengths = np.array([DAYS, 17, 1]) if padding else np.full(PEOPLE, DAYS)
    valid = np.arange(DAYS) < lengths[:, None]
    states = gru.read(days, *weights, valid)
    wanted = gru.Recurrence(days, *weights, valid).forward()
    np.testing.assert_allclose(states, wanted, atol=1e-5)
    # Nobody influences anybody.
    alone = [gru.read(days[[i]], *weights, valid[[i]])[0] for i in range(PEOPLE)]
    np.testing.assert_allclose(alone, states, atol=1e-6)


@pytest.mark.parametrize("ways", [1, 2])
def test_derivatives_are_those_of_small_differences(
    ways: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks of three days, the last one short."""
    monkeypatch.setattr(gru, "BLOCK_DAYS", 3)
    rng = np.random.default_rng(1)

    def draw(*shape: int) -> np.ndarray:
        return (0.5 * rng.standard_normal(shape)).astype(np.float32)

    given = [draw(2, 7, INPUTS), draw(ways, INPUTS, 3 * HIDDEN), draw(ways, 3 * HIDDEN)]
    given += [draw(ways, HIDDEN, 3 * HIDDEN), draw(ways, HIDDEN)]
    pull = draw(2, 7, ways * HIDDEN)
    recurrence = gru.Recurrence(*given)
    recurrence.forward()
    found = recurrence.backward(pull)
    for place, array in enumerate(given):
        step = draw(*array.shape)
        up, down = (
            [*given[:place], array + sign * step / 50, *given[place + 1 :]] for sign in (1, -1)
        )
        moved = gru.Recurrence(*up).forward() - gru.Recurrence(*down).forward()
        expected = 25.0 * float((moved.astype(np.float64) * pull).sum())
        assert float((found[place] * step).sum()) == pytest.approx(expected, rel=0.02, abs=0.02)
