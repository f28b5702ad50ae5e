from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from human_wm_env.person.noise import columns
from human_wm_env.random_streams import FOR_LATENTS, FOR_NOISE, generator
from human_wm_env.worlds.world import World, put, take


@dataclass(frozen=True)
class Inner:
    depth: np.ndarray


@dataclass(frozen=True)
class State:
    rows: np.ndarray
    inner: Inner


def state(start: int, slots: int) -> State:
    rows = np.arange(start, start + slots * 2).reshape(slots, 2)
    return State(rows, Inner(np.arange(start, start + slots)))


def test_taking_slices_repeats_and_copies() -> None:
    whole = state(0, 3)
    part = take(whole, np.array([2, 0, 2]))
    assert part.rows.tolist() == [[4, 5], [0, 1], [4, 5]]
    assert part.inner.depth.tolist() == [2, 0, 2]
    part.rows[:] = 99
    assert whole.rows.max() == 5
    assert take(whole, np.array([True, False, False])).inner.depth.tolist() == [0]


def test_putting_replaces_slots_in_a_copy() -> None:
    whole = state(0, 3)
    merged = put(whole, np.array([2, 0]), state(100, 2))
    assert merged.rows.tolist() == [[102, 103], [2, 3], [100, 101]]
    assert merged.inner.depth.tolist() == [101, 1, 100]
    assert whole.inner.depth.tolist() == [0, 1, 2]
    assert dataclasses.is_dataclass(merged.inner)


def test_the_uses_of_a_stream_are_apart() -> None:
    first = generator((3, 1, 0), FOR_NOISE).random(4).tolist()
    assert generator((3, 1, 0), FOR_NOISE).random(4).tolist() == first
    others = [((3, 1, 0), FOR_LATENTS), ((4, 1, 0), FOR_NOISE), ((3, 0, 1), FOR_NOISE)]
    for key, use in others:
        assert generator(key, use).random(4).tolist() != first


def test_columns_follow_each_other() -> None:
    slices, stop = columns(3, habit=2, state=1)
    assert slices == {"habit": slice(3, 5), "state": slice(5, 6)} and stop == 6


def test_slots_taken_from_one_lie_side_by_side() -> None:
    @dataclass(frozen=True)
    class Kept:
        rows: np.ndarray

    one = Kept(np.arange(6.0).reshape(3, 2, 1).transpose(2, 0, 1))
    many = take(one, np.zeros(4, dtype=int)).rows
    assert many.shape == (4, 3, 2) and many.strides[0] == many.itemsize
    np.testing.assert_array_equal(many, np.repeat(one.rows, 4, axis=0))


@pytest.mark.parametrize("missing", ["draw_start", "reset", "step"])
def test_a_world_has_to_say_how_it_begins_and_goes_on(missing: str) -> None:
    own = {name: lambda *_: None for name in ("draw_start", "reset", "step") if name != missing}
    with pytest.raises(TypeError, match=f"abstract method '?{missing}"):
        type("Half", (World,), own)()
