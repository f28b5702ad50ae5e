from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import Windows, windows
from world_model.nets.world_model import WorldModel, baseline_offsets
from world_model.training.unobserved_features import mute_features, never_observed


def test_features_without_a_cell() -> None:
    logs, everybody = tiny.logs(), np.arange(tiny.logs().users)
    assert never_observed(logs, everybody) == ()
    observed = logs.observed.copy()
    observed[..., [schema.WEATHER, schema.MOOD]] = False
    observed[2, 7, schema.MOOD] = True
    few = tiny.with_rows(logs, logs.rows, observed)
    assert never_observed(few, everybody) == (schema.WEATHER,)
    assert never_observed(few, np.array([0, 1, 3])) == (schema.WEATHER, schema.MOOD)


def window(index: int, *, known: bool) -> Windows:
    """Days whose feature `index` is known, or not, in every place where a net could see it."""
    logs = tiny.logs()
    rows, observed = tiny.people().true_rows, np.ones_like(logs.observed)
    observed[..., index] = known
    given = encode_logs(tiny.with_rows(logs, rows, observed), np.arange(6))
    return windows(given, np.arange(6), np.arange(40, 60)[None].repeat(6, axis=0))


def parameters(model: WorldModel, days: Windows) -> list[np.ndarray]:
    """What both nets say about every feature."""
    blocks = tiny.TINY.blocks
    latents = mx.random.normal((6, tiny.TINY.latent_width), key=mx.random.key(0))
    offsets = baseline_offsets(latents[:, blocks["a"]], days.transition_inputs)
    return [
        np.array(model.policy(days.policy_inputs, latents[:, blocks["b"]], days.action_chain)),
        np.array(
            model.transition(
                days.transition_inputs, latents[:, blocks["c"]], days.state_chain, offsets
            )
        ),
    ]


@pytest.mark.parametrize("index", range(schema.FEATURE_COUNT))
def test_a_muted_feature_changes_nothing(index: int) -> None:
    model = tiny.fresh_model()
    model.transition.reference = mx.zeros_like(model.transition.reference)
    known, unknown = window(index, known=True), window(index, known=False)
    trained = parameters(model, unknown)
    pairs = zip(parameters(model, known), trained, strict=True)
    assert all(np.abs(one - other).max() > 1e-2 for one, other in pairs)
    mute_features(model, (index,))
    for one, other, before in zip(
        parameters(model, known), parameters(model, unknown), trained, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)
        # On logs without it, which the nets were trained on, nothing changes.
        np.testing.assert_allclose(other, before, atol=1e-4)


def test_nothing_is_muted_where_everything_was_observed() -> None:
    model = tiny.fresh_model()
    before = np.array(model.policy.inputs)
    mute_features(model, ())
    np.testing.assert_array_equal(np.array(model.policy.inputs), before)
