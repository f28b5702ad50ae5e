"""People of a member of the family: personal coefficients, and habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.second_family.structure import (
    DRIVERS,
    LOCATIONS,
    NO_WORKOUT,
    WORKOUTS,
    Structure,
)

KINDS = np.array([index for index in range(len(WORKOUTS)) if index != NO_WORKOUT])


@dataclass(frozen=True)
class Habits:
    """How people spend their days, batch-first.

    Attributes:
        sleep_hours, sleep_sd, weekend_sleep: usual night, its daily spread, and what a weekend
            adds, hours.
        workout_share: probability of a workout on a day.
        kinds: float64 (people, kinds), of each kind of workout, given that there is one.
        workout_minutes, other_minutes, other_steps: medians of a workout and of the rest of a day.
        locations: float64 (people, locations), shares.
        unusual_share: probability of an unusual night, or of an extra push to work out: without
            such days no log could say what they do.
    """

    sleep_hours: np.ndarray
    sleep_sd: np.ndarray
    weekend_sleep: np.ndarray
    workout_share: np.ndarray
    kinds: np.ndarray
    workout_minutes: np.ndarray
    other_minutes: np.ndarray
    other_steps: np.ndarray
    locations: np.ndarray
    unusual_share: np.ndarray


@dataclass(frozen=True)
class FamilyPeople:
    """People of one member.

    Attributes:
        coefficients: float64 (2, people, 6), of heart rate and latent mood on the channels.
        base: float64 (2, people), their levels.
        habits: how they spend their days.
    """

    coefficients: np.ndarray
    base: np.ndarray
    habits: Habits

    @property
    def count(self) -> int:
        """Number of people."""
        return self.base.shape[1]


def draw_people(structure: Structure, count: int, seed: int) -> FamilyPeople:
    """Draw people of a member of the family.

    Args:
        structure: of the member.
        count: how many, >= 1.
        seed: another one gives other people.
    """
    rng = np.random.default_rng(np.random.SeedSequence([structure.member, seed, 7]))
    normal = rng.standard_normal((2, count, len(DRIVERS) + 1))
    states = structure.states
    return FamilyPeople(
        coefficients=np.stack(
            [s.mean + s.sd * normal[i, :, 1:] for i, s in enumerate(states)], axis=0
        ),
        base=np.stack([s.base_mean + s.base_sd * normal[i, :, 0] for i, s in enumerate(states)]),
        habits=Habits(
            sleep_hours=rng.normal(7.2, 0.6, count),
            sleep_sd=rng.uniform(0.6, 1.2, count),
            weekend_sleep=rng.normal(0.5, 0.3, count),
            workout_share=rng.beta(2.0, 3.0, count),
            kinds=rng.dirichlet(np.full(len(KINDS), 0.7), count),
            workout_minutes=np.exp(rng.normal(3.5, 0.35, count)),
            other_minutes=np.exp(rng.normal(3.7, 0.4, count)),
            other_steps=np.exp(rng.normal(8.6, 0.35, count)),
            locations=rng.dirichlet(np.full(len(LOCATIONS), 0.8), count),
            unusual_share=rng.uniform(0.05, 0.2, count),
        ),
    )
