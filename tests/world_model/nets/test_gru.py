from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from human_wm_env.runtime import gru as runtime_gru
from world_model.nets.gru import BiGRU, scan

PEOPLE, DAYS, INPUTS, HIDDEN = 3, 7, 5, 4
FORWARD, BACKWARD = slice(0, HIDDEN), slice(HIDDEN, 2 * HIDDEN)


@pytest.fixture(autouse=True, params=[runtime_gru.BLOCK_DAYS, 3])
def block_days(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds for one block of days and for several, the last one short."""
    monkeypatch.setattr(runtime_gru, "BLOCK_DAYS", request.param)


@pytest.fixture
def ours() -> BiGRU:
    mx.random.seed(1)
    return BiGRU(INPUTS, HIDDEN)


@pytest.fixture
def days() -> mx.array:
    return mx.random.normal((PEOPLE, DAYS, INPUTS), key=mx.random.key(2))


def reference(weights: dict[str, mx.array], days: mx.array) -> mx.array:
    """Both directions with mlx.nn.GRU, whose gates are reset, update, new as well."""
    states = []
    for direction in range(2):
        gru = nn.GRU(INPUTS, HIDDEN)
        gru.Wx = weights["input"][direction].T
        gru.Wh = weights["hidden"][direction].T
        gru.b = weights["input_bias"][direction]
        gru.bhn = weights["hidden_bias"][direction]
        states.append(gru(days[:, ::-1])[:, ::-1] if direction else gru(days))
    return mx.concatenate(states, axis=-1)


def by_hand(weights: dict[str, mx.array], direction: int, days: np.ndarray) -> np.ndarray:
    """One person in plain float64 loops, as the equations of mlx.nn.GRU's docstring."""
    w = {name: np.array(value[direction], dtype=np.float64) for name, value in weights.items()}
    state, states = np.zeros(HIDDEN), []
    for today in days[::-1] if direction else days:
        x, h = today @ w["input"] + w["input_bias"], state @ w["hidden"]
        r, z = (1 / (1 + np.exp(-(x[p] + h[p]))) for p in (slice(0, 4), slice(4, 8)))
        n = np.tanh(x[8:] + r * (h[8:] + w["hidden_bias"]))
        state = (1 - z) * n + z * state
        states.append(state)
    return np.array(states[::-1] if direction else states)


def test_states_equal_plain_loops(ours: BiGRU, days: mx.array) -> None:
    result = np.array(ours(days))
    for person in range(PEOPLE):
        for direction, part in enumerate((FORWARD, BACKWARD)):
            expected = by_hand(ours.parameters(), direction, np.array(days[person]))
            np.testing.assert_allclose(result[person, :, part], expected, atol=1e-6)


def test_states_equal_mlx(ours: BiGRU, days: mx.array) -> None:
    np.testing.assert_allclose(ours(days), reference(ours.parameters(), days), atol=1e-6)


def test_gradients_equal_mlx(ours: BiGRU, days: mx.array) -> None:
    # Uneven weights of the days, so that every cotangent differs.
    cotangent = mx.random.normal((PEOPLE, DAYS, 2 * HIDDEN), key=mx.random.key(3))

    def own(weights: dict[str, mx.array], days: mx.array) -> mx.array:
        gru = BiGRU(INPUTS, HIDDEN)
        gru.update(weights)
        return (gru(days) * cotangent).sum()

    def slow(weights: dict[str, mx.array], days: mx.array) -> mx.array:
        return (reference(weights, days) * cotangent).sum()

    got, got_days = mx.grad(own, argnums=(0, 1))(ours.parameters(), days)
    wanted, wanted_days = mx.grad(slow, argnums=(0, 1))(ours.parameters(), days)
    assert set(got) == set(wanted) == {"input", "input_bias", "hidden", "hidden_bias"}
    for name in wanted:
        assert float(mx.abs(wanted[name]).max()) > 0.1
        np.testing.assert_allclose(got[name], wanted[name], atol=2e-5, err_msg=name)
    np.testing.assert_allclose(got_days, wanted_days, atol=2e-5)


@pytest.mark.parametrize("argument", [0, 1, 2, 3, 4])
def test_gradients_equal_numeric_ones(argument: int) -> None:
    keys = mx.random.split(mx.random.key(4), 6)
    primals = [
        mx.random.normal((2, 4, 5), key=keys[0]),
        0.5 * mx.random.normal((2, 5, 9), key=keys[1]),
        mx.random.normal((2, 9), key=keys[2]),
        0.5 * mx.random.normal((2, 3, 9), key=keys[3]),
        mx.random.normal((2, 3), key=keys[4]),
    ]
    cotangent = mx.random.normal((2, 4, 6), key=keys[5])

    def loss(*arrays: mx.array) -> mx.array:
        return (scan(*arrays) * cotangent).sum()

    gradient = np.array(mx.grad(loss, argnums=argument)(*primals))
    step = 1e-2
    rng = np.random.default_rng(0)
    for flat in rng.choice(gradient.size, min(12, gradient.size), replace=False):
        at = np.unravel_index(flat, gradient.shape)
        values = []
        for sign in (1, -1):
            moved = np.array(primals[argument])
            moved[at] += sign * step
            arrays = [*primals]
            arrays[argument] = mx.array(moved)
            values.append(float(loss(*arrays)))
        assert gradient[at] == pytest.approx((values[0] - values[1]) / (2 * step), abs=3e-3)


def test_padding_carries_the_state(ours: BiGRU, days: mx.array) -> None:
    lengths = [DAYS, 4, 1]
    valid = mx.array(np.arange(DAYS) < np.array(lengths)[:, None])
    padded = np.array(ours(days, valid))
    for person, length in enumerate(lengths):
        alone = np.array(ours(days[person : person + 1, :length]))[0]
        np.testing.assert_allclose(padded[person, :length], alone, atol=1e-6)
        last = np.broadcast_to(alone[-1, FORWARD], (DAYS - length, HIDDEN))
        np.testing.assert_allclose(padded[person, length:, FORWARD], last, atol=1e-6)
        assert not padded[person, length:, BACKWARD].any()


def test_padding_has_no_part_in_gradients(ours: BiGRU, days: mx.array) -> None:
    lengths = [DAYS, 4, 1]
    valid = mx.array(np.arange(DAYS) < np.array(lengths)[:, None])

    def loss(weights: dict[str, mx.array], days: mx.array, valid: mx.array) -> mx.array:
        gru = BiGRU(INPUTS, HIDDEN)
        gru.update(weights)
        return (gru(days, valid) ** 2 * valid[..., None]).sum()

    gradient = mx.grad(loss, argnums=(0, 1))
    together, of_days = gradient(ours.parameters(), days, valid)
    alone = {name: mx.zeros_like(value) for name, value in together.items()}
    for person, length in enumerate(lengths):
        part = days[person : person + 1, :length]
        one, of_part = gradient(ours.parameters(), part, mx.ones((1, length), dtype=mx.bool_))
        alone = {name: value + one[name] for name, value in alone.items()}
        np.testing.assert_allclose(of_days[person, :length], of_part[0], atol=1e-5)
    assert not np.array(of_days)[~np.array(valid)].any()
    for name in together:
        np.testing.assert_allclose(together[name], alone[name], atol=1e-5, err_msg=name)


def test_gradients_equal_mlx_with_masks_and_lengths(ours: BiGRU, days: mx.array) -> None:
    """Each person's part of the batch against mlx.nn.GRU on their own days alone."""
    lengths = [DAYS, 4, 1]
    valid = np.arange(DAYS) < np.array(lengths)[:, None]
    cotangent = mx.random.normal((PEOPLE, DAYS, 2 * HIDDEN), key=mx.random.key(5))
    counted = cotangent * mx.array(valid)[..., None]

    def own(weights: dict[str, mx.array], days: mx.array) -> mx.array:
        gru = BiGRU(INPUTS, HIDDEN)
        gru.update(weights)
        return (gru(days, mx.array(valid)) * counted).sum()

    def slow(weights: dict[str, mx.array], days: mx.array) -> mx.array:
        parts = [
            (reference(weights, days[i : i + 1, :n]) * counted[i : i + 1, :n]).sum()
            for i, n in enumerate(lengths)
        ]
        return mx.stack(parts).sum()

    got, got_days = mx.grad(own, argnums=(0, 1))(ours.parameters(), days)
    wanted, wanted_days = mx.grad(slow, argnums=(0, 1))(ours.parameters(), days)
    for name in wanted:
        assert float(mx.abs(wanted[name]).max()) > 0.1
        np.testing.assert_allclose(got[name], wanted[name], atol=2e-5, err_msg=name)
    np.testing.assert_allclose(got_days, wanted_days, atol=2e-5)


def test_a_single_day(ours: BiGRU, days: mx.array) -> None:
    np.testing.assert_allclose(
        ours(days[:, :1]), reference(ours.parameters(), days[:, :1]), atol=1e-6
    )


def test_fresh_weights_fill_their_bounds(ours: BiGRU) -> None:
    for name, value in ours.parameters().items():
        drawn, bound = np.array(value), 1.0 / np.sqrt(HIDDEN)
        assert np.abs(drawn).max() <= bound, name
        assert drawn.min() < -0.5 * bound and 0.5 * bound < drawn.max(), name
