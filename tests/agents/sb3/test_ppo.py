from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from agents.baselines import HabitAgent
from agents.env_config import EnvConfig
from agents.episode_starts import draw_starts
from agents.evaluation.bootstrap_intervals import paired_interval
from agents.evaluation.paired_runs import run_episodes
from agents.registry import train_agent
from agents.sb3.hyperparameters import PPOConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

TINY = PPOConfig(
    steps=60, slots=6, n_steps=5, batch_size=15, n_epochs=2, width=8, layers=1, warm_start=0
)


class Recorder:
    def __init__(self) -> None:
        self.points: dict[str, list[tuple[int, float]]] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.points.setdefault(name, []).append((step, value))


def train(people: EmbeddedPeople | None, env: EnvConfig, config: PPOConfig = TINY) -> PolicyAgent:
    agent = train_agent(config, env, Session(dataset=people))
    assert isinstance(agent, PolicyAgent)
    return agent


def test_curves_and_progress(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    curves, days = Recorder(), []
    config = replace(TINY, steps=31)  # two rollouts of 30
    train_agent(config, simulator, Session(curves, days.append, dataset=people))
    assert days == [30, 30]
    assert config.whole_steps == 60
    assert [step for step, _ in curves.points["rollout/ep_rew_mean"]] == [30, 60]
    for name in ("mood", "recovery", "sleep", "effort"):
        assert all(0.0 <= value <= 1.0 for _, value in curves.points[f"components/{name}"])
    # Both rollouts are whole episodes of 5 days: their means explain the return.
    weights = {"mood": 0.4, "recovery": 0.3, "sleep": 0.1, "effort": 0.2}
    explained = sum(
        5 * weight * curves.points[f"components/{name}"][0][1] for name, weight in weights.items()
    )
    assert curves.points["rollout/ep_rew_mean"][0][1] == pytest.approx(explained, rel=1e-4)
    # Linear decay over the 60 days that are simulated.
    rate = curves.points["train/learning_rate"][0][1]
    assert rate == pytest.approx(TINY.learning_rate / 2)


def test_a_seed_repeats_the_weights(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    first, again = (train(people, simulator).policy.state_dict() for _ in range(2))
    other = train(people, simulator, replace(TINY, seed=1)).policy.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_training_leaves_the_number_of_threads_alone(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    before = torch.get_num_threads()
    train(people, simulator, replace(TINY, threads=before + 1))
    assert torch.get_num_threads() == before


def test_a_warm_start_begins_at_the_best_constant(
    people: EmbeddedPeople, simulator: EnvConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agents.baselines import ConstantAgent
    from agents.planning import best_constant

    action = np.array([0.3, -0.9, 0.8, -0.1, 0.1, 0.5, 0.0], dtype=np.float32)
    asked: list[int] = []

    def found(
        env: EnvConfig, search: best_constant.SearchConfig, *, dataset: object
    ) -> ConstantAgent:
        asked.append(search.iterations)
        assert not env.person_context
        return ConstantAgent(action)

    monkeypatch.setattr(best_constant, "search_best_constant", found)
    agent = train(people, simulator, replace(TINY, warm_start=7, learning_rate=1e-9))
    assert asked == [7]
    given = agent.act(np.zeros((3, 43), dtype=np.float32))
    np.testing.assert_allclose(given, np.tile(action, (3, 1)), atol=1e-5)


def test_it_acts_inside_the_action_space(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    agent = train(people, simulator)
    observations = np.random.default_rng(0).normal(size=(9, 43)).astype(np.float32)
    agent.reset(9)
    actions = agent.act(observations)
    assert (actions.shape, actions.dtype) == ((9, 7), np.float32)
    assert np.abs(actions).max() <= 1.0
    np.testing.assert_array_equal(agent.act(observations), actions)
    np.testing.assert_allclose(agent.act(observations[4:5]), actions[4:5], atol=1e-6)


def test_a_sampling_agent_repeats_after_a_reset(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    trained = train(people, simulator)
    agent = PolicyAgent("ppo", trained.policy, trained.config, trained.env, deterministic=False)
    observations = np.zeros((200, 43), dtype=np.float32)
    agent.reset(200)
    first, second = agent.act(observations), agent.act(observations)
    assert not np.array_equal(first, second)
    agent.reset(200)
    np.testing.assert_array_equal(agent.act(observations), first)
    assert np.abs(first.mean(axis=0) - trained.act(observations)[0]).max() < 0.15


def test_observations_of_another_width_are_refused(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    agent = train(people, simulator)
    with pytest.raises(ConfigError, match="env_overrides"):
        agent.act(np.zeros((2, 123), dtype=np.float32))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 16}, "divides slots \\* n_steps = 30"),
        ({"steps": 0}, "steps >= 1"),
        ({"learning_rate": 0.0}, "learning_rate > 0"),
        ({"warm_start": -1}, "warm_start >= 0"),
        ({"layers": -1}, "layers >= 0"),
        ({"steps": 1.5}, "steps as a whole number"),
        ({"learning_rate": float("nan")}, "learning_rate as a finite number"),
        ({"learning_rate": "fast"}, "learning_rate as a finite number"),
        ({"gamma": 1.5}, r"gamma in \[0, 1\]"),
        ({"gae_lambda": -0.1}, r"gae_lambda in \[0, 1\]"),
        ({"clip_range": 0.0}, "clip_range > 0"),
        ({"seed": 2**32}, "0 <= seed < 2"),
        ({"seed": None}, "seed as a whole number"),
    ],
)
def test_settings_are_checked(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(TINY, **settings)


@pytest.mark.slow
def test_ppo_learns_more_than_habit() -> None:
    """Without the warm start, so that all of it is learned; measured about 3 more."""
    env = EnvConfig("HumanWMSim-v0")
    agent = train(None, env, PPOConfig(warm_start=0, log_std_init=-0.7))
    judged = replace(env, split="test", weather="log")
    starts = draw_starts(judged, people=None, episodes_per_person=2, seed=5)
    learned = run_episodes(agent, judged, starts)
    habit = run_episodes(HabitAgent(), judged, starts)
    gain = paired_interval(learned.returns, habit.returns, learned.users)
    assert gain.low > 1.5
