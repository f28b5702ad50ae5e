"""Which arrays a checkpoint has to hold: names, shapes, dtype and range, by its architecture."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from human_wm_env.files.array_checks import LARGEST_WEIGHT, check_arrays, wrong_numbers
from human_wm_env.model import inputs, layouts, moments
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.heads import HeadLayout
from human_wm_env.person import schema
from human_wm_env.response.arrays import RANGES as RESPONSE_RANGES
from human_wm_env.response.arrays import array_shapes, check_response

Shapes = dict[str, tuple[int, ...]]
WEATHER = "weather_transitions"
_WEATHERS = schema.FEATURES[schema.WEATHER].width
WEATHER_SHAPE: Shapes = {WEATHER: (_WEATHERS, _WEATHERS)}
# Least and largest number of an array, where not that.
RANGES: dict[str, tuple[float, float]] = {
    "encoder.moments.sd": (1e-3, LARGEST_WEIGHT),
    WEATHER: (0.0, 1.0),
    **RESPONSE_RANGES,
}
_ROUNDING = 1e-4
_FLOAT32_BYTES = 4


def expected_shapes(architecture: Architecture) -> Shapes:
    """Return the shape of every array of a checkpoint, by its dotted name."""
    size = architecture
    day, week, heads = size.row_width, 2 * size.gru_hidden, size.pooling_heads
    hidden, latents = size.encoder_hidden, size.net_width
    context = inputs.WEEKDAY_WIDTH + len(inputs.WEATHER_COLUMNS)
    return {
        "encoder.moments.mean": (moments.PAIR_COUNT,),
        "encoder.moments.sd": (moments.PAIR_COUNT,),
        **_linear("encoder.moments.first", moments.FEATURE_WIDTH, 2 * hidden),
        **_linear("encoder.moments.second", 2 * hidden, 2 * hidden),
        **_linear("encoder.moments.out", 2 * hidden, 2 * latents),
        "encoder.moments.linear.weight": (2 * latents, moments.FEATURE_WIDTH),
        **_linear("encoder.row.first", inputs.ENCODER_WIDTH, 2 * day),
        **_linear("encoder.row.second", 2 * day, day),
        **_gru("encoder.gru", day + 1, size.gru_hidden),
        "encoder.day_attention.weight": (heads, day),
        "encoder.week_attention.weight": (heads, week),
        **_linear("encoder.first", (heads + 1) * (day + week), hidden),
        **_linear("encoder.second", hidden, hidden),
        **_linear("encoder.out", hidden, 2 * latents),
        **_gru("decoder.gru", latents + context, size.decoder_hidden),
        **_linear("decoder.out", 2 * size.decoder_hidden, layouts.decoder_layout(size).width),
        **_film(
            "policy",
            members=1,
            width=inputs.POLICY_WIDTH,
            latents=size.latent_b,
            hidden=size.policy_hidden,
            layout=layouts.action_layout(size),
        ),
        **_transition(size),
        "missingness.mood_log_odds": (schema.FEATURES[schema.MOOD].width,),
        "missingness.opening": (1 + schema.FEATURE_COUNT,),
    }


def _transition(size: Architecture) -> Shapes:
    if size.has_response:
        return array_shapes(size.response_channels, size.response_taus, size.latent_c)
    return {
        **_film(
            "transition",
            members=size.members,
            width=inputs.TRANSITION_WIDTH,
            latents=size.latent_c,
            hidden=size.transition_hidden,
            layout=layouts.state_layout(size),
        ),
        "transition.offset": (
            size.members,
            size.latent_a * (1 + len(inputs.STATE_ORDER)),
            layouts.state_layout(size).width,
        ),
        "transition.reference": (inputs.TRANSITION_WIDTH,),
    }


def _linear(name: str, width: int, out: int) -> Shapes:
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}


def _gru(name: str, width: int, hidden: int) -> Shapes:
    return {
        f"{name}.input": (2, width, 3 * hidden),
        f"{name}.input_bias": (2, 3 * hidden),
        f"{name}.hidden": (2, hidden, 3 * hidden),
        f"{name}.hidden_bias": (2, hidden),
    }


def _film(
    name: str, *, members: int, width: int, latents: int, hidden: int, layout: HeadLayout
) -> Shapes:
    return {
        f"{name}.inputs": (members, width, hidden),
        f"{name}.input_bias": (members, hidden),
        f"{name}.latents": (members, latents, 2 * hidden),
        f"{name}.hidden": (members, hidden, hidden),
        f"{name}.hidden_bias": (members, hidden),
        f"{name}.head": (members, hidden, layout.width),
        f"{name}.head_bias": (members, layout.width),
        f"{name}.chain": (members, layout.chain_width, layout.width),
    }


def byte_size(architecture: Architecture) -> int:
    """Return the bytes of a checkpoint's arrays, as float32."""
    shapes = {**expected_shapes(architecture), **WEATHER_SHAPE}
    return sum(_FLOAT32_BYTES * math.prod(shape) for shape in shapes.values())


def check_weights(
    architecture: Architecture, weights: Mapping[str, np.ndarray], weather: np.ndarray
) -> None:
    """Check that arrays are those of an architecture: compiled loops check nothing.

    Args:
        architecture: of the checkpoint.
        weights: its flat dictionary.
        weather: the chain of the weather.

    Raises:
        CheckpointError: an array is missing, added, of another shape or dtype; or a number is
            NaN, infinite or out of its range.
    """
    shapes = {**expected_shapes(architecture), **WEATHER_SHAPE}
    check_arrays({**weights, WEATHER: weather}, shapes, RANGES)
    if np.abs(weather.sum(axis=1) - 1.0).max() > _ROUNDING:
        raise wrong_numbers(f"rows of {WEATHER} that sum to 1", f"{weather.sum(axis=1)}")
    if architecture.has_response:
        check_response(weights)
