from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from human_wm_env.model import memory
from human_wm_env.person import schema
from tests.world_model import tiny


def slow_memory(rows: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One person's (total, weight), each (taus, signals), as sums over all their days."""
    totals = np.zeros((3, 4))
    weights = np.zeros((3, 4))
    kcal = (0.0, 60.0, 40.0, 220.0, 240.0, 200.0, 280.0)
    for age, (row, seen) in enumerate(zip(rows[::-1], observed[::-1], strict=True)):
        values = (
            (row[schema.STEPS] - 8000) / 5000,
            (row[schema.MINUTES] - 240) / 110,
            (row[schema.SLEEP] - 7) / 1.5,
            kcal[int(row[schema.WORKOUT])] / 150,
        )
        kept = (seen[schema.STEPS], seen[schema.MINUTES], seen[schema.SLEEP], seen[schema.WORKOUT])
        for which, tau in enumerate((3, 7, 42)):
            share = (1 - math.exp(-1 / tau)) * math.exp(-age / tau)
            for signal in range(4):
                if kept[signal]:
                    totals[which, signal] += share * values[signal]
                    weights[which, signal] += share
    return totals, weights


@pytest.mark.parametrize("days", [1, 2, 40])
def test_the_memory_equals_a_sum_over_all_days(days: int) -> None:
    logs = tiny.logs()
    rows, observed = logs.rows[:3, :days], logs.observed[:3, :days]
    history, final = memory.run(rows, observed)
    assert history.shape == (3, days, memory.WIDTH)
    for person in range(3):
        for day in [*range(0, days, 13), days]:
            total, weight = slow_memory(rows[person, :day], observed[person, :day])
            average = total / (weight + 0.02)
            contrast = 3.0 * (average[:2] - average[2])
            expected = np.concatenate([average.ravel(), contrast.ravel(), weight.ravel()])
            if day < days:
                np.testing.assert_allclose(history[person, day], expected, atol=1e-5)
            else:
                got = memory.features(final)[person]
                np.testing.assert_allclose(got, expected, atol=1e-5)


def test_running_equals_remembering_day_by_day() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows[:, :50], logs.observed[:, :50]
    history, final = memory.run(rows, observed)
    state = memory.empty(len(rows))
    for day in range(50):
        np.testing.assert_allclose(history[:, day], memory.features(state), atol=1e-5)
        state = memory.remember(state, rows[:, day], observed[:, day])
    np.testing.assert_allclose(final.total, state.total, atol=1e-6)
    np.testing.assert_allclose(final.weight, state.weight, atol=1e-6)


def test_a_gap_lowers_the_weight_but_not_the_average() -> None:
    """Three equal observed days, then three lost ones."""
    rows = np.zeros((1, 6, 10), dtype=np.float32)
    rows[..., schema.STEPS] = 13000.0  # scaled: 1
    observed = np.zeros((1, 6, 10), dtype=bool)
    observed[:, :3] = True
    _, full = memory.run(rows[:, :3], observed[:, :3])
    _, gap = memory.run(rows, observed)
    decay = np.exp(-3.0 / np.array([3.0, 7.0, 42.0]))
    np.testing.assert_allclose(gap.weight[0, :, 0], full.weight[0, :, 0] * decay, rtol=1e-5)
    np.testing.assert_allclose(gap.total / gap.weight, full.total / full.weight, rtol=1e-5)
    np.testing.assert_allclose(gap.total[0, :, 0] / gap.weight[0, :, 0], 1.0, rtol=1e-5)


def test_what_is_masked_changes_nothing() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows[:2, :30].copy(), logs.observed[:2, :30]
    before = memory.run(rows, observed)
    rows[~observed] = 3.0
    after = memory.run(rows, observed)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1].total, after[1].total)


@given(lengths=st.lists(st.integers(1, 25), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_padding_holds_the_memory(lengths: list[int]) -> None:
    logs = tiny.logs()
    people, longest = len(lengths), max(lengths)
    valid = np.arange(longest) < np.array(lengths)[:, None]
    # What stands in the padding must not matter either.
    rows, observed = logs.rows[:people, :longest], logs.observed[:people, :longest]
    history, final = memory.run(rows, observed, valid)
    for person, length in enumerate(lengths):
        one = slice(person, person + 1)
        alone, last = memory.run(rows[one, :length], observed[one, :length])
        np.testing.assert_allclose(history[person, :length], alone[0], atol=1e-5)
        np.testing.assert_allclose(final.total[person], last.total[0], atol=1e-6)
        np.testing.assert_allclose(final.weight[person], last.weight[0], atol=1e-6)


def test_the_policy_does_not_see_the_levels() -> None:
    width = memory.POLICY_PART.stop - memory.POLICY_PART.start
    assert (memory.AVERAGES, memory.CONTRASTS, memory.WIDTH, width) == (12, 8, 32, 20)
    assert memory.POLICY_PART.start == memory.AVERAGES
