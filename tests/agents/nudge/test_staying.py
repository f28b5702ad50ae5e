from __future__ import annotations

import math

import pytest

from agents.env_config import EnvConfig
from agents.nudge.staying import quitting_weight, staying
from human_wm_env.nudge.compliance import SETTINGS, Compliance, compliance_of


def test_the_weight_is_what_quitting_is_expected_to_cost() -> None:
    """At a burden of one half, with 10 days left on average."""
    model = Compliance(quit_rate=0.01, quit_burden=1.0, quit_sd=0.0)
    more = 0.01 * (math.exp(0.5) - 1.0)
    assert 0.5 * quitting_weight(model, 21) == pytest.approx(-more * 0.57 * 10.0)
    uneven = Compliance(quit_rate=0.01, quit_burden=1.0, quit_sd=1.0)
    assert quitting_weight(uneven, 21) == pytest.approx(quitting_weight(model, 21) * math.exp(0.5))
    assert quitting_weight(SETTINGS["harsh"], 30) < 3 * quitting_weight(SETTINGS["default"], 30)


def test_nobody_quits_and_burden_costs_more() -> None:
    env = EnvConfig("HumanWMNudge-v0", compliance="harsh", reward_weights={"mood": 0.5})
    found = staying(env)
    model = compliance_of(found.compliance)
    assert (model.quit_rate, model.disposition) == (0.0, -2.5)
    cost = quitting_weight(SETTINGS["harsh"], 30)
    assert found.reward_weights == {"mood": 0.5, "burden": pytest.approx(-0.01 + cost)}
    full = staying(EnvConfig("HumanWMNudge-v0", compliance="full"))
    assert full.reward_weights == {"burden": -0.01}
