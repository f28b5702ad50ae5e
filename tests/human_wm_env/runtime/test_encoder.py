from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from human_wm_env.model import memory
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.runtime import encoder
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import ENCODER_BATCH, WorldModelRuntime
from tests.world_model import tiny

DAYS = 40


def encode(*histories: History, architecture: tiny.Architecture = tiny.TINY) -> Posterior:
    return tiny.runtime(architecture).encode(histories)[0]


def complete(days: int = DAYS, person: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True rows without gaps: each observed cell may then be moved alone."""
    rows = tiny.people().true_rows[person, :days].copy()
    return rows, np.ones(rows.shape, dtype=bool)


def only(reading: str) -> WorldModelRuntime:
    """A runtime whose encoder reads the history in one way only."""
    if reading == "all":
        return tiny.runtime()
    source = tiny.checkpoint()
    weights = {name: array.copy() for name, array in source.weights.items()}
    of_days = (tiny.TINY.pooling_heads + 1) * tiny.TINY.row_width
    first = weights["encoder.first.weight"]
    if reading != "moments":
        for name in ("linear.weight", "out.weight"):
            weights[f"encoder.moments.{name}"][:] = 0.0
    if reading != "days":
        first[:, :of_days] = 0.0
    if reading != "weeks":
        first[:, of_days:] = 0.0
    return WorldModelRuntime(dataclasses.replace(source, weights=weights))


@pytest.mark.parametrize("reading", ["all", "moments", "days", "weeks"])
def test_every_observed_day_moves_the_posterior(reading: str) -> None:
    """By each of the three ways in which the encoder reads a history, and by all."""
    runtime = only(reading)
    rows, observed = complete()
    histories = [History.from_arrays(rows, observed, 0)]
    for day in range(DAYS):
        moved = rows.copy()
        moved[day, schema.HEART_RATE] += 9.0
        histories.append(History.from_arrays(moved, observed, 0))
    posterior, _ = runtime.encode(histories)
    for part in (posterior.mean, posterior.log_variance):
        moves = np.abs(part[1:] - part[0]).max(axis=1)
        assert (moves > 2e-6).all(), np.flatnonzero(moves <= 2e-6)


@pytest.mark.parametrize("index", range(schema.FEATURE_COUNT))
def test_every_feature_and_every_mask_bit_moves_the_posterior(index: int) -> None:
    rows, observed = complete()
    feature = schema.FEATURES[index]
    moved, lost = rows.copy(), observed.copy()
    if isinstance(feature, schema.Continuous):
        moved[20, index] += feature.scale if rows[20, index] < feature.centre else -feature.scale
    else:
        moved[20, index] = (moved[20, index] + 1) % feature.width
    lost[20, index] = False
    after = encode(
        History.from_arrays(rows, observed, 0),
        History.from_arrays(moved, observed, 0),
        History.from_arrays(rows, lost, 0),
    ).mean
    assert np.abs(after[1] - after[0]).max() > 1e-5
    assert np.abs(after[2] - after[0]).max() > 1e-5


def test_no_masked_value_moves_the_posterior() -> None:
    logs = tiny.logs()
    user, day = 4, 100
    history = logs.history(user, day)
    assert not history.observed.all()
    leaky = history.rows.copy()
    leaky[~history.observed] = 3.0
    # Straight to the encoder: from_arrays would have blanked what is behind the mask.
    one, other = encode(history), encode(dataclasses.replace(history, rows=leaky))
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.log_variance, other.log_variance)


def test_no_later_row_moves_the_posterior() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 60:] = tiny.people().true_rows[:, :60]
    observed[:, 60:] = True
    other = tiny.with_rows(logs, rows, observed)
    one, two = encode(logs.history(3, 60)), encode(other.history(3, 60))
    np.testing.assert_array_equal(one.mean, two.mean)
    later = encode(logs.history(3, 61), other.history(3, 61))
    assert np.abs(later.mean[0] - later.mean[1]).max() > 1e-5


def test_the_weekday_is_seen() -> None:
    rows, observed = complete()
    histories = [History.from_arrays(rows, observed, weekday) for weekday in (0, 3, -1)]
    mean = encode(*histories).mean
    assert np.abs(mean[1:] - mean[0]).max(axis=1).min() > 1e-5


@given(lengths=st.lists(st.integers(1, 90), min_size=2, max_size=4))
@settings(max_examples=15, deadline=None)
def test_people_of_different_lengths_equal_themselves_alone(lengths: list[int]) -> None:
    logs = tiny.logs()
    histories = [logs.history(user, days) for user, days in enumerate(lengths)]
    posterior, memory = tiny.runtime().encode(histories)
    for person, history in enumerate(histories):
        alone, own = tiny.runtime().encode([history])
        np.testing.assert_allclose(posterior.mean[person], alone.mean[0], atol=1e-5)
        np.testing.assert_allclose(posterior.log_variance[person], alone.log_variance[0], atol=1e-5)
        np.testing.assert_allclose(memory.total[person], own.total[0], atol=1e-5)
        np.testing.assert_allclose(memory.weight[person], own.weight[0], atol=1e-5)


def test_more_people_than_fit_into_a_batch_keep_their_order() -> None:
    logs = tiny.logs()
    rng = np.random.default_rng(0)
    histories = [
        logs.history(int(rng.integers(12)), int(rng.integers(14, 40)))
        for _ in range(ENCODER_BATCH + 5)
    ]
    posterior, memory = tiny.runtime().encode(histories)
    for person in (0, 7, ENCODER_BATCH, ENCODER_BATCH + 4):
        alone, own = tiny.runtime().encode([histories[person]])
        np.testing.assert_allclose(posterior.mean[person], alone.mean[0], atol=1e-5)
        np.testing.assert_allclose(memory.total[person], own.total[0], atol=1e-5)


def test_a_single_day_and_a_day_without_anything() -> None:
    rows, observed = complete(1)
    nothing = History.from_arrays(rows, np.zeros_like(observed), 0)
    posterior = encode(History.from_arrays(rows, observed, 0), nothing)
    assert np.isfinite(posterior.mean).all() and np.isfinite(posterior.sd).all()
    assert (posterior.sd > 0).all()


def test_the_markov_form_has_no_memory() -> None:
    """Without memory inputs, only the GRU and the pooling carry the earlier days."""
    history = tiny.logs().history(0, 50)
    assert tiny.runtime(tiny.MARKOV).encode([history])[1].total.any()
    part = slice(-memory.WIDTH - 7, -7)  # the states of the day before follow
    assert not encoder.prepare([history], use_memory=False).inputs[..., part].any()
    assert encoder.prepare([history], use_memory=True).inputs[..., part].any()


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_beginnings_in_one_pass_equal_each_by_itself(name: str) -> None:
    runtime, logs = tiny.runtime(tiny.ARCHITECTURES[name]), tiny.logs()
    histories = [logs.history(user, 120) for user in (0, 3, 5)]
    lengths = [np.array([14, 35, 119]), np.array([63]), np.array([7, 14, 21, 98])]
    for history, own in zip(histories, lengths, strict=True):
        posterior, after = runtime.encode_beginnings(history, own)
        for row, days in enumerate(own):
            part = History(history.rows[:days], history.observed[:days], history.weekday[:days])
            alone, remembered = runtime.encode([part])
            np.testing.assert_allclose(posterior.mean[row], alone.mean[0], atol=1e-5)
            np.testing.assert_allclose(posterior.sd[row], alone.sd[0], atol=1e-5)
            np.testing.assert_allclose(after.total[row], remembered.total[0], atol=1e-6)
            np.testing.assert_allclose(after.weight[row], remembered.weight[0], atol=1e-6)


def test_beginnings_do_not_read_on() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 56:], observed[:, 56:] = tiny.people().true_rows[:, :64], True
    other = tiny.with_rows(logs, rows, observed)
    lengths = np.array([28, 56, 63])
    one, two = (
        tiny.runtime().encode_beginnings(which.history(3, 70), lengths)[0].mean
        for which in (logs, other)
    )
    np.testing.assert_allclose(one[:2], two[:2], atol=1e-6)
    assert np.abs(one[2] - two[2]).max() > 1e-5
