from __future__ import annotations

import dataclasses

import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.weights import check_weights, expected_shapes
from human_wm_env.runtime.world_model import WorldModelRuntime
from tests.world_model import tiny
from world_model.export import flat_weights
from world_model.nets.world_model import WorldModel

ARCHITECTURES = {
    "default": Architecture(),
    **tiny.ARCHITECTURES,
    # No two sizes alike: nothing can be right by chance.
    "uneven": Architecture(
        latent_a=3,
        latent_b=5,
        latent_c=7,
        policy_hidden=11,
        transition_hidden=13,
        members=2,
        components=4,
        state_components=3,
        row_width=17,
        gru_hidden=19,
        pooling_heads=6,
        encoder_hidden=23,
        decoder_hidden=29,
    ),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_expected_shapes_are_those_of_the_model(name: str) -> None:
    weights = flat_weights(WorldModel(ARCHITECTURES[name]))
    assert expected_shapes(ARCHITECTURES[name]) == {
        weight: value.shape for weight, value in weights.items()
    }
    check_weights(ARCHITECTURES[name], weights)


# Sizes of nets: those of a response are not used beside a transition net.
NO_SIZES = ("memory", "transition", "response_channels", "response_taus")
SIZES = [f.name for f in dataclasses.fields(Architecture) if f.name not in NO_SIZES]


@pytest.mark.parametrize("size", SIZES)
def test_weights_of_any_other_size_are_refused(size: str) -> None:
    other = dataclasses.replace(tiny.TINY, **{size: getattr(tiny.TINY, size) + 1})
    with pytest.raises(CheckpointError, match="train the model again"):
        WorldModelRuntime(dataclasses.replace(tiny.checkpoint(), architecture=other))
