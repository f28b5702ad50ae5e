"""Policy and transition nets: MLX against the NumPy runtime."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model import inputs
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.inputs import ACTION_ORDER
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import Windows, windows
from world_model.nets.film import FilmEnsemble
from world_model.nets.world_model import baseline_offsets

PEOPLE, DAYS = 4, 9


@pytest.fixture(scope="module")
def window() -> Windows:
    logs = encode_logs(tiny.logs(), np.arange(PEOPLE))
    return windows(logs, np.arange(PEOPLE), np.arange(DAYS) + np.arange(PEOPLE)[:, None] * 5)


def latents(architecture: tiny.Architecture, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((PEOPLE, architecture.latent_width)).astype(np.float32)


def flat(array: mx.array) -> np.ndarray:
    return np.array(array).reshape(PEOPLE * DAYS, -1)


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_the_runtime_policy_is_the_same(name: str, window: Windows) -> None:
    architecture = tiny.ARCHITECTURES[name]
    model, runtime, z = tiny.model(architecture), tiny.runtime(architecture), latents(tiny.TINY)
    z_b = mx.array(z[:, architecture.blocks["b"]])
    expected = np.array(model.policy(window.policy_inputs, z_b, window.action_chain))
    modulation = runtime.policy_modulation(np.repeat(z, DAYS, axis=0))
    plain = runtime.policy(flat(window.policy_inputs), modulation)
    chained = plain + flat(window.action_chain) @ runtime.policy.chain
    np.testing.assert_allclose(chained, expected, atol=1e-5)


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_the_runtime_transition_is_the_same(name: str, window: Windows) -> None:
    """All members, with offsets, reference day, and states that are not known."""
    architecture = tiny.ARCHITECTURES[name]
    model, runtime, z = tiny.model(architecture), tiny.runtime(architecture), latents(tiny.TINY)
    blocks = architecture.blocks
    x = window.transition_inputs
    expected = model.transition(
        x,
        mx.array(z[:, blocks["c"]]),
        window.state_chain,
        baseline_offsets(mx.array(z[:, blocks["a"]]), x),
    )
    blind = flat(x)[:, inputs.STATE_MASK_PART] == 0
    assert blind.any(axis=0).all() and not blind.all()
    modulation = runtime.transition_modulation(np.repeat(z, DAYS, axis=0))
    plain = runtime.nets.transition(flat(x), modulation, blind)
    chained = plain + flat(window.state_chain) @ runtime.nets.transition.chain
    assert chained.shape[0] == architecture.members
    np.testing.assert_allclose(chained, expected, atol=1e-5)


def test_the_response_latents_change_nothing_on_the_reference_day() -> None:
    model = tiny.model()
    z = mx.array(latents(tiny.TINY))
    reference = mx.broadcast_to(model.transition.reference, (PEOPLE, 1, inputs.TRANSITION_WIDTH))
    chain = mx.zeros((PEOPLE, 1, model.transition.chain.shape[1]))
    no_person = mx.zeros((PEOPLE, 1, model.transition.offset.shape[1]))
    blocks = tiny.TINY.blocks
    out = np.array(model.transition(reference, 2.0 * z[:, blocks["c"]], chain, no_person))
    np.testing.assert_allclose(out, np.repeat(out[:, :1], PEOPLE, axis=1), atol=1e-5)
    other = np.array(model.transition(reference + 1.0, z[:, blocks["c"]], chain, no_person))
    assert other.std(axis=1).min() > 0.01


def test_the_reference_day_is_not_learned() -> None:
    trainable = tiny.model().transition.trainable_parameters()
    assert "reference" not in trainable and "offset" in trainable


def test_baseline_offsets_by_hand() -> None:
    x = np.zeros((1, 3, inputs.TRANSITION_WIDTH), dtype=np.float32)
    heart_rate, mood = range(inputs.STATE_MASK_PART.start, inputs.STATE_MASK_PART.stop)
    x[0, 0, [heart_rate, mood]] = 1.0
    x[0, 1, mood] = 1.0
    got = baseline_offsets(mx.array([[2.0, 3.0]]), mx.array(x))
    expected = [[2, 3, 0, 0, 0, 0], [2, 3, 2, 3, 0, 0], [2, 3, 2, 3, 2, 3]]
    np.testing.assert_array_equal(got[0], expected)


def test_the_mask_of_yesterdays_states_stands_where_it_is_said_to() -> None:
    row = np.zeros((1, schema.ROW_WIDTH), dtype=np.float32)
    known, seen = np.ones((1, 10), dtype=bool), np.zeros((1, 10), dtype=bool)
    seen[0, schema.MOOD] = True
    x = inputs.transition_inputs(
        row, seen, row, known, np.zeros((1, 32)), np.zeros((1, 2)), np.zeros((1, 4))
    )
    assert x.shape == (1, inputs.TRANSITION_WIDTH)
    assert x[0, inputs.STATE_MASK_PART].tolist() == [0.0, 1.0]


def test_fresh_weights_are_drawn_apart_within_their_bounds() -> None:
    layout = HeadLayout(ACTION_ORDER, 3)
    width = layout.width  # of everything, so that equal draws would be equal arrays
    net = FilmEnsemble(width, width, width, layout, 2, 0, mx.random.key(0))
    drawn = [np.array(each) for each in (net.inputs, net.latents, net.hidden, net.head)]
    for place, one in enumerate(drawn):
        assert 0.9 < np.abs(one).max() * np.sqrt(width) <= 1.0
        for other in drawn[place + 1 :]:
            assert (
                np.abs(np.corrcoef(one[0, :, :width].ravel(), other[0, :, :width].ravel()))[0, 1]
                < 0.1
            )
    assert not np.array(net.chain).any() and not np.array(net.head_bias).any()
