"""A response survives a checkpoint, and what no response can be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.weights import expected_shapes
from human_wm_env.response.arrays import (
    RANGES,
    array_shapes,
    as_today,
    check_response,
    from_arrays,
    to_arrays,
)
from human_wm_env.response.basis import FIRST_COLUMNS, SECOND_COLUMNS, WIDTH
from tests.human_wm_env.response.responses import CHANNELS, RANK, TAU_DAYS, logs, parameters

ARRAYS = to_arrays(parameters(*logs(6, 60)[:2]))


def test_shapes_are_those_of_the_architecture() -> None:
    shapes = {name: value.shape for name, value in ARRAYS.items()}
    assert shapes == array_shapes(CHANNELS, len(TAU_DAYS), RANK)


def test_round_trip_keeps_every_number() -> None:
    again = to_arrays(from_arrays(ARRAYS))
    assert again.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_an_architecture_with_a_response_has_no_transition_nets() -> None:
    size = Architecture(transition="response", latent_a=2)
    names = expected_shapes(size)
    assert not any(name.startswith("transition.") for name in names)
    assert names["encoder.out.bias"] == (2 * size.latent_b,)
    assert names["response.loadings.mood"][-1] == size.latent_c


def test_states_have_channels_of_their_own() -> None:
    size = Architecture(transition="response", latent_a=2, response_rate_channels=5)
    names = expected_shapes(size)
    assert names["response.channels.heart_rate"][1] == size.response_rate_channels == 5
    assert names["response.channels.mood"][1] == size.response_mood_channels == 6


def test_a_manifest_of_one_number_means_both_states() -> None:
    size = Architecture.of_manifest({"response_channels": 4, "response_taus": 2})
    assert size.response_channels == (4, 4)


def test_stacked_arrays_are_those_of_each_state() -> None:
    own = {name.removeprefix("response."): value for name, value in ARRAYS.items()}
    rate = {kind: own[f"{kind}.heart_rate"] for kind in ("channels", "mean", "loadings")}
    stacked = {f"response.{kind}": np.stack([value, 2 * value]) for kind, value in rate.items()}
    found = as_today({**stacked, "response.rate": own["rate"]})
    assert len(found) == 8 and found["response.noise.degrees"] == [0.0]
    np.testing.assert_array_equal(found["response.rate"], own["rate"])
    for kind, value in rate.items():
        np.testing.assert_array_equal(found[f"response.{kind}.heart_rate"], value)
        np.testing.assert_array_equal(found[f"response.{kind}.mood"], 2 * value)


@pytest.mark.parametrize(("places", "fewer"), [(FIRST_COLUMNS, 9), (SECOND_COLUMNS, 4)])
def test_a_response_of_an_earlier_basis_weighs_none_of_its_later_columns(
    places: np.ndarray, fewer: int
) -> None:
    first = dict(ARRAYS)
    for name in ("actions.mean", "actions.sd", "channels.heart_rate", "channels.mood"):
        first[f"response.{name}"] = ARRAYS[f"response.{name}"][places]
    correlation = ARRAYS["response.actions.correlation"][np.ix_(places, places)]
    first["response.actions.correlation"] = correlation
    found = as_today(first)
    check_response(found)
    later = np.setdiff1d(np.arange(WIDTH), places)
    assert len(later) == WIDTH - len(places) == fewer
    for name, value in ARRAYS.items():
        assert found[name].shape == value.shape, name
    for state in ("heart_rate", "mood"):
        name = f"response.channels.{state}"
        np.testing.assert_array_equal(found[name][places], ARRAYS[name][places])
        assert not found[name][later].any()
    whole = found["response.actions.correlation"]
    np.testing.assert_array_equal(whole[np.ix_(places, places)], correlation)
    np.testing.assert_array_equal(whole[later], np.eye(WIDTH)[later])


@pytest.mark.parametrize("sizes", [{"transition": "respons"}, {"transition": "response"}])
def test_sizes_that_do_not_go_together_are_refused(sizes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Architecture(**sizes)  # type: ignore[arg-type]  # words, not sizes


def test_a_response_of_its_own_arrays_is_accepted() -> None:
    check_response(ARRAYS)
    for name, (low, high) in RANGES.items():
        assert (ARRAYS[name] >= low).all() and (ARRAYS[name] <= high).all(), name
    # Shares, flags and correlations have these ends and no others.
    assert RANGES["response.weather_share"] == RANGES["response.morning_states"] == (0.0, 1.0)
    assert RANGES["response.noise.persistence"][1] < 1.0 < RANGES["response.actions.correlation"][1]


def with_entry(name: str, place: object, value: float) -> dict[str, np.ndarray]:
    array = ARRAYS[name].copy()
    array[place] = value
    return {**ARRAYS, name: array}


@pytest.mark.parametrize(
    ("arrays", "wanted"),
    [
        (with_entry("response.cutpoints", 1, -100.0), "ascending cutpoints"),
        (with_entry("response.actions.correlation", (0, 1), 0.9), "a symmetric correlation"),
        (with_entry("response.actions.correlation", ..., 1.0), "positive definite"),
        (with_entry("response.rate", 1, 0.09), "rate_scale from 0.1 to 100"),
        (with_entry("response.rate", 1, 101.0), "rate_scale from 0.1 to 100"),
    ],
)
def test_what_no_range_can_say_is_refused(arrays: dict[str, np.ndarray], wanted: str) -> None:
    with pytest.raises(CheckpointError, match=wanted):
        check_response(arrays)
