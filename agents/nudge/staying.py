"""A dream for training in which nobody quits, and burden costs what quitting is expected to."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from agents.env_config import EnvConfig
from human_wm_env.nudge.compliance import Compliance, compliance_of
from human_wm_env.nudge.world import BURDEN, NudgeWorld

# Where the hazard, which is convex in the burden, is made a straight line.
_BURDEN = 0.5
# Of a day of people without nudges: with the default weights dreamt days are worth .57.
DAY_REWARD = 0.57


def quitting_weight(model: Compliance, horizon: int) -> float:
    """Return the weight of burden that stands for quitting, <= 0.

    A day's burden b raises the hazard by rate * E[factor] * (exp(quit_burden * b) - 1). Who quits
    loses the days left, half of the horizon on average.

    Args:
        model: of compliance.
        horizon: days of an episode.
    """
    factor = np.exp(0.5 * model.quit_sd**2)
    slope = model.quit_rate * factor * np.expm1(model.quit_burden * _BURDEN) / _BURDEN
    return float(-slope * DAY_REWARD * 0.5 * (horizon - 1))


def staying(env: EnvConfig) -> EnvConfig:
    """Return the same environment without quitting, its cost in the weight of burden.

    That somebody quits is rare, and costs a hundred times what a nudge can gain: drawn, it hides
    from learners what nudges do. The judged environments keep it.
    """
    model = compliance_of(env.compliance or "default")
    weights = dict(env.reward_weights or {})
    own = weights.get(BURDEN, NudgeWorld.default_weights[BURDEN])
    weights[BURDEN] = own + quitting_weight(model, env.horizon)
    kept = asdict(replace(model, quit_rate=0.0))
    return replace(env, compliance=kept, reward_weights=weights)
