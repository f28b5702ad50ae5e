"""The ordinal probit against numbers worked out by hand and by differences."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.response.ordinal import expected_value, normal_cdf, score

CUTPOINTS = np.array([-0.5, 0.2, 1.0])


def test_probabilities_sum_to_one_and_slopes_are_derivatives() -> None:
    mean = np.array([0.3])
    levels = [score(mean, np.array([level]), CUTPOINTS) for level in range(4)]
    assert sum(np.exp(each.log_likelihood[0]) for each in levels) == pytest.approx(1.0)
    step = 1e-5
    for level, each in enumerate(levels):
        above, below = (score(mean + s, np.array([level]), CUTPOINTS) for s in (step, -step))
        slope = (above.log_likelihood - below.log_likelihood) / (2.0 * step)
        assert each.slope[0] == pytest.approx(slope[0], rel=1e-5)
    information = sum(np.exp(each.log_likelihood[0]) * each.slope[0] ** 2 for each in levels)
    assert levels[0].information[0] == pytest.approx(information)


def test_expected_value_is_the_mean_over_categories() -> None:
    values = np.array([0.0, 0.3, 0.6, 1.0])
    far = expected_value(np.array([-100.0, 100.0]), 1.0, CUTPOINTS, values)
    assert far.tolist() == pytest.approx([0.0, 1.0])
    shares = [np.exp(score(np.array([0.1]), np.array([k]), CUTPOINTS)[0][0]) for k in range(4)]
    found = expected_value(np.array([0.1]), 1.0, CUTPOINTS, values)[0]
    assert found == pytest.approx(float(np.dot(shares, values)))


def test_normal_cdf_keeps_the_shape() -> None:
    found = normal_cdf(np.array([[0.0, 1.959964], [-1.959964, -40.0]]))
    np.testing.assert_allclose(found, [[0.5, 0.975], [0.025, 0.0]], atol=1e-6)
