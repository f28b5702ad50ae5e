from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.model import inputs, memory
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.data import encoded_logs
from world_model.data.encoded_logs import EncodedLogs, LazyLogs, Logs, encode_logs, prepare_logs
from world_model.data.windows import histories, moments_until, reference_day, windows

USERS = np.array([3, 7, 1])


@pytest.fixture(scope="module")
def logs() -> EncodedLogs:
    return encode_logs(tiny.logs(), USERS)


def test_days_of_a_window_see_yesterday_and_the_memory_of_the_morning(logs: EncodedLogs) -> None:
    data = tiny.logs()
    day = 20
    window = windows(logs, np.array([1]), np.array([[day]]))
    user = USERS[1]
    row, day_before = data.rows[user, day], data.rows[user, day - 1]
    seen, before_seen = data.observed[user, day], data.observed[user, day - 1]
    encoded, before = schema.encode_rows(row, seen), schema.encode_rows(day_before, before_seen)
    remembered = memory.features(
        memory.run(data.rows[user : user + 1, :day], data.observed[user : user + 1, :day])[1]
    )[0]
    weekday = schema.weekday_features(data.weekday[user, day])
    weather = encoded[inputs.WEATHER_COLUMNS]
    np.testing.assert_allclose(
        window.policy_inputs[0, 0],
        inputs.policy_inputs(before, before_seen, remembered, weekday, weather),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        window.transition_inputs[0, 0],
        inputs.transition_inputs(before, before_seen, encoded, seen, remembered, weekday, weather),
        atol=1e-6,
    )
    np.testing.assert_array_equal(window.states_seen[0, 0], seen[[schema.HEART_RATE, schema.MOOD]])
    np.testing.assert_array_equal(
        window.actions_seen[0, 0], seen[np.array(inputs.ACTION_ORDER)].astype(np.float32)
    )
    np.testing.assert_array_equal(window.actions[0, 0], encoded[inputs.ACTION_COLUMNS])


def test_nothing_is_known_before_the_first_day(logs: EncodedLogs) -> None:
    window = windows(logs, np.arange(3), np.zeros((3, 1), dtype=int))
    before = schema.ROW_WIDTH + schema.FEATURE_COUNT + 20
    assert not np.array(window.policy_inputs)[..., :before].any()


def test_the_policy_never_sees_todays_actions_or_states(logs: EncodedLogs) -> None:
    data = tiny.logs()
    rows, observed = data.rows.copy(), data.observed.copy()
    today = np.array([i for i in range(10) if i != schema.WEATHER])
    rows[:, 20, today] = tiny.people().true_rows[:, 50][:, today]
    observed[:, 20, today] = True
    other = encode_logs(tiny.with_rows(data, rows, observed), USERS)
    at = np.full((3, 1), 20)
    one, two = (windows(which, np.arange(3), at) for which in (logs, other))
    np.testing.assert_array_equal(one.policy_inputs, two.policy_inputs)
    states = slice(0, inputs.STATE_MASK_PART.stop)
    np.testing.assert_array_equal(
        one.transition_inputs[..., states], two.transition_inputs[..., states]
    )
    assert np.abs(np.array(one.actions - two.actions)).max() > 0


def test_cut_logs_hold_nothing_later(logs: EncodedLogs) -> None:
    cut = logs.until(np.array([0, 30, 500]))
    assert cut.days_logged.tolist() == [0, 30, 120]
    for person, kept in enumerate((0, 30, 120)):
        np.testing.assert_array_equal(cut.rows[person, : kept + 1], logs.rows[person, : kept + 1])
        assert not cut.rows[person, kept + 1 :].any()
        assert not cut.observed[person, kept + 1 :].any()


def test_histories_are_padded_at_the_end(logs: EncodedLogs) -> None:
    encoded, observed, valid = histories(logs, np.array([2, 0]), np.array([3, 5]))
    assert encoded.shape == (2, 5, inputs.ENCODER_WIDTH)
    assert np.array(valid).tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    rows = np.array(encoded)[0, :, : schema.ROW_WIDTH]
    np.testing.assert_array_equal(rows[:3], logs.rows[2, 1:4])
    assert not rows[3:].any() and not np.array(observed)[0, 3:].any()


def test_the_reference_day_is_the_average_of_what_was_observed(logs: EncodedLogs) -> None:
    data = tiny.logs()
    reference = reference_day(logs)
    assert reference.shape == (inputs.TRANSITION_WIDTH,)
    rows, seen = data.rows[USERS], data.observed[USERS]
    rate = rows[..., schema.HEART_RATE][seen[..., schema.HEART_RATE]].mean()
    assert reference[0] == pytest.approx((rate - 78.0) / 9.0, abs=1e-3)
    moods = rows[..., schema.MOOD][seen[..., schema.MOOD]].astype(int)
    shares = np.bincount(moods, minlength=4) / len(moods)
    np.testing.assert_allclose(reference[1:5], shares, atol=1e-4)
    assert (reference[inputs.STATE_MASK_PART] == 1.0).all()
    markov = encode_logs(data, USERS, use_memory=False)
    start = inputs.TRANSITION_WIDTH - 6 - memory.WIDTH
    assert reference[start : start + memory.WIDTH].any()
    assert not reference_day(markov)[start : start + memory.WIDTH].any()


def test_no_people_and_no_days_are_refused() -> None:
    data = tiny.logs()
    blind = dataclasses.replace(data, observed=np.zeros_like(data.observed))
    for logs, users in ((data, np.array([], dtype=int)), (blind, USERS)):
        with pytest.raises(DataError, match="people with observed days"):
            encode_logs(logs, users)


def test_padding_of_short_logs_changes_no_memory() -> None:
    data = tiny.logs()
    short = LogDataset.from_arrays(
        data.rows, data.observed, days_logged=np.full(12, 50), start_weekday=data.start_weekday
    )
    cut = encode_logs(short, USERS)
    full = encode_logs(data, USERS)
    np.testing.assert_allclose(cut.remembered[:, :51], full.remembered[:, :51], atol=1e-6)
    for day in (60, 100):
        np.testing.assert_allclose(cut.remembered[:, day], cut.remembered[:, 52], atol=1e-6)


@pytest.fixture
def lazy(monkeypatch: pytest.MonkeyPatch) -> Logs:
    monkeypatch.setattr(encoded_logs, "MOST_ENCODED_DAYS", 0)
    found = prepare_logs(tiny.logs(), np.arange(tiny.logs().users))
    assert isinstance(found, LazyLogs) and not found.are_kept
    return found


def test_logs_that_are_encoded_when_asked_for_are_those_that_were_encoded_before(
    lazy: Logs,
) -> None:
    everybody = np.arange(tiny.logs().users)
    dense = encode_logs(tiny.logs(), everybody)
    people, rng = np.array([4, 0, 4, 11]), np.random.default_rng(0)
    days = rng.integers(0, 90, size=(4, 1)) + np.arange(20)
    one, other = (windows(logs, people, days) for logs in (lazy, dense))
    for field in dataclasses.fields(one):
        # On some processors BLAS rounds a product by how many people it is of.
        pair = (getattr(one, field.name), getattr(other, field.name))
        np.testing.assert_allclose(*pair, rtol=1e-5, atol=1e-6, err_msg=field.name)
    lengths = np.array([30, 100, 7, 55])
    for got, wanted in zip(
        histories(lazy, people, lengths), histories(dense, people, lengths), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(reference_day(lazy), reference_day(dense), atol=1e-6)
    assert (lazy.people, lazy.days) == (dense.people, dense.days)
    np.testing.assert_array_equal(lazy.days_logged, dense.days_logged)
    parts = [(part, logs.of(held)) for part, logs, held in lazy.parts(5)]
    assert [part.stop for part, _ in parts] == [5, 10, 12]
    for part, few in parts:
        np.testing.assert_allclose(few.remembered, dense.remembered[part], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(few.events.held, dense.events.held[part])


def test_days_are_normalised_by_some_people_of_many(
    lazy: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoded_logs, "MOST_DESCRIBED", 3)
    described = lazy.described()
    assert described.users.tolist() == [0, 5, 11]
    alone = reference_day(encode_logs(tiny.logs(), np.array([0, 5, 11])))
    np.testing.assert_allclose(reference_day(lazy), alone, atol=1e-6)
    dense = encode_logs(tiny.logs(), USERS)
    assert dense.described() is dense


def test_few_people_are_encoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    days = tiny.logs().days
    monkeypatch.setattr(encoded_logs, "MOST_ENCODED_DAYS", 3 * days)
    assert isinstance(prepare_logs(tiny.logs(), USERS), EncodedLogs)
    assert isinstance(prepare_logs(tiny.logs(), np.arange(4)), LazyLogs)
    nothing = np.zeros_like(tiny.logs().observed)
    nobody = tiny.with_rows(tiny.logs(), tiny.logs().rows, nothing)
    with pytest.raises(DataError, match="people with observed days"):
        prepare_logs(nobody, np.arange(4))
    # A batch of people without a day is no error among others.
    observed = tiny.logs().observed.copy()
    observed[0] = False
    some = prepare_logs(tiny.with_rows(tiny.logs(), tiny.logs().rows, observed), np.arange(4))
    assert not some.holding(np.array([0]))[0].observed.any()


def test_moments_of_consecutive_people_are_those_of_all(logs: EncodedLogs) -> None:
    lengths = np.array([14, 60])
    whole = moments_until(logs, lengths)
    last = moments_until(logs, lengths, np.array([1, 2]))
    for one, other in zip(last, whole, strict=True):
        np.testing.assert_array_equal(one.products, other.products[1:])
        np.testing.assert_array_equal(one.seen, other.seen[1:])
