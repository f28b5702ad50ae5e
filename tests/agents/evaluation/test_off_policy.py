from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from agents.baselines import ConstantAgent
from agents.env_config import EnvConfig
from agents.episode_starts import Starts, draw_starts
from agents.evaluation import off_policy
from agents.evaluation.behaviour_policy import (
    logged_log_density,
    row_log_density,
    smoothed_log_density,
)
from agents.evaluation.logged_windows import LoggedWindows, cut_windows
from agents.evaluation.off_policy import OffPolicyConfig, evaluate_off_policy
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model import heads
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import rewards, schema
from human_wm_env.worlds.person_world import PersonWorld

TINY = OffPolicyConfig(updates=5, batch=16, width=8, fits=2)


@pytest.fixture(scope="module")
def starts(people: EmbeddedPeople) -> Starts:
    env = EnvConfig("HumanWMSim-v0", horizon=5, split="all")
    return draw_starts(env, people=6, episodes_per_person=2, seed=0, dataset=people)


@pytest.fixture(scope="module")
def windows(people: EmbeddedPeople, starts: Starts) -> LoggedWindows:
    return cut_windows(people.dataset, starts, 5)


def test_windows_show_what_the_environment_shows(
    people: EmbeddedPeople, starts: Starts, windows: LoggedWindows
) -> None:
    """The replay of the log gives the same observations; its reward is another one."""
    import gymnasium as gym

    assert issubclass(
        type(gym.make("HumanWMReplay-v0", dataset=people).unwrapped.world), PersonWorld
    )
    for window in (0, 7):
        env = gym.make("HumanWMReplay-v0", dataset=people, horizon=5, split="all")
        seen, _ = env.reset(
            seed=1, options={"user": starts.users[window], "day": int(starts.days[window])}
        )
        for day in range(5):
            np.testing.assert_allclose(seen, windows.observations[window, day], atol=1e-6)
            seen = env.step(np.zeros(7, dtype=np.float32))[0]
    assert windows.seen(True).shape[2] == 43 + windows.contexts.shape[1]


def test_rewards_are_those_of_complete_days(
    people: EmbeddedPeople, starts: Starts, windows: LoggedWindows
) -> None:
    assert 0.02 < windows.complete.mean() < 0.6
    assert (windows.rewards[~windows.complete] == 0.0).all()
    assert windows.complete.sum(axis=1).max() > 1  # windows with several such days
    for window, day in np.argwhere(windows.complete):
        user = people.dataset.index_of(starts.users[window])
        history = people.dataset.history(user, int(starts.days[window]))
        row = people.dataset.rows[user, starts.days[window] + day]
        parts = rewards.components(row[None], rewards.baseline_of(history))[0]
        expected = pytest.approx(parts @ [0.4, 0.3, 0.1, 0.2], abs=1e-6)
        assert windows.rewards[window, day] == expected


def test_a_gaussian_cell_by_hand() -> None:
    """One continuous feature of two components, then a category that it shifts."""
    layout = heads.HeadLayout((schema.SLEEP, schema.MOOD), 2)
    parameters = np.zeros((1, layout.width), dtype=np.float32)
    logits, means, _ = heads.mixture_columns(layout.parameters[schema.SLEEP], 2)
    parameters[0, logits] = np.log([0.25, 0.75])
    parameters[0, means] = [-1.0, 1.0]
    chain = np.zeros((layout.chain_width, layout.width), dtype=np.float32)
    chain[0, layout.parameters[schema.MOOD].start] = 2.0  # per scaled hour of sleep
    row = np.zeros((1, 10), dtype=np.float32)
    row[0, schema.SLEEP] = 7.0 + 1.5 * 0.5
    seen = np.ones((1, 10), dtype=bool)
    found = row_log_density(layout, parameters, chain, row, seen)
    sd = heads.scale_of(np.zeros(1))[0]
    mixture = 0.25 * norm.pdf(0.5, -1.0, sd) + 0.75 * norm.pdf(0.5, 1.0, sd)
    assert found[0, 0] == pytest.approx(np.log(mixture), abs=1e-5)
    assert found[0, 1] == pytest.approx(1.0 - np.log(np.exp(1.0) + 3.0), abs=1e-5)
    nothing = row_log_density(layout, parameters, chain, row, ~seen)
    np.testing.assert_array_equal(nothing, 0.0)


def test_people_are_likelier_than_strangers(people: EmbeddedPeople, windows: LoggedWindows) -> None:
    own = logged_log_density(people.dataset, windows)
    assert own.shape == (12, 5, 7)
    assert np.isfinite(own).all()
    shuffled = np.roll(windows.rows, 3, axis=0)
    observed = np.roll(windows.observed, 3, axis=0)
    others = logged_log_density(people.dataset, replace(windows, rows=shuffled, observed=observed))
    assert own.sum() > others.sum()


def test_the_smoothed_day_by_hand() -> None:
    chosen = np.zeros((1, 10), dtype=np.float32)
    rows = chosen.copy()
    rows[0, schema.STEPS] = 5000.0  # one scale away
    rows[0, schema.WORKOUT] = 2.0  # another one
    seen = np.ones((1, 10), dtype=bool)
    found = smoothed_log_density(chosen, rows, seen, width=0.5, slip=0.35)
    assert found[0, 4] == pytest.approx(norm.logpdf(1.0, 0.0, 0.5))
    assert found[0, 0] == pytest.approx(np.log(0.35 / 7))
    assert found[0, 1] == pytest.approx(np.log(0.35 / 5 + 0.65))


def test_an_estimate_repeats_and_is_plain(people: EmbeddedPeople, windows: LoggedWindows) -> None:
    agent = ConstantAgent(np.zeros(7))
    first, again = (evaluate_off_policy(agent, people.dataset, windows, TINY) for _ in range(2))
    assert first == again
    assert 0.0 < first.fitted_q.mean < 5.0
    assert 0.0 <= first.effective_windows <= 12.0
    json.dumps(asdict(first), allow_nan=False)


def test_fitted_q_learns_the_mean_reward_of_a_log_whose_actions_do_not_matter(
    people: EmbeddedPeople, windows: LoggedWindows
) -> None:
    flat = replace(windows, rewards=np.where(windows.complete, 0.4, 0.0))
    config = OffPolicyConfig(updates=600, batch=64, width=16, fits=1, target_rate=0.05)
    found = evaluate_off_policy(ConstantAgent(np.zeros(7)), people.dataset, flat, config)
    assert found.fitted_q.mean == pytest.approx(5 * 0.4, abs=0.25)


def test_rewards_above_one_can_be_learned(
    people: EmbeddedPeople, starts: Starts, windows: LoggedWindows
) -> None:
    threefold = {name: 3.0 * weight for name, weight in rewards.DEFAULT_WEIGHTS.items()}
    richer = cut_windows(people.dataset, starts, 5, reward_weights=threefold)
    np.testing.assert_allclose(richer.rewards, 3.0 * windows.rewards)
    assert (windows.reward_range, richer.reward_range) == ((0.0, 1.0), pytest.approx((0.0, 3.0)))
    flat = replace(richer, rewards=np.where(richer.complete, 1.2, 0.0))
    config = OffPolicyConfig(updates=600, batch=64, width=16, fits=1, target_rate=0.05)
    found = evaluate_off_policy(ConstantAgent(np.zeros(7)), people.dataset, flat, config)
    assert found.fitted_q.mean == pytest.approx(5 * 1.2, abs=0.75)  # more than 5 days of 1
    net = off_policy._Value(3, 4, (-0.5, 2.0))
    values = net(100.0 * torch.randn(50, 3), torch.ones(50))
    assert values.min() >= -0.5 and values.max() <= 2.0


@pytest.fixture
def knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q is 0, and the agent does what people do: every weight is the same."""

    def nothing(dataset: object, windows: LoggedWindows, model: object) -> np.ndarray:
        return np.zeros((*windows.rewards.shape, 7))

    monkeypatch.setattr(
        off_policy, "_predict", lambda net, state, acted, left: np.zeros(left.shape)
    )
    monkeypatch.setattr(off_policy, "logged_log_density", nothing)
    monkeypatch.setattr(
        off_policy, "smoothed_log_density", lambda days, *args, **named: np.zeros((len(days), 7))
    )


@pytest.mark.usefixtures("knows_nothing")
def test_the_correction_does_not_depend_on_how_many_days_are_complete(
    people: EmbeddedPeople, windows: LoggedWindows
) -> None:
    """A log that pays .5 every day for 5 days is worth 2.5, whatever of it was lost."""
    complete = np.random.default_rng(0).random(windows.complete.shape) < 0.4
    assert complete.sum(axis=0).min() > 0 and complete.mean() < 0.5
    paid = replace(windows, complete=complete, rewards=np.where(complete, 0.5, 0.0))
    agent = ConstantAgent(np.zeros(7))
    found = evaluate_off_policy(agent, people.dataset, paid, TINY)
    assert found.fitted_q.mean == 0.0
    assert found.doubly_robust.mean == pytest.approx(2.5)
    assert found.effective_windows == pytest.approx(complete[:, -1].sum())
    complete[:, -1] = False  # a day that is never complete is not corrected
    found = evaluate_off_policy(agent, people.dataset, replace(paid, complete=complete), TINY)
    assert found.doubly_robust.mean == pytest.approx(2.0)
    assert found.effective_windows == 0.0


def test_the_interval_knows_that_fits_disagree(
    people: EmbeddedPeople, windows: LoggedWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two fits that say 1 and 3 of everybody: the people alone would be sure of 2."""
    levels = iter([1.0, 1.0, 3.0, 3.0])

    def fitted(net: object, state: object, acted: object, left: np.ndarray) -> np.ndarray:
        return np.full(left.shape, next(levels))

    monkeypatch.setattr(off_policy, "_predict", fitted)
    found = evaluate_off_policy(ConstantAgent(np.zeros(7)), people.dataset, windows, TINY)
    interval = found.fitted_q
    assert (interval.mean, interval.low, interval.high) == (2.0, 1.0, 3.0)


def test_a_log_without_complete_days_is_refused(
    people: EmbeddedPeople, windows: LoggedWindows
) -> None:
    empty = replace(windows, complete=np.zeros_like(windows.complete))
    with pytest.raises(DataError, match="complete days"):
        evaluate_off_policy(ConstantAgent(np.zeros(7)), people.dataset, empty, TINY)
    with pytest.raises(ConfigError, match="kernel"):
        OffPolicyConfig(kernel=0.0)
