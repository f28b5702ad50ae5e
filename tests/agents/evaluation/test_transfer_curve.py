from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from agents.baselines import ConstantAgent, HabitAgent
from agents.env_config import EnvConfig
from agents.evaluation.transfer_curve import TransferCurve, worlds_of
from agents.evolution.controller import ControllerAgent
from agents.evolution.hyperparameters import CMAESConfig
from agents.nudge.rules import NudgeRule, NudgeRuleConfig
from agents.protocol import Agent
from agents.registry import train_agent
from agents.sb3.hyperparameters import PPOConfig, SACConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.people.embedded import EmbeddedPeople

PPO = PPOConfig(steps=60, slots=6, n_steps=5, batch_size=15, width=8, warm_start=0)
SAC = SACConfig(
    steps=60, slots=6, width=8, warm_start=0, learning_starts=12, batch_size=8, buffer_size=48
)
CMA = CMAESConfig(generations=3, population=4, episodes=3, warm_start=0)


@dataclass
class Remembered:
    """The curves of one world."""

    curves: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    widths: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def scalar(self, name: str, value: float, step: int) -> None:
        self.curves[name].append((step, value))

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        self.widths[name].append(len(values))


class Loggers(dict[str, Remembered]):
    def __missing__(self, world: str) -> Remembered:
        return self.setdefault(world, Remembered())


def constant() -> Agent:
    return ConstantAgent(np.zeros(7))


def curve(
    env: EnvConfig, days: int, people: EmbeddedPeople, points: int = 3
) -> tuple[TransferCurve, Loggers]:
    loggers = Loggers()
    made = TransferCurve(env, loggers.__getitem__, days, points=points, episodes=4, dataset=people)
    return made, loggers


def test_an_agent_is_measured_first_last_and_evenly_between(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    measure, loggers = curve(simulator, 90, people)
    for days in (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 90):
        measure(constant, days)
    measure.close()
    assert set(loggers) == {"dream", "simulator"}
    for world, logger in loggers.items():
        returns = logger.curves["measured/return"]
        assert [step for step, _ in returns] == [0, 30, 60, 90]
        # The same agent on the same people, days and noise.
        assert len({value for _, value in returns}) == 1
        assert measure.last[world] == returns[-1][1]
        assert logger.widths["advice/sleep_hours"] == [4] * 4
        assert not [name for name in logger.widths if "workout" in name]


def test_habit_gains_nothing_over_habit(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    measure, loggers = curve(simulator, 10, people)
    measure(HabitAgent, 0)
    measure.close()
    for logger in loggers.values():
        assert logger.curves["measured/over_habit"] == [(0, pytest.approx(0.0, abs=1e-9))]


@pytest.mark.parametrize(("days", "points"), [(0, 3), (90, 0)])
def test_nothing_is_measured_of_no_training(
    people: EmbeddedPeople, simulator: EnvConfig, days: int, points: int
) -> None:
    measure, loggers = curve(simulator, days, people, points)
    measure(constant, 0)
    assert not loggers


def test_the_simulator_takes_part_where_the_truth_is_known(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    env = replace(simulator, pessimism=0.5)
    worlds = worlds_of(env, people)
    assert [world.id for world in worlds.values()] == ["HumanWM-v0", "HumanWMSim-v0"]
    assert {(world.pessimism, world.weather) for world in worlds.values()} == {(0.0, "log")}
    assert list(worlds_of(env, people.dataset)) == ["dream"]
    assert worlds_of(replace(env, id="HumanWMReplay-v0"), people) == {}


def weights(agent: Agent) -> list[np.ndarray]:
    if isinstance(agent, ControllerAgent):
        return [agent.parameters]
    assert isinstance(agent, PolicyAgent)
    return [value.numpy() for value in agent.policy.state_dict().values()]


@pytest.mark.parametrize("config", [PPO, SAC, CMA], ids=["ppo", "sac", "cma_es"])
def test_measuring_leaves_the_training_as_it_is(
    config: PPOConfig | SACConfig | CMAESConfig, people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    threads = torch.get_num_threads()
    plain = train_agent(config, simulator, Session(dataset=people))
    measured: list[int] = []
    measure, _ = curve(simulator, 60, people)

    def both(make: Callable[[], Agent], days: int) -> None:
        measured.append(days)
        measure(make, days)

    other = train_agent(config, simulator, Session(dataset=people, measure=both))
    measure.close()
    assert measured[0] == 0 and measured[-1] >= 60
    for one, two in zip(weights(plain), weights(other), strict=True):
        np.testing.assert_array_equal(one, two)
    assert torch.get_num_threads() == threads


def test_nudged_people_are_measured_beside_those_whom_nobody_nudges(
    people: EmbeddedPeople,
) -> None:
    env = EnvConfig("HumanWMNudge-v0", horizon=3, split="all")
    assert [world.id for world in worlds_of(env, people).values()] == [
        "HumanWMNudge-v0",
        "HumanWMNudgeSim-v0",
    ]
    made, loggers = curve(env, 10, people)
    made(lambda: NudgeRule(NudgeRuleConfig(), 0), 0)
    made.close()
    for world in ("dream", "simulator"):
        curves = loggers[world].curves
        assert curves["measured/over_habit"] == [(0, 0.0)]
        assert curves["measured/components/burden"] == [(0, 0.0)]
