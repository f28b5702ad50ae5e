from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.splits import split_by_time
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model.card.futures import Starts, encode_starts
from world_model.card.walk_forward import (
    _last_days,
    every_day,
    forecast_logs,
    masks_like_before,
    refined_before,
    refined_walking,
)
from world_model.data.encoded_logs import encode_logs
from world_model.training.config import TrainingConfig
from world_model.training.personal_posteriors import Refinement

SPLIT = split_by_time(tiny.logs(), 0.1)


def test_every_held_out_day_is_a_start() -> None:
    starts = every_day(SPLIT.whole, SPLIT.first_held_out)
    assert len(starts) == 12 * 12
    assert starts.days.reshape(12, 12).tolist() == [list(range(108, 120))] * 12
    early = every_day(SPLIT.whole, np.zeros(12, dtype=int))
    assert early.days.min() >= 14
    with pytest.raises(DataError, match="held-out days after 14"):
        every_day(SPLIT.whole, SPLIT.whole.days_logged)


def test_masks_are_the_persons_own_and_scored_days_hold_something() -> None:
    logs = tiny.logs()
    starts = Starts(np.array([2, 7]), np.array([60, 100]))
    masks = masks_like_before(logs, starts, 200, (1, 7), np.random.default_rng(0))
    assert masks.shape == (2, 200, 7, schema.FEATURE_COUNT)
    assert masks[:, :, [0, 6]].any(axis=-1).all()
    assert not masks[:, :, 1:6].any(axis=-1).all()
    own = {tuple(row) for row in logs.observed[2, :60]}
    assert {tuple(row) for row in masks[0].reshape(-1, 10)} <= own


def test_forecasts_read_nothing_from_their_first_day_on() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 100:], observed[:, 100:] = tiny.people().true_rows[::-1, 100:], True
    starts = Starts(np.array([0, 5]), np.array([100, 100]))

    def forecasts(which: object) -> np.ndarray:
        encoded = encode_starts(tiny.runtime(), which, starts)
        weather = tiny.checkpoint().weather_transitions
        rng = np.random.default_rng(0)
        return forecast_logs(tiny.model(), encoded, which, weather, (1, 3), 6, rng)

    one, other = forecasts(logs), forecasts(tiny.with_rows(logs, rows, observed))
    assert one.shape == (2, 6, 2, schema.FEATURE_COUNT)
    np.testing.assert_array_equal(one, other)


def test_refinement_reads_the_days_before_alone() -> None:
    rows, observed = SPLIT.whole.rows.copy(), SPLIT.whole.observed.copy()
    rows[:, 108:], observed[:, 108:] = tiny.people().true_rows[::-1, 108:], True
    changed = split_by_time(tiny.with_rows(SPLIT.whole, rows, observed), 0.1)
    config = TrainingConfig(window_days=16)

    def refined(split: object) -> Posterior:
        return refined_before(
            tiny.model(), tiny.runtime(), split, Refinement(2, 0.1, config, seed=0)
        )

    one, other = refined(SPLIT), refined(changed)
    np.testing.assert_array_equal(one.mean, other.mean)
    assert one.mean.shape == (12, tiny.TINY.latent_width) and one.mean.any()


def walked(logs: LogDataset, every: int, steps: int = 2, window: int = 200) -> Posterior:
    shape = (logs.users, tiny.TINY.latent_width)
    return refined_walking(
        tiny.model(),
        tiny.runtime(),
        logs,
        Starts(np.array([4, 4, 1, 4]), np.array([108, 111, 110, 113])),
        Posterior(np.ones(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)),
        Refinement(steps, 0.1, TrainingConfig(window_days=window), seed=0),
        every=every,
    )


def test_a_walking_posterior_is_updated_every_so_many_days() -> None:
    daily, in_fours = walked(SPLIT.whole, 1).mean, walked(SPLIT.whole, 4).mean
    assert daily.shape == (4, tiny.TINY.latent_width)
    assert all((daily[i] != daily[j]).any() for i, j in ((0, 1), (1, 3), (0, 2)))
    np.testing.assert_array_equal(in_fours[0], in_fours[1])  # days 108 to 111 share one
    assert (in_fours[3] != in_fours[0]).any()
    np.testing.assert_array_equal(walked(SPLIT.whole, 1, steps=0).mean, 1.0)


def test_a_walking_posterior_reads_what_was_logged_before_its_start_alone() -> None:
    def changed_from(day: int) -> LogDataset:
        rows, observed = SPLIT.whole.rows.copy(), SPLIT.whole.observed.copy()
        rows[:, day:], observed[:, day:] = tiny.people().true_rows[::-1, day:], True
        return tiny.with_rows(SPLIT.whole, rows, observed)

    as_logged = walked(SPLIT.whole, 1).mean
    np.testing.assert_array_equal(walked(changed_from(113), 1).mean, as_logged)
    later = walked(changed_from(108), 1).mean
    np.testing.assert_array_equal(later[0], as_logged[0])
    assert (later[1:] != as_logged[1:]).any(axis=1).all()


def test_a_walking_posterior_reads_the_last_days_whole_and_no_others() -> None:
    def forgetting(day: int) -> LogDataset:
        observed = SPLIT.whole.observed.copy()
        observed[:, day] = ~observed[:, day]
        changed = np.where(observed, tiny.people().true_rows, SPLIT.whole.rows)
        return tiny.with_rows(SPLIT.whole, changed.astype(np.float32), observed)

    encoded = encode_logs(SPLIT.whole, np.array([4, 0])).until(np.array([111, 9]))
    last = _last_days(encoded, 12)
    assert last.days_logged.tolist() == [12, 9] and last.days == 12
    np.testing.assert_array_equal(last.rows[0], encoded.rows[0, 99:112])  # with day 98 in front
    np.testing.assert_array_equal(last.events.held[0], encoded.events.held[0, 99:112])
    np.testing.assert_array_equal(last.observed[1, :10], encoded.observed[1, :10])
    assert not last.observed[1, 10:].any()
    as_logged = walked(SPLIT.whole, 1, window=12).mean
    assert (walked(forgetting(107), 1, window=12).mean != as_logged).any(axis=1).all()
