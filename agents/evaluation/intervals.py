"""Bootstrap confidence intervals that take people, not episodes, as independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import ConfigError, DataError


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval.

    Attributes:
        mean: of all episodes.
        low: lower end.
        high: upper end.
    """

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Bootstrap:
    """Settings of the bootstrap; the same ones give the same interval.

    Attributes:
        confidence: in (0, 1).
        resamples: how often the people are drawn anew.
        seed: of the draws.
    """

    confidence: float = 0.95
    resamples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.confidence < 1.0 or self.resamples < 1:
            raise ConfigError(
                "0 < confidence < 1 and resamples >= 1",
                f"confidence={self.confidence}, resamples={self.resamples}",
                "The usual confidence is 0.95.",
            )


def clustered_interval(
    values: np.ndarray, people: np.ndarray, bootstrap: Bootstrap | None = None
) -> Interval:
    """Return a percentile interval of the mean, resampling whole people.

    The episodes of a person share their traits; drawn one by one they would make the
    interval too narrow. With one person there is nothing to resample: the interval is
    the mean itself.

    Args:
        values: float (episodes,).
        people: who each episode belongs to, (episodes,).
        bootstrap: settings; None takes the defaults.

    Raises:
        DataError: no values, shapes that disagree, or values that are not finite.

    Source: Cameron, Gelbach & Miller 2008, "Bootstrap-based improvements for inference
        with clustered errors", pairs cluster bootstrap.
    """
    bootstrap = bootstrap or Bootstrap()
    values, people = np.asarray(values, dtype=np.float64), np.asarray(people)
    if values.ndim != 1 or values.shape != people.shape or len(values) == 0:
        raise DataError(
            "one person for each of at least one value",
            f"shapes {values.shape} and {people.shape}",
            "Give two arrays of the same length.",
        )
    if not np.isfinite(values).all():
        raise DataError("finite values", "NaN or infinity", "Look for the episode it comes from.")
    _, who = np.unique(people, return_inverse=True)
    sums, counts = np.bincount(who, weights=values), np.bincount(who)
    rng = np.random.default_rng(bootstrap.seed)
    # How often each person is drawn, (resamples, people).
    drawn = rng.multinomial(
        len(sums), np.full(len(sums), 1.0 / len(sums)), size=bootstrap.resamples
    )
    means = (drawn @ sums) / (drawn @ counts)
    tail = (1.0 - bootstrap.confidence) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(float(values.mean()), float(low), float(high))


def paired_interval(
    values: np.ndarray,
    baseline: np.ndarray,
    people: np.ndarray,
    bootstrap: Bootstrap | None = None,
) -> Interval:
    """Return the interval of the mean difference, episode by episode, to a baseline.

    Args:
        values: float (episodes,).
        baseline: float (episodes,), on the same starts in the same order.
        people: who each episode belongs to, (episodes,).
        bootstrap: settings; None takes the defaults.

    Raises:
        DataError: as `clustered_interval`, or the two have other lengths.
    """
    values, baseline = np.asarray(values), np.asarray(baseline)
    if values.shape != baseline.shape:
        raise DataError(
            "a baseline on the same episodes",
            f"shapes {values.shape} and {baseline.shape}",
            "Run both on the same starts.",
        )
    return clustered_interval(values - baseline, people, bootstrap)
