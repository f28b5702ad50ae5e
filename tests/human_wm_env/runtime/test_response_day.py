"""The beginning of a day under a response: what was decided, raw and encoded."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import actions, schema
from human_wm_env.runtime.response_day import begin_response_day


def test_a_decided_day_is_the_action_decoded_in_todays_weather() -> None:
    rng = np.random.default_rng(0)
    action = rng.uniform(-1.0, 1.0, (4, 7)).astype(np.float32)
    weather = np.array([0, 3, 1, 2])
    encoded, row = begin_response_day(np.ascontiguousarray(action.T), weather)
    decoded = actions.decode(action)
    for index in schema.ACTION_FEATURES:
        np.testing.assert_allclose(row[index], decoded[:, index], rtol=1e-5)
    np.testing.assert_array_equal(row[schema.WEATHER], weather)
    known = np.zeros((4, schema.FEATURE_COUNT), dtype=bool)
    known[:, [*schema.ACTION_FEATURES, schema.WEATHER]] = True
    expected = schema.encode_rows(row.T, known)
    for index in (*schema.ACTION_FEATURES, schema.WEATHER):  # the states come later
        part = schema.ROW_SLICES[index]
        np.testing.assert_allclose(encoded[part].T, expected[:, part], rtol=1e-5, atol=1e-6)
