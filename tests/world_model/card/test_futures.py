from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import DataError
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card import futures
from world_model.card.futures import (
    Starts,
    draw_latents,
    encode_starts,
    sample_model,
    sample_simulator,
    spread_starts,
)

STARTS = Starts(np.array([0, 0, 5]), np.array([40, 77, 60]))


def test_starts_are_spread_over_each_log() -> None:
    logs = tiny.logs()
    users = np.array([1, 4])
    found = spread_starts(logs, users, 4, 30, np.random.default_rng(0))
    assert found.users.tolist() == [1, 1, 1, 1, 4, 4, 4, 4]
    days = found.days.reshape(2, 4)
    assert (np.diff(days, axis=1) > 0).all()
    assert (days >= 14).all() and (days + 30 <= logs.days_logged[users][:, None]).all()
    with pytest.raises(DataError, match="107 days after them"):
        spread_starts(logs, users, 1, 107, np.random.default_rng(0))


def test_no_later_row_is_read() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[0, 40:], observed[0, 40:] = tiny.people().true_rows[3, 40:], True
    first = Starts(np.array([0]), np.array([40]))
    one, other = (
        encode_starts(tiny.runtime(), which, first)
        for which in (logs, tiny.with_rows(logs, rows, observed))
    )
    np.testing.assert_array_equal(one.posterior.mean, other.posterior.mean)
    np.testing.assert_array_equal(one.memory.total, other.memory.total)
    np.testing.assert_array_equal(one.row, other.row)


def imagined(draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    encoded = encode_starts(tiny.runtime(), tiny.logs(), STARTS)
    weather = tiny.checkpoint().weather_transitions
    latents = draw_latents(encoded.posterior, draws, rng)
    return sample_model(tiny.model(), encoded, latents, weather, (1, 3), rng)


def test_dreams_are_independent_and_reproducible() -> None:
    rows = imagined(6, 0)
    assert rows.shape == (3, 6, 2, schema.FEATURE_COUNT)
    np.testing.assert_array_equal(rows, imagined(6, 0))
    assert len(np.unique(rows[:, :, 0].reshape(18, -1), axis=0)) == 18
    assert (imagined(6, 1) != rows).any()


def test_people_keep_their_place_in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks draw their noise in turn: the same people, other noise."""
    whole = imagined(200, 0)
    monkeypatch.setattr(futures, "SLOTS", 200)
    parts = imagined(200, 0)
    means = [each[:, :, 0, schema.HEART_RATE].mean(axis=1) for each in (whole, parts)]
    spread = whole[:, :, 0, schema.HEART_RATE].std(axis=1) / np.sqrt(200)
    assert (np.abs(means[0] - means[1]) < 5.0 * spread).all()
    assert np.ptp(means[0]) > 5.0 * spread.max()


def test_the_simulator_restarts_the_true_people() -> None:
    """The mean heart rate of a day lies around the person's; nothing is masked."""
    people = tiny.people()
    rows = sample_simulator(people, STARTS, 300, (1, 5), np.random.default_rng(0))
    assert rows.shape == (3, 300, 2, schema.FEATURE_COUNT)
    assert len(np.unique(rows[0, :, 0, schema.STEPS])) > 280
    hearts = rows[:, :, 1, schema.HEART_RATE].mean(axis=1)
    own = people.true_rows[STARTS.users, :, schema.HEART_RATE].mean(axis=1)
    np.testing.assert_allclose(hearts, own, atol=3.0)
    assert set(np.unique(rows[..., schema.WEATHER])) == {0.0, 1.0, 2.0, 3.0}
