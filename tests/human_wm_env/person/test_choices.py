from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.person.choices import choose, sigmoid


def test_a_choice_inverts_the_cumulative_distribution() -> None:
    logits = np.log(np.array([[0.2, 0.5, 0.3]] * 6))
    uniform = np.array([0.0, 0.19, 0.21, 0.69, 0.71, 0.999])
    assert choose(logits, uniform).tolist() == [0, 0, 1, 1, 2, 2]


def test_shares_are_the_probabilities() -> None:
    logits = np.tile(np.log([0.2, 0.5, 0.3]) + 7.0, (1000, 1))
    drawn = choose(logits, (np.arange(1000) + 0.5) / 1000)
    assert np.bincount(drawn).tolist() == [200, 500, 300]


def test_what_is_impossible_is_never_chosen() -> None:
    logits = np.array([[-np.inf, 0.0, -np.inf]] * 2)
    assert choose(logits, np.array([0.0, 0.9999999])).tolist() == [1, 1]


@given(
    logits=hnp.arrays(np.float64, (5, 4), elements=st.floats(-800, 800)),
    uniform=hnp.arrays(np.float64, 5, elements=st.floats(0, 1, exclude_max=True)),
)
def test_a_choice_is_a_category_and_a_batch_is_its_members(
    logits: np.ndarray, uniform: np.ndarray
) -> None:
    together = choose(logits, uniform)
    assert ((together >= 0) & (together < 4)).all()
    alone = [choose(logits[i : i + 1], uniform[i : i + 1])[0] for i in range(5)]
    assert together.tolist() == alone


def test_sigmoid_by_hand_and_without_overflow() -> None:
    found = sigmoid(np.array([0.0, np.log(3.0), -1e4, 1e4]))
    np.testing.assert_allclose(found, [0.5, 0.75, 0.0, 1.0])
