from __future__ import annotations

import numpy as np

from world_model.audit.correlations import statistics


def test_a_correlation_counts_by_the_root_of_its_days() -> None:
    r, days = np.array([0.5, -0.1, 0.0]), np.array([16, 100, 9])
    np.testing.assert_allclose(statistics((r, days)), [2.0, -1.0, 0.0])
