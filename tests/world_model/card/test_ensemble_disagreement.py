from __future__ import annotations

import dataclasses

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs
from human_wm_env.person import schema
from human_wm_env.person.actions import decode
from tests.world_model import tiny
from world_model.card.ensemble_disagreement import (
    _ACTION_PART,
    _SEEN_PART,
    _unlogged_corners,
    disagreement,
)
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.data.windows import windows
from world_model.nets.world_model import WorldModel


def logs() -> EncodedLogs:
    return encode_logs(tiny.logs(), np.arange(12))


def latents() -> np.ndarray:
    return np.zeros((12, tiny.TINY.latent_width), dtype=np.float32)


def far_from_zero(model: WorldModel) -> WorldModel:
    """Members agree on small inputs and part on large ones: linear in the actions alone."""
    transition = model.transition
    for name in ("inputs", "input_bias", "latents", "hidden", "hidden_bias", "head_bias", "chain"):
        setattr(transition, name, mx.zeros_like(getattr(transition, name)))
    rng = np.random.default_rng(0)
    shape = transition.inputs.shape
    weights = np.zeros(shape, dtype=np.float32)
    place = _ACTION_PART.start + _column(schema.STEPS)
    weights[:, place] = np.abs(rng.standard_normal((shape[0], shape[2])))
    transition.inputs = mx.array(weights)
    transition.hidden = mx.broadcast_to(mx.eye(shape[2]), transition.hidden.shape)
    return model


def _column(index: int) -> int:
    encoded = np.zeros(schema.ROW_WIDTH)
    encoded[schema.ROW_SLICES[index]] = 1.0
    return int(np.flatnonzero(encoded[inputs.ACTION_COLUMNS])[0])


def test_members_that_part_far_out_disagree_more_off_the_log() -> None:
    model = far_from_zero(tiny.fresh_model())
    found = disagreement(model, logs(), latents(), 20, np.random.default_rng(0))
    assert found is not None
    assert 12 < found.days <= 12 * 20
    assert found.away > found.logged >= 0.0
    assert found.ratio.low > 1.0


def test_the_columns_are_those_of_todays_actions() -> None:
    given = logs()
    window = windows(given, np.array([4]), np.array([[30]]))
    x = np.array(window.transition_inputs)[0, 0]
    np.testing.assert_array_equal(x[_ACTION_PART], given.rows[4, 31, inputs.ACTION_COLUMNS])
    seen = given.observed[4, 31, list(inputs.ACTION_ORDER)]
    np.testing.assert_array_equal(x[_SEEN_PART].astype(bool), seen)


def test_corners_are_unlike_every_logged_day() -> None:
    given = logs()
    corners = schema.encode_rows(decode(_unlogged_corners(given, 30, np.random.default_rng(0))))
    assert corners.shape == (30, schema.ROW_WIDTH)
    seen = given.observed[:, 1:].all(axis=-1)
    logged = given.rows[:, 1:][seen]
    sleep, steps = (schema.ROW_SLICES[i].start for i in (schema.SLEEP, schema.STEPS))
    apart = np.abs(corners[:, None, [sleep, steps]] - logged[None][..., [sleep, steps]])
    assert apart.max(axis=-1).min() > 0.0


def test_nothing_to_measure() -> None:
    rng = np.random.default_rng(0)
    alone = dataclasses.replace(tiny.MARKOV)
    assert disagreement(tiny.model(alone), logs(), latents(), 5, rng) is None
    blind = dataclasses.replace(logs(), observed=np.zeros_like(logs().observed))
    assert disagreement(tiny.model(), blind, latents(), 5, rng) is None
