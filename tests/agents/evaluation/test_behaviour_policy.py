"""The density of logged cells in NumPy is that of the training in MLX."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from agents.evaluation.behaviour_policy import row_log_density
from human_wm_env.model.inputs import ACTION_COLUMNS, ACTION_ORDER
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.runtime.world_model import load_world_model
from world_model.nets.distributions import row_log_likelihood


def test_cells_are_as_likely_as_in_training(people: EmbeddedPeople) -> None:
    runtime = load_world_model(None)
    layout, chain = runtime.action_layout, runtime.policy.chain[0]
    rows, observed = people.dataset.rows[0, :60], people.dataset.observed[0, :60]
    shape = (60, layout.width)
    parameters = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = row_log_density(layout, parameters, chain, rows, observed)
    encoded = schema.encode_rows(rows, observed)[:, ACTION_COLUMNS]
    seen = observed[:, list(ACTION_ORDER)]
    shifted = parameters + np.concatenate([encoded, seen], axis=1) @ chain
    expected = row_log_likelihood(
        layout, *(mx.array(array.astype(np.float32)) for array in (shifted, encoded, seen))
    )
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-4, atol=1e-4)
