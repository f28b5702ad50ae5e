from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from human_wm_env.people import physiology
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble, generate
from human_wm_env.person import actions, rewards, schema
from human_wm_env.person.choices import choose
from human_wm_env.person.schema import is_weekend
from human_wm_env.random_streams import FOR_NOISE, Stream, generator
from human_wm_env.worlds.simulator import _UNIFORM, SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import Transition

SLOTS, HORIZON = 6, 8
STARTS = [PersonStart(user, 20 + 10 * user, user) for user in range(SLOTS)]
STREAMS = [Stream((0, 0, 0), (0, slot, 0)) for slot in range(SLOTS)]
RANDOM = np.random.default_rng(0).uniform(-1, 1, (HORIZON, SLOTS, 7)).astype(np.float32)


def run(
    people: EmbeddedPeople,
    chosen: np.ndarray = RANDOM,
    starts: list[PersonStart] = STARTS,
    **settings: Any,
) -> tuple[Any, list[Transition]]:
    world = SimulatorWorld(people, horizon=HORIZON, **settings)
    state, _ = world.reset(starts, STREAMS[: len(starts)])
    first, days = state, []
    for action in chosen:
        days.append(world.step(state, action[: len(starts)]))
        state = days[-1].state
    return first, days


def test_an_episode_starts_from_the_true_hidden_state(small: EmbeddedPeople) -> None:
    first, _ = run(small)
    for slot, start in enumerate(STARTS):
        inner = first.inner
        hidden = [inner.body.fitness, inner.body.fatigue, inner.body.sleep_debt]
        assert [x[slot] for x in hidden] == small.bodies[start.user, start.day, :3].tolist()
        np.testing.assert_array_equal(inner.row[slot], small.true_rows[start.user, start.day - 1])
        np.testing.assert_array_equal(inner.people.traits[slot], small.people.traits[start.user])
        assert inner.losses.day_lost[slot] == small.day_lost[start.user, start.day - 1]


def test_each_day_is_lived_with_its_own_noise_and_hands_its_body_on(
    small: EmbeddedPeople,
) -> None:
    first, days = run(small)
    drawn = []
    for stream in STREAMS:
        rng = generator(stream.noise, FOR_NOISE)
        drawn.append(rng.standard_normal((HORIZON, SimulatorWorld.normals), dtype=np.float32))
    inner = first.inner
    for late, day in enumerate(days):
        after = day.state.inner
        shock = np.array(drawn)[:, late, -1]  # the heart rate's is the last column
        residual = 0.25 * inner.body.heart_rate_residual + 4.2 * shock
        np.testing.assert_allclose(after.body.heart_rate_residual, residual, rtol=1e-5)
        body = physiology.wake_up(inner.body, after.row, after.body.heart_rate_residual)
        for name, values in vars(body).items():
            np.testing.assert_array_equal(getattr(after.body, name), values)
        np.testing.assert_array_equal(after.row, day.state.row)
        inner = after


def test_states_are_those_of_the_equations() -> None:
    """Heart rate and mood of every day, by the population's own response_gain."""
    config = EmbeddedConfig(users=3, days=60, seed=5, response_gain=0.3)
    people = assemble(config, generate(config))
    world = SimulatorWorld(people, horizon=HORIZON, adherence=0.5)
    starts = [PersonStart(slot % 3, 20 + slot % 37, 0) for slot in range(150)]
    streams = [Stream((0, 0, 0), (0, slot, 0)) for slot in range(150)]
    first, _ = world.reset(starts, streams)
    state = first
    for late in range(HORIZON):
        day = world.step(state, np.repeat(RANDOM[late], 25, axis=0))
        row, body, traits = day.state.row, state.inner.body, state.inner.people.traits
        mean = physiology.mean_heart_rate(traits, body, row, 0.3)
        residual = day.state.inner.body.heart_rate_residual
        np.testing.assert_allclose(row[:, schema.HEART_RATE], mean + residual, rtol=1e-5)
        before = state.inner.row[:, schema.MOOD].astype(int)
        weekend = is_weekend(state.weekday)
        logits = physiology.mood_logits(traits, body, row, weekend, before, 0.3)
        uniform = first.uniform[:, late, _UNIFORM["state"]][:, 0]
        np.testing.assert_array_equal(row[:, schema.MOOD], choose(logits, uniform))
        state = day.state


def test_losses_go_on_from_day_to_day(small: EmbeddedPeople) -> None:
    first, days = run(small)
    lost = [first.inner.losses, *(day.state.inner.losses for day in days)]
    for losses, day in zip(lost[1:], days, strict=True):
        hidden = losses.day_lost[:, None] | losses.feature_lost
        np.testing.assert_array_equal(day.state.observed, ~hidden)
    before = np.array([one.feature_lost for one in lost[:-1]])
    after = np.array([one.feature_lost for one in lost[1:]])
    assert after[before].mean() > after[~before].mean() + 0.3


def test_the_weather_goes_on_from_the_true_one(
    small: EmbeddedPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("human_wm_env.worlds.simulator.TRANSITIONS", np.eye(4))  # it never changes
    first, days = run(small)
    before = [small.true_rows[start.user, start.day - 1, schema.WEATHER] for start in STARTS]
    assert first.forecast.tolist() == days[-1].state.forecast.tolist() == before


@pytest.mark.parametrize("weather", ["chain", "log"])
def test_the_day_after_the_log_can_be_lived(small: EmbeddedPeople, weather: str) -> None:
    first, days = run(small, starts=[PersonStart(2, 120, 0)], weather=weather)
    assert first.inner.body.fatigue[0] == small.bodies[2, 120, 1]
    assert [int(day.state.day[0]) for day in days] == list(range(121, 129))
    assert all(np.isfinite(day.observation).all() for day in days)


def test_the_agents_day_is_executed(small: EmbeddedPeople) -> None:
    _, days = run(small)
    for action, day in zip(RANDOM, days, strict=True):
        wanted = actions.decode(action)[:, schema.ACTION_FEATURES]
        # Steps near 0 are a difference of large float32 numbers in `actions.decode`.
        np.testing.assert_allclose(day.extras["action"], wanted, rtol=1e-4)


def test_without_adherence_the_action_does_not_matter(small: EmbeddedPeople) -> None:
    (_, one), (_, other) = (
        run(small, chosen, adherence=0.0) for chosen in (RANDOM, np.zeros_like(RANDOM))
    )
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left.observation, right.observation)
        np.testing.assert_array_equal(left.components, right.components)
        np.testing.assert_array_equal(left.extras["action"], right.extras["action"])


def test_half_adherence_follows_half_of_the_days(small: EmbeddedPeople) -> None:
    world = SimulatorWorld(small, horizon=HORIZON, adherence=0.5)
    starts = [STARTS[0]] * 200
    streams = [Stream((0, 0, 0), (1, slot, 0)) for slot in range(200)]
    state, _ = world.reset(starts, streams)
    followed = []
    for action in RANDOM:
        same = np.repeat(action[:1], 200, axis=0)
        after = world.step(state, same)
        wanted = actions.decode(same)[:, schema.ACTION_FEATURES]
        followed.append(np.isclose(after.extras["action"], wanted, rtol=1e-4).all(axis=1))
        state = after.state
    assert 0.45 < np.mean(followed) < 0.55


def test_branches_are_noise_replicas_of_one_person(small: EmbeddedPeople) -> None:
    starts = [PersonStart(4, 50, branch) for branch in range(SLOTS)]
    first, days = run(small, np.zeros_like(RANDOM), starts)
    assert (first.inner.people.traits == first.inner.people.traits[0]).all()
    rates = days[0].state.row[:, schema.HEART_RATE]
    assert len(np.unique(rates)) == SLOTS


def test_the_weather_of_the_log_is_the_true_one(small: EmbeddedPeople) -> None:
    first, days = run(small, weather="log")
    users, before = np.arange(SLOTS), np.array([start.day for start in STARTS])
    truth = small.true_rows[..., schema.WEATHER]
    np.testing.assert_array_equal(first.forecast, truth[users, before])
    for late, day in enumerate(days):
        np.testing.assert_array_equal(day.state.row[:, schema.WEATHER], truth[users, before + late])
        np.testing.assert_array_equal(day.state.forecast, truth[users, before + late + 1])


def test_the_forecast_comes_true(small: EmbeddedPeople) -> None:
    first, days = run(small)
    forecast = first.forecast
    for day in days:
        np.testing.assert_array_equal(day.state.row[:, schema.WEATHER], forecast)
        forecast = day.state.forecast


def test_nothing_is_masked_on_request(small: EmbeddedPeople) -> None:
    _, days = run(small, masking="none")
    assert all(day.state.observed.all() for day in days)


def test_masking_at_a_rate(small: EmbeddedPeople) -> None:
    _, days = run(small, masking=0.25)
    missing = 1.0 - np.mean([day.state.observed for day in days])
    assert 0.18 < missing < 0.32


def test_masking_as_the_persons_tracker_does(small: EmbeddedPeople) -> None:
    world = SimulatorWorld(small, horizon=60)
    starts = [PersonStart(user, 60, 0) for user in range(12)] * 10
    streams = [Stream((0, 0, 0), (2, slot, 0)) for slot in range(120)]
    state, _ = world.reset(starts, streams)
    seen = []
    for _ in range(60):
        state = world.step(state, np.zeros((120, 7), dtype=np.float32)).state
        seen.append(state.observed)
    by_person = np.array(seen).mean(axis=(0, 2)).reshape(10, 12).mean(axis=0)
    logged = small.dataset.observed.mean(axis=(1, 2))
    assert np.corrcoef(by_person, logged)[0, 1] > 0.7
    assert by_person.mean() == pytest.approx(logged.mean(), abs=0.1)


def test_masking_changes_what_is_seen_and_nothing_else(small: EmbeddedPeople) -> None:
    runs = [run(small, masking=masking)[1] for masking in ("person", "none", 0.5)]
    for days in zip(*runs, strict=True):
        for other in days[1:]:
            np.testing.assert_array_equal(other.components, days[0].components)
            np.testing.assert_array_equal(other.state.row, days[0].state.row)


def test_the_reward_is_that_of_the_true_row(small: EmbeddedPeople) -> None:
    first, days = run(small, masking=0.9)
    for day in days:
        by_rows = rewards.components(day.state.inner.row, first.baseline)
        np.testing.assert_allclose(day.components, by_rows, atol=1e-6)
        assert (day.extras["uncertainty"] == 0).all()


def test_what_is_done_matters(small: EmbeddedPeople) -> None:
    """Exhausting days raise the heart rate, and by the sign of the trait change the mood."""
    easy, hard = np.zeros_like(RANDOM), np.zeros_like(RANDOM)
    easy[..., [actions.A_WORKOUT, actions.A_STEPS]] = -1.0
    hard[..., [actions.A_WORKOUT, actions.A_STEPS, actions.A_MINUTES]] = 1.0
    rates = [
        np.mean([day.state.row[:, schema.HEART_RATE] for day in run(small, chosen)[1]])
        for chosen in (easy, hard)
    ]
    assert rates[1] > rates[0] + 3.0
