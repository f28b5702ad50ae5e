from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.errors import DataError
from human_wm_env.person import actions, rewards, schema
from human_wm_env.person.history import History
from human_wm_env.person.rewards import Baseline, baseline_of, components, foresight

RUNNING = 6


def typical(days: int) -> np.ndarray:
    rows = np.zeros((days, 10), dtype=np.float32)
    for index in schema.CONTINUOUS_FEATURES:
        rows[:, index] = schema.continuous(index).centre
    return rows


def history(rows: np.ndarray, observed: np.ndarray | None = None) -> History:
    everything = np.ones(rows.shape, dtype=bool)
    return History.from_arrays(rows, everything if observed is None else observed)


def reward(day: np.ndarray, rows: np.ndarray) -> dict[str, float]:
    values = components(day[None], baseline_of(history(rows)))[0]
    return dict(zip(rewards.COMPONENTS, values.tolist(), strict=True))


def test_a_day_like_every_other() -> None:
    rows = typical(20)
    assert reward(rows[0], rows) == {"mood": 1.0, "recovery": 0.5, "sleep": 1.0, "effort": 1.0}


@pytest.mark.parametrize(("mood", "value"), [(0, 1.0), (1, 0.6), (2, 0.3), (3, 0.0)])
def test_mood(mood: int, value: float) -> None:
    day = typical(1)[0]
    day[schema.MOOD] = mood
    assert reward(day, typical(20))["mood"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("heart_rate", "value"), [(78, 0.5), (73, 0.75), (68, 1), (50, 1), (86, 0.1), (88, 0), (99, 0)]
)
def test_recovery(heart_rate: float, value: float) -> None:
    day = typical(1)[0]
    day[schema.HEART_RATE] = heart_rate
    assert reward(day, typical(20))["recovery"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("hours", "value"), [(7, 1), (8, 1), (9, 1), (6, 0.75), (11, 0.5), (3, 0), (2, 0), (13.5, 0)]
)
def test_sleep(hours: float, value: float) -> None:
    day = typical(1)[0]
    day[schema.SLEEP] = hours
    assert reward(day, typical(20))["sleep"] == pytest.approx(value)


def test_effort_of_more_steps() -> None:
    day = typical(1)[0]
    day[schema.STEPS] += 5000  # one scale, half of full effort: 0.25 of one of 7 features
    assert reward(day, typical(20))["effort"] == pytest.approx(1 - 0.25 / 7)


def test_effort_of_another_workout() -> None:
    day = typical(1)[0]
    day[schema.WORKOUT] = RUNNING  # never done before: the whole of one of 7 features
    assert reward(day, typical(20))["effort"] == pytest.approx(1 - 1 / 7)
    rows = typical(20)
    rows[:10, schema.WORKOUT] = RUNNING  # done half of the time: (.5² + .5²) / 2
    assert reward(day, rows)["effort"] == pytest.approx(1 - 0.25 / 7)


def test_effort_does_not_depend_on_states_or_weather() -> None:
    day = typical(1)[0]
    day[schema.HEART_RATE], day[schema.WEATHER], day[schema.MOOD] = 120, 3, 2
    assert reward(day, typical(20))["effort"] == 1.0


def test_the_baseline_by_hand() -> None:
    rows, observed = typical(4), np.ones((4, 10), dtype=bool)
    rows[:, schema.HEART_RATE] = [60, 70, 80, 200]
    rows[:, schema.STEPS] = [3000, 8000, 13000, 45000]
    rows[:, schema.LOCATION] = [1, 1, 4, 0]
    observed[3] = False
    baseline = baseline_of(history(rows, observed))
    assert baseline.heart_rate.tolist() == [70.0]
    habit = baseline.habit[0]
    assert habit[schema.ROW_SLICES[schema.STEPS]].tolist() == [0.0]
    share = habit[schema.ROW_SLICES[schema.LOCATION]]
    np.testing.assert_allclose(share, [0, 2 / 3, 0, 0, 1 / 3], rtol=1e-6)


def test_what_was_never_observed_is_typical() -> None:
    rows, observed = typical(15), np.zeros((15, 10), dtype=bool)
    observed[:, schema.SLEEP] = True
    baseline = baseline_of(history(rows + 2, observed))
    assert baseline.heart_rate.tolist() == [78.0]
    assert baseline.habit[0, schema.ROW_SLICES[schema.STEPS]].tolist() == [0.0]
    shares = baseline.habit[0, schema.ROW_SLICES[schema.WORKOUT]]
    np.testing.assert_allclose(shares, np.full(7, 1 / 7), rtol=1e-6)


@given(hidden=hnp.arrays(np.float32, (20, 10), elements=st.floats(-1e6, 1e6, width=32)))
def test_the_baseline_ignores_masked_cells(hidden: np.ndarray) -> None:
    observed = np.random.default_rng(0).random((20, 10)) < 0.5
    rows = typical(20)
    one = baseline_of(history(rows, observed))
    other = baseline_of(history(np.where(observed, rows, hidden), observed))
    np.testing.assert_array_equal(one.habit, other.habit)
    np.testing.assert_array_equal(one.heart_rate, other.heart_rate)


@given(
    action=hnp.arrays(np.float32, (4, 7), elements=st.floats(-1, 1, width=32)),
    heart_rate=hnp.arrays(np.float32, 4, elements=st.floats(40, 160, width=32)),
    mood=hnp.arrays(np.int64, 4, elements=st.integers(0, 3)),
    habit=hnp.arrays(np.float32, 4, elements=st.floats(40, 160, width=32)),
)
def test_components_are_shares(
    action: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray, habit: np.ndarray
) -> None:
    rows = actions.decode(action)
    rows[:, schema.HEART_RATE], rows[:, schema.MOOD] = heart_rate, mood
    baseline = Baseline(habit, np.zeros((4, schema.ROW_WIDTH), dtype=np.float32))
    values = components(rows, baseline)
    assert values.shape == (4, 4) and values.dtype == np.float32
    assert ((values >= 0) & (values <= 1)).all()


def test_the_default_weights() -> None:
    assert rewards.DEFAULT_WEIGHTS == {"mood": 0.4, "recovery": 0.3, "sleep": 0.1, "effort": 0.2}


def test_foresight_by_hand() -> None:
    logged = np.concatenate([typical(3)] * 1)
    foreseen = logged.copy()
    observed = np.zeros((3, 10), dtype=bool)
    # Steps half a scale off (0.75), the workout right (1): 0.875.
    observed[0, [schema.STEPS, schema.WORKOUT]] = True
    foreseen[0, schema.STEPS] += 2500
    # Sleep three scales off (0), the location wrong (0), minutes right (1): a third.
    observed[1, [schema.SLEEP, schema.LOCATION, schema.MINUTES]] = True
    foreseen[1, schema.SLEEP] += 4.5
    foreseen[1, schema.LOCATION] = 3
    # Only states and weather were logged: nothing to foresee.
    observed[2, [schema.HEART_RATE, schema.MOOD, schema.WEATHER]] = True
    score = foresight(foreseen, logged, observed)
    assert score.shape == (3, 1) and score.dtype == np.float32
    np.testing.assert_allclose(score[:, 0], [0.875, 1 / 3, 0.0], rtol=1e-6)


@given(hidden=hnp.arrays(np.float32, (5, 10), elements=st.floats(-1e6, 1e6, width=32)))
def test_foresight_ignores_masked_cells(hidden: np.ndarray) -> None:
    observed = np.random.default_rng(1).random((5, 10)) < 0.5
    foreseen, logged = typical(5) + 1, typical(5)
    one = foresight(foreseen, logged, observed)
    other = foresight(foreseen, np.where(observed, logged, hidden), observed)
    np.testing.assert_array_equal(one, other)


def test_a_baseline_is_of_one_person_or_of_every_slot() -> None:
    rows = np.zeros((5, 10), dtype=np.float32)
    rows[:, 4], rows[:, 5] = np.arange(4, 9), np.arange(60, 65)
    one = Baseline(np.array([62.0], np.float32), np.full((1, 26), 0.1, np.float32))
    each = Baseline(np.full(5, 62.0, np.float32), np.full((5, 26), 0.1, np.float32))
    np.testing.assert_array_equal(components(rows, one), components(rows, each))
    two = Baseline(np.full(2, 62.0, np.float32), np.full((2, 26), 0.1, np.float32))
    with pytest.raises(DataError, match="one of 2"):
        components(rows, two)


@pytest.mark.parametrize("label", [-1, 9, 50_000_000])
def test_an_unknown_category_is_refused(label: int) -> None:
    rows = typical(3)
    rows[1, schema.WORKOUT] = label
    history = History(rows, np.ones((3, 10), dtype=bool), np.arange(3))
    with pytest.raises(DataError, match="categories"):
        baseline_of(history)
