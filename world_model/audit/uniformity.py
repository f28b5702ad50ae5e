"""Does a column look like uniform random numbers? Real measurements never do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema

MIN_VALUES = 100  # fewer cannot tell a bell from a box
LEVEL = 0.01


@dataclass(frozen=True)
class Uniformity:
    """A test of one feature.

    Attributes:
        feature: its name.
        test: "Kolmogorov-Smirnov" or "chi-squared".
        values: observed values.
        low, high: smallest and largest of them, None for a category.
        statistic: of the test.
        p: of the test, adjusted for all features (Holm 1979).
    """

    feature: str
    test: str
    values: int
    low: float | None
    high: float | None
    statistic: float
    p: float

    @property
    def looks_uniform(self) -> bool:
        """Whether uniform random numbers are not ruled out."""
        return self.p > LEVEL


def test_uniformity(dataset: LogDataset, rng: np.random.Generator) -> tuple[Uniformity, ...]:
    """Test every feature with at least 100 observed values.

    Continuous features are compared with the uniform distribution over their own
    range, categories with equal frequencies.
    """
    results: list[Uniformity] = []
    for index, feature in enumerate(schema.FEATURES):
        values = dataset.rows[..., index][dataset.observed[..., index]]
        if len(values) < MIN_VALUES:
            continue
        if isinstance(feature, schema.Categorical):
            counts = np.bincount(values.astype(np.intp), minlength=feature.width)
            statistic, p = stats.chisquare(counts)
            name, low, high = "chi-squared", None, None
        else:
            statistic, p = _kolmogorov_smirnov(values.astype(np.float64), rng)
            name, low, high = "Kolmogorov-Smirnov", float(values.min()), float(values.max())
        results.append(
            Uniformity(feature.name, name, len(values), low, high, float(statistic), float(p))
        )
    return _adjusted(results)


# The name starts with test_, but it tests data.
test_uniformity.__test__ = False  # type: ignore[attr-defined]


def _kolmogorov_smirnov(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return statistic and p-value of uniformity over the sample's own range.

    Given the smallest and the largest value, uniform numbers between them are again
    uniform. Rounded values are spread over their rounding step first, or the steps
    themselves would be rejected; those at both ends are left out, because rounding
    may have halved their share.
    """
    levels = np.unique(values)
    if len(levels) < 3:
        return 1.0, 0.0
    step = float(np.median(np.diff(levels)))
    inner = values[(values > levels[0]) & (values < levels[-1])]
    spread = inner + step * (rng.random(len(inner)) - 0.5)
    low, high = levels[0] + step / 2.0, levels[-1] - step / 2.0
    result = stats.kstest(np.clip((spread - low) / (high - low), 0.0, 1.0), "uniform")
    return float(result.statistic), float(result.pvalue)


def _adjusted(results: list[Uniformity]) -> tuple[Uniformity, ...]:
    """Replace p-values by Holm's, which allow for the number of features."""
    p = np.array([each.p for each in results])
    order = np.argsort(p, kind="stable")
    left = np.arange(len(p), 0, -1)
    p[order] = np.maximum.accumulate(np.minimum(1.0, left * p[order]))
    return tuple(replace(each, p=float(own)) for each, own in zip(results, p, strict=True))
