"""True traits of the embedded people, in the three blocks that the model has to find.

Block a: who the person is at rest. Block b: how they behave. Block c: how their
body and mood respond. Traits are independent and normal, so that a trait that is
read off a latent block was found there and not inferred from another trait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Block = Literal["a", "b", "c"]


@dataclass(frozen=True)
class Trait:
    """One number that tells people apart.

    Attributes:
        name: key of the trait, with its unit where it has one.
        block: a (baseline), b (behaviour) or c (response).
        mean: population mean.
        sd: population standard deviation.
        meaning: one line for tables.
    """

    name: str
    block: Block
    mean: float
    sd: float
    meaning: str


# Source of the between-person spreads of a and b: LifeSnaps (ICC of heart rate .46,
# steps .29, calories .58, sleep .22, mood .19). The spreads of c are an assumption,
# listed in docs/people.md: responses differ between people in size and, for exercise
# and mood, in sign, so widely that no single day suits everybody: an agent that knows
# the person gains over the best constant day.
TRAITS: tuple[Trait, ...] = (
    Trait("heart_rate_rest_bpm", "a", 78.0, 5.0, "daily mean heart rate on an average day"),
    Trait("mood_rest", "a", -0.25, 0.8, "log-odds of good over neutral mood on an average day"),
    Trait("activity_level", "b", 0.0, 0.45, "log of the habitual steps, relative"),
    Trait("sleep_habit_hours", "b", 6.9, 0.75, "habitual sleep"),
    Trait("weekend_shift", "b", -0.05, 0.3, "log steps at weekends minus working days"),
    Trait("workout_propensity", "b", -0.4, 0.9, "log-odds of a workout on a day"),
    Trait("outdoor_preference", "b", 0.0, 1.0, "log-odds of outdoor over indoor activity"),
    Trait("basal_residual_kcal", "b", 0.0, 380.0, "calories beyond what the day implies"),
    Trait("exercise_mood", "c", 0.0, 1.25, "mood log-odds per SD of training load; sign differs"),
    Trait("short_sleep_mood", "c", 0.4, 0.45, "mood log-odds lost per hour of sleep missed"),
    Trait("exercise_heart_rate_bpm", "c", 1.8, 1.0, "heart rate per SD of training load"),
    Trait("fatigue_heart_rate_bpm", "c", 3.0, 2.5, "heart rate per SD of load above fitness"),
)
TRAIT_NAMES: tuple[str, ...] = tuple(trait.name for trait in TRAITS)
TRAIT_INDEX: dict[str, int] = {name: index for index, name in enumerate(TRAIT_NAMES)}


def draw_traits(people: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the traits of a population.

    Args:
        people: how many.
        rng: source of randomness.

    Returns:
        float32 (people, traits), columns in the order of TRAITS.
    """
    mean = np.array([trait.mean for trait in TRAITS])
    sd = np.array([trait.sd for trait in TRAITS])
    return (mean + sd * rng.standard_normal((people, len(TRAITS)))).astype(np.float32)


def trait(traits: np.ndarray, name: str) -> np.ndarray:
    """Return one trait of every person, float (people,)."""
    return traits[:, TRAIT_INDEX[name]]
