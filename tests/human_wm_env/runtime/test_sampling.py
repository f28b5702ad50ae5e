from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from human_wm_env.model import heads
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.inputs import ACTION_ORDER
from human_wm_env.person import schema
from human_wm_env.runtime import sampling

DRAWS = 200_000
# Two Gaussians: weights .25 and .75, means -1 and 2, scales .5 and 1.
SCALES = np.array([0.5, 1.0])
MIXTURE = np.concatenate(
    [[0.0, math.log(3.0)], [-1.0, 2.0], np.log(np.expm1(SCALES - heads.MIN_SCALE))]
).astype(np.float32)


def noise(count: int, width: int | None = None, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (count,) if width is None else (count, width)
    return (
        rng.standard_normal(shape).astype(np.float32),
        rng.random(shape).astype(np.float32),
    )


def mixtures(
    parameters: np.ndarray,
    components: int,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Draw from one mixture, again and again."""
    settings, buffer = (parameters, 0, components, temperature), np.empty_like(parameters)
    return np.array(
        [sampling.mixture(*settings, *each, buffer) for each in zip(normal, uniform, strict=True)]
    )


def categories(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    settings, buffer = (logits, 0, len(logits), temperature), np.empty_like(logits)
    return np.array([sampling._label(*settings, each, buffer) for each in uniform])


def unchained(layout: HeadLayout) -> np.ndarray:
    return np.zeros((layout.chain_width, layout.width), dtype=np.float32)


def test_mixtures_have_the_right_distribution() -> None:
    normal, uniform = noise(DRAWS)
    drawn = mixtures(MIXTURE, 2, 1.0, normal, uniform)

    def cdf(x: np.ndarray) -> np.ndarray:
        return 0.25 * stats.norm.cdf(x, -1, 0.5) + 0.75 * stats.norm.cdf(x, 2, 1)

    # The critical value of Kolmogorov and Smirnov at one in a thousand.
    assert stats.kstest(drawn, cdf).statistic < 1.95 / math.sqrt(DRAWS)


@pytest.mark.parametrize("temperature", [0.25, 0.5, 2.0])
def test_temperature_scales_the_gaussians_and_flattens_the_choice(temperature: float) -> None:
    normal, uniform = noise(DRAWS)
    drawn = mixtures(MIXTURE, 2, temperature, normal, uniform)
    second = 3 ** (1 / temperature) / (1 + 3 ** (1 / temperature))
    mean = -(1 - second) + 2 * second
    variance = (
        (1 - second) * (1 + (0.5 * temperature) ** 2) + second * (4 + temperature**2) - mean**2
    )
    assert drawn.mean() == pytest.approx(mean, abs=5 * math.sqrt(variance / DRAWS))
    assert drawn.var() == pytest.approx(variance, rel=0.03)


def test_one_gaussian() -> None:
    normal, uniform = noise(DRAWS)
    raw = math.log(math.expm1(0.7 - heads.MIN_SCALE))
    drawn = mixtures(np.array([9.0, 1.5, raw], dtype=np.float32), 1, 1.0, normal, uniform)
    assert stats.kstest(drawn, stats.norm(1.5, 0.7).cdf).statistic < 1.95 / math.sqrt(DRAWS)


@pytest.mark.parametrize(("components", "mean"), [(1, -1.0), (2, 0.25 * -1 + 0.75 * 2)])
def test_temperature_zero_gives_the_mean(components: int, mean: float) -> None:
    parameters = MIXTURE if components == 2 else MIXTURE[[0, 2, 4]]
    normal, uniform = noise(50)
    drawn = mixtures(parameters, components, 0.0, normal, uniform)
    np.testing.assert_allclose(drawn, mean, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_categories_have_the_right_shares(temperature: float) -> None:
    logits = np.array([0.0, 1.0, -1.0, 2.0], dtype=np.float32)
    _, uniform = noise(DRAWS)
    drawn = categories(logits, temperature, uniform)
    expected = special.softmax(logits / temperature)
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / DRAWS, expected, atol=0.005)


def test_rows_along_the_chain_by_hand() -> None:
    """At temperature 0 the row is a function of parameters and chain."""
    layout = HeadLayout(ACTION_ORDER, 1)
    parameters = np.zeros((2, layout.width), dtype=np.float32)
    workouts = layout.parameters[schema.WORKOUT]
    parameters[0, workouts.start + 6] = 5.0  # Running
    parameters[1, workouts.start + 1] = 5.0  # Yoga
    steps, minutes = (layout.parameters[i].start + 1 for i in (schema.STEPS, schema.MINUTES))
    parameters[:, minutes] = [1.0, -1.0]
    chain = unchained(layout)
    chain[layout.encoded[schema.WORKOUT].start + 6, minutes] = 0.5
    chain[layout.encoded[schema.MINUTES].start, steps] = 2.0
    # The mask input of the workout, which is always known in a dream.
    chain[layout.encoded_width, layout.parameters[schema.SLEEP].start + 1] = -1.0
    zeros = np.zeros((2, 7), dtype=np.float32)
    rows = sampling.sample_row(layout, parameters, chain, 0.0, zeros, zeros)
    assert rows[:, schema.WORKOUT].tolist() == [6, 1]
    np.testing.assert_allclose(rows[:, schema.MINUTES], [240 + 1.5 * 110, 240 - 110])
    np.testing.assert_allclose(rows[:, schema.STEPS], [8000 + 3.0 * 5000, 0.0])  # clipped
    np.testing.assert_allclose(rows[:, schema.SLEEP], 7.0 - 1.5)
    assert not rows[:, [schema.HEART_RATE, schema.MOOD, schema.WEATHER]].any()


def test_the_chain_is_given_the_clipped_value() -> None:
    layout = HeadLayout(ACTION_ORDER, 1)
    parameters = np.zeros((1, layout.width), dtype=np.float32)
    parameters[0, layout.parameters[schema.SLEEP].start + 1] = 1000.0
    chain = unchained(layout)
    chain[layout.encoded[schema.SLEEP].start, layout.parameters[schema.STEPS].start + 1] = -0.3
    zeros = np.zeros((1, 7), dtype=np.float32)
    rows = sampling.sample_row(layout, parameters, chain, 0.0, zeros, zeros)
    assert rows[0, schema.SLEEP] == 14.0
    scaled = (14.0 - 7.0) / 1.5
    assert rows[0, schema.STEPS] == pytest.approx(8000 - 0.3 * scaled * 5000, rel=1e-5)


@given(
    seed=st.integers(0, 10_000),
    spread=st.floats(0.1, 30.0),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    components=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_rows_stay_within_the_schema(
    seed: int, spread: float, temperature: float, components: int
) -> None:
    layout = HeadLayout(ACTION_ORDER, components)
    rng = np.random.default_rng(seed)
    parameters = (spread * rng.standard_normal((20, layout.width))).astype(np.float32)
    chain = layout.chain_mask * rng.standard_normal(layout.chain_mask.shape).astype(np.float32)
    before = parameters.copy()
    rows = sampling.sample_row(layout, parameters, chain, temperature, *noise(20, 7, seed))
    np.testing.assert_array_equal(parameters, before)
    for index in ACTION_ORDER:
        feature = schema.FEATURES[index]
        column = rows[:, index]
        if isinstance(feature, schema.Continuous):
            assert (column >= feature.low).all() and (column <= feature.high).all()
        else:
            assert set(column.tolist()) <= set(range(feature.width))
    if temperature == 0.0:
        others = sampling.sample_row(layout, parameters, chain, 0.0, *noise(20, 7, seed + 1))
        np.testing.assert_array_equal(rows, others)


def test_exponentials_are_as_exact_as_float32() -> None:
    values = np.linspace(-86.9, 87.9, 100_001).astype(np.float32)
    found = values.copy()
    sampling.exponentials(found)
    np.testing.assert_allclose(found, np.exp(values.astype(np.float64)), rtol=3e-7)
    ends = np.array([-1e30, 0.0, 1e30], dtype=np.float32)
    sampling.exponentials(ends)
    np.testing.assert_allclose(ends, np.exp([-87.0, 0.0, 88.0]), rtol=3e-7)


def test_the_mean_over_members_by_hand() -> None:
    members = np.arange(24, dtype=np.float32).reshape(3, 2, 4) ** 2
    mean = sampling._average(members)
    assert mean.shape == (1, 2, 4)
    np.testing.assert_allclose(mean[0], members.mean(axis=0), rtol=1e-6)


def test_logits_and_shares_of_slots_by_hand() -> None:
    logits = np.array([[1.0, -2.0], [3.0, -5.0], [2.0, -2.5]], dtype=np.float32)
    sampling.take_highest_off(logits)
    np.testing.assert_array_equal(logits, [[-2.0, 0.0], [0.0, -3.0], [-1.0, -0.5]])
    shares = np.array([[1.0, 2.0], [3.0, 2.0], [0.0, 4.0]], dtype=np.float32)
    sampling.divide_by_sum(shares)
    np.testing.assert_allclose(shares, [[0.25, 0.25], [0.75, 0.25], [0.0, 0.5]])
