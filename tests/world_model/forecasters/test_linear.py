from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from tests.world_model import tiny
from tests.world_model.forecasters.clue_rows import clues_and_target, steps_logs
from world_model.forecasters.linear import exponential_mean, mixed_model


def people(rng: np.random.Generator, *, lag: float = 0.0, drift: float = 0.0) -> np.ndarray:
    """Autoregressive days around levels that wander, float (40, 100)."""
    level = rng.normal(0.0, 0.4, size=(40, 1)) + np.cumsum(drift * rng.normal(size=(40, 100)), 1)
    noise = np.zeros((40, 100))
    for day in range(1, 100):
        noise[:, day] = lag * noise[:, day - 1] + 0.3 * rng.normal(size=40)
    return np.clip(level + noise, -1.5, 7.0)


def skill(fit: object, logs: np.ndarray) -> dict[str, float]:
    """R2 on the last people of forecasters that are fitted on the others."""
    assert callable(fit)
    clues, target = clues_and_target(steps_logs(logs[:30]))
    of_others, truth = clues_and_target(steps_logs(logs[30:]))
    mean = of_others.total / of_others.count
    total = ((truth - truth.mean(axis=0)) ** 2).sum()
    found = {"fitted": fit(clues, target)(of_others), "mean": mean, "last": of_others.last}
    return {name: 1.0 - ((each - truth) ** 2).sum() / total for name, each in found.items()}


def test_an_exponential_mean_follows_wandering_levels() -> None:
    found = skill(exponential_mean, people(np.random.default_rng(0), drift=0.15))
    assert found["fitted"] > found["mean"] + 0.1
    assert found["fitted"] > found["last"]


def test_an_exponential_mean_of_steady_people_is_their_mean() -> None:
    found = skill(exponential_mean, people(np.random.default_rng(1)))
    assert found["fitted"] > found["mean"] - 0.01


def test_a_mixed_model_reads_a_strong_lag() -> None:
    logs = people(np.random.default_rng(2), lag=0.87)
    found = skill(mixed_model, logs)
    assert found["fitted"] > max(found["mean"], found["last"])
    assert found["fitted"] > skill(exponential_mean, logs)["fitted"]


def test_a_mixed_model_reads_the_weekday() -> None:
    rng = np.random.default_rng(3)
    weekend = np.arange(100) % 7 >= 5
    found = skill(mixed_model, people(rng) + 0.8 * weekend)
    assert found["fitted"] > found["mean"] + 0.2


@pytest.mark.parametrize("fit", [exponential_mean, mixed_model])
def test_shares_of_labels_sum_to_one(fit: object) -> None:
    assert callable(fit)
    clues, target = clues_and_target(tiny.logs(), index=schema.MOOD)
    np.testing.assert_allclose(fit(clues, target)(clues).sum(axis=1), 1.0, atol=2e-3)


@pytest.mark.parametrize("fit", [exponential_mean, mixed_model])
def test_one_cell_is_enough(fit: object) -> None:
    assert callable(fit)
    clues, target = clues_and_target(steps_logs(np.full((1, 15), 0.5)))
    assert len(target) == 1
    np.testing.assert_allclose(fit(clues, target)(clues), 0.5, atol=1e-3)
