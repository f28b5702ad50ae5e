"""Streams of slots, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.envs.slot_streams import SlotStreams
from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream

ALL = np.ones(4, dtype=bool)
EVERY = np.arange(4)


def test_slots_of_a_group_share_latents_and_have_noise_of_their_own() -> None:
    streams = SlotStreams(4, 2)
    assert not streams.seeded
    streams.seed_all(7, ALL)
    found = streams.next(EVERY)
    assert [one.latents for one in found] == [(7, 0, 0), (7, 0, 0), (7, 1, 0), (7, 1, 0)]
    assert [one.noise for one in found] == [(7, slot, 0) for slot in range(4)]


def test_each_slot_goes_on_by_itself() -> None:
    streams = SlotStreams(4, 1)
    streams.seed_all(7, ALL)
    streams.next(EVERY)
    assert streams.next(np.array([2])) == [Stream((7, 2, 1), (7, 2, 1))]
    assert [one.noise[2] for one in streams.running(EVERY)] == [0, 0, 1, 0]
    streams.go_to(4, ALL)
    assert [one.noise[2] for one in streams.next(EVERY)] == [5] * 4


def test_a_slot_that_is_seeded_by_itself_is_like_a_branch_of_a_scalar_env() -> None:
    streams = SlotStreams(4, 2)
    streams.seed_all(7, ALL)
    streams.next(EVERY)
    streams.seed_each([None, 8, 9, 10], np.array([True, True, True, False]))
    found = streams.next(EVERY)
    assert found[0] == Stream((7, 0, 1), (7, 0, 1))  # None keeps what it has
    assert found[1] == Stream((8, 0, 0), (8, 1, 0))
    assert found[2] == Stream((9, 0, 0), (9, 0, 0))
    assert found[3] == Stream((7, 1, 1), (7, 3, 1))  # not chosen


def test_a_copy_goes_on_apart() -> None:
    streams = SlotStreams(2, 1)
    streams.seed_all(7, ALL[:2])
    kept = streams.copy()
    streams.seed_all(8, np.array([True, False]))
    streams.next(EVERY[:2])
    assert kept.next(EVERY[:2]) == [Stream((7, s, 0), (7, s, 0)) for s in range(2)]


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([1, 2], "4 seeds"),
        (-1, "a seed >= 0"),
        ([1, 2, 3, -4], "a seed >= 0"),
        (np.array([1.0, 2.0, 3.0, 4.0]), "a seed as a whole number"),
        (1.5, "a seed as a whole number"),
        ("seed", "a seed as a whole number"),
        (iter([1, 2, 3, 4]), "a seed as a whole number"),
    ],
)
def test_seeds_that_are_none_are_refused(seeds: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SlotStreams(4, 2).checked(seeds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seeds", "kept"),
    [
        (None, None),
        (np.int64(3), 3),
        (np.array(3), 3),
        (range(4), [0, 1, 2, 3]),
        (np.array([4, 3, 2, 1], dtype=np.uint8), [4, 3, 2, 1]),
        ((1, None, 2, 3), [1, None, 2, 3]),
    ],
)
def test_seeds_become_python_numbers(seeds: object, kept: object) -> None:
    assert SlotStreams(4, 2).checked(seeds) == kept  # type: ignore[arg-type]
