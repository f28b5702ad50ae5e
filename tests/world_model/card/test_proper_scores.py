from __future__ import annotations

import numpy as np
import pytest
import scoringrules

from human_wm_env.person import schema
from world_model.card import proper_scores as scores

RNG = np.random.default_rng(0)


def test_energy_is_that_of_scoringrules() -> None:
    draws, truth = 3.0 + RNG.standard_normal((40, 5)), RNG.standard_normal(5)
    expected = scoringrules.es_ensemble(truth, draws, estimator="fair")
    assert scores.energy(draws.astype(np.float32), truth) == pytest.approx(expected, rel=1e-5)


def test_energy_of_a_point_is_its_distance() -> None:
    draws = np.tile(np.array([3.1, 4.2], dtype=np.float32), (50, 1))
    assert scores.energy(draws, np.array([0.1, 0.2])) == pytest.approx(5.0, rel=1e-5)


def test_variogram_is_that_of_scoringrules() -> None:
    draws, truth = RNG.standard_normal((40, 5)), RNG.standard_normal(5)
    # Theirs sums over ordered pairs of columns, the diagonal (0) included.
    expected = scoringrules.vs_ensemble(truth, draws, p=0.5) / (5 * 4)
    assert scores.variogram(draws, truth) == pytest.approx(float(expected), rel=1e-5)


def test_crps_in_scales_and_of_categories() -> None:
    scale = schema.continuous(schema.STEPS).scale
    draws = np.array([[0.0, scale], [0.0, 0.0]])
    # E|X - y| - |X - X'| / 2: (1 + 2) / 2 - 1 / 2 = 1; and 1
    found = scores.crps(draws, np.array([2.0 * scale, scale]), schema.STEPS)
    np.testing.assert_allclose(found, [1.0, 1.0])
    labels = np.array([[0, 0, 1, 2], [3, 3, 3, 3]], dtype=np.float32)
    # P(X != y) = 1/2; of 6 pairs 5 differ: 1/2 - 5/12
    found = scores.crps(labels, np.array([0.0, 3.0]), schema.MOOD)
    np.testing.assert_allclose(found, [0.5 - 5.0 / 12.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("index", [schema.HEART_RATE, schema.WORKOUT])
def test_crps_is_the_energy_of_one_feature(index: int) -> None:
    rows = np.zeros((31, schema.FEATURE_COUNT), dtype=np.float32)
    wide = isinstance(schema.FEATURES[index], schema.Continuous)
    rows[:, index] = RNG.normal(78.0, 9.0, 31) if wide else RNG.integers(0, 7, 31)
    columns = scores.embed(rows)[:, scores.PARTS[index]]
    expected = scores.energy(columns[1:], columns[0])
    found = scores.crps(rows[None, 1:, index], rows[:1, index], index)
    assert found[0] == pytest.approx(expected, rel=1e-4)


def test_the_truth_scores_best() -> None:
    """Proper: of three forecasts the one that the truth is drawn from wins on the average."""
    rng = np.random.default_rng(1)
    truths = rng.standard_normal((300, 4))
    mean = {}
    for name, shift, spread in (("right", 0, 1), ("narrow", 0, 0.4), ("off", 1, 1)):
        draws = shift + spread * rng.standard_normal((300, 60, 4))
        pairs = zip(draws, truths, strict=True)
        mean[name] = np.mean([scores.energy(d, t) for d, t in pairs])
    assert mean["right"] < mean["narrow"] and mean["right"] < mean["off"]


def test_links_between_columns_move_the_variogram() -> None:
    rng = np.random.default_rng(2)
    common = rng.standard_normal((200, 61, 1))
    linked = common + 0.3 * rng.standard_normal((200, 61, 2))
    loose = 1.044 * rng.standard_normal((200, 61, 2))
    scored = [
        np.mean([scores.variogram(own, truth[0]) for own, truth in zip(draws, linked, strict=True)])
        for draws in (linked[:, 1:], loose[:, 1:])
    ]
    assert scored[0] < 0.7 * scored[1]


def test_only_observed_columns_are_kept() -> None:
    observed = np.zeros(schema.FEATURE_COUNT, dtype=bool)
    observed[[schema.STEPS, schema.MOOD, schema.WEATHER]] = True
    kept = scores.observed_columns(observed)
    assert kept.sum() == 1 + 4  # the weather is not scored
    assert len(kept) == scores.embed(np.zeros((1, 10), dtype=np.float32)).shape[1]
    assert kept[scores.PARTS[schema.MOOD]].all() and kept[scores.PARTS[schema.STEPS]].all()


def test_two_categories_are_one_apart() -> None:
    rows = np.zeros((2, schema.FEATURE_COUNT), dtype=np.float32)
    rows[1, schema.MOOD] = 3
    one, other = scores.embed(rows)
    assert np.linalg.norm(one - other) == pytest.approx(1.0)
