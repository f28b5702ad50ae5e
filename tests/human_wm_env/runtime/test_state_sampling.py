"""Heart rate and mood drawn from the ensemble, against NumPy's own words."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.model import layouts
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.heads import MIN_SCALE, HeadLayout
from human_wm_env.person import schema
from human_wm_env.runtime import folded_inputs, sampling
from human_wm_env.runtime.disagreement import disagree_loop
from tests.world_model import tiny

LAYOUT = layouts.state_layout(tiny.TINY)
HEART = schema.continuous(schema.HEART_RATE)
DRAWS = 40_000


def chain_of(layout: HeadLayout, mood_shift: np.ndarray) -> np.ndarray:
    """Return the chain from what the heart rate adds to moods, (2, moods, members)."""
    members = mood_shift.shape[2]
    chain = np.zeros((members, layout.encoded_width + 1, layout.width), dtype=np.float32)
    moods = layout.parameters[schema.MOOD]
    chain[:, 0, moods], chain[:, -1, moods] = mood_shift[0].T, mood_shift[1].T
    return chain


def answer(
    layout: HeadLayout,
    members: np.ndarray,
    chain: np.ndarray,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return heart rate, mood and disagreement of (members, outputs, slots)."""
    slots = members.shape[2]
    row = np.zeros((schema.FEATURE_COUNT, slots), dtype=np.float32)
    disagreement = np.zeros(slots, dtype=np.float32)
    disagree_loop(members, layout.plan, disagreement)
    sampling.respond_loop(
        members,
        chain,
        layout.plan,
        temperature,
        normal,
        uniform,
        row,
    )
    return row[schema.HEART_RATE], row[schema.MOOD].astype(np.intp), disagreement


def ensemble(layout: HeadLayout, seed: int, slots: int, members: int = 3) -> tuple[np.ndarray, ...]:
    """Return outputs and mood shifts of an ensemble; all slots are alike."""
    rng = np.random.default_rng(seed)
    outputs = 0.5 * rng.standard_normal((members, layout.width, 1))
    shift = 0.5 * rng.standard_normal((2, 4, members))
    return np.repeat(outputs, slots, axis=2).astype(np.float32), shift.astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("components", [1, 2])
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_draws_are_distributed_as_the_mixture_says(components: int, temperature: float) -> None:
    layout = HeadLayout(LAYOUT.order, components)
    members, shift = ensemble(layout, components, DRAWS)
    rng = np.random.default_rng(7)
    normal = rng.standard_normal((1, DRAWS)).astype(np.float32)
    uniform = rng.random((3, DRAWS), dtype=np.float32)
    rate, mood, _ = answer(layout, members, chain_of(layout, shift), temperature, normal, uniform)
    # By hand: members, then components, then moods given the heart rate.
    own = members[np.minimum((uniform[0] * 3).astype(int), 2), :, 0].astype(np.float64)
    logits, means, raw = np.split(own[:, : 3 * components], 3, axis=1)
    shares = softmax(logits / temperature)
    picked = (shares.cumsum(axis=1)[:, :-1] <= uniform[1][:, None]).sum(axis=1)
    slot = np.arange(DRAWS)
    scale = np.log1p(np.exp(raw[slot, picked])) + MIN_SCALE
    value = means[slot, picked] + temperature * scale * normal[0]
    wanted = np.clip(value * HEART.scale + HEART.centre, HEART.low, HEART.high)
    assert np.mean(np.isclose(rate, wanted, rtol=1e-5, atol=1e-3)) > 0.999
    scaled = (rate.astype(np.float64) - HEART.centre) / HEART.scale
    which = np.minimum((uniform[0] * 3).astype(int), 2)
    logits = own[:, 3 * components :] + scaled[:, None] * shift[0].T[which] + shift[1].T[which]
    shares = softmax(logits / temperature)
    expected = (shares.cumsum(axis=1)[:, :-1] <= uniform[2][:, None]).sum(axis=1)
    assert np.mean(mood == expected) > 0.999
    np.testing.assert_allclose(
        np.bincount(mood, minlength=4) / DRAWS, shares.mean(axis=0), atol=0.01
    )


@pytest.mark.parametrize("components", [1, 2])
def test_at_temperature_0_the_members_are_averaged(components: int) -> None:
    layout = HeadLayout(LAYOUT.order, components)
    members, shift = ensemble(layout, 3, 5)
    noise = np.full((3, 5), 0.9, dtype=np.float32)
    rate, mood, _ = answer(layout, members, chain_of(layout, shift), 0.0, noise, noise)
    mean, mean_shift = members.mean(axis=0)[:, 0], shift.mean(axis=2)
    value = softmax(mean[:components]) @ mean[components : 2 * components]
    np.testing.assert_allclose(rate, value * HEART.scale + HEART.centre, rtol=1e-5)
    likeliest = np.argmax(mean[3 * components :] + value * mean_shift[0] + mean_shift[1])
    assert mood.tolist() == [likeliest] * 5


def test_disagreement_by_hand() -> None:
    """Two members: expected heart rates 1 apart, moods certain and opposite."""
    members = np.zeros((2, LAYOUT.width, 1), dtype=np.float32)
    rate = LAYOUT.parameters[schema.HEART_RATE].start + 1
    moods = LAYOUT.parameters[schema.MOOD].start
    members[1, rate, 0] = 1.0
    members[0, moods, 0], members[1, moods + 3, 0] = 80.0, 80.0
    # Standard deviations: .5, and over the four moods .5, 0, 0, .5.
    noise, shift = np.zeros((3, 1), dtype=np.float32), np.zeros((2, 4, 2), dtype=np.float32)
    found = answer(LAYOUT, members, chain_of(LAYOUT, shift), 1.0, noise, noise)[2][0]
    assert found == pytest.approx(0.5 * (0.5 + 0.25))


@pytest.mark.parametrize("components", [1, 2])
def test_disagreement_of_many_slots(components: int) -> None:
    layout, rng = HeadLayout(LAYOUT.order, components), np.random.default_rng(1)
    members = rng.standard_normal((3, layout.width, 50)).astype(np.float32)
    noise, shift = np.zeros((3, 50), dtype=np.float32), np.zeros((2, 4, 3), dtype=np.float32)
    weights = softmax(members[:, :components].transpose(0, 2, 1))
    rates = (weights * members[:, components : 2 * components].transpose(0, 2, 1)).sum(axis=2)
    moods = softmax(members[:, 3 * components :].transpose(0, 2, 1))
    wanted = 0.5 * rates.std(axis=0) + 0.5 * moods.std(axis=0).mean(axis=1)
    found = answer(layout, members, chain_of(layout, shift), 1.0, noise, noise)[2]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


@pytest.mark.parametrize("architecture", [tiny.TINY, tiny.MARKOV])
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_few_slots_answer_as_many(architecture: Architecture, temperature: float) -> None:
    """The first slots of a batch equal the same people alone, whom no BLAS is asked for."""
    runtime = tiny.runtime(architecture)
    rng = np.random.default_rng(3)
    slots = 9
    for _ in range(30):
        x = rng.standard_normal((slots, folded_inputs.TRANSITION_WIDTH)).astype(np.float32)
        latents = rng.standard_normal((slots, architecture.latent_width)).astype(np.float32)
        normal = rng.standard_normal((1, slots)).astype(np.float32)
        uniform = rng.random((3, slots), dtype=np.float32)

        def of(
            count: int,
            x: np.ndarray = x,
            latents: np.ndarray = latents,
            normal: np.ndarray = normal,
            uniform: np.ndarray = uniform,
        ) -> tuple[np.ndarray, ...]:
            modulation = runtime.transition_modulation(latents[:count])
            members = runtime.nets.stepping.in_columns(x[:count], modulation, None)
            layout, chain = runtime.nets.layout, runtime.nets.chain
            noise = (np.ascontiguousarray(part[:, :count]) for part in (normal, uniform))
            return answer(layout, members, chain, temperature, *noise)

        together = of(slots)
        for count in (1, 2):
            for many, few in zip(together, of(count), strict=True):
                np.testing.assert_allclose(few, many[:count], rtol=1e-5, atol=1e-5)


def test_exponentials_are_right_to_the_last_digits() -> None:
    values = np.linspace(-87.0, 88.0, 200_001, dtype=np.float32)
    exact = np.exp(values.astype(np.float64))
    sampling.exponentials(values)
    np.testing.assert_allclose(values, exact, rtol=2e-7)


def test_what_float32_cannot_hold_is_bounded() -> None:
    values = np.array([-np.inf, -1e9, -88.0, 0.0, 1e9, np.inf], dtype=np.float32)
    sampling.exponentials(values)
    least, most = np.exp(np.float32([-87.0, 88.0]))
    wanted = [least, least, least, 1.0, most, most]
    np.testing.assert_allclose(values, wanted, rtol=1e-6)
    assert np.isfinite(values).all()


def test_a_value_has_the_same_bits_wherever_it_stands() -> None:
    values = np.random.default_rng(0).normal(0, 5, 37).astype(np.float32)
    together = values.copy()
    sampling.exponentials(together)
    for place in range(37):
        alone = values[place : place + 1].copy()
        sampling.exponentials(alone)
        assert alone[0] == together[place]
