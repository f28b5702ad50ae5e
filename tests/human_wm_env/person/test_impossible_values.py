"""Values outside the bounds: masked and counted, wherever logs come from."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError, LogWarning
from human_wm_env.person import rewards, schema
from human_wm_env.person.history import History
from human_wm_env.person.impossible_values import mask_impossible
from tests.human_wm_env.conftest import typical_rows


def spoilt(index: int, value: float, share: float, users: int = 3, days: int = 30) -> np.ndarray:
    rows = typical_rows(users, days)
    rows[:, : round(share * days), index] = value
    return rows


def everything(rows: np.ndarray) -> np.ndarray:
    return np.ones(rows.shape, dtype=bool)


def test_possible_values_keep_the_mask_itself() -> None:
    rows = typical_rows(2, 5)
    rows[0, 0, schema.CONTINUOUS_FEATURES] = schema.LOWS[[*schema.CONTINUOUS_FEATURES]]
    rows[0, 1, schema.CONTINUOUS_FEATURES] = schema.HIGHS[[*schema.CONTINUOUS_FEATURES]]
    observed = everything(rows)
    possible, noticed = mask_impossible(rows, observed)
    assert possible is observed and noticed == ()


def test_impossible_values_are_masked_and_counted() -> None:
    rows = typical_rows(2, 5)
    rows[0, 2, schema.STEPS] = 1e10
    rows[1, 3, schema.STEPS] = -1.0
    rows[1, 4, schema.STEPS] = 1e12  # was not observed
    observed = everything(rows)
    observed[1, 4, schema.STEPS] = False
    with pytest.warns(LogWarning, match="logs: 2 of 9 values of steps outside 0 to 45000"):
        logs = LogDataset.from_arrays(rows, observed)
    assert logs.observed.sum() == 100 - 3
    assert logs.rows[..., schema.STEPS].max() == schema.CENTRES[schema.STEPS]
    assert (logs.impossible[0].smallest, logs.impossible[0].largest) == (-1.0, 1e10)
    with pytest.warns(LogWarning, match="history: 1 of 5 values of steps"):
        history = History.from_arrays(rows[0], everything(rows[0]))
    assert not history.observed[2, schema.STEPS] and history.rows[2, schema.STEPS] == 0.0


def test_a_heart_rate_of_zero_does_not_move_the_baseline() -> None:
    rows = spoilt(schema.HEART_RATE, 0.0, 1 / 3)
    with pytest.warns(LogWarning, match="30 of 90 values of heart_rate_avg outside 40 to 160"):
        logs = LogDataset.from_arrays(rows, everything(rows))
    baseline = rewards.baseline_of(logs.history(0, 30))
    assert baseline.heart_rate[0] == schema.CENTRES[schema.HEART_RATE]


@pytest.mark.parametrize(
    ("index", "value", "remedy"),
    [
        (schema.SLEEP, 450.0, "It looks like minutes: divide by 60."),
        (schema.SLEEP, 27000.0, "It looks like seconds: divide by 3600."),
        (schema.DISTANCE, 6000.0, "It looks like metres: divide by 1000."),
        (schema.CALORIES, 10000.0, "It looks like kilojoules: divide by 4.184."),
        (schema.MINUTES, 12000.0, "It looks like seconds: divide by 60."),
        (schema.SLEEP, 2.7e7, "It looks like milliseconds: divide by 3.6e+06."),
        (schema.MINUTES, 3e6, "It looks like milliseconds: divide by 60000."),
        (schema.DISTANCE, 6e5, "It looks like centimetres: divide by 100000."),
        (schema.CALORIES, 2e6, "It looks like calories (not kcal): divide by 1000."),
        (schema.CALORIES, 2e7, "It looks like joules: divide by 4184."),
        (schema.HEART_RATE, 1.2, "It looks like beats per second: multiply by 60."),
        (schema.HEART_RATE, 0.0, "Give heart_rate_avg in bpm, or leave the column out."),
    ],
)
def test_a_column_in_another_unit_is_refused(index: int, value: float, remedy: str) -> None:
    rows = spoilt(index, value, 0.6)
    with pytest.raises(DataError) as caught:
        LogDataset.from_arrays(rows, everything(rows))
    assert caught.value.remedy == remedy and "54 of 90 values outside" in caught.value.received


def test_one_person_in_another_unit_is_named() -> None:
    rows = typical_rows(3, 30)
    rows[1, :, schema.SLEEP] *= 60.0
    with pytest.warns(LogWarning, match="most values of bob: another unit"):
        LogDataset.from_arrays(rows, everything(rows), user_ids=["ann", "bob", "cem"])


def test_a_few_values_are_no_column_to_judge_by() -> None:
    rows = spoilt(schema.SLEEP, 450.0, 1.0, users=1, days=4)
    with pytest.warns(LogWarning, match="4 of 4 values of sleep_hours"):
        LogDataset.from_arrays(rows, everything(rows))
