from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.episode_starts import Starts, draw_starts
from agents.evaluation.paired_runs import evaluation_world, run_episodes, run_paired
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema

FORECAST = slice(38, 42)  # of the flat observation: 26 features, 10 mask bits, weekday


class Witness:
    """Notes what it is shown, and acts by a constant."""

    def __init__(self, action: float) -> None:
        self.name = f"witness {action}"
        self.env_overrides: Mapping[str, Any] = {}
        self.action = action
        self.seen: list[np.ndarray] = []
        self.resets: list[int] = []

    def reset(self, slots: int) -> None:
        self.resets.append(slots)

    def act(self, observations: np.ndarray) -> np.ndarray:
        self.seen.append(observations.copy())
        return np.full((len(observations), 7), self.action, dtype=np.float32)


@pytest.fixture
def starts(people: EmbeddedPeople, simulator: EnvConfig) -> Starts:
    return draw_starts(simulator, people=6, episodes_per_person=2, seed=0, dataset=people)


def test_agents_meet_the_same_people_days_and_weather(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    one, other = Witness(0.0), Witness(0.7)
    results = run_paired({"one": one, "other": other}, {"sim": simulator}, starts, dataset=people)[
        "sim"
    ]
    np.testing.assert_array_equal(results["one"].users, starts.users)
    np.testing.assert_array_equal(results["other"].users, starts.users)
    np.testing.assert_array_equal(results["one"].days, results["other"].days)
    np.testing.assert_array_equal(one.seen[0], other.seen[0])
    assert not np.array_equal(one.seen[1], other.seen[1])
    for day, (first, second) in enumerate(zip(one.seen, other.seen, strict=True)):
        np.testing.assert_array_equal(first[:, FORECAST], second[:, FORECAST])
        index = [people.dataset.index_of(user) for user in starts.users]
        logged = people.true_rows[index, starts.days + day, schema.WEATHER].astype(int)
        np.testing.assert_array_equal(first[:, FORECAST].argmax(axis=1), logged)
    assert (results["one"].returns != results["other"].returns).any()


def test_an_episode_equals_the_scalar_environment(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    world = evaluation_world(simulator)
    episodes = run_episodes(ConstantAgent(np.full(7, 0.2)), world, starts, dataset=people)
    for index in (0, 7):
        env = gym.make("HumanWMSim-v0", dataset=people, horizon=5, split="all", weather="log")
        env.reset(
            seed=int(starts.seeds[index]),
            options={"user": starts.users[index], "day": int(starts.days[index])},
        )
        total, moods, over = 0.0, [], False
        while not over:
            _, reward, _, over, info = env.step(np.full(7, 0.2, dtype=np.float32))
            total += float(reward)
            moods.append(info["reward_components"]["mood"])
        assert episodes.returns[index] == pytest.approx(total, abs=1e-4)
        assert episodes.components["mood"][index] == pytest.approx(np.mean(moods), abs=1e-5)
        assert episodes.lengths[index] == 5
    assert sorted(episodes.components) == ["effort", "mood", "recovery", "sleep"]
    assert (episodes.uncertainty == 0.0).all()


def test_chunks_change_nothing(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    agent = Witness(0.1)
    whole = run_episodes(agent, simulator, starts, dataset=people)
    chunked = run_episodes(agent, simulator, starts, max_slots=5, dataset=people)
    assert agent.resets == [12, 5, 5, 2]
    np.testing.assert_array_equal(chunked.users, whole.users)
    np.testing.assert_allclose(chunked.returns, whole.returns, atol=1e-5)
    np.testing.assert_allclose(chunked.components["effort"], whole.components["effort"], atol=1e-5)


def test_a_run_repeats_exactly(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    agent = RandomAgent(3)
    first, again = (run_episodes(agent, simulator, starts, dataset=people) for _ in range(2))
    np.testing.assert_array_equal(first.returns, again.returns)


def test_habit_is_the_world_without_adherence(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    habit = run_episodes(HabitAgent(), simulator, starts, dataset=people)
    unheard = replace(simulator, adherence=0.0)
    loud = run_episodes(ConstantAgent(np.ones(7)), unheard, starts, dataset=people)
    np.testing.assert_array_equal(habit.returns, loud.returns)
    heard = run_episodes(ConstantAgent(np.zeros(7)), simulator, starts, dataset=people)
    assert (habit.returns != heard.returns).all()


def test_worlds_are_judged_without_pessimism_on_the_weather_of_the_log() -> None:
    world = evaluation_world(EnvConfig("HumanWMSim-v0", pessimism=2.0, weather="chain"))
    assert (world.pessimism, world.weather) == (0.0, "log")


def test_progress_counts_agents_in_worlds(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    done: list[int] = []
    agents = {"a": HabitAgent(), "b": RandomAgent()}
    worlds = {"one": simulator, "two": replace(simulator, masking="none")}
    results = run_paired(agents, worlds, starts, dataset=people, progress=done.append)
    assert done == [1, 1, 1, 1]
    assert {world: list(of) for world, of in results.items()} == {
        "one": ["a", "b"],
        "two": ["a", "b"],
    }


def test_nothing_to_run_is_an_error(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    with pytest.raises(ConfigError, match="at least one start"):
        run_episodes(HabitAgent(), simulator, starts.part(slice(0, 0)), dataset=people)
    with pytest.raises(ConfigError, match="max_slots=0"):
        run_episodes(HabitAgent(), simulator, starts, max_slots=0, dataset=people)
