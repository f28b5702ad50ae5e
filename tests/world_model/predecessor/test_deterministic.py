from __future__ import annotations

import dataclasses
from functools import cache

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.heads import MIN_SCALE
from human_wm_env.model.inputs import STATE_MASK_PART
from human_wm_env.person import schema
from human_wm_env.worlds.dream import DreamWorld
from tests.world_model import tiny
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import Windows, windows
from world_model.imagination.rollout import imagine
from world_model.nets.world_model import WorldModel
from world_model.predecessor import deterministic

ALONE = dataclasses.replace(tiny.TINY, members=1)
DAYS, PEOPLE = 5, 3
ROW_AND_MASK = schema.ROW_WIDTH + schema.FEATURE_COUNT


def without_noise(architecture: Architecture = tiny.TINY) -> WorldModel:
    model = tiny.fresh_model(architecture)
    deterministic.remove_noise(model)
    return model


@cache
def window() -> Windows:
    logs = encode_logs(tiny.logs(), np.arange(PEOPLE))
    return windows(logs, np.arange(PEOPLE), 40 + np.tile(np.arange(DAYS), (PEOPLE, 1)))


def latents(*shape: int) -> mx.array:
    rng = np.random.default_rng(0)
    return mx.array(rng.standard_normal((*shape, tiny.TINY.latent_width), dtype=np.float32))


def imagined(model: WorldModel, own: mx.array, seed: int) -> np.ndarray:
    """Imagine sunny days: the weather stays random, whatever the nets are."""
    slots, rng = len(own), np.random.default_rng(seed)
    sunny = np.zeros((4, 4), dtype=np.float32)
    sunny[:, 0] = 1.0
    start = tiny.nothing_known(np.zeros(slots, dtype=int))
    normal = rng.standard_normal((slots, DAYS, DreamWorld.normals), dtype=np.float32)
    uniform = rng.random((slots, DAYS, DreamWorld.uniforms), dtype=np.float32)
    return np.array(imagine(model, own, start, sunny, mx.array(normal), mx.array(uniform)))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean scaled distance of the continuous features."""
    scales = np.array([schema.continuous(i).scale for i in schema.CONTINUOUS_FEATURES])
    numbers = list(schema.CONTINUOUS_FEATURES)
    return float(np.abs((one - other)[..., numbers] / scales).mean())


def test_without_noise_all_variety_comes_from_the_latents() -> None:
    same = mx.repeat(latents(1), 40, axis=0)
    noisy = imagined(tiny.model(ALONE), same, seed=0)
    assert distance(noisy[:20], noisy[20:]) > 0.3
    model = without_noise(ALONE)
    deterministic.sharpen(model)
    rows = imagined(model, same, seed=0)
    assert distance(rows[:20], rows[20:]) < 3 * MIN_SCALE
    for index in (schema.WORKOUT, schema.LOCATION, schema.MOOD):
        assert (rows[..., index] == rows[:1, :, index]).all()
    others = imagined(model, latents(40), seed=0)
    assert distance(others[:20], others[20:]) > 5 * MIN_SCALE


def test_what_is_without_noise_stays_so_in_training() -> None:
    """No gradient reaches a scale, a mixture's weights, the chain or z_a's share."""
    model = without_noise()
    own = latents(PEOPLE)

    def loss(net: WorldModel) -> mx.array:
        inputs = window().policy_inputs, window().transition_inputs
        actions, states = deterministic.one_day_ahead(net, own, *inputs)
        return (actions**2).mean() + (states**2).mean()

    _, gradient = nn.value_and_grad(model, loss)(model)
    for name in ("policy", "transition"):
        assert "chain" not in gradient[name] and not np.array(model[name].chain).any()
    assert "offset" not in gradient["transition"]
    own_gradient = np.array(gradient["policy"]["head_bias"])[0]
    layout = deterministic.action_layout(tiny.TINY)
    for logits, means, scales in deterministic._mixtures(layout):
        assert not own_gradient[logits].any() and not own_gradient[scales].any()
        assert own_gradient[means][0] != 0.0 and not own_gradient[means][1:].any()


def test_z_a_shifts_the_heart_rate_by_a_tenth_of_its_mean() -> None:
    model, own = without_noise(), latents(PEOPLE)
    part = tiny.TINY.blocks["a"]
    shifted = np.array(own)
    inputs = window().policy_inputs, window().transition_inputs
    shifted[:, part.start] += 4.0  # one of its four latents: the mean rises by 1
    before, after = (
        np.array(deterministic.one_day_ahead(model, mx.array(z), *inputs)[1])
        for z in (np.array(own), shifted)
    )
    np.testing.assert_allclose(after[..., 0] - before[..., 0], 0.1, atol=1e-5)
    np.testing.assert_allclose(after[..., 1:], before[..., 1:], atol=1e-6)


def test_a_rollout_begins_with_what_is_logged_and_goes_on_by_itself() -> None:
    model, own = without_noise(), latents(PEOPLE, 4)
    policy, transition = window().policy_inputs, window().transition_inputs
    rolled = np.array(deterministic.rollout(model, own, policy, transition))
    assert rolled.shape[:3] == (PEOPLE, 4, DAYS)
    first = np.array(deterministic.one_day_ahead(model, own[:, 2], policy, transition)[0])[:, 0]
    np.testing.assert_allclose(rolled[:, 2, 0, : first.shape[1]], first, atol=1e-6)
    # Rows that were logged later are not read; that of the eve is.
    numbers = np.array(policy), np.array(transition)
    later = [array.copy() for array in numbers]
    later[0][:, 1:, :ROW_AND_MASK] += 9.0
    later[1][:, 1:, : STATE_MASK_PART.stop] += 9.0
    again = np.array(deterministic.rollout(model, own, *map(mx.array, later)))
    # but for the weather, which stands in the row of the day before too
    np.testing.assert_allclose(again, rolled, atol=1e-5)
    later[0][:, 0, :ROW_AND_MASK] += 9.0
    moved = np.array(deterministic.rollout(model, own, *map(mx.array, later)))
    assert np.abs(moved - rolled).max() > 1e-3


def test_branches_do_not_influence_each_other() -> None:
    model, own = without_noise(), latents(PEOPLE, 4)
    policy, transition = window().policy_inputs, window().transition_inputs
    together = np.array(deterministic.rollout(model, own, policy, transition))
    for branch in range(4):
        alone = deterministic.rollout(model, own[:, branch : branch + 1], policy, transition)
        np.testing.assert_allclose(np.array(alone)[:, 0], together[:, branch], atol=1e-5)


def test_sharpening_leaves_mixtures_and_multiplies_categories() -> None:
    model = without_noise()
    heads = [(net, layout) for net, layout in deterministic._heads(model)]
    before = [(np.array(net.head), np.array(net.head_bias)) for net, _ in heads]
    deterministic.sharpen(model)
    for (net, layout), arrays in zip(heads, before, strict=True):
        for index in layout.order:
            part = layout.parameters[index]
            continuous = isinstance(schema.FEATURES[index], schema.Continuous)
            gain = 1.0 if continuous else deterministic._SHARPER
            for now, then in zip((net.head, net.head_bias), arrays, strict=True):
                np.testing.assert_allclose(np.array(now)[..., part], gain * then[..., part])
