"""What is missing, and in how long runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema

ANY_FEATURE = "whole day"


@dataclass(frozen=True)
class Missingness:
    """Gaps of one feature, within the logged days.

    Attributes:
        feature: its name; "whole day" for days without any observed cell.
        share: of the person-days that lack it.
        mean_run_days: mean length of a run of missing days, 0 where nothing is missing.
        mean_run_if_random: what it would be if days were lost one by one, 1 / (1 - share);
            None where nothing is observed.
    """

    feature: str
    share: float
    mean_run_days: float
    mean_run_if_random: float | None


def describe_missingness(dataset: LogDataset) -> tuple[Missingness, ...]:
    """Describe the gaps of every feature, and of whole days."""
    inside = np.arange(dataset.days) < dataset.days_logged[:, None]
    features = [
        _describe(name, ~dataset.observed[..., index], inside)
        for index, name in enumerate(schema.FEATURE_NAMES)
    ]
    whole = _describe(ANY_FEATURE, ~np.any(dataset.observed, axis=2), inside)
    return (*features, whole)


def _describe(name: str, missing: np.ndarray, inside: np.ndarray) -> Missingness:
    """Describe gaps, bool (users, days) each."""
    gaps = missing & inside
    begins = gaps.copy()
    begins[:, 1:] &= ~gaps[:, :-1]
    lost, runs, days = int(gaps.sum()), int(begins.sum()), int(inside.sum())
    share = lost / days if days else 0.0
    return Missingness(
        feature=name,
        share=share,
        mean_run_days=lost / runs if runs else 0.0,
        mean_run_if_random=1.0 / (1.0 - share) if share < 1.0 else None,
    )
