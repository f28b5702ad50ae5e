"""From outputs to actions, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from agents.action_layout import PERSON_ACTIONS
from agents.actor.hybrid_head import HybridHead
from human_wm_env.errors import ConfigError

PEOPLE = HybridHead(PERSON_ACTIONS.space, dict(PERSON_ACTIONS.picks))


def test_amounts_come_first_then_the_logits_of_each_category() -> None:
    assert (PEOPLE.amounts, PEOPLE.categories, PEOPLE.outputs) == (5, (7, 5), 17)
    assert PEOPLE.logits == [slice(5, 12), slice(12, 17)]


def test_a_day_by_hand() -> None:
    outputs = np.zeros((1, 17), dtype=np.float32)
    outputs[0, :5] = [0.5, -0.5, 100.0, -100.0, 0.0]
    outputs[0, 5 + 6] = 1.0  # the last workout of seven
    outputs[0, 12 + 1] = 1.0  # the second place of five
    sleep, workout, location, steps, calories, distance, minutes = PEOPLE.act(outputs)[0]
    np.testing.assert_allclose([sleep, steps], np.tanh([0.5, -0.5]), atol=1e-6)
    assert (calories, distance, minutes) == (1.0, -1.0, 0.0)
    np.testing.assert_allclose([workout, location], [6.5 * 2 / 7 - 1, 1.5 * 2 / 5 - 1], atol=1e-6)


def test_a_box_of_other_bounds_and_discrete_actions() -> None:
    box = HybridHead(spaces.Box(*np.array([[0.0, -4.0], [2.0, 4.0]], dtype=np.float32)))
    np.testing.assert_allclose(box.act(np.array([[0.0, 100.0]])), [[1.0, 4.0]], atol=1e-6)
    discrete = HybridHead(spaces.Discrete(3, start=5))
    assert (discrete.amounts, discrete.outputs, discrete.logits) == (0, 3, [slice(0, 3)])
    np.testing.assert_array_equal(discrete.act(np.array([[0.0, 2.0, 1.0]])), [6])


@pytest.mark.parametrize("space", [spaces.MultiDiscrete([2, 3]), spaces.Box(-np.inf, np.inf, (2,))])
def test_other_spaces_are_refused(space: spaces.Space) -> None:
    with pytest.raises(ConfigError, match="RescaleAction"):
        HybridHead(space)


def test_parts_are_what_actions_are_made_of() -> None:
    rng = np.random.default_rng(3)
    head = HybridHead(spaces.Box(-2.0, 3.0, (4,), np.float32), {1: 7, 3: 5})
    outputs = rng.standard_normal((50, head.outputs)).astype(np.float32)
    amounts, picks = head.parts(head.act(outputs))
    np.testing.assert_allclose(amounts, np.tanh(outputs[:, :2]), atol=1e-5)
    for picked, part in zip(picks, head.logits, strict=True):
        np.testing.assert_array_equal(picked, outputs[:, part].argmax(axis=1))
    choice = HybridHead(spaces.Discrete(4, start=2))
    outputs = rng.standard_normal((50, 4)).astype(np.float32)
    amounts, (picked,) = choice.parts(choice.act(outputs))
    assert amounts.shape == (50, 0)
    np.testing.assert_array_equal(picked, outputs.argmax(axis=1))
