from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from tests.world_model import tiny
from tests.world_model.forecasters.clue_rows import every_start, steps_logs
from world_model.forecasters import forecast
from world_model.forecasters.forecast import BLEND, EXPONENTIAL, MIXED, Days, forecast_days

NAMES = [EXPONENTIAL, MIXED]


def forecasts(
    logs: LogDataset, until: int, starts: tuple[np.ndarray, np.ndarray], draws: int = 100
) -> dict[str, np.ndarray]:
    users, days = every_start(logs, 14)
    kept = days < until
    fit_on = Days(users[kept], days[kept], (days[kept] - 14) / (until - 14))
    return forecast_days(logs, fit_on, starts, 1, draws, NAMES, np.random.default_rng(0))


def test_raw_values_inside_the_schema() -> None:
    found = forecasts(tiny.logs(), 90, (np.array([0, 5]), np.array([95, 100])))
    assert list(found) == [*NAMES, BLEND]
    for rows in found.values():
        assert rows.shape == (2, 100, schema.FEATURE_COUNT) and rows.dtype == np.float32
        for index, feature in enumerate(schema.FEATURES):
            if isinstance(feature, schema.Continuous):
                column = rows[..., index]
                assert ((column >= feature.low) & (column <= feature.high)).all()
            else:
                assert np.isin(rows[..., index], np.arange(feature.width)).all()


def test_nothing_after_the_days_to_fit_on_is_learned_from() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, 61:], observed[:, 61:] = tiny.people().true_rows[::-1, 61:], True
    starts = (np.array([0, 5]), np.array([61, 50]))
    one, other = (
        forecasts(which, 61, starts) for which in (logs, tiny.with_rows(logs, rows, observed))
    )
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_the_blend_prefers_the_better_forecaster() -> None:
    target = np.linspace(0.0, 1.0, 1000)[:, None]
    good, bad = target + 0.1, target + 0.8
    weights = forecast._blend_weights(np.stack([bad, good]), target)
    assert weights.tolist() == [0.0, 1.0]
    # Hardly any cells: nearly equal.
    few = forecast._blend_weights(np.stack([bad[:2], good[:2]]), target[:2])
    assert 0.3 <= few[0] <= 0.5


def test_intervals_hold_what_they_say() -> None:
    rng = np.random.default_rng(3)
    logs = steps_logs(rng.normal(0.0, 0.3, size=(20, 1)) + 0.25 * rng.normal(size=(20, 120)))
    users, days = every_start(logs, 100)
    found = forecasts(logs, 90, (users, days), draws=300)
    truth = logs.rows[users, days, schema.STEPS]
    for rows in found.values():
        low, high = np.quantile(rows[..., schema.STEPS], [0.1, 0.9], axis=1)
        assert ((truth >= low) & (truth <= high)).mean() == pytest.approx(0.8, abs=0.06)


def test_a_person_with_three_days_to_fit_on() -> None:
    logs = steps_logs(np.random.default_rng(0).normal(size=(1, 20)) * 0.3)
    found = forecasts(logs, 17, (np.array([0]), np.array([18])))
    assert np.isfinite(found[BLEND]).all() and found[BLEND][..., schema.STEPS].std() > 0.0


@pytest.mark.parametrize(
    ("names", "says"), [(["mixed"], "mixed_model"), ([], "one forecaster or more")]
)
def test_unknown_forecasters(names: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        forecast.names_of(names)


def test_a_name_twice_counts_once() -> None:
    assert forecast.names_of([MIXED, MIXED]) == [MIXED]
