from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card.futures import Starts
from world_model.card.local_level import correct

FIRST_HELD_OUT = 80
EVERY = Starts(np.repeat(np.arange(12), 90), np.tile(np.arange(30, 120), 12))
STARTS = EVERY[EVERY.days >= FIRST_HELD_OUT]


def corrected(
    logs: LogDataset, rows: np.ndarray, *, horizon: int = 1, starts: Starts = STARTS
) -> np.ndarray:
    """Correct forecasts that are the same rows (10,), in 40 draws, on every day."""
    one_day = np.broadcast_to(rows, (len(EVERY), 40, schema.FEATURE_COUNT)).astype(np.float32)
    return correct(
        one_day[: len(starts), :, None].copy(),
        starts,
        [horizon],
        (one_day, EVERY),
        np.full(12, FIRST_HELD_OUT),
        logs,
        np.random.default_rng(0),
    )[:, :, 0]


def typical() -> np.ndarray:
    rows: np.ndarray = tiny.people().true_rows.mean(axis=(0, 1))
    rows[schema.CATEGORICAL_FEATURES,] = 0.0
    return rows


def errors(logs: LogDataset, forecasts: np.ndarray, index: int) -> float:
    seen = logs.observed[STARTS.users, STARTS.days, index]
    truth = logs.rows[STARTS.users, STARTS.days, index]
    return float((np.abs(forecasts[..., index].mean(axis=1) - truth)[seen]).mean())


def test_everybody_gets_a_level_of_their_own() -> None:
    logs = tiny.logs()
    found = corrected(logs, typical())
    plain = np.broadcast_to(typical(), found.shape)
    for index, share in ((schema.CALORIES, 0.85), (schema.HEART_RATE, 0.97)):
        assert errors(logs, found, index) < share * errors(logs, plain, index)


def test_shares_of_labels_move_too() -> None:
    logs = tiny.logs()
    logged = logs.rows[:, 30:FIRST_HELD_OUT, schema.MOOD]
    often = np.bincount(logged[logged >= 0.0].astype(int), minlength=4) > 50
    moods = corrected(logs, typical())[..., schema.MOOD]
    assert (np.bincount(moods.astype(int).ravel(), minlength=4)[often] > 0).all()
    assert often.sum() > 1


def test_right_forecasts_are_hardly_touched() -> None:
    """Days that nothing foretells: the level of their misses is noise."""
    rng = np.random.default_rng(3)
    rows = tiny.logs().rows.copy()
    steps = schema.continuous(schema.STEPS)
    rows[..., schema.STEPS] = steps.centre + 0.3 * steps.scale * rng.standard_normal(rows.shape[:2])
    logs = tiny.with_rows(
        tiny.logs(), rows, tiny.logs().observed | (np.arange(rows.shape[-1]) == schema.STEPS)
    )
    mean = typical()
    mean[schema.STEPS] = steps.centre
    moved = corrected(logs, mean)[..., schema.STEPS] - steps.centre
    assert np.abs(moved).mean() < 0.1 * 0.3 * steps.scale


def test_what_the_level_foretells_is_no_longer_doubt() -> None:
    """A resting heart rate that wanders: most of yesterday's miss is there today."""
    rng = np.random.default_rng(4)
    rate = schema.continuous(schema.HEART_RATE)
    rows = tiny.logs().rows.copy()
    walk = np.cumsum(rng.standard_normal(rows.shape[:2]), axis=1)
    rows[..., schema.HEART_RATE] = rate.centre + walk
    observed = tiny.logs().observed.copy()
    observed[..., schema.HEART_RATE] = True
    drawn = np.broadcast_to(typical(), (len(EVERY), 400, schema.FEATURE_COUNT)).copy()
    drawn[..., schema.HEART_RATE] = rate.centre + walk.std() * rng.standard_normal(drawn.shape[:2])
    found = correct(
        drawn[: len(STARTS), :, None].astype(np.float32),
        STARTS,
        [1],
        (drawn.astype(np.float32), EVERY),
        np.full(12, FIRST_HELD_OUT),
        tiny.with_rows(tiny.logs(), rows, observed),
        np.random.default_rng(0),
    )[:, :, 0, schema.HEART_RATE]
    truth = rate.centre + walk[STARTS.users, STARTS.days]
    misses = truth - found.mean(axis=1)
    assert misses.std() < 0.4 * walk.std()
    assert found.std(axis=1).mean() < 0.6 * walk.std()
    low, high = np.quantile(found, [0.1, 0.9], axis=1)
    assert ((truth > low) & (truth < high)).mean() > 0.75


def test_later_days_correct_nothing() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 90:], observed[:, 90:] = tiny.people().true_rows[::-1, 90:], True
    changed = tiny.with_rows(logs, rows, observed)
    early = STARTS[STARTS.days <= 90]
    one, other = (corrected(which, typical(), starts=early) for which in (logs, changed))
    np.testing.assert_array_equal(one, other)


def test_held_out_days_choose_no_setting() -> None:
    """Before they are reached, what they hold changes nothing at any horizon."""
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, FIRST_HELD_OUT:] = tiny.people().true_rows[::-1, FIRST_HELD_OUT:]
    observed[:, FIRST_HELD_OUT:] = True
    changed = tiny.with_rows(logs, rows, observed)
    first = STARTS[STARTS.days == FIRST_HELD_OUT]
    one, other = (corrected(which, typical(), horizon=7, starts=first) for which in (logs, changed))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("index", [schema.WEATHER, schema.STEPS])
def test_what_is_not_known_is_not_corrected(index: int) -> None:
    observed = tiny.logs().observed.copy()
    observed[..., schema.STEPS] = False
    blind = tiny.with_rows(tiny.logs(), tiny.logs().rows, observed)
    found = corrected(blind, typical())
    np.testing.assert_allclose(found[..., index], np.float32(typical()[index]), rtol=1e-6)
