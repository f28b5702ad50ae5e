"""Bootstrap confidence intervals that take people, not episodes, as independent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from human_wm_env.errors import ConfigError, DataError


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval.

    Attributes:
        mean: of all episodes.
        low: lower end; None where one person was judged, of whom nothing follows for others.
        high: upper end, None likewise.
    """

    mean: float
    low: float | None
    high: float | None

    @property
    def above_zero(self) -> bool:
        """Whether there is an interval, and all of it is above 0."""
        return self.low is not None and self.low > 0.0

    @property
    def below_zero(self) -> bool:
        """Whether there is an interval, and all of it is below 0."""
        return self.high is not None and self.high < 0.0

    def plain(self) -> dict[str, float]:
        """Return `mean`, and `low` and `high` where there are any."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.2f}"
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
    """Return a percentile interval of the mean, resampling whole people (and runs).

    The episodes of a person share their traits; drawn one by one they would make the
    interval too narrow. With one person there is nothing to resample, and no interval.

    Args:
        values: float (episodes,) or (runs, episodes).
        people: who each episode belongs to, (episodes,).
        bootstrap: settings; None takes the defaults.

    Raises:
        DataError: no values, shapes that disagree, or values that are not finite.

    Source: Cameron, Gelbach & Miller 2008, "Bootstrap-based improvements for inference
        with clustered errors", pairs cluster bootstrap.
    """
    return statistic_interval({"mean": values}, people, lambda m: m["mean"], bootstrap)


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


def statistic_interval(
    columns: Mapping[str, np.ndarray],
    people: np.ndarray,
    statistic: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    bootstrap: Bootstrap | None = None,
    *,
    same_runs: bool = False,
) -> Interval:
    """Return a percentile interval of a function of several means, such as a ratio.

    Whole people are resampled, the same ones for all columns; so are the runs (training
    seeds) of each column, independently of the people.

    Args:
        columns: by name, float (episodes,) or (runs, episodes), on the same starts.
        people: who each episode belongs to, (episodes,).
        statistic: takes the mean of each column, float (resamples,), returns the same shape.
        bootstrap: settings; None takes the defaults.
        same_runs: columns with as many runs hold the same ones, which are drawn together.

    Raises:
        DataError: shapes that disagree, or values that are not finite.
    """
    bootstrap = bootstrap or Bootstrap()
    people = np.asarray(people)
    runs = {name: np.atleast_2d(np.asarray(v, dtype=float)) for name, v in columns.items()}
    for name, values in runs.items():
        if values.ndim != 2 or values.shape[1:] != people.shape or len(people) == 0:
            raise DataError(
                f"one value of {name!r} for each of {len(people)} episodes",
                f"shape {values.shape}",
                "Run everything on the same starts.",
            )
        if not np.isfinite(values).all():
            raise DataError("finite values", f"NaN or infinity in {name!r}", "Look for it.")
    rng = np.random.default_rng(bootstrap.seed)
    who, drawn = drawn_people(people, rng, bootstrap.resamples)
    episodes = drawn @ np.bincount(who)
    means = {}
    drawn_runs: dict[int, np.ndarray] = {}
    for name, values in runs.items():
        sums = np.stack([np.bincount(who, weights=run) for run in values])  # (runs, people)
        count = len(sums)
        if not same_runs or count not in drawn_runs:
            share = np.full(count, 1.0 / count)
            drawn_runs[count] = rng.multinomial(count, share, bootstrap.resamples)
        some = drawn_runs[count]
        means[name] = np.einsum("bk,kp,bp->b", some / len(sums), sums, drawn) / episodes
    with np.errstate(divide="ignore", invalid="ignore"):
        point = statistic({name: np.array([values.mean()]) for name, values in runs.items()})[0]
        if drawn.shape[1] == 1:
            return Interval(float(point), None, None)
        return percentile_interval(point, statistic(means), bootstrap)


def drawn_people(
    people: np.ndarray, rng: np.random.Generator, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each episode's person, int (episodes,), and draws of them, (resamples, people)."""
    _, who = np.unique(people, return_inverse=True)
    count = who.max() + 1
    return who, rng.multinomial(count, np.full(count, 1.0 / count), size=resamples)


def percentile_interval(
    point: float, draws: Sequence[float] | np.ndarray, bootstrap: Bootstrap
) -> Interval:
    """Return a number with the percentiles of its bootstrap draws."""
    tail = (1.0 - bootstrap.confidence) / 2.0
    low, high = np.nanquantile(draws, [tail, 1.0 - tail])
    return Interval(float(point), float(low), float(high))


def interquartile_mean(values: np.ndarray) -> float:
    """Return the mean of the middle half.

    Source: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
        precipice".
    """
    return float(scipy.stats.trim_mean(np.asarray(values, dtype=float), 0.25, axis=None))


def stratified_iqm_interval(
    values: np.ndarray, strata: np.ndarray, bootstrap: Bootstrap | None = None
) -> Interval | None:
    """Return the interquartile mean with a percentile interval, resampling within strata.

    As Agarwal et al. have it: what is judged on (people) stays, and the runs on it (start
    days, training seeds) are resampled. It says how sure the number is for these people;
    `clustered_interval` says how sure it is for others.

    Args:
        values: float (episodes,).
        strata: stratum of each episode, (episodes,).
        bootstrap: settings; at most 2000 resamples are drawn, for each sorts all values.

    Returns:
        None where every stratum has one value only, so that there is nothing to resample, or
        where there is one stratum: one person has no interval.
    """
    bootstrap = bootstrap or Bootstrap()
    values, strata = np.asarray(values, dtype=float), np.asarray(strata)
    order = np.argsort(strata, kind="stable")
    _, begins, sizes = np.unique(strata[order], return_index=True, return_counts=True)
    if sizes.max() == 1 or len(sizes) == 1:
        return None
    low_of, size_of = np.repeat(begins, sizes), np.repeat(sizes, sizes)
    rng = np.random.default_rng(bootstrap.seed)
    arranged, found = values[order], []
    for _ in range(min(bootstrap.resamples, 2000)):
        picked = low_of + (rng.random(len(values)) * size_of).astype(np.intp)
        found.append(interquartile_mean(arranged[picked]))
    return percentile_interval(interquartile_mean(values), found, bootstrap)


def plain_iqm(
    values: np.ndarray, strata: np.ndarray, bootstrap: Bootstrap | None = None
) -> dict[str, float]:
    """Return the interquartile mean as plain numbers, with low and high where it has them."""
    found = stratified_iqm_interval(values, strata, bootstrap)
    return {"mean": interquartile_mean(values)} if found is None else found.plain()
