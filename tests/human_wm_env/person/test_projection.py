from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from human_wm_env.person import feasible, schema
from human_wm_env.person.projection import project

SCALES = np.array([getattr(feature, "scale", 1.0) for feature in schema.FEATURES], dtype=np.float32)


@settings(deadline=None)  # the first call compiles
@given(seed=st.integers(0, 10_000), spread=st.floats(0.1, 20.0))
def test_the_twin_of_the_projection(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    rows = np.empty((9, schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            rows[:, index] = feature.centre + spread * feature.scale * rng.standard_normal(9)
        else:
            rows[:, index] = rng.integers(0, feature.width, 9)
    before = rows.copy()
    fitted = project(rows)
    np.testing.assert_allclose(fitted / SCALES, feasible.project(rows) / SCALES, atol=2e-6)
    np.testing.assert_array_equal(rows, before)
