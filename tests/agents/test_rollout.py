from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.baselines import RandomAgent
from agents.env_config import EnvConfig, make_vector_env
from agents.episode_starts import Starts, draw_starts
from agents.rollout import run_to_the_end
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from tests.human_wm_env.envs.toy_world import LENGTH, ToyWorld


class SeededStarts(Starts):
    """Starts that the world draws: it has no people."""

    def reset_arguments(self) -> dict[str, Any]:
        return {"seed": self.seeds.tolist()}


def test_a_world_that_reports_no_uncertainty_has_none() -> None:
    slots = 8
    env = VectorEnv(ToyWorld(), slots)
    days = np.zeros(slots, dtype=int)
    starts = SeededStarts(np.repeat("walk", slots), days, np.arange(slots))
    agent = RandomAgent(0, env.single_action_space)
    found = run_to_the_end(env, starts, agent.act)
    assert (found.uncertainty == 0.0).all() and found.lengths.max() <= LENGTH
    total = -100.0 * found.components["distance"] + found.components["toll"]
    np.testing.assert_allclose(found.returns, total * found.lengths, rtol=1e-5)


def test_executed_days_are_means_in_the_logs_units_and_shares_of_categories(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    starts = draw_starts(simulator, people=3, episodes_per_person=1, seed=0, dataset=people)
    agent, seen = RandomAgent(0), []
    env = make_vector_env(simulator, 3, autoreset=AutoresetMode.NEXT_STEP, dataset=people)
    step = env.step

    def witnessed(actions: np.ndarray) -> Any:
        result = step(actions)
        seen.append(result[-1]["action"])
        return result

    env.step = witnessed  # type: ignore[method-assign]
    agent.reset(3)
    executed = run_to_the_end(env, starts, agent.act).executed
    env.close()
    actions = np.stack(seen)  # (days, slots, 7)
    np.testing.assert_allclose(executed["sleep_hours"], actions[..., 0].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(executed["steps"], actions[..., 3].mean(axis=0), rtol=1e-6)
    shares = np.stack([v for name, v in executed.items() if name.startswith("workout_type: ")])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    running = schema.FEATURES[schema.WORKOUT].categories.index("Running")
    np.testing.assert_allclose(
        executed["workout_type: Running"], (actions[..., 1] == running).mean(axis=0)
    )
