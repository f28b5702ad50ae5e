"""Effects of constant policies and of habit in closed form: what a steady change does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES
from human_wm_env.response.basis import OF_NIGHT, WIDTH, daily_basis, daily_decay, days_before
from human_wm_env.response.ordinal import expected_value
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    MOOD_ORDER,
    ResponseLogs,
    ResponseParameters,
)

MOOD_LEVELS = np.array([MOOD_VALUES[schema.categories(schema.MOOD)[i]] for i in MOOD_ORDER])


@dataclass(frozen=True)
class Paths:
    """How the columns move after a log under two constant policies.

    Attributes:
        start: float64 (days, taus, WIDTH), share of the log's memory that is left.
        steady: float64 (days, taus, WIDTH), share of the policy that has arrived.
    """

    start: np.ndarray
    steady: np.ndarray


def _paths(parameters: ResponseParameters, days: int) -> Paths:
    day = np.arange(1, days + 1)[:, None, None]
    decay = daily_decay(parameters.tau_days)[None, :, None]
    # In the morning only the night of the row has arrived.
    late = days_before(parameters.tau_days)[:, None] | (~OF_NIGHT & parameters.morning_states)
    left = decay ** np.where(late, day - 1, day)
    return Paths(left, 1.0 - left)


def policy_effects(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    latents: np.ndarray,
    policy_row: np.ndarray | None,
    rest_row: np.ndarray,
    days: int = 30,
) -> np.ndarray:
    """Return what a constant policy does over a constant reference, day by day.

    Args:
        parameters: of the population.
        logs: of the people, up to the evening before the policy begins.
        latents: float64 (people, draws, rank + 2), draws of each person's posterior.
        policy_row: float32 (10,), the day of the policy, raw; only actions are used. None is
            the mean of each person's logged days: how days of habit vary around it is left out.
        rest_row: float32 (10,), the day that it is compared with.
        days: of the policy, >= 1.

    Returns:
        float64 (2, people, draws, days): heart rate in bpm, and the mood's expected reward.
    """
    paths = _paths(parameters, days)
    usual = logs.own_mean / parameters.actions.sd
    rest = daily_basis(rest_row[None])[0] / parameters.actions.sd
    policy = usual
    if policy_row is not None:
        policy = daily_basis(np.tile(policy_row, (len(usual), 1))) / parameters.actions.sd
    taus = len(parameters.tau_days)
    rate, mood = (parameters.coefficients(state, latents) for state in (0, 1))
    of_memory = [
        each[..., CONTEXT_WIDTH:].reshape(*each.shape[:2], taus, WIDTH) for each in (rate, mood)
    ]
    changed = [
        np.einsum("pskw,dkw,pw->psd", own, paths.steady, policy - rest, optimize=True)
        for own in of_memory
    ]
    level = (
        mood[..., :1]
        + np.einsum("pskw,dkw,pkw->psd", of_memory[1], paths.start, logs.memory, optimize=True)
        + np.einsum("pskw,dkw,pw->psd", of_memory[1], paths.steady, rest - usual, optimize=True)
    )
    sd = float(np.sqrt(1.0 + (parameters.noise[1].sd ** 2).sum()))
    before = expected_value(level, sd, parameters.cutpoints, MOOD_LEVELS)
    after = expected_value(level + changed[1], sd, parameters.cutpoints, MOOD_LEVELS)
    return np.stack([changed[0] * parameters.rate_scale, after - before])
