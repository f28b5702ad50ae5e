from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from tests.world_model.forecasters.clue_rows import clues_and_target, steps_logs
from world_model.forecasters import boosted_trees, forecast
from world_model.forecasters.linear import exponential_mean


def test_trees_read_what_means_cannot() -> None:
    pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    logs = 0.2 * rng.normal(size=(30, 90))
    for day in range(1, 90):  # the day after a good day is bad, and the other way round
        logs[:, day] -= 0.8 * np.sign(logs[:, day - 1])
    clues, target = clues_and_target(steps_logs(logs[:20]))
    of_others, truth = clues_and_target(steps_logs(logs[20:]))
    trees, means = (
        ((fit(clues, target)(of_others) - truth) ** 2).mean()
        for fit in (boosted_trees.boosted_trees, exponential_mean)
    )
    assert trees < 0.3 * means


def test_without_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "installed", lambda: False)
    assert forecast.names_of(None) == [forecast.EXPONENTIAL, forecast.MIXED]
    with pytest.raises(ConfigError, match=r"humanwm\[forecasts\]"):
        forecast.names_of([forecast.LIGHTGBM])
