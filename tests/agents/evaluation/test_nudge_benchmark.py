from __future__ import annotations

from agents import EnvConfig, PPOConfig
from agents.evaluation.nudge_benchmark import IN_EXPECTATION, NudgeBenchmarkConfig


def test_every_training_has_its_seed_and_environment() -> None:
    config = NudgeBenchmarkConfig(
        EnvConfig("HumanWMNudge-v0"),
        EnvConfig("HumanWMNudgeSim-v0"),
        ppo=PPOConfig(seed=3),
        dqn=None,
        seeds=3,
    )
    entries = config.entries("harsh")
    assert [one.config.seed for one in entries if one.group == "ppo"] == [3, 4, 5]
    assert [one.config.seed for one in entries if one.group == "thompson"] == [0, 1, 2]
    assert not [one for one in entries if one.group == "dqn"]
    names = [one.name for one in entries if one.group == "ppo"]
    assert names == [f"harsh, ppo, seed {number}" for number in (1, 2, 3)]
    for one in entries:
        given = one.env.compliance == "harsh" and one.env.reward_weights is None
        assert given == (one.group in IN_EXPECTATION)
        assert one.env.person_context
