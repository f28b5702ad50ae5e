"""Gaps as evidence of the moods behind them."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.data import disk_arrays
from human_wm_env.people import missingness as truth
from human_wm_env.person import schema
from human_wm_env.person.gap_events import GapEvents, gap_events
from tests.world_model import tiny
from world_model.nets.missingness import (
    MOODS,
    PRIOR_DAYS,
    GapCounts,
    Missingness,
    fit_counts,
    fit_missingness,
    lose_cells,
)

MOOD_SHARES = np.array([0.35, 0.2, 0.2, 0.25])
LOG_ODDS = np.log([1 / 1.5, 1 / 1.5, 1.5, 1.5])


def lossy_people(people: int, days: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Moods drawn independently, and masks of the embedded people's own process."""
    rng = np.random.default_rng(seed)
    mood = rng.choice(MOODS, size=(people, days), p=MOOD_SHARES)
    traits = truth.draw_logging_traits(people, rng)
    day, feature = np.zeros(people, dtype=bool), np.zeros((people, 10), dtype=bool)
    observed = np.empty((people, days, 10), dtype=bool)
    for t in range(days):
        uniform = rng.random((people, truth.UNIFORMS))
        day, feature = truth.next_losses(traits, day, feature, mood[:, t], uniform)
        observed[:, t] = truth.observed_cells(day, feature)
    return observed, mood


def evidence(events: GapEvents, log_odds: np.ndarray, opening: np.ndarray) -> np.ndarray:
    model = Missingness()
    model.mood_log_odds, model.opening = mx.array(log_odds), mx.array(opening)
    opened, held = (np.atleast_3d(e).astype(np.float32) for e in (events.opened, events.held))
    gaps = opened.sum(1)
    return np.array(model.evidence(*map(mx.array, (opened, held, gaps, gaps + held.sum(1)))))


def whole(observed: np.ndarray) -> np.ndarray:
    return np.full(len(observed), observed.shape[1])


def test_gap_events_by_hand() -> None:
    observed = np.ones((6, 10), dtype=bool)
    observed[1, schema.SLEEP] = observed[2, schema.SLEEP] = False  # a gap of two days
    observed[4] = False  # a whole day
    events = gap_events(observed)
    sleep, whole = 1 + schema.SLEEP, 0
    assert events.opened[:, sleep].tolist() == [False, True, False, False, False, False]
    assert events.held[:, sleep].tolist() == [False] * 6  # never kept twice with both days kept
    assert events.opened[:, whole].tolist() == [False, False, False, False, True, False]
    assert events.held[:, whole].tolist() == [False, True, True, True, False, False]
    # A day that was lost whole says nothing of the features' own gaps, nor does the day after.
    assert not events.opened[4:, 1:].any() and not events.held[4:, 1:].any()
    assert events.held[3, 1 + schema.STEPS] and not events.held[0].any()


def test_bad_days_open_gaps_and_the_count_finds_how_many_more() -> None:
    observed, mood = lossy_people(60, 600, seed=1)
    hidden = np.where(observed[..., schema.MOOD], mood, -1)  # what is masked is not read
    log_odds, opening = fit_missingness(observed, hidden, whole(observed))
    np.testing.assert_allclose(log_odds, LOG_ODDS, atol=0.08)
    assert 0.08 < opening[1 + schema.MOOD] < 0.14 and 0.02 < opening[1 + schema.STEPS] < 0.05


def test_gaps_that_know_no_mood_say_nothing() -> None:
    observed, mood = lossy_people(60, 600, seed=2)
    shuffled = np.random.default_rng(0).permuted(mood, axis=1)
    log_odds, _ = fit_missingness(observed, shuffled, whole(observed))
    np.testing.assert_allclose(log_odds, 0.0, atol=0.06)


def test_a_few_gaps_say_little() -> None:
    observed, mood = lossy_people(2, 60, seed=3)
    few, _ = fit_missingness(observed, mood, whole(observed))
    more, moods = lossy_people(60, 600, seed=3)
    many, _ = fit_missingness(more, moods, whole(more))
    assert np.abs(few).max() < np.abs(many).max()
    assert not fit_missingness(np.zeros_like(observed), mood, whole(observed))[0].any()


def test_evidence_by_hand() -> None:
    events = GapEvents(np.zeros((1, 2, 11), dtype=bool), np.zeros((1, 2, 11), dtype=bool))
    events.opened[0, 0, [3, 4]] = True
    events.held[0, 1, 3] = True
    got = evidence(events, LOG_ODDS, np.full(11, 0.1))
    np.testing.assert_allclose(got[0, 0], 2 * LOG_ODDS, rtol=1e-5)
    rate = (1 + PRIOR_DAYS * 0.1) / (2 + PRIOR_DAYS)  # one gap on two days at risk, and the prior
    np.testing.assert_allclose(got[0, 1], np.log(1 - rate * np.exp(LOG_ODDS)), rtol=1e-5)


def test_logged_moods_given_their_gaps_show_the_moods_before_selection() -> None:
    """The conditional likelihood of logged moods is largest at the shares of all moods."""
    observed, mood = lossy_people(80, 500, seed=4)
    log_odds, opening = fit_missingness(observed, mood, whole(observed))
    seen = observed[..., schema.MOOD]
    said = mx.array(evidence(gap_events(observed), log_odds, opening)[seen])
    logged = mx.array(mood[seen])

    def surprise(logits: mx.array) -> mx.array:
        given = logits + said
        own = mx.take_along_axis(given, logged[:, None], axis=1)[:, 0]
        return (mx.logsumexp(given, axis=1) - own).mean()

    logits, slope = mx.zeros((MOODS,)), mx.grad(surprise)
    for _ in range(300):
        logits = logits - 2.0 * slope(logits)
    found = np.array(mx.softmax(logits))
    shares = np.bincount(mood[seen], minlength=MOODS) / seen.sum()
    actual = np.bincount(mood.ravel(), minlength=MOODS) / mood.size
    assert np.abs(shares - actual).max() > 0.025  # what a plain likelihood would learn
    np.testing.assert_allclose(found, actual, atol=0.012)


def test_cells_are_lost_as_often_as_in_the_real_logs_and_more_on_bad_days() -> None:
    observed, _ = lossy_people(60, 400, seed=5)
    mood = np.random.default_rng(6).choice(MOODS, size=observed.shape[:2], p=MOOD_SHARES)
    masks = lose_cells(observed, whole(observed), mood, LOG_ODDS, np.random.default_rng(7))
    np.testing.assert_allclose(1 - masks.mean((0, 1)), 1 - observed.mean((0, 1)), atol=0.06)
    kept = masks[..., schema.MOOD]
    assert kept[mood < 2].mean() > kept[mood >= 2].mean() + 0.05
    np.testing.assert_allclose(fit_missingness(masks, mood, whole(masks))[0], LOG_ODDS, atol=0.12)
    again = lose_cells(observed, whole(observed), mood, LOG_ODDS, np.random.default_rng(7))
    np.testing.assert_array_equal(masks, again)


def test_the_end_of_a_log_is_no_gap() -> None:
    """Padding would look like one endless gap: dreamt people would never be observed."""
    observed, mood = lossy_people(40, 300, seed=8)
    days_logged = np.linspace(60, 300, 40).astype(int)
    inside = np.arange(300) < days_logged[:, None]
    short = observed & inside[..., None]
    _, opening = fit_missingness(short, mood, days_logged)
    _, whole_days = fit_missingness(observed, mood, whole(observed))
    assert abs(opening[0] - whole_days[0]) < 0.02
    masks = lose_cells(short, days_logged, mood, LOG_ODDS, np.random.default_rng(9))
    assert not masks[~inside].any() and masks.any(axis=(1, 2)).all()
    assert abs(masks[inside].mean() - short[inside].mean()) < 0.06


def test_counts_of_a_data_set_are_those_of_its_people(monkeypatch: pytest.MonkeyPatch) -> None:
    logs, users = tiny.logs(), np.array([7, 1, 2, 9, 4])
    mood = logs.rows[users][..., schema.MOOD].astype(int)
    whole = GapCounts.of(logs.observed[users], mood, logs.days_logged[users])
    monkeypatch.setattr(disk_arrays, "PEOPLE_TOGETHER", 2)
    parts = GapCounts.of_people(logs, users)
    for name in ("by_mood", "opened", "at_risk"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name), err_msg=name)
    for one, other in zip(
        fit_counts(parts),
        fit_missingness(logs.observed[users], mood, logs.days_logged[users]),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
