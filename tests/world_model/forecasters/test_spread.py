from __future__ import annotations

import numpy as np
import pytest

from tests.world_model.forecasters.clue_rows import clues_and_target, steps_logs
from world_model.forecasters.spread import Spread


def test_people_have_spreads_of_their_own() -> None:
    rng = np.random.default_rng(0)
    sd = np.repeat([0.1, 0.4], 10)
    clues, target = clues_and_target(steps_logs(sd[:, None] * rng.normal(size=(20, 100))), 60)
    spread = Spread.of(target, clues, np.zeros(1))
    drawn = spread.draw(clues, 200, rng)
    calm, lively = np.split(drawn, 2)
    assert calm.std() == pytest.approx(0.1, rel=0.15)
    assert lively.std() == pytest.approx(0.4, rel=0.15)


def test_equal_people_share_one_spread() -> None:
    rng = np.random.default_rng(1)
    clues, target = clues_and_target(steps_logs(0.3 * rng.normal(size=(20, 60))))
    spread = Spread.of(target, clues, np.zeros(1))
    assert spread.pseudo_days >= 100.0
    assert spread.of_people(clues).std() < 0.02


def test_a_value_that_never_changes_has_hardly_any_spread() -> None:
    clues, target = clues_and_target(steps_logs(np.full((3, 40), 0.2)))
    drawn = Spread.of(target - 0.2, clues, np.full(1, 0.2)).draw(clues, 5, np.random.default_rng(0))
    assert np.abs(drawn).max() < 1e-3
