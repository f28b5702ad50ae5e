"""Training of a response: rounds, validation, and few people."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.response.arrays import to_arrays
from human_wm_env.runtime.world_model import load_world_model
from tests.human_wm_env.response import responses
from world_model.training.response import (
    ResponseConfig,
    first_training,
    train_response,
    training_rounds,
)
from world_model.training.response_validation import LastDays, LastPeople

ROWS, OBSERVED, WEEKDAY = responses.logs(24, 120)


def test_training_helps_people_whom_it_does_not_learn_from() -> None:
    config = ResponseConfig(
        rate_channels=2, mood_channels=2, rank=3, tau_days=(2.0, 20.0), rounds=1, steps=40
    )
    found = train_response(ROWS, OBSERVED, WEEKDAY, config, morning_states=False)
    assert max(found.validation) > found.validation[0]
    assert np.isfinite(found.parameters.cutpoints).all()
    assert (np.diff(found.parameters.cutpoints) > 0.0).all()


def test_a_training_goes_on_from_any_of_its_rounds() -> None:
    config = ResponseConfig(
        rate_channels=2, mood_channels=2, rank=3, tau_days=(2.0, 20.0), rounds=2, steps=4
    )
    start = first_training(ROWS, OBSERVED, config, morning_states=False)
    whole = list(training_rounds(ROWS, OBSERVED, WEEKDAY, config, start, LastPeople(4)))
    assert [each.rounds for each in whole] == [1, 2, 3]
    *_, resumed = training_rounds(ROWS, OBSERVED, WEEKDAY, config, whole[0], LastPeople(4))
    expected, found = to_arrays(whole[-1].parameters), to_arrays(resumed.parameters)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert resumed.validation == whole[-1].validation and resumed.best == whole[-1].best


@pytest.mark.parametrize("people", [1, 3])
def test_few_people_are_judged_on_their_later_days(people: int) -> None:
    config = ResponseConfig(
        rate_channels=2, mood_channels=2, rank=3, tau_days=(2.0, 20.0), rounds=1, steps=4
    )
    logs = ROWS[:people], OBSERVED[:people], WEEKDAY[:people]
    start = first_training(*logs[:2], config, morning_states=False)
    *_, last = training_rounds(*logs, config, start, LastDays())
    assert all(np.isfinite(value).all() for value in to_arrays(last.parameters).values())
    assert len(last.validation) >= 2 and np.isfinite(last.validation).all()


def test_settings_without_meaning_are_refused() -> None:
    with pytest.raises(ConfigError, match="rank"):
        ResponseConfig(rank=0)


@pytest.mark.parametrize("tau_days", [(), (0.0,), (1.0, 0.0), (0.0, 0.005), (-1.0, 3.0)])
def test_time_constants_that_nothing_is_averaged_over_are_refused(
    tau_days: tuple[float, ...],
) -> None:
    with pytest.raises(ConfigError, match="time constants"):
        ResponseConfig(tau_days=tau_days)


def test_the_bundled_checkpoint_has_a_response_of_the_default_sizes() -> None:
    config, bundled = ResponseConfig(), load_world_model().checkpoint.architecture
    channels = (bundled.response_rate_channels, bundled.response_mood_channels)
    assert config.channels == channels
    assert (config.rank, len(config.tau_days)) == (bundled.latent_c, bundled.response_taus)
