from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from human_wm_env.people import physiology
from human_wm_env.people.physiology import (
    Body,
    mean_heart_rate,
    mood_logits,
    move_average,
    training_load,
    wake_up,
)
from human_wm_env.people.traits import TRAIT_INDEX, TRAITS
from human_wm_env.person import schema

RUNNING, PARK, RAIN, TIRED = 6, 4, 2, 2


def body(fitness: float = 5.5, fatigue: float = 5.5, debt: float = 0.0) -> Body:
    return Body(*(np.array([x], dtype=np.float32) for x in (fitness, fatigue, debt, 0.0)))


def traits(**values: float) -> np.ndarray:
    array = np.zeros((1, len(TRAITS)), dtype=np.float32)
    for name, value in values.items():
        array[0, TRAIT_INDEX[name]] = value
    return array


def day(**values: float) -> np.ndarray:
    rows = np.zeros((1, 10), dtype=np.float32)
    rows[0, schema.SLEEP] = 7.5
    for name, value in values.items():
        rows[0, schema.INDEX[name]] = value
    return rows


def test_training_load_by_hand() -> None:
    # 10000 steps: 3.0; 150 minutes: 1.0; a run: 5.4.
    load = training_load(day(steps=10000, active_minutes=150, workout_type=RUNNING))
    np.testing.assert_allclose(load, [9.4], rtol=1e-6)


@given(
    start=st.floats(-5, 20),
    value=st.floats(-5, 20),
    tau=st.sampled_from([3.0, 7.0, 42.0]),
    days=st.integers(1, 100),
)
def test_the_average_follows_its_closed_form(
    start: float, value: float, tau: float, days: int
) -> None:
    average = np.array([start], dtype=np.float64)
    for _ in range(days):
        average = move_average(average, np.array([value]), tau_days=tau)
    closed = value + (start - value) * np.exp(-days / tau)
    np.testing.assert_allclose(average, [closed], atol=1e-4)


def test_the_average_answers_to_an_impulse_as_banister_says() -> None:
    average, response = np.zeros(1), []
    for today in [1.0, 0.0, 0.0, 0.0]:
        average = move_average(average, np.array([today]), tau_days=7.0)
        response.append(average[0])
    kernel = (1 - np.exp(-1 / 7)) * np.exp(-np.arange(4) / 7)
    np.testing.assert_allclose(response, kernel, rtol=1e-5)


def test_heart_rate_by_hand() -> None:
    person = traits(heart_rate_rest_bpm=70, exercise_heart_rate_bpm=2, fatigue_heart_rate_bpm=3)
    # Load 10.5 = 5.5 + 2 SD: +4. Fatigue 8 - fitness 5.5 = 1 SD: +3. One hour of debt: +1.2.
    today = day(steps=17000, workout_type=RUNNING)  # 5.1 + 5.4
    at = mean_heart_rate(person, body(5.5, 8.0, 1.0), today, 1.0)
    np.testing.assert_allclose(at, [70 + 4 + 3 + 1.2], rtol=1e-6)
    # Fitness 8 = 1 SD above the centre lowers it by 1.5; fatigue 8 is then no strain.
    fit = mean_heart_rate(person, body(8.0, 8.0, 0.0), today, 1.0)
    np.testing.assert_allclose(fit, [70 + 4 - 1.5], rtol=1e-6)
    half = mean_heart_rate(person, body(8.0, 8.0, 0.0), today, 0.5)
    np.testing.assert_allclose(half, [70 + 1.25], rtol=1e-6)


def logits(
    person: np.ndarray,
    today: np.ndarray,
    *,
    at: Body | None = None,
    weekend: bool = False,
    mood_before: int = 1,
    gain: float = 1.0,
) -> np.ndarray:
    moods = mood_logits(
        person, at or body(), today, np.array([weekend]), np.array([mood_before]), gain
    )
    return moods[0] - physiology.MOOD_INTERCEPT


STILL = {"steps": 5.5 / 0.0003}  # a load of 5.5, the centre, by steps alone
NEUTRAL = 0.8 * (0.6 - 0.55)  # yesterday was Neutral


def test_mood_at_rest_by_hand() -> None:
    valence = 0.3 + NEUTRAL
    by_hand = [valence, 0.0, 0.0, -valence]
    np.testing.assert_allclose(logits(traits(mood_rest=0.3), day(**STILL)), by_hand, atol=1e-5)


def test_mood_of_a_rainy_weekend_in_the_park_by_hand() -> None:
    person = traits(exercise_mood=1.0, short_sleep_mood=0.5)
    steps = (5.5 + 2.5 - 5.4) / 0.0003  # with the run one SD above the centre
    today = day(
        steps=steps,
        workout_type=RUNNING,
        location=PARK,
        weather_conditions=RAIN,
        sleep_hours=5.5,
    )
    valence = 1.5 * np.tanh(1 / 1.5) - 0.5 * 2.0 + 0.15 + 0.25 - 0.3 + 0.8 * (0.3 - 0.55)
    np.testing.assert_allclose(
        logits(person, today, weekend=True, mood_before=TIRED),
        [valence, 0.0, 0.0, -valence],
        atol=1e-5,
    )


def test_tiredness_by_hand() -> None:
    today = day(**STILL, sleep_hours=11.5)
    found = logits(traits(), today, at=body(5.5, 8.0, 0.5))
    # One SD of strain, half an hour of debt, two hours beyond 9.5.
    np.testing.assert_allclose(found[2], 0.8 + 0.6 * 0.5 + 0.5 * 2.0, rtol=1e-5)
    rested = logits(traits(), day(**STILL), at=body(8.0, 5.5, 0.0))
    assert rested[2] == pytest.approx(0.0)  # fitness above fatigue is no strain


@pytest.mark.parametrize(("hours", "missed"), [(7.5, 0), (6.5, 1), (2, 4), (12, -1)])
def test_missed_sleep_is_bounded(hours: float, missed: float) -> None:
    found = logits(traits(short_sleep_mood=1.0), day(**STILL, sleep_hours=hours))
    np.testing.assert_allclose(found[0], NEUTRAL - missed, atol=1e-5)


def test_without_response_gain_actions_have_no_effect() -> None:
    person = np.array([[trait.mean + trait.sd for trait in TRAITS]], dtype=np.float32)
    idle = day(steps=0, sleep_hours=3)
    busy = day(steps=30000, active_minutes=600, workout_type=RUNNING, location=PARK)
    worn = body(2.0, 9.0, 3.0)
    for at in (body(), worn):
        np.testing.assert_array_equal(
            logits(person, idle, gain=0.0), logits(person, busy, at=at, gain=0.0)
        )
        assert mean_heart_rate(person, at, busy, 0.0) == mean_heart_rate(person, body(), idle, 0.0)
    assert (logits(person, idle) != logits(person, busy)).any()
    assert mean_heart_rate(person, body(), busy, 1.0) > mean_heart_rate(person, body(), idle, 1.0)


def test_waking_up_by_hand() -> None:
    today = day(steps=10000, sleep_hours=5.5)  # load 3, two hours missed
    after = wake_up(body(5.0, 7.0, 1.0), today, np.array([2.5], dtype=np.float32))
    slow, fast, debt = np.exp([-1 / 42, -1 / 7, -1 / 3])
    np.testing.assert_allclose(after.fitness, [5 * slow + 3 * (1 - slow)], rtol=1e-5)
    np.testing.assert_allclose(after.fatigue, [7 * fast + 3 * (1 - fast)], rtol=1e-5)
    np.testing.assert_allclose(after.sleep_debt, [1 * debt + 2 * (1 - debt)], rtol=1e-5)
    assert after.heart_rate_residual.tolist() == [2.5]
