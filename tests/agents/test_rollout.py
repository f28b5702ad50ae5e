from __future__ import annotations

from typing import Any

import numpy as np

from agents.baselines import RandomAgent
from agents.episode_starts import Starts
from agents.rollout import run_to_the_end
from human_wm_env.envs.vector_env import VectorEnv
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
