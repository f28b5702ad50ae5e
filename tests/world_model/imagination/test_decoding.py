"""The action codec in MLX beside that of the environment."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.person import actions, schema
from world_model.imagination.decoding import AMOUNTS, PICKS, decode_action

SLOTS = 400


def test_days_are_those_of_the_environment() -> None:
    rng = np.random.default_rng(0)
    action = rng.uniform(-1.0, 1.0, (SLOTS, actions.ACTION_WIDTH)).astype(np.float32)
    action[:2] = [[1.0] * 7, [-1.0] * 7]
    expected = schema.encode_rows(actions.decode(action))
    place = {index: column for column, index in enumerate(schema.ACTION_FEATURES)}
    picks = tuple(mx.array(expected[:, schema.ROW_SLICES[index]]) for index in PICKS)
    found = decode_action(mx.array(action[:, [place[index] for index in AMOUNTS]]), picks)
    assert sorted(found) == sorted(schema.ACTION_FEATURES)
    for index, values in found.items():
        np.testing.assert_allclose(values, expected[:, schema.ROW_SLICES[index]], atol=1e-5)


def test_order_of_an_action() -> None:
    assert [schema.FEATURE_NAMES[index] for index in AMOUNTS + PICKS] == [
        *("sleep_hours", "steps", "calories_burned", "distance_km", "active_minutes"),
        *("workout_type", "location"),
    ]
