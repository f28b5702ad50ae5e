from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.history import History
from tests.human_wm_env.conftest import typical_rows


def log_of(days: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = typical_rows(days)
    rows[:, schema.STEPS] = rng.integers(1000, 9000, days)
    return rows, rng.random(rows.shape) < 0.7


@pytest.mark.parametrize("more", [1, 2, 7, 8])
@pytest.mark.parametrize("start_weekday", [-1, 0, 4])
def test_the_days_after_a_log_go_on_with_its_weekdays(more: int, start_weekday: int) -> None:
    rows, observed = log_of(9 + more)
    whole = History.from_arrays(rows, observed, start_weekday)
    begun = History.from_arrays(rows[:9], observed[:9], start_weekday)
    joined = begun.followed_by(rows[9:], observed[9:])
    for name in ("rows", "observed", "weekday"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    assert begun.days == 9 and joined.days == 9 + more


@pytest.mark.parametrize("shape", [(3, schema.FEATURE_COUNT - 1), (schema.FEATURE_COUNT,)])
def test_rows_of_another_width_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="Give one column per feature"):
        History.from_arrays(np.zeros(shape), np.zeros(shape, dtype=bool))
