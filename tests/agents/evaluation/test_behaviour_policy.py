"""The density of logged cells in NumPy is that of the training in MLX."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from agents.episode_starts import Starts
from agents.evaluation.behaviour_policy import (
    logged_log_density,
    row_log_density,
    smoothed_log_density,
)
from agents.evaluation.logged_windows import cut_windows
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


def test_every_day_of_a_window_has_its_density(people: EmbeddedPeople) -> None:
    """The last one too; a longer window says the same of the days that both have."""
    logs = people.dataset
    starts = Starts(np.array(logs.user_ids[:4]), np.full(4, 60), np.arange(4))
    short, long = (cut_windows(logs, starts, days) for days in (3, 5))
    found = logged_log_density(logs, short)
    seen = short.observed[..., list(ACTION_ORDER)]
    assert found.shape == seen.shape == (4, 3, 7)
    assert (found[seen] != 0.0).all() and not found[~seen].any()
    assert seen[:, -1].any() and np.isfinite(found).all()
    np.testing.assert_allclose(logged_log_density(logs, long)[:, :3], found, rtol=1e-5, atol=1e-6)
    # Likelier than under another day's weekday, weather and memory, over all people.
    assert -60.0 < found.sum(axis=2).mean() < 0.0


def test_a_kernel_around_a_choice_by_hand() -> None:
    chosen, rows = np.zeros((2, 2, schema.FEATURE_COUNT))
    rows[1, schema.STEPS] = schema.continuous(schema.STEPS).scale
    rows[1, schema.WORKOUT] = 2
    observed = np.ones(rows.shape, dtype=bool)
    observed[1, schema.SLEEP] = False
    found = smoothed_log_density(chosen, rows, observed, width=0.5, slip=0.1)
    at = {index: place for place, index in enumerate(ACTION_ORDER)}
    peak = -np.log(0.5) - 0.5 * np.log(2.0 * np.pi)
    assert found[0, at[schema.STEPS]] == found[0, at[schema.SLEEP]] == peak
    assert found[1, at[schema.STEPS]] == peak - 0.5 * 2.0**2
    assert found[1, at[schema.SLEEP]] == 0.0
    kinds = schema.FEATURES[schema.WORKOUT].width
    assert found[0, at[schema.WORKOUT]] == np.log(0.1 / kinds + 0.9)
    assert found[1, at[schema.WORKOUT]] == np.log(0.1 / kinds)
