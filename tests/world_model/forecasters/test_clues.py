from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from tests.world_model import tiny
from tests.world_model.forecasters.clue_rows import steps_logs
from world_model.forecasters.clues import HALF_LIVES_DAYS, columns, read_clues


def test_sums_by_hand() -> None:
    logs = steps_logs(np.array([[1.0, 2.0, 0.0, 3.0]]), np.array([[True, True, False, True]]))
    clues = read_clues(logs, np.array([0, 0]), np.array([2, 3]), 2)[schema.STEPS]
    np.testing.assert_allclose(clues.total[:, 0], [3.0, 3.0], atol=1e-6)
    np.testing.assert_allclose(clues.squares[:, 0], [5.0, 5.0], atol=1e-6)
    np.testing.assert_array_equal(clues.count[:, 0], [2.0, 2.0])
    np.testing.assert_allclose(clues.last[:, 0], [2.0, 0.0], atol=1e-6)
    np.testing.assert_array_equal(clues.last_observed[:, 0], [1.0, 0.0])
    decay = 0.5 ** (1.0 / HALF_LIVES_DAYS[0])
    np.testing.assert_allclose(clues.recent_total[0, :, 0], [decay + 2, decay**2 + 2 * decay])
    # Row 0 is a Monday; two days ahead of row 1 and of row 2.
    assert clues.weekday.argmax(axis=1).tolist() == [3, 4]
    np.testing.assert_allclose(clues.level(np.array([0.0]), 1.0)[:, 0], [1.0, 1.0], atol=1e-6)


def test_later_days_are_not_read() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 60:], observed[:, 60:] = tiny.people().true_rows[::-1, 60:], True
    users, days = np.array([0, 3, 3]), np.array([60, 20, 59])
    one, other = (
        read_clues(which, users, days, 1) for which in (logs, tiny.with_rows(logs, rows, observed))
    )
    for index in one:
        for name, value in vars(one[index]).items():
            np.testing.assert_array_equal(value, getattr(other[index], name))


def test_labels_are_one_hot_and_what_exceeds_the_bounds_is_on_them() -> None:
    assert columns(np.array([2.0]), schema.MOOD).tolist() == [[0.0, 0.0, 1.0, 0.0]]
    high = schema.continuous(schema.CALORIES)
    assert columns(np.array([9999.0]), schema.CALORIES)[0, 0] == pytest.approx(
        (high.high - high.centre) / high.scale
    )


def test_features_that_nobody_logged_have_no_clues() -> None:
    clues = read_clues(steps_logs(np.ones((2, 20))), np.array([0]), np.array([15]), 1)
    assert list(clues) == [schema.STEPS]
    assert clues[schema.STEPS].others.shape == (1, 2)


def test_taking_some() -> None:
    clues = read_clues(tiny.logs(), np.array([0, 1, 2]), np.array([20, 30, 40]), 1)[schema.MOOD]
    one = read_clues(tiny.logs(), np.array([2]), np.array([40]), 1)[schema.MOOD]
    for name, value in vars(clues.take(np.array([2]))).items():
        np.testing.assert_array_equal(value, getattr(one, name))
