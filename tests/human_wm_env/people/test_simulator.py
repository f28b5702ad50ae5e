from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.people import habits, missingness, physiology, simulator
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.missingness import LoggingTraits
from human_wm_env.people.physiology import Body
from human_wm_env.people.simulator import Losses, People
from human_wm_env.people.traits import TRAITS
from human_wm_env.person import feasible, schema

USERS = 12


def noise(users: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return (
        rng.standard_normal((users, habits.NORMALS), dtype=np.float32),
        rng.random((users, 20), dtype=np.float32),
    )


def habitual(people: EmbeddedPeople, users: np.ndarray) -> np.ndarray:
    normal, uniform = noise(USERS)
    days = np.full(len(users), 40)
    return simulator.habitual_day(
        people.people_at(users),
        people.body_at(users, days),
        people.true_rows[users, 39],
        people.dataset.weekday[users, 40],
        people.true_rows[users, 40, schema.WEATHER].astype(int),
        normal[users],
        uniform[users, : habits.UNIFORMS],
    )


def live(people: EmbeddedPeople, users: np.ndarray) -> tuple[np.ndarray, Body]:
    normal, uniform = noise(USERS)
    return simulator.live_day(
        people.people_at(users),
        people.body_at(users, np.full(len(users), 40)),
        people.true_rows[users, 39],
        people.true_rows[users, 40],
        people.dataset.weekday[users, 40],
        1.0,
        normal[users, :1],
        uniform[users, -1:],
    )


def lose(people: EmbeddedPeople, users: np.ndarray) -> tuple[np.ndarray, Losses]:
    _, uniform = noise(USERS)
    return simulator.lose_cells(
        people.people_at(users),
        people.losses_before(users, np.full(len(users), 40)),
        people.true_rows[users, 40],
        uniform[users, : missingness.UNIFORMS],
    )


def test_a_batch_equals_its_members_alone(small: EmbeddedPeople) -> None:
    together = np.arange(USERS)
    planned, (row, body), (seen, losses) = (
        function(small, together) for function in (habitual, live, lose)
    )
    for user in range(USERS):
        alone = np.array([user])
        np.testing.assert_allclose(habitual(small, alone)[0], planned[user], rtol=1e-5)
        one_row, one_body = live(small, alone)
        np.testing.assert_allclose(one_row[0], row[user], rtol=1e-5)
        np.testing.assert_allclose(one_body.fatigue[0], body.fatigue[user], rtol=1e-5)
        one_seen, one_losses = lose(small, alone)
        np.testing.assert_array_equal(one_seen[0], seen[user])
        assert one_losses.day_lost[0] == losses.day_lost[user]


def test_habits_are_feasible_days(small: EmbeddedPeople) -> None:
    planned = habitual(small, np.arange(USERS))
    np.testing.assert_array_equal(feasible.project(planned), planned)
    assert not planned[:, list(schema.STATE_FEATURES)].any()
    np.testing.assert_array_equal(
        planned[:, schema.WEATHER], small.true_rows[:, 40, schema.WEATHER]
    )


def test_a_lived_day_keeps_actions_and_fills_states_in(small: EmbeddedPeople) -> None:
    users = np.arange(USERS)
    row, body = live(small, users)
    kept = [*schema.ACTION_FEATURES, *schema.CONTEXT_FEATURES]
    np.testing.assert_array_equal(row[:, kept], small.true_rows[:, 40, kept])
    normal, _ = noise(USERS)
    before = small.body_at(users, np.full(USERS, 40))
    residual = 0.25 * before.heart_rate_residual + 4.2 * normal[:, 0]
    mean = physiology.mean_heart_rate(small.people.traits, before, row, 1.0)
    np.testing.assert_allclose(row[:, schema.HEART_RATE], mean + residual, rtol=1e-5)
    np.testing.assert_allclose(body.heart_rate_residual, residual, rtol=1e-5)
    assert np.isin(row[:, schema.MOOD], range(4)).all()


def test_weekends() -> None:
    found = schema.is_weekend(np.array([-1, 0, 4, 5, 6]))
    assert found.tolist() == [False, False, False, True, True]


def habit_of_many(**changes: np.ndarray) -> np.ndarray:
    """Days of 4000 average people with independent noise."""
    users = 4000
    rng = np.random.default_rng(0)
    average = np.array([[trait.mean for trait in TRAITS]], dtype=np.float32)
    level = np.full(users, physiology.LOAD_CENTRE, dtype=np.float32)
    nothing = np.zeros(users, dtype=np.float32)
    before = np.zeros((users, 10), dtype=np.float32)
    before[:, schema.STEPS], before[:, schema.MOOD] = 7000, 1
    given = {
        "traits": np.repeat(average, users, axis=0),
        "body": Body(level, level, nothing, nothing),
        "row_before": before,
        "weekend": np.zeros(users, dtype=bool),
        "weather": np.zeros(users, dtype=int),
        "normal": rng.standard_normal((users, habits.NORMALS), dtype=np.float32),
        "uniform": rng.random((users, habits.UNIFORMS), dtype=np.float32),
    }
    return habits.habitual_day(**(given | changes))


def test_unusual_days_and_days_off_occur_as_often_as_said() -> None:
    uniform = np.full((4000, habits.UNIFORMS), 0.5, dtype=np.float32)
    uniform[:, 0] = (np.arange(4000) + 0.5) / 4000
    rows = habit_of_many(uniform=uniform, normal=np.zeros((4000, habits.NORMALS), np.float32))
    usual = rows[-1]
    assert (rows[320:] == usual).all()  # the last 92%
    off, unusual = rows[:120], rows[120:320]
    assert (off[:, schema.STEPS] < 0.2 * usual[schema.STEPS]).all()
    np.testing.assert_allclose(off[:, schema.SLEEP], usual[schema.SLEEP] + 1.5, rtol=1e-6)
    assert (off[:, schema.WORKOUT] == 0).all() and (off[:, schema.LOCATION] == 0).all()
    assert (unusual[:, schema.SLEEP] == 7.0).all()  # the middle of the action space


def test_the_weather_keeps_people_in() -> None:
    rain = habit_of_many(weather=np.full(4000, 2))
    clear = habit_of_many()
    assert rain[:, schema.STEPS].mean() < 0.95 * clear[:, schema.STEPS].mean()
    park = schema.categories(schema.LOCATION).index("Park")
    assert (rain[:, schema.LOCATION] == park).mean() < (clear[:, schema.LOCATION] == park).mean()


def test_debt_is_slept_off() -> None:
    level = np.full(4000, physiology.LOAD_CENTRE, dtype=np.float32)
    tired = Body(level, level, np.full(4000, 2.0, np.float32), level * 0)
    longer = habit_of_many(body=tired)[:, schema.SLEEP].mean()
    assert longer - habit_of_many()[:, schema.SLEEP].mean() == pytest.approx(0.5, abs=0.06)


def test_logging_traits_are_shares() -> None:
    drawn = missingness.draw_logging_traits(500, np.random.default_rng(0))
    assert drawn.day_loss.shape == (500,) and drawn.feature_loss.shape == (500, 10)
    for share in (drawn.day_loss, drawn.feature_loss):
        assert share.min() > 0.0 and share.max() < 1.0
    assert People(np.zeros((1, 12)), drawn).logging is drawn


@pytest.mark.parametrize(
    ("was_lost", "mood", "chance"),
    [
        (True, 0, 2 / 3),  # gaps last three days on average, whatever the mood
        (True, 3, 2 / 3),
        (False, 0, 0.25 / 3 / 1.5),  # odds of .2 to .8, over three days, less when well
        (False, 1, 0.25 / 3 / 1.5),  # Neutral is well
        (False, 2, 0.25 / 3 * 1.5),  # Tired is not
        (False, 3, 0.25 / 3 * 1.5),
    ],
)
def test_days_are_lost_with_the_chance_by_hand(was_lost: bool, mood: int, chance: float) -> None:
    n = 10000
    traits = LoggingTraits(np.full(n, 0.2), np.full((n, 10), 0.5))
    uniform = np.tile(((np.arange(n) + 0.5) / n)[:, None], (1, missingness.UNIFORMS))
    day, features = missingness.next_losses(
        traits, np.full(n, was_lost), np.full((n, 10), was_lost), np.full(n, mood), uniform
    )
    assert day.mean() == pytest.approx(chance, abs=2e-4)
    stays, opens = 0.75, 1.0 / 4 * (1.5 if mood >= 2 else 1 / 1.5)
    assert features.mean() == pytest.approx(stays if was_lost else opens, abs=2e-4)


def test_a_cell_is_observed_where_neither_day_nor_feature_was_lost() -> None:
    features = np.zeros((2, 10), dtype=bool)
    features[:, 4] = True
    seen = missingness.observed_cells(np.array([False, True]), features)
    assert seen[0].tolist() == [True] * 4 + [False] + [True] * 5
    assert not seen[1].any()
