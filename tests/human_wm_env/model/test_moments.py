from __future__ import annotations

import math

import numpy as np
import pytest

from human_wm_env.model import inputs, memory, moments
from human_wm_env.model.moments import Moments
from human_wm_env.person import schema
from human_wm_env.person.schema import is_weekend
from human_wm_env.runtime.encoder import prepare
from tests.world_model import tiny

DAYS = 25


def collected(rows: np.ndarray, observed: np.ndarray, weekday: np.ndarray) -> Moments:
    """Moments of raw logs (people, days, 10)."""
    encoded = schema.encode_rows(rows, observed)
    eves = [
        np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1) for x in (encoded, observed)
    ]
    remembered, _ = memory.run(rows, observed)
    values, mask = moments.factors(encoded, observed, *eves, remembered, is_weekend(weekday))
    return moments.collect(values, mask, observed)


@pytest.fixture(scope="module")
def some() -> Moments:
    logs = tiny.logs()
    return collected(logs.rows[:3, :DAYS], logs.observed[:3, :DAYS], logs.weekday[:3, :DAYS])


def pair(first: int, second: int) -> int:
    """Position of a product in the flat upper triangle."""
    low, high = sorted((first, second))
    return int(np.flatnonzero((moments.PAIRS[0] == low) & (moments.PAIRS[1] == high))[0])


def test_products_by_hand(some: Moments) -> None:
    """Sleep times today's heart rate, and yesterday's heart rate times today's."""
    logs = tiny.logs()
    actions = len(inputs.ACTION_COLUMNS)
    columns = [*inputs.ACTION_COLUMNS]
    sleep = columns.index(schema.ROW_SLICES[schema.SLEEP].start)
    heart_rate = actions
    before = actions + len(inputs.STATE_COLUMNS)
    for person in range(3):
        rows, seen = logs.rows[person], logs.observed[person]
        rate = (rows[:DAYS, schema.HEART_RATE] - 78.0) / 9.0
        hours = (rows[:DAYS, schema.SLEEP] - 7.0) / 1.5
        both = seen[:DAYS, schema.HEART_RATE] & seen[:DAYS, schema.SLEEP]
        at = pair(sleep, heart_rate)
        assert some.counts[person, at] == both.sum() > 0
        assert some.products[person, at] == pytest.approx((rate * hours)[both].sum(), abs=1e-3)
        known = seen[:DAYS, schema.HEART_RATE]
        both = known[1:] & known[:-1]
        at = pair(heart_rate, before)
        assert some.counts[person, at] == both.sum() > 0
        expected = (rate[1:] * rate[:-1])[both].sum()
        assert some.products[person, at] == pytest.approx(expected, abs=1e-3)


def test_two_days_by_hand() -> None:
    """Sunday: 8.5 hours, 87 bpm. Monday: 10 hours, the heart rate lost, other weather."""
    rows = np.zeros((1, 2, 10), dtype=np.float32)
    observed = np.zeros((1, 2, 10), dtype=bool)
    for day, index, value in (
        (0, schema.SLEEP, 8.5),
        (0, schema.HEART_RATE, 87.0),
        (1, schema.SLEEP, 10.0),
        (1, schema.WEATHER, 1.0),
    ):
        rows[0, day, index], observed[0, day, index] = value, True
    rows[0, 1, schema.HEART_RATE] = 150.0  # behind the mask
    got = collected(rows, observed, np.array([[6, 0]]))
    actions, states = len(inputs.ACTION_COLUMNS), len(inputs.STATE_COLUMNS)
    sleep = [*inputs.ACTION_COLUMNS].index(schema.ROW_SLICES[schema.SLEEP].start)
    rate, rate_before, one = actions, actions + states, moments.WIDTH - 1
    weekend = one - 1 - len(inputs.WEATHER_COLUMNS)
    weather = weekend + 2
    # Scaled: sleep (h - 7) / 1.5 is 1 and 2, the heart rate (bpm - 78) / 9 is 1.
    by_hand = {
        (sleep, sleep): (1.0 + 4.0, 2),
        (sleep, rate): (1.0, 1),
        (rate, rate): (1.0, 1),
        (sleep, rate_before): (2.0 * 1.0, 1),
        (rate, rate_before): (0.0, 0),
        (sleep, weekend): (1.0, 2),
        (sleep, weather): (2.0, 1),
        (sleep, one): (3.0, 2),
        (one, one): (2.0, 2),
    }
    for (first, second), (product, count) in by_hand.items():
        at = pair(first, second)
        assert got.products[0, at] == pytest.approx(product, abs=1e-5), (first, second)
        assert got.counts[0, at] == count, (first, second)
    assert got.seen[0].tolist() == [0, 0, 0, 0, 2, 1, 0, 1, 0, 0]


def test_padding_does_not_count() -> None:
    logs = tiny.logs()
    histories = [logs.history(person, days) for person, days in ((0, 9), (1, 40), (2, 23))]
    together = prepare(histories, use_memory=True).moments
    for person, history in enumerate(histories):
        alone = prepare([history], use_memory=True).moments
        np.testing.assert_array_equal(together.counts[person], alone.counts[0])
        np.testing.assert_array_equal(together.seen[person], alone.seen[0])
        np.testing.assert_allclose(
            together.products[person], alone.products[0], rtol=1e-5, atol=1e-4
        )
        assert together.counts[person, -1] == history.days


def test_weekends_and_days_are_counted(some: Moments) -> None:
    logs = tiny.logs()
    weekend = moments.WIDTH - 2 - len(inputs.WEATHER_COLUMNS)
    one = moments.WIDTH - 1
    expected = (logs.weekday[:3, :DAYS] >= 5).sum(axis=1)
    np.testing.assert_array_equal(some.products[:, pair(weekend, one)], expected)
    np.testing.assert_array_equal(some.counts[:, pair(one, one)], DAYS)
    np.testing.assert_array_equal(some.seen, logs.observed[:3, :DAYS].sum(axis=1))


def test_what_is_masked_has_no_part() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows[:3, :DAYS], logs.observed[:3, :DAYS]
    leaky = np.where(observed, rows, np.float32(3.0))
    one, two = (collected(x, observed, logs.weekday[:3, :DAYS]) for x in (rows, leaky))
    np.testing.assert_array_equal(one.products, two.products)
    np.testing.assert_array_equal(one.counts, two.counts)
    # Even where the caller forgot to zero what is masked.
    rest = np.zeros((3, DAYS, memory.WIDTH)), np.zeros((3, DAYS), dtype=bool)
    bare, blank = (
        moments.factors(encoded, observed, encoded, observed, *rest)[0]
        for encoded in (schema.encode_rows(leaky), schema.encode_rows(rows, observed))
    )
    np.testing.assert_array_equal(bare, blank)


def test_features_by_hand() -> None:
    mean = np.full(moments.PAIR_COUNT, 0.5, dtype=np.float32)
    sd = np.full(moments.PAIR_COUNT, 0.25, dtype=np.float32)
    products = np.zeros((2, moments.PAIR_COUNT), dtype=np.float32)
    counts = np.zeros_like(products)
    products[0, :2], counts[0, :2] = [30.0, 1e6], 30.0
    counts[:, -1] = [30.0, 0.0]
    products[:, -1] = counts[:, -1]
    seen = np.zeros((2, 10), dtype=np.float32)
    seen[0, 4] = 15.0
    got = moments.features(Moments(products, counts, seen), mean, sd)
    assert got.shape == (2, moments.FEATURE_WIDTH)
    # (30 + 10 * .5) / 40 = .875, which is 1.5 SDs above; an absurd one is cut off.
    assert got[0, :3] == pytest.approx([1.5, 6.0, 0.0])
    assert got[0, -11] == pytest.approx(math.log(31.0) / 7.0)
    assert got[0, -10:].tolist() == [0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0]
    # Nothing logged: what the population is like, and no division by zero.
    assert not got[1].any()


def test_the_population_is_standardised(some: Moments) -> None:
    mean, sd = moments.population(some)
    assert mean.shape == sd.shape == (moments.PAIR_COUNT,) and (sd > 0).all()
    each = some.products / np.maximum(some.counts, 1.0)
    np.testing.assert_allclose(mean, each.mean(axis=0), atol=1e-6)
    assert (sd >= each.std(axis=0)).all()
