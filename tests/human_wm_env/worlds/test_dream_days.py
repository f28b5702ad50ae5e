"""A dreamt day: masks, weather, adherence, uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import feasible, schema
from human_wm_env.person import missingness as masks
from human_wm_env.worlds.starts import PersonStart
from tests.human_wm_env.worlds.dreams import (
    HORIZON,
    START,
    actions,
    all_people,
    dream,
    live,
    streams,
)
from tests.world_model import tiny


def observed_of(masking: masks.Masking, slots: int = 125) -> np.ndarray:
    _, _, seen = live(dream(masking=masking), all_people()[:slots])
    return seen[:, 1:, 26:36] > 0.5


def test_masking_none_rate_and_person() -> None:
    assert observed_of("none").all()
    rate = 1.0 - observed_of(0.3).mean(axis=(0, 1))
    np.testing.assert_allclose(rate, 0.3, atol=0.07)
    logged = tiny.logs().history(START.user, START.day).observed
    person = observed_of("person").mean(axis=(0, 1))
    np.testing.assert_allclose(person, logged.mean(axis=0), atol=0.2)
    assert np.corrcoef(person, logged.mean(axis=0))[0, 1] > 0.8


def test_gaps_go_on_from_the_last_logged_day() -> None:
    logs = tiny.logs()
    observed = logs.observed.copy()
    observed[START.user, 20 : START.day] = False
    observed[START.user, 20 : START.day : 25, schema.STEPS] = True
    gone = tiny.with_rows(logs, logs.rows, observed)
    _, _, seen = live(dream(gone), all_people())
    # 48 of the last 50 days were lost; the next day most likely is, too.
    assert seen[:, 1, 26:36].mean() < 0.2 < observed_of("person")[:, 0].mean()


def test_what_is_masked_is_still_known_to_the_dream() -> None:
    """Masks hide days from the agent, not from the imagined person."""
    one, two = (live(dream(masking=m), all_people()[:10])[1] for m in ("none", 0.6))
    np.testing.assert_array_equal(one, two)


def test_logged_weather_is_used_where_it_was_observed() -> None:
    logs = tiny.logs()
    starts = [PersonStart(user, 112, 0) for user in range(12)] * 4
    _, rows, _ = live(dream(weather="log", horizon=HORIZON + 6), starts)
    users = np.array([start.user for start in starts])
    seen = logs.observed[users, 112 : 112 + HORIZON, schema.WEATHER]
    logged = logs.rows[users, 112 : 112 + HORIZON, schema.WEATHER]
    imagined = rows[..., schema.WEATHER]
    assert seen.any() and not seen.all()
    np.testing.assert_array_equal(imagined[seen], logged[seen])
    # Elsewhere it is drawn: four slots of one person differ.
    assert np.ptp(imagined.reshape(4, 12, -1), axis=0)[~seen[:12]].any()
    _, chained, _ = live(dream(weather="chain"), starts)
    assert (chained[..., schema.WEATHER][seen] != logged[seen]).any()


def test_after_unknown_weather_the_forecast_is_that_of_an_average_day() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    eve = (START.user, START.day - 1, schema.WEATHER)
    rows[eve], observed[eve] = 3.0, True  # snow
    table = tiny.checkpoint().weather_transitions
    for known, expected in ((True, table[3]), (False, table.mean(axis=0))):
        observed[eve] = known
        world = dream(tiny.with_rows(logs, rows, observed))
        state, _ = world.reset([START] * 1500, streams(1500))
        shares = np.bincount(state.forecast, minlength=4) / 1500
        np.testing.assert_allclose(shares, expected, atol=0.05)


def test_weather_goes_on_after_the_log_has_ended() -> None:
    _, rows, _ = live(dream(weather="log"), [PersonStart(0, 118, b) for b in range(30)])
    assert np.isin(rows[..., schema.WEATHER], range(4)).all()
    assert np.ptp(rows[:, 3:, schema.WEATHER]) > 0


def test_the_forecast_is_the_weather_of_the_day() -> None:
    _, rows, seen = live(dream(masking="none"), all_people()[:20])
    forecast = seen[:, :-1, 38:42]
    np.testing.assert_array_equal(forecast.argmax(axis=-1), rows[..., schema.WEATHER])


def test_without_adherence_actions_change_nothing() -> None:
    starts = all_people()[:20]
    one, two = (live(dream(adherence=0.0), starts, chosen=actions(20, seed)) for seed in (0, 1))
    np.testing.assert_array_equal(one[1], two[1])
    np.testing.assert_array_equal(one[2], two[2])
    np.testing.assert_allclose(
        feasible.project(one[1].reshape(-1, 10)), one[1].reshape(-1, 10), rtol=1e-5
    )


def test_adherence_is_the_share_of_followed_days() -> None:
    world = dream(adherence=0.7)
    _, rows, _ = live(world, all_people())
    _, obeyed, _ = live(dream(adherence=1.0), all_people())
    followed = (rows[..., schema.SLEEP] == obeyed[..., schema.SLEEP]).mean()
    assert followed == pytest.approx(0.7, abs=0.05)


def test_with_adherence_the_executed_action_is_the_agents() -> None:
    world = dream()
    state, _ = world.reset([START], streams(1))
    after = world.step(state, np.zeros((1, 7), dtype=np.float32))
    assert after.extras["action"][0, [0, 1, 2, 3, 6]].tolist() == [7, 3, 2, 7680, 240]


def test_uncertainty_is_the_ensembles_disagreement() -> None:
    world = dream()
    state, _ = world.reset(all_people(), streams(125))
    for action in actions(125):
        after = world.step(state, action)
        state = after.state
        uncertainty = after.extras["uncertainty"]
        assert uncertainty.shape == (125,) and (uncertainty > 0).all()
    alone = dream(architecture=tiny.MARKOV)
    state, _ = alone.reset(all_people(), streams(125))
    assert not alone.step(state, actions(125)[0]).extras["uncertainty"].any()


@pytest.mark.parametrize("weather", ["chain", "log"])
def test_surroundings_are_what_comes_whatever_is_done(weather: str) -> None:
    world = dream(masking="person", weather=weather)
    starts = all_people()[:8]
    state, _ = world.reset(starts, streams(len(starts)))
    coming, observed = world.surroundings(state, 5)
    for day in range(5):
        np.testing.assert_array_equal(state.forecast, coming[:, day])
        action = np.full((len(starts), 7), 0.1 * day, dtype=np.float32)
        state = world.step(state, action).state
        np.testing.assert_array_equal(state.observed, observed[:, day])
    np.testing.assert_array_equal(state.forecast, coming[:, 5])
