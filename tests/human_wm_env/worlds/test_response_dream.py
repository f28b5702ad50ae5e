"""A dream whose states follow a response: effects in closed form, branches, doubt, settings."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import CheckpointError
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.person import observations, schema
from human_wm_env.person.actions import decode
from human_wm_env.person_context import PersonContext
from human_wm_env.random_streams import Stream
from human_wm_env.response.effects import MOOD_LEVELS, policy_effects
from human_wm_env.response.parameters import MOOD_ORDER, response_logs
from human_wm_env.runtime.encoder import response_latents
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.posterior_store import PosteriorStore
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import take
from tests.human_wm_env.response import responses
from tests.human_wm_env.worlds.dreams import START, actions, all_people, streams
from tests.world_model import tiny

DAYS = 30
REST = np.array([[-0.2, -1.0, -1.0, -0.4, -0.6, -0.2, -0.3]], dtype=np.float32)
POLICY = np.array([[0.9, 0.7, 0.5, 0.9, 0.9, 0.1, 0.9]], dtype=np.float32)


def dream(*, morning_states: bool = False, day_apart: bool = False, **settings: Any) -> DreamWorld:
    runtime = responses.runtime(morning_states=morning_states, day_apart=day_apart)
    return DreamWorld(runtime, tiny.logs(), **({"split": "all", "horizon": 6} | settings))


def lived(
    world: DreamWorld, starts: Sequence[PersonStart], given: Sequence[Stream], action: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latents [z_c, z_a] and the rows of an episode, (slots, days, 10)."""
    state, _ = world.reset(starts, given)
    latents = response_latents(state.inner.latents, responses.RANK + 2)
    rows = []
    for _ in range(world.horizon):
        state = world.step(state, np.repeat(action, len(starts), axis=0)).state
        rows.append(state.row)
    return latents, np.stack(rows, axis=1)


@pytest.mark.parametrize(
    ("morning_states", "day_apart"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_a_constant_policy_does_what_the_closed_form_says(
    morning_states: bool, day_apart: bool
) -> None:
    slots = 1500
    world = dream(morning_states=morning_states, day_apart=day_apart, horizon=DAYS)
    own = [Stream((0, slot, 0), (0, slot, 0)) for slot in range(slots)]
    latents, rest = lived(world, [START] * slots, own, REST)
    same, policy = lived(world, [START] * slots, own, POLICY)
    np.testing.assert_array_equal(latents, same)
    history = tiny.logs().history(START.user, START.day)
    response = world.runtime.response
    assert response is not None
    parts = (history.rows[None], history.observed[None], history.weekday[None])
    logs = response_logs(response.parameters, *parts)
    rows = decode(np.concatenate([POLICY, REST]))
    rate, mood = policy_effects(
        response.parameters, logs, latents[None].astype(float), rows[0], rows[1], DAYS
    )[:, 0]
    inside = [
        (lived_rows[..., schema.HEART_RATE] < schema.HIGHS[schema.HEART_RATE])
        & (lived_rows[..., schema.HEART_RATE] > schema.LOWS[schema.HEART_RATE])
        for lived_rows in (rest, policy)
    ]
    found = policy[..., schema.HEART_RATE] - rest[..., schema.HEART_RATE]
    free = inside[0] & inside[1]
    assert free.mean() > 0.9 and abs(rate).mean() > 0.9
    np.testing.assert_allclose(found[free], rate[free], atol=2e-3)
    value_of = np.empty(len(MOOD_LEVELS))
    value_of[list(MOOD_ORDER)] = MOOD_LEVELS
    values = [value_of[each[..., schema.MOOD].astype(int)] for each in (rest, policy)]
    apart = (values[1] - values[0]).mean(axis=0)
    # The first days' noise is that of the log, which the closed form leaves out.
    error = (values[1] - values[0])[:, 9:].mean(axis=1).std() / np.sqrt(slots)
    assert abs(mood[:, 9:].mean()) > 0.02
    assert abs(apart[9:].mean() - mood[:, 9:].mean()) < 4.0 * error + 0.01


def test_branches_cross_draws_of_the_joint_posterior() -> None:
    world = dream()
    state, _ = world.reset(all_people(), streams(125))
    blocks = responses.ARCHITECTURE.blocks
    own = response_latents(state.inner.latents, responses.RANK + 2)
    posterior, _ = world.runtime.encode([tiny.logs().history(START.user, START.day)])
    assert posterior.response is not None
    mean, root = posterior.response.mean[0], posterior.response.root[0]
    noise = np.linalg.solve(root.astype(float), (own - mean).T).T.round(4)
    branch = np.arange(125)
    for part, draw in ((slice(0, responses.RANK), branch % 5), (slice(-2, None), branch // 25)):
        assert len(np.unique(noise[:, part], axis=0)) == 5
        for each in range(5):
            assert len(np.unique(noise[draw == each, part], axis=0)) == 1
    of_b = state.inner.latents[:, blocks["b"]]
    assert len(np.unique(of_b, axis=0)) == 5


def test_posteriors_draw_what_worlds_draw() -> None:
    posterior, _ = dream().runtime.encode([tiny.logs().history(START.user, START.day)])
    noise = np.random.default_rng(0).standard_normal((1, 20000, 13), dtype=np.float32)
    drawn = posterior.draw(noise)[0]
    assert posterior.response is not None
    np.testing.assert_allclose(drawn.std(axis=0), posterior.sd[0], rtol=0.03)
    own = response_latents(drawn, responses.RANK + 2)
    root = posterior.response.root[0]
    np.testing.assert_allclose(np.cov(own.T), root @ root.T, atol=0.03)
    np.testing.assert_allclose(posterior.draw(noise[:, 0]), drawn[:1], atol=1e-6)


def uncertainty(action: np.ndarray, day: int = START.day, steps: int = 6) -> float:
    """Of the last of several days with the same action."""
    world = dream(horizon=steps)
    start = replace(START, day=day)
    state, _ = world.reset([start] * 20, streams(20))
    for _ in range(steps):
        after = world.step(state, np.repeat(action, 20, axis=0))
        state = after.state
    return float(after.extras["uncertainty"].mean())


def test_uncertainty_grows_for_short_logs_and_for_what_was_never_done() -> None:
    assert uncertainty(REST, day=15) > 1.2 * uncertainty(REST, day=112)
    never = np.array([[1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.0]], dtype=np.float32)
    assert uncertainty(never) > 1.5 * uncertainty(REST)


def test_days_are_the_same_without_uncertainty() -> None:
    told, silent = (
        dream(uncertainty=uncertain).reset([START] * 20, streams(20))[0]
        for uncertain in (True, False)
    )
    assert told.inner.transition.doubt.shape[1] > 0
    assert silent.inner.transition.doubt.shape[1] == 0
    for day in range(3):
        action = actions(20)[day]
        with_it = dream().step(told, action)
        without = dream(uncertainty=False).step(silent, action)
        told, silent = with_it.state, without.state
        np.testing.assert_array_equal(told.row, silent.row)
        np.testing.assert_array_equal(with_it.observation, without.observation)
        assert with_it.extras["uncertainty"].all() and not without.extras["uncertainty"].any()


def test_without_temperature_nothing_is_drawn_but_the_person() -> None:
    world = dream(temperature=0.0, weather="chain", masking="none")
    one = lived(world, [START] * 3, streams(3), REST)[1]
    same_noise = [Stream((0, 0, 0), (0, 9, 0))]
    other = lived(world, [START], same_noise, REST)[1]
    sunny = (one[0, :, schema.WEATHER] == other[0, :, schema.WEATHER]).cumprod().astype(bool)
    assert sunny.any()
    np.testing.assert_array_equal(one[0, sunny], other[0, sunny])


def test_slots_equal_themselves_alone_with_every_setting() -> None:
    settings: dict[str, Any] = {"adherence": 0.5, "masking": 0.3, "weather": "log"}
    chosen = actions(8)
    starts = [PersonStart(user, 20 + 9 * user, 11 * user) for user in range(8)]
    own = [Stream((2, slot, 0), (2, slot, 0)) for slot in range(8)]

    def rows(part: slice) -> np.ndarray:
        world = dream(**settings)
        state, _ = world.reset(starts[part], own[part])
        days = []
        for action in chosen:
            state = world.step(state, action[part]).state
            days.append(state.row)
        return np.stack(days)

    together = rows(slice(0, 8))
    for slot in (0, 3, 7):
        np.testing.assert_allclose(rows(slice(slot, slot + 1))[:, 0], together[:, slot], rtol=1e-4)


def test_states_can_be_taken_and_copied() -> None:
    world = dream()
    state, _ = world.reset(all_people()[:6], streams(6))
    action = actions(6)[0]
    state = world.step(state, action).state
    slots = np.array([4, 4, 1])
    wanted = world.step(state, action).state.row[slots]
    np.testing.assert_array_equal(world.step(take(state, slots), action[slots]).state.row, wanted)
    copied = copy.deepcopy((world, state))
    np.testing.assert_array_equal(copied[0].step(copied[1], action).state.row[slots], wanted)


def test_what_is_stored_on_disk_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    made = responses.checkpoint()

    def rows() -> np.ndarray:
        store = PosteriorStore(made.weights, made.architecture)
        return lived(dream(store=store), [START], streams(1), POLICY)[1]

    first = rows()
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
    np.testing.assert_array_equal(rows(), first)
    other = {**made.weights, "response.rate": made.weights["response.rate"] + 1.0}
    assert (
        PosteriorStore(other, made.architecture).folder
        != PosteriorStore(made.weights, made.architecture).folder
    )


def test_an_agent_may_see_the_posterior_means() -> None:
    world = dream()
    for update, moves in (("frozen", False), ("daily", True)):
        env = PersonContext(Env(world), world.runtime, update)
        first, _ = env.reset(seed=1)
        later, *_ = env.step(actions(1)[0, 0])
        assert env.observation_space.contains(later)
        assert len(first) == observations.WIDTH + world.runtime.architecture.latent_width
        moved = first[observations.WIDTH :] != later[observations.WIDTH :]
        assert moved.any() == moves


def test_there_are_no_nets_to_ask_for() -> None:
    with pytest.raises(CheckpointError, match="which has no transition nets"):
        _ = dream().runtime.nets


def test_environments_have_no_complaints_and_replay_exactly() -> None:
    env = Env(dream())
    check_env(env, skip_render_check=True)
    sb3_check_env(env)
    vector = VectorEnv(dream(), 4, layout="people")
    episodes = []
    for _ in range(2):
        observed = [vector.reset(seed=3)[0]]
        observed += [vector.step(action)[0] for action in actions(4)]
        episodes.append(np.stack(observed))
    np.testing.assert_array_equal(*episodes)
    scalar = env.reset(seed=3, options={"history": tiny.logs().history(4, 30)})[0]
    assert env.observation_space.contains(scalar)
