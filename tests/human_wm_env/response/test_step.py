"""The compiled loops of a day write what the batch functions of a log do."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.response import step
from human_wm_env.response.basis import OF_NIGHT, WIDTH, daily_basis, daily_decay, remembered
from human_wm_env.response.ordinal import normal_cdf
from human_wm_env.response.parameters import CONTEXT_WIDTH, context_columns
from tests.human_wm_env.response import responses

ROWS, OBSERVED, WEEKDAY = responses.logs(1, 60)
PARAMETERS = responses.parameters(ROWS, OBSERVED)


def test_the_basis_of_a_day_is_that_of_a_log() -> None:
    rng = np.random.default_rng(0)
    rows = np.zeros((60, schema.FEATURE_COUNT), dtype=np.float32)
    for index in schema.CONTINUOUS_FEATURES:
        rows[:, index] = rng.uniform(schema.LOWS[index], schema.HIGHS[index], 60)
    for index in schema.CATEGORICAL_FEATURES:
        rows[:, index] = rng.integers(0, schema.FEATURES[index].width, 60)
    basis = np.empty((WIDTH, 60), dtype=np.float32)
    step.basis_loop(np.ascontiguousarray(rows.T), basis)
    np.testing.assert_allclose(basis.T, daily_basis(rows), rtol=1e-5, atol=1e-6)


def test_the_context_of_a_day_is_that_of_a_log() -> None:
    weekday = WEEKDAY.copy()
    weekday[0, 30:] = -1
    observed = np.ones_like(OBSERVED)
    wanted = context_columns(PARAMETERS, ROWS, observed, weekday)[0]
    weather = ROWS[0, :, schema.WEATHER].astype(int)
    before = np.concatenate([[-1], weather[:-1]])
    found = np.empty((CONTEXT_WIDTH, 60), dtype=np.float32)
    share = PARAMETERS.weather_share.astype(np.float32)
    step.context_loop(weekday[0], weather, before, share, found)
    np.testing.assert_allclose(found.T, wanted, atol=1e-6)


@pytest.mark.parametrize("slots", [3, 6])  # few by themselves, more side by side
def test_uncertainty_is_that_of_the_shares_given_the_noise_of_the_day(slots: int) -> None:
    """By differences: a coefficient moves the shares of the moods around the latent mood."""
    rng = np.random.default_rng(2)
    rate_width, mood_width, rows = 4, 5, 3
    width = rate_width + mood_width
    columns, latent = rng.standard_normal((width, slots)), rng.standard_normal(slots)
    doubt, cutpoints = 0.1 * rng.standard_normal((rows, width, slots)), np.array([-0.8, 0.1, 0.9])
    single = np.float32
    found = np.empty(slots, dtype=single)
    step.doubt_loop(
        columns.astype(single),
        doubt.reshape(rows * width, slots).astype(single),
        latent.astype(single),
        cutpoints.astype(single),
        7.0,
        rate_width,
        found,
    )

    def shares(mood: np.ndarray) -> np.ndarray:
        below = normal_cdf(cutpoints[:, None] - mood)
        edges = [np.zeros((1, slots)), below, np.ones((1, slots))]
        return np.asarray(np.diff(np.concatenate(edges), axis=0))

    shift = doubt * columns
    rate, mood = shift[:, :rate_width].sum(axis=1), shift[:, rate_width:].sum(axis=1)
    small = 1e-4
    slope = (shares(latent + small) - shares(latent - small)) / (2.0 * small)
    of_mood = (np.abs(slope) * np.sqrt((mood**2).sum(axis=0))).mean(axis=0)
    of_rate = 7.0 / schema.SCALES[schema.HEART_RATE] * np.sqrt((rate**2).sum(axis=0))
    np.testing.assert_allclose(found, 0.5 * (of_rate + of_mood), rtol=1e-4)


@pytest.mark.parametrize("first_tau", [2.0, 0.0])
@pytest.mark.parametrize("morning", [True, False])
def test_channels_remember_as_the_basis_does(morning: bool, first_tau: float) -> None:
    """Days of one person: what states find are channels of the remembered basis."""
    rng = np.random.default_rng(3)
    days, count, taus = 12, 2, np.array([first_tau, 9.0])
    scaled = rng.standard_normal((days, WIDTH))
    channels = rng.standard_normal((WIDTH, count))
    mean = rng.standard_normal(WIDTH)
    expected, _ = remembered(scaled[None], taus, morning_states=morning)
    night = np.where(OF_NIGHT[:, None], channels, 0.0)
    usual = np.concatenate([mean @ night, mean @ (channels - night)])
    memory = np.zeros((2 * len(taus) * count, 1), dtype=np.float32)
    for day in range(days):
        moved = np.empty_like(memory)
        found = np.empty((len(taus) * count, 1), dtype=np.float32)
        step.remember_channels_loop(
            (scaled[day] + mean)[:, None].astype(np.float32),
            channels.astype(np.float32),
            usual[:, None].astype(np.float32),
            daily_decay(taus).astype(np.float32),
            morning,
            memory,
            moved,
            found,
        )
        memory = moved
        np.testing.assert_allclose(
            found[:, 0], (expected[0, day] @ channels).ravel(), rtol=1e-3, atol=1e-4
        )


def test_noise_goes_on_and_is_drawn_anew_by_hand() -> None:
    rng = np.random.default_rng(4)
    noise, normal = rng.standard_normal((2, 4, 3)).astype(np.float32)
    root = rng.standard_normal((2, 2, 2, 3)).astype(np.float32)
    persistence = np.array([[0.9, 0.2], [0.5, 0.7]], dtype=np.float32)
    scale = np.array([[1.0, 2.0, 0.5], [3.0, 1.0, 1.0]], dtype=np.float32)
    moved = np.empty((4, 3), dtype=np.float32)
    step.noise_loop(noise, root.reshape(8, 3), persistence, scale, normal, 0.5, moved)
    expected = np.empty((4, 3))
    for state in range(2):
        first, second = normal[2 * state], normal[2 * state + 1]
        new = [root[state, 0, 0] * first, root[state, 1, 0] * first + root[state, 1, 1] * second]
        for process in range(2):
            row = 2 * state + process
            kept = persistence[state, process] * noise[row]
            expected[row] = kept + 0.5 * scale[state] * new[process]
    np.testing.assert_allclose(moved, expected, rtol=1e-5)


def test_columns_of_both_states_stand_one_below_the_other() -> None:
    """Channels 0 and 1 are of the heart rate, 2 of the mood; two time constants."""
    context = np.arange(CONTEXT_WIDTH, dtype=np.float32)[:, None]
    found = np.array([[10, 11, 12, 20, 21, 22]], dtype=np.float32).T  # tau by tau
    rate_width = CONTEXT_WIDTH + 2 * 2
    columns = np.empty((2 * CONTEXT_WIDTH + 6, 1), dtype=np.float32)
    step.join_columns_loop(context, found, 2, rate_width, columns)
    own = list(range(CONTEXT_WIDTH))
    assert columns[:, 0].tolist() == [*own, 10, 11, 20, 21, *own, 12, 22]


def test_both_states_of_a_day_by_hand() -> None:
    rng = np.random.default_rng(6)
    slots, rate_width = 50, 3
    columns, coefficients = rng.standard_normal((2, 5, slots)).astype(np.float32)
    noise, normal = rng.standard_normal((4, slots)), rng.standard_normal((2, slots))
    scale = rng.uniform(0.5, 2.0, (2, slots)).astype(np.float32)
    cutpoints = np.array([-1.0, 0.0, 1.5], dtype=np.float32)
    row = np.zeros((schema.FEATURE_COUNT, slots), dtype=np.float32)
    latent = np.empty(slots, dtype=np.float32)
    model = (cutpoints, (70.0, 30.0, 0.4), rate_width, 0.5)
    single = [noise.astype(np.float32), model, scale, normal.astype(np.float32)]
    step.states_loop(columns, coefficients, *single, row, latent)
    product = columns * coefficients
    rate = noise[0] + noise[1] + product[:3].sum(axis=0) + 0.4 * 0.5 * scale[0] * normal[0]
    bpm = np.clip(70.0 + 30.0 * rate, 40.0, 160.0)
    np.testing.assert_allclose(row[schema.HEART_RATE], bpm, rtol=1e-4)
    assert {40.0, 160.0} <= set(row[schema.HEART_RATE].tolist())
    mood = noise[2] + noise[3] + product[3:].sum(axis=0)
    np.testing.assert_allclose(latent, mood, rtol=1e-4, atol=1e-5)
    moods = schema.categories(schema.MOOD)
    names = np.array(["Stressed", "Tired", "Neutral", "Happy"])
    level = np.digitize(mood + 0.5 * normal[1], cutpoints)
    assert [moods[int(code)] for code in row[schema.MOOD]] == names[level].tolist()
