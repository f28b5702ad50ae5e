"""Logs without any structure: independent uniform numbers, as in the Kaggle file.

The Kaggle "fitness tracker" file looks like this in every test. Nothing can be learned from
it, so a world model that is trained on it has to say so: empty latents, and futures as wide
as the numbers themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema

# Ranges of the Kaggle file, as far as such values are possible: it has 1440 active minutes, nights
# of no sleep and 180 bpm.
RANGES = {
    schema.STEPS: (0.0, 30000.0),
    schema.CALORIES: (1500.0, 4000.0),
    schema.DISTANCE: (0.0, 20.0),
    schema.MINUTES: (0.0, 960.0),
    schema.SLEEP: (2.0, 12.0),
    schema.HEART_RATE: (60.0, 160.0),
}
MISSING_SHARE = float(np.exp(-1.0))  # of its days, whole: ids drawn at random leave 1 / e out


@dataclass(frozen=True)
class UniformConfig:
    """How many such logs.

    Attributes:
        users: number of people, >= 3.
        days: days in each log, >= 60.
        seed: of every cell.
    """

    users: int = 999
    days: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.users < 3 or self.days < 60:
            raise ConfigError(
                "at least 3 users and 60 days",
                f"users={self.users}, days={self.days}",
                "Raise the number that is too small.",
            )


def draw_rows(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw raw rows of independent cells, categories flat, float32 (*shape, 10)."""
    rows = np.empty((*shape, schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            rows[..., index] = rng.uniform(*RANGES.get(index, (feature.low, feature.high)), shape)
        else:
            rows[..., index] = rng.integers(feature.width, size=shape)
    return rows


def uniform_logs(config: UniformConfig) -> LogDataset:
    """Return such logs, whole days missing at random."""
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 47]))
    shape = (config.users, config.days)
    observed = np.repeat(
        (rng.random(shape) >= MISSING_SHARE)[..., None], schema.FEATURE_COUNT, axis=-1
    )
    return LogDataset.from_arrays(
        draw_rows(shape, rng),
        observed,
        days_logged=np.full(config.users, config.days),
        user_ids=[f"u{index:03d}" for index in range(config.users)],
        start_weekday=rng.integers(0, schema.DAYS_PER_WEEK, config.users),
        name="uniform",
    )
