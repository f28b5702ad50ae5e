from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import BUNDLED, Checkpoint, load_checkpoint, save_checkpoint
from human_wm_env.model.weights import WEATHER, check_weights, expected_shapes
from human_wm_env.person.weather import TRANSITIONS
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
    check_weights(ARCHITECTURES[name], weights, TRANSITIONS)


# Sizes of nets: those of a response are not used beside a transition net.
RESPONSE_SIZES = ("response_rate_channels", "response_mood_channels", "response_taus")
NO_SIZES = ("memory", "transition", *RESPONSE_SIZES)
SIZES = [f.name for f in dataclasses.fields(Architecture) if f.name not in NO_SIZES]


@pytest.mark.parametrize("size", SIZES)
def test_weights_of_any_other_size_are_refused(size: str) -> None:
    other = dataclasses.replace(tiny.TINY, **{size: getattr(tiny.TINY, size) + 1})
    with pytest.raises(CheckpointError, match="train the model again"):
        dataclasses.replace(tiny.checkpoint(), architecture=other)


# A bundled response, and nets: what no checkpoint may hold of either.
WRONG: list[tuple[str, float | None]] = [
    ("encoder.out.bias", np.nan),
    ("encoder.out.bias", np.inf),
    ("policy.head", 1e30),
    ("encoder.moments.sd", 0.0),
    ("weather_transitions", 0.5),
    ("weather_transitions", -0.25),
    ("weather_transitions", np.nan),
]
WRONG_RESPONSE: list[tuple[str, float | None]] = [
    ("response.tau_days", 0.0),
    ("response.tau_days", 0.005),
    ("response.mean.mood", np.nan),
    ("response.noise.persistence", 1.0),
    ("response.noise.white_variance", -1.0),
    ("response.actions.sd", 0.0),
    ("response.actions.correlation", -1.0),
    ("response.cutpoints", 0.0),
    ("response.rate", 0.05),
]


def with_array(source: Checkpoint, name: str, array: np.ndarray) -> Checkpoint:
    if name == WEATHER:
        return dataclasses.replace(source, weather_transitions=array)
    return dataclasses.replace(source, weights={**source.weights, name: array})


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [("film", *each) for each in WRONG] + [("response", *each) for each in WRONG_RESPONSE],
)
def test_impossible_numbers_are_refused(source: str, name: str, value: float) -> None:
    whole = tiny.checkpoint() if source == "film" else load_checkpoint(BUNDLED)
    arrays = {**whole.weights, WEATHER: whole.weather_transitions}
    with pytest.raises(CheckpointError):
        with_array(whole, name, np.full_like(arrays[name], value))
    double = arrays[name].astype(np.float64)
    with pytest.raises(CheckpointError, match="dtype float32"):
        with_array(whole, name, double)


@pytest.mark.parametrize("shape", [(3, 3), (5, 5), (4,), (4, 4, 1)])
def test_a_weather_table_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    table = np.full(shape, 1.0 / shape[-1], dtype=np.float32)
    with pytest.raises(CheckpointError, match="weather_transitions"):
        dataclasses.replace(tiny.checkpoint(), weather_transitions=table)


def test_nothing_is_saved_that_could_not_be_loaded(tmp_path: Path) -> None:
    source = tiny.checkpoint()
    with pytest.raises(CheckpointError, match="sum to 1"):
        save_checkpoint(
            tmp_path / "made",
            architecture=source.architecture,
            weights=source.weights,
            weather_transitions=source.weather_transitions / 2,
            details={},
        )
    assert not (tmp_path / "made").exists()
