from __future__ import annotations

import numpy as np
import pytest

from agents.baselines import ConstantAgent
from agents.evaluation.degraded_policies import DilutedAgent, NoisyAgent, policies_of_all_qualities
from human_wm_env.errors import ConfigError

BEST = ConstantAgent(np.full(7, 0.5), "best_constant")
OBSERVATIONS = np.zeros((4000, 43), dtype=np.float32)


def test_a_diluted_agent_is_followed_now_and_then() -> None:
    agent = DilutedAgent(BEST, 0.25)
    assert agent.env_overrides == {"adherence": 0.25}
    assert agent.name == "best_constant, followed 25%"
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), BEST.act(OBSERVATIONS))
    with pytest.raises(ConfigError, match="adherence"):
        DilutedAgent(BEST, 1.5)


def test_noise_has_its_spread_and_repeats() -> None:
    agent = NoisyAgent(BEST, 0.1, seed=3)
    agent.reset(4000)
    first = agent.act(OBSERVATIONS)
    assert first.std(axis=0) == pytest.approx(np.full(7, 0.1), rel=0.1)
    assert first.mean() == pytest.approx(0.5, abs=0.01)
    agent.reset(4000)
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), first)


def test_there_are_enough_policies_for_a_rank_correlation() -> None:
    policies = policies_of_all_qualities(BEST)
    assert len(policies) == 19  # with two trained agents the 21 of the benchmark
    assert {"habit", "random", "best_constant", "typical day"} <= set(policies)
    assert {f"constant {number}" for number in range(1, 9)} <= set(policies)
    assert all(agent.name == name for name, agent in policies.items())
    again = policies_of_all_qualities(BEST)
    np.testing.assert_array_equal(
        policies["constant 3"].act(OBSERVATIONS[:1]), again["constant 3"].act(OBSERVATIONS[:1])
    )
