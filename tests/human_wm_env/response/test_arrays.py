"""A response survives a checkpoint, and what no response can be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.weights import expected_shapes
from human_wm_env.response.arrays import array_shapes, from_arrays, to_arrays
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
    assert names["response.loadings"][-1] == size.latent_c


@pytest.mark.parametrize("sizes", [{"transition": "respons"}, {"transition": "response"}])
def test_sizes_that_do_not_go_together_are_refused(sizes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Architecture(**sizes)  # type: ignore[arg-type]  # words, not sizes
