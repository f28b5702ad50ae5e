"""Effects of actions on people whose truth is known, by the posterior that is played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.people.effects import exact_effects
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.response.effects import policy_effects
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.parameters import response_logs
from human_wm_env.second_family.effects import POLICIES, REST
from human_wm_env.second_family.simulate import policy_row
from world_model.card.interventions import EffectScore, score_effects, share_of_best_choice

HABIT = "habit"


@dataclass(frozen=True)
class KnownEffects:
    """Estimated effects of constant days and of habit beside the true ones, over people.

    Attributes:
        scores: of every policy, HABIT among them, and state.
        share_of_best_choice: what choosing each person's policy gains, of what an oracle gains;
            None where that is nothing.
        people: how many were judged.
        days: of each policy.
    """

    scores: list[EffectScore]
    share_of_best_choice: float | None
    people: int
    days: int


def known_effects(
    response: ResponseInference,
    embedded: EmbeddedPeople,
    users: np.ndarray,
    days: int,
    draws: int,
    rng: np.random.Generator,
) -> KnownEffects:
    """Compare effects on the embedded people with the exact ones.

    Args:
        response: of the checkpoint.
        embedded: the people.
        users: int (people,), whom training never saw.
        days: of each policy, the last of the shortest log; what lies before them is known.
        draws: of each person's posterior.
        rng: source of the draws.
    """
    dataset = embedded.dataset
    start = int(dataset.days_logged[users].min()) - days
    parameters = response.parameters
    posterior = response([dataset.history(int(user), start) for user in users])
    logs = response_logs(
        parameters,
        dataset.rows[users, :start],
        dataset.observed[users, :start],
        dataset.weekday[users, :start].astype(int),
    )
    noise = rng.standard_normal((len(users), draws, posterior.mean.shape[1]))
    latents = posterior.mean[:, None] + noise @ posterior.root.transpose(0, 2, 1)
    rest = policy_row(REST)
    rows = {name: policy_row(policy) for name, policy in POLICIES.items()}
    estimated = {
        name: policy_effects(parameters, logs, latents, row, rest, days)
        for name, row in rows.items()
    }
    estimated[HABIT] = policy_effects(parameters, logs, latents, None, rest, days)
    starts = np.full(len(users), start)
    true = exact_effects(embedded, users, starts, {**rows, HABIT: None}, rest, days=days)
    constant = {name: estimated[name] for name in rows}
    return KnownEffects(
        scores=score_effects(estimated, true),
        share_of_best_choice=share_of_best_choice(constant, true),
        people=len(users),
        days=days,
    )
