from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.env_config import EnvConfig
from agents.nudge.rules import NudgeRuleConfig, make_rule
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from human_wm_env.errors import ConfigError
from human_wm_env.person import observations, schema

ENV = EnvConfig("HumanWMNudgeSim-v0")


def seen(feature: int, raw: float, observed: bool = True) -> np.ndarray:
    rows = np.zeros((1, schema.FEATURE_COUNT), dtype=np.float32)
    rows[0, feature] = raw
    mask = np.zeros((1, schema.FEATURE_COUNT), dtype=bool)
    mask[0, feature] = observed
    none = np.array([-1])
    return observations.build(rows, mask, none, none, np.array([0]), 30)


def test_a_nudge_every_third_day(tmp_path: Path) -> None:
    rule = train_agent(NudgeRuleConfig("rest", 3), ENV)
    anything = np.zeros((2, 53), dtype=np.float32)
    for agent in (rule, load_agent(save_agent(rule, tmp_path / "rule"))):
        for _ in range(2):  # a reset begins anew
            agent.reset(2)
            sent = [agent.act(anything).tolist() for _ in range(5)]
            assert sent == [[4, 4], [0, 0], [0, 0], [4, 4], [0, 0]]


@pytest.mark.parametrize(
    ("when", "observation", "sent"),
    [
        ("sedentary", seen(schema.STEPS, 4900.0), 1),
        ("sedentary", seen(schema.STEPS, 5100.0), 0),
        ("sedentary", seen(schema.STEPS, 4900.0, observed=False), 0),
        ("short_night", seen(schema.SLEEP, 6.9), 1),
        ("short_night", seen(schema.SLEEP, 7.1), 0),
        ("tired", seen(schema.MOOD, 3.0), 1),
        ("tired", seen(schema.MOOD, 1.0), 0),
        ("tired", seen(schema.MOOD, 3.0, observed=False), 0),
    ],
)
def test_conditions_read_what_was_seen(when: str, observation: np.ndarray, sent: int) -> None:
    rule = make_rule(NudgeRuleConfig("walk", when=when), ENV)
    rule.reset(1)
    assert rule.act(observation).tolist() == [sent]


def test_wrong_rules_are_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'sedentary'"):
        NudgeRuleConfig("walk", when="sedentry")
    with pytest.raises(ConfigError, match="every >= 1"):
        NudgeRuleConfig("walk", every=0)
    with pytest.raises(ConfigError, match="Did you mean 'walk'"):
        make_rule(NudgeRuleConfig("wlk"), ENV)
    with pytest.raises(ConfigError, match="an environment with nudges"):
        make_rule(NudgeRuleConfig("walk"), EnvConfig("HumanWMSim-v0"))
