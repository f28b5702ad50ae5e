"""Exact effects of constant policies: paired simulations of the same people with the same noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.random import SeedSequence, default_rng

from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES
from human_wm_env.response.ordinal import expected_value
from human_wm_env.second_family.people import FamilyPeople
from human_wm_env.second_family.simulate import LifeState, Policy, simulate
from human_wm_env.second_family.structure import MOOD_ORDER, Structure

REST = Policy()
POLICIES: Mapping[str, Policy] = {
    "sleep 1 h more": replace(REST, sleep_hours=8.0),
    "sleep 1 h less": replace(REST, sleep_hours=6.0),
    "sleep 2 h more": replace(REST, sleep_hours=9.0),
    "walk 30 min": replace(REST, active_minutes=60.0, steps=7300.0, workout="Walking"),
    "run 30 min": replace(REST, active_minutes=60.0, steps=7300.0, workout="Running"),
    "run 60 min": replace(REST, active_minutes=90.0, steps=10600.0, workout="Running"),
    "gym 60 min": replace(REST, active_minutes=90.0, steps=5800.0, workout="Gym Workout"),
    "cycle 60 min": replace(REST, active_minutes=90.0, steps=5000.0, workout="Cycling"),
    "in the park": replace(REST, location="Park"),
    "10,000 steps": replace(REST, active_minutes=100.0, steps=10000.0),
}
MOOD_LEVELS = np.array([MOOD_VALUES[schema.categories(schema.MOOD)[i]] for i in MOOD_ORDER])


def mood_value(structure: Structure, latent: np.ndarray) -> np.ndarray:
    """Return the expected mood reward of latent moods, in [0, 1].

    Args:
        structure: its cutpoints; each day's own noise is standard normal.
        latent: float64 (...).
    """
    return expected_value(latent, 1.0, structure.cutpoints, MOOD_LEVELS)


def exact_effects(
    structure: Structure,
    people: FamilyPeople,
    state: LifeState,
    policies: Mapping[str, Policy] = POLICIES,
    *,
    days: int = 30,
    pairs: int = 4,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Return what each policy does to each person, over REST.

    Heart rate is compared without its noise, and the mood as its expected reward given the
    slow noise, which the pairs share and are averaged over.

    Args:
        structure: of the member.
        people: of the member.
        state: where they begin, after their log.
        policies: by name.
        days: of the policy.
        pairs: noise sequences that are averaged.
        seed: of the noise.

    Returns:
        By policy float64 (2, people, days): heart rate in bpm, and mood reward.
    """

    def run(policy: Policy, pair: int) -> np.ndarray:
        rng = default_rng(SeedSequence([structure.member, seed, pair, 29]))
        expected = simulate(structure, people, state, days, rng, policy).expected
        return np.stack([expected[0], mood_value(structure, expected[1])])

    rest = [run(REST, pair) for pair in range(pairs)]
    return {
        name: np.mean([run(policy, pair) - rest[pair] for pair in range(pairs)], axis=0)
        for name, policy in policies.items()
    }
