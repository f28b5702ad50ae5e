from __future__ import annotations

import numpy as np
import pytest

from human_wm_env import columns
from human_wm_env.columns import Bins, Constants, Table

BATCH = np.array([[-1.0, 0.25, 0.5], [0.0, -0.5, 1.0]], dtype=np.float32)


def test_one_slot_is_floats_and_more_are_arrays() -> None:
    one, many = columns.of(1), columns.of(2)
    assert one.columns(BATCH[:1]) == [-1.0, 0.25, 0.5]
    assert [column.tolist() for column in many.columns(BATCH)] == BATCH.T.tolist()
    assert one.column(np.array([3.0])) == 3.0
    assert one.whole(2.0) == 2 and many.whole(BATCH[1]).tolist() == [0, 0, 1]


@pytest.mark.parametrize("slots", [1, 2])
def test_a_batch_comes_back(slots: int) -> None:
    math = columns.of(slots)
    np.testing.assert_array_equal(math.batch(math.columns(BATCH[:slots])), BATCH[:slots])
    assert math.batch(math.empty(4, slots)).shape == (slots, 4)
    assert math.batch(math.empty(4, slots)).dtype == np.float32


def test_one_slot_equals_the_batch() -> None:
    one, many = columns.of(1), columns.of(2)
    table = Table(np.array([5.0, 6.0, 7.0]))
    cuts = Bins([7, 5])
    halves, bins = many.halves(BATCH), many.bins(BATCH, slice(1, 3), cuts)
    for slot in range(2):
        part = BATCH[slot : slot + 1]
        for mine, theirs in zip(one.halves(part), halves, strict=True):
            assert mine == theirs[:, slot].tolist()
        assert one.bins(part, slice(1, 3), cuts) == [int(own[slot]) for own in bins]
        assert one.look_up(table, slot) == many.look_up(table, np.arange(2))[slot]
    assert [own.tolist() for own in bins] == [[4, 1], [3, 4]]
    assert one.where(True, 1.0, 2.0) == 1.0
    half = Constants(half=0.5)
    assert one.constants(half).half == 0.5
    assert (many.constants(half).half * BATCH[0]).tolist() == (0.5 * BATCH[0]).tolist()
    assert one.shares([-1.0, 0.5, 3.0]) == [0.0, 0.5, 1.0]
    assert many.shares(np.array([[-1.0, 0.5], [3.0, 1.0]])).tolist() == [[0.0, 0.5], [1.0, 1.0]]


def test_nothing_writes_into_the_batch() -> None:
    before = np.asfortranarray(BATCH)
    kept = before.copy()
    columns.of(2).halves(before)
    columns.of(2).bins(before, slice(0, 2), Bins([7, 5]))
    np.testing.assert_array_equal(before, kept)
