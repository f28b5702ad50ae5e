from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.people.embedded import EmbeddedConfig, assemble, generate
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card import baselines
from world_model.card import proper_scores as scores
from world_model.card.futures import Starts, spread_starts

STARTS = Starts(np.array([0, 3]), np.array([50, 90]))


@pytest.fixture(scope="module")
def many() -> LogDataset:
    config = EmbeddedConfig(users=60, days=150, seed=4)
    return assemble(config, generate(config)).dataset


def test_persistence_repeats_the_last_observed_values() -> None:
    logs = tiny.logs()
    rows = baselines.persistence(logs, STARTS, 3, 2, np.random.default_rng(0))
    assert rows.shape == (2, 3, 2, schema.FEATURE_COUNT)
    for place, (user, day) in enumerate(zip(STARTS.users, STARTS.days, strict=True)):
        for index in range(schema.FEATURE_COUNT):
            last = np.flatnonzero(logs.observed[user, :day, index])[-1]
            assert (rows[place, :, :, index] == logs.rows[user, last, index]).all()


def test_climatology_draws_from_the_past() -> None:
    logs = tiny.logs()
    rows = baselines.climatology(logs, STARTS, 400, 1, np.random.default_rng(0))
    for place, (user, day) in enumerate(zip(STARTS.users, STARTS.days, strict=True)):
        for index in range(schema.FEATURE_COUNT):
            seen = logs.observed[user, :day, index]
            own = logs.rows[user, :day, index][seen]
            assert np.isin(rows[place, :, 0, index], own).all()
        steps = rows[place, :, 0, schema.STEPS]
        assert steps.mean() == pytest.approx(
            logs.rows[user, :day, schema.STEPS][logs.observed[user, :day, schema.STEPS]].mean(),
            rel=0.15,
        )
        # Whole days: steps and distance stay together.
        assert np.corrcoef(steps, rows[place, :, 0, schema.DISTANCE])[0, 1] > 0.5


def forecasters(logs: LogDataset, starts: Starts) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "ridge": baselines.mean_lag_weekday(logs, starts, 60, (1, 7), rng),
        "persistence": baselines.persistence(logs, starts, 60, 2, rng),
    }


def test_the_ridge_is_feasible_and_beats_persistence(many: LogDataset) -> None:
    starts = spread_starts(many, many.users_of("test"), 6, 7, np.random.default_rng(1))
    found = forecasters(many, starts)
    rows = found["ridge"]
    for index, feature in enumerate(schema.FEATURES):
        column = rows[..., index]
        if isinstance(feature, schema.Continuous):
            assert ((column >= feature.low) & (column <= feature.high)).all()
        else:
            assert np.isin(column, np.arange(feature.width)).all()
    for index in (schema.HEART_RATE, schema.STEPS, schema.MOOD):
        days = starts.days + 6
        seen = many.observed[starts.users, days, index]
        truth = many.rows[starts.users, days, index][seen]
        mean = {
            name: scores.crps(draws[seen, :, 1, index], truth, index).mean()
            for name, draws in found.items()
        }
        assert mean["ridge"] < 0.8 * mean["persistence"]


def test_the_ridge_knows_the_person(many: LogDataset) -> None:
    starts = spread_starts(many, many.users_of("test"), 1, 7, np.random.default_rng(1))
    rows = forecasters(many, starts)["ridge"]
    predicted = rows[:, :, 1, schema.HEART_RATE].mean(axis=1)
    own = [
        many.rows[u, :d, schema.HEART_RATE][many.observed[u, :d, schema.HEART_RATE]].mean()
        for u, d in zip(starts.users, starts.days, strict=True)
    ]
    assert np.corrcoef(predicted, own)[0, 1] > 0.9


def test_later_days_of_the_person_are_not_read(many: LogDataset) -> None:
    user = int(many.users_of("test")[0])
    rows, observed = many.rows.copy(), many.observed.copy()
    rows[user, 60:], observed[user, 60:] = rows[user, 20:110], observed[user, 20:110]
    rows[user, 60:][..., schema.CATEGORICAL_FEATURES] = 1.0
    start = Starts(np.array([user]), np.array([60]))
    one, other = (
        forecasters(which, start) for which in (many, tiny.with_rows(many, rows, observed))
    )
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_a_feature_that_was_never_logged_is_no_obstacle() -> None:
    logs = tiny.logs()
    observed = logs.observed.copy()
    observed[..., schema.WEATHER] = False
    blind = tiny.with_rows(logs, logs.rows, observed)
    rng = np.random.default_rng(0)
    for rows in (
        baselines.climatology(blind, STARTS, 5, 2, rng),
        baselines.persistence(blind, STARTS, 5, 2, rng),
        baselines.mean_lag_weekday(blind, STARTS, 5, (1, 7), rng),
    ):
        assert rows.shape == (2, 5, 2, schema.FEATURE_COUNT)
        assert (rows[..., schema.WEATHER] == 0.0).all()


def test_the_ridge_is_fitted_where_it_is_told_to() -> None:
    logs = tiny.logs()
    early = Starts(np.repeat(np.arange(12), 40), np.tile(np.arange(20, 60), 12))
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 67:], observed[:, 67:] = tiny.people().true_rows[::-1, 67:], True
    changed = tiny.with_rows(logs, rows, observed)
    starts = Starts(np.array([0, 3]), np.array([50, 60]))
    one, other = (
        baselines.mean_lag_weekday(
            which, starts, 20, (1, 7), np.random.default_rng(0), fit_on=early
        )
        for which in (logs, changed)
    )
    np.testing.assert_array_equal(one, other)


def test_clues_and_weekdays_of_a_start_by_hand() -> None:
    """The deviation is that of the day before the start; weekdays are those of the horizon."""
    logs, index = tiny.logs(), schema.STEPS
    starts = Starts(np.array([0, 3, 3]), np.array([50, 90, 91]))
    own, deviation, known = baselines._clues(logs, starts, index, np.zeros(1))
    feature = schema.continuous(index)
    for place, (user, day) in enumerate(zip(starts.users, starts.days, strict=True)):
        seen = logs.observed[user, :, index]
        scaled = (logs.rows[user, :, index].astype(np.float64) - feature.centre) / feature.scale
        mean = scaled[:day][seen[:day]].sum() / (seen[:day].sum() + 1.0)
        assert own[place, 0] == pytest.approx(mean)
        assert known[place, 0] == seen[day - 1]
        assert deviation[place, 0] == pytest.approx((scaled[day - 1] - mean) * seen[day - 1])
    for horizon in (1, 7, 10):
        design = baselines._design(logs, starts, (own, deviation, known), horizon)
        expected = (logs.weekday[starts.users, starts.days - 1].astype(int) + horizon) % 7
        assert design[:, -7:].argmax(axis=1).tolist() == expected.tolist()
        assert (design[:, -7:].sum(axis=1) == 1.0).all()
