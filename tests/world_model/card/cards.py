"""Cards of few numbers, for tests by hand."""

from __future__ import annotations

from typing import Any, cast

from world_model.card.calibration import Calibration
from world_model.card.intervals import Interval
from world_model.card.interventions import EffectScore
from world_model.card.latent_swap import Swap
from world_model.card.results import Card, Forecasts, Traits
from world_model.card.trait_recovery import TraitFound


def interval(mean: float, low: float | None = None) -> Interval:
    return Interval(mean, low, low)


def forecasts(**coverage: float) -> Forecasts:
    """One day's coverage of the three levels."""
    levels = {"50%": 0.5, "80%": 0.8, "95%": 0.95}
    own = {
        level: interval(coverage.get(f"of_{level[:2]}", value)) for level, value in levels.items()
    }
    return Forecasts({"1": Calibration(9, own, [0.1] * 10)}, {}, {}, {}, {})


def card(**parts: Any) -> Card:
    swap = {name: Swap(interval(1.0, 0.2), interval(1.0, 0.3)) for name in "abc"}
    plain = {
        "about": cast(Any, None),
        "latents": {},
        "swap": swap,
        "traits": None,
        "forecasts": {"dream": forecasts()},
        "comparison": {"habit": {"1": interval(0.9)}},
        "spread": [],
        "mood": None,
        "disagreement": None,
    }
    return Card(**{**plain, **parts})


def traits(refined: bool) -> Traits:
    encoder = {
        "rest": TraitFound("rest", "a", 0.5, 0.1, "b"),
        "lift": TraitFound("lift", "c", 0.3, 0.3, "a"),
    }
    better = {
        "rest": TraitFound("rest", "a", 0.7, 0.2, "c"),
        "lift": TraitFound("lift", "c", 0.9, 0.1, "b"),
    }
    return Traits(9, 9, {"rest": 1.0, "lift": 0.9}, encoder, better if refined else None)


def effect(policy: str, **own: Any) -> EffectScore:
    plain = {"true_mean": 1.0, "true_sd": 1.0, "ratio": (1.0, 1.1, 0.95), "correlation": 1.0}
    plain |= {"reference_correlation": None, "relative_rmse": 0.5, "coverage": (0.5, 0.8, 0.95)}
    return EffectScore(policy, "mood", **{**plain, **own})
