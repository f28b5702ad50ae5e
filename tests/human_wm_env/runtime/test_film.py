from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import DataError
from human_wm_env.model import layouts
from human_wm_env.runtime.film import FilmWeights
from human_wm_env.runtime.modulation import Modulation
from tests.world_model import tiny

RNG = np.random.default_rng


@pytest.fixture
def net() -> FilmWeights:
    return tiny.runtime().nets.transition


def normal(seed: int, *shape: int) -> np.ndarray:
    return RNG(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("slots", [1, 9])  # without BLAS, and with it
@pytest.mark.parametrize("blind", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_member_by_hand(blind: tuple[int, int], slots: int) -> None:
    """Every member in plain loops, from the checkpoint's arrays."""
    w = {
        name.removeprefix("transition."): value.astype(np.float64)
        for name, value in tiny.checkpoint().weights.items()
        if name.startswith("transition.")
    }
    width = tiny.TINY.transition_hidden
    x, z_c, z_a = normal(0, w["inputs"].shape[1]), normal(1, 8), normal(2, 4)

    def hidden_output(member: int, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        modulation = z @ w["latents"][member]
        first = x @ w["inputs"][member] + w["input_bias"][member] + modulation[:width]
        first = np.maximum(first, 0) * (1 + modulation[width:])
        second = np.maximum(first @ w["hidden"][member] + w["hidden_bias"][member], 0)
        return second @ w["head"][member]

    net = tiny.runtime().nets.transition
    unknown = np.array([blind] * slots, dtype=bool)
    modulation = net.modulation(*(np.repeat(z[None], slots, axis=0) for z in (z_c, z_a)))
    got = net(np.repeat(x[None], slots, axis=0), modulation, unknown)[:, slots - 1]
    for member in range(3):
        expected = hidden_output(member, x, z_c) + w["head_bias"][member]
        # z_a always, and again for each state of yesterday that is not known.
        always, of_heart_rate, of_mood = np.split(w["offset"][member], 3)
        expected += z_a @ (always + blind[0] * of_heart_rate + blind[1] * of_mood)
        expected -= hidden_output(member, w["reference"], z_c)
        expected += hidden_output(member, w["reference"], np.zeros(8))
        np.testing.assert_allclose(got[member], expected, atol=1e-5)


def test_the_modulating_latents_change_nothing_on_the_reference_day(net: FilmWeights) -> None:
    z_c, z_a = 2.0 * normal(0, 40, 8), np.repeat(normal(1, 1, 4), 40, axis=0)
    assert net.reference is not None
    reference = np.repeat(net.reference[None], 40, axis=0)
    out = net(reference, net.modulation(z_c, z_a))
    np.testing.assert_allclose(out, np.repeat(out[:, :1], 40, axis=1), atol=1e-5)
    # Everywhere else they do.
    elsewhere = net(reference + normal(2, 1, reference.shape[1]), net.modulation(z_c, z_a))
    assert elsewhere.std(axis=1).min() > 0.01


def test_the_offsets_only_shift_the_outputs(net: FilmWeights) -> None:
    z_c = normal(0, 1, 8)
    x = normal(1, 30, len(net.inputs))
    shifts = []
    for scale in (1.0, 3.0):
        z_a = scale * normal(2, 1, 4)
        shift = net(x, _tiled(net, z_c, z_a)) - net(x, _tiled(net, z_c, 0 * z_a))
        np.testing.assert_allclose(shift, np.repeat(shift[:, :1], 30, axis=1), atol=1e-4)
        assert np.abs(shift).max() > 0.1
        shifts.append(shift)
    np.testing.assert_allclose(3.0 * shifts[0], shifts[1], atol=1e-4)


def _tiled(net: FilmWeights, z_c: np.ndarray, z_a: np.ndarray) -> Modulation:
    return net.modulation(np.repeat(z_c, 30, axis=0), np.repeat(z_a, 30, axis=0))


def test_a_batch_equals_its_slots(net: FilmWeights) -> None:
    x, z_c, z_a = normal(0, 6, len(net.inputs)), normal(1, 6, 8), normal(2, 6, 4)
    blind = RNG(3).random((6, 2)) < 0.5
    together = net(x, net.modulation(z_c, z_a), blind)
    for slot in range(6):
        one = slice(slot, slot + 1)
        alone = net(x[one], net.modulation(z_c[one], z_a[one]), blind[one])
        np.testing.assert_allclose(together[:, one], alone, atol=1e-5)


def test_the_chain_is_masked() -> None:
    runtime = tiny.runtime()
    layout = layouts.state_layout(tiny.TINY)
    assert tiny.checkpoint().weights["transition.chain"].all()
    assert not runtime.nets.transition.chain[:, layout.chain_mask == 0].any()
    assert runtime.nets.transition.chain[:, layout.chain_mask == 1].all()


def test_without_offsets_there_is_no_reference() -> None:
    net = tiny.runtime().policy
    assert net.offset is None and net.reference is None and net.members == 1
    assert tiny.runtime().nets.transition.members == 3


@pytest.mark.parametrize("slots", [2, 9])
def test_what_does_not_fit_the_net_is_refused(net: FilmWeights, slots: int) -> None:
    z = normal(0, slots, 8)
    for width in (-1, 1):
        with pytest.raises(DataError, match="inputs of width"):
            net(normal(1, slots, len(net.inputs) + width), net.modulation(z))
    with pytest.raises(DataError, match=f"a modulation of {slots - 1}"):
        net(normal(1, slots, len(net.inputs)), net.modulation(z[1:]))


def test_drawn_members_say_what_they_say_among_all(net: FilmWeights) -> None:
    slots = 150
    modulation = net.modulation(normal(0, slots, 8), normal(1, slots, 4))
    x, drawn = normal(2, slots, len(net.inputs)), RNG(3).integers(2, size=slots)  # never the third
    blind = RNG(4).random((slots, 2)) < 0.5
    own = net.in_columns(x, modulation, blind, drawn)[drawn, :, np.arange(slots)]
    expected = net.in_columns(x, modulation, blind)[drawn, :, np.arange(slots)]
    np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)
