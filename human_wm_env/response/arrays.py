"""A response as named arrays: what a checkpoint holds of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.response.basis import WIDTH, ActionStatistics
from human_wm_env.response.gap_evidence import GapEvidence
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    MOOD_ORDER,
    STATES,
    WEATHERS,
    ResponseParameters,
)

PREFIX = "response."
Shapes = dict[str, tuple[int, ...]]
# Shares of a correlation matrix that rounding to float32 may take.
_ROUNDING = 1e-5
# Least and largest number of arrays, where a response needs narrower ones than any net.
RANGES = {
    f"{PREFIX}{name}": bounds
    for name, bounds in {
        "actions.sd": (1e-4, 1e4),
        "actions.correlation": (-1.0 - _ROUNDING, 1.0 + _ROUNDING),
        "tau_days": (1e-2, 1e4),
        "morning_states": (0.0, 1.0),
        "intercept_sd": (0.0, 1e4),
        "noise.persistence": (0.0, float(np.nextafter(np.float32(1), np.float32(0)))),
        "noise.sd": (0.0, 1e4),
        "noise.white_variance": (1e-8, 1e4),
        "rate": (1e-2, 500.0),
        "weather_share": (0.0, 1.0),
    }.items()
}


def array_shapes(channels: int, taus: int, rank: int) -> Shapes:
    """Return the shape of each array, by its dotted name.

    Args:
        channels: learned combinations of the basis, for each state.
        taus: time constants.
        rank: dimensions of z_c.
    """
    states, width = len(STATES), CONTEXT_WIDTH + taus * channels
    shapes: Shapes = {
        "actions.mean": (WIDTH,),
        "actions.sd": (WIDTH,),
        "actions.correlation": (WIDTH, WIDTH),
        "tau_days": (taus,),
        "morning_states": (1,),
        "channels": (states, WIDTH, channels),
        "mean": (states, width),
        "loadings": (states, width, rank),
        "intercept_sd": (states,),
        "noise.persistence": (states, 2),
        "noise.sd": (states, 2),
        "noise.white_variance": (states,),
        "cutpoints": (len(MOOD_ORDER) - 1,),
        "rate": (2,),
        "weather_share": (WEATHERS,),
    }
    return {PREFIX + name: shape for name, shape in shapes.items()}


def to_arrays(parameters: ResponseParameters) -> dict[str, np.ndarray]:
    """Return all numbers of a response, float32, as `array_shapes` names them."""
    noise = parameters.noise
    arrays = {
        "actions.mean": parameters.actions.mean,
        "actions.sd": parameters.actions.sd,
        "actions.correlation": parameters.actions.correlation,
        "tau_days": parameters.tau_days,
        "morning_states": np.array([float(parameters.morning_states)]),
        "channels": np.stack(parameters.channels),
        "mean": np.stack(parameters.mean),
        "loadings": np.stack(parameters.loadings),
        "intercept_sd": parameters.intercept_sd,
        "noise.persistence": np.stack([each.persistence for each in noise]),
        "noise.sd": np.stack([each.sd for each in noise]),
        "noise.white_variance": np.array([each.white_variance for each in noise]),
        "cutpoints": parameters.cutpoints,
        "rate": np.array([parameters.rate_centre, parameters.rate_scale]),
        "weather_share": parameters.weather_share,
    }
    return {PREFIX + name: value.astype(np.float32) for name, value in arrays.items()}


def from_arrays(arrays: Mapping[str, np.ndarray]) -> ResponseParameters:
    """Return what `to_arrays` was given, rounded to float32.

    Args:
        arrays: of a checkpoint; `model.weights` has checked their shapes and numbers. How gaps
            open on days of each mood is read from its own arrays ("missingness."), if they are
            there.
    """
    own = {
        name.removeprefix(PREFIX): np.asarray(value, dtype=np.float64)
        for name, value in arrays.items()
        if name.startswith(PREFIX)
    }
    rate, mood = (
        StateNoise(persistence, sd, float(white))
        for persistence, sd, white in zip(
            own["noise.persistence"], own["noise.sd"], own["noise.white_variance"], strict=True
        )
    )
    return ResponseParameters(
        actions=ActionStatistics(
            own["actions.mean"], own["actions.sd"], own["actions.correlation"]
        ),
        tau_days=own["tau_days"],
        morning_states=bool(own["morning_states"][0]),
        channels=(own["channels"][0], own["channels"][1]),
        mean=(own["mean"][0], own["mean"][1]),
        loadings=(own["loadings"][0], own["loadings"][1]),
        intercept_sd=own["intercept_sd"],
        noise=(rate, mood),
        cutpoints=own["cutpoints"],
        rate_centre=float(own["rate"][0]),
        rate_scale=float(own["rate"][1]),
        weather_share=own["weather_share"],
        gaps=_gaps(arrays),
    )


def _gaps(arrays: Mapping[str, np.ndarray]) -> GapEvidence | None:
    log_odds = arrays.get("missingness.mood_log_odds")
    if log_odds is None or not log_odds.any():
        return None
    opening = arrays["missingness.opening"]
    return GapEvidence(log_odds[list(MOOD_ORDER)].astype(float), opening.astype(float))


def check_response(arrays: Mapping[str, np.ndarray]) -> None:
    """Check what no range of a single array can say; see RANGES.

    Raises:
        CheckpointError: cutpoints or correlations that no response has.
    """
    correlation = arrays[f"{PREFIX}actions.correlation"].astype(np.float64)
    symmetric = np.allclose(correlation, correlation.T, atol=_ROUNDING)
    wrong = {
        "ascending cutpoints": (np.diff(arrays[f"{PREFIX}cutpoints"]) <= 0.0).any(),
        "a symmetric correlation matrix": not symmetric,
        "a positive definite correlation matrix": symmetric
        and np.linalg.eigvalsh(correlation).min() <= 0.0,
        "a rate_scale from 0.1 to 100 bpm": not 0.1 <= arrays[f"{PREFIX}rate"][1] <= 100.0,
    }
    for expected, found in wrong.items():
        if found:
            raise CheckpointError(
                f"{expected} in the arrays of a response",
                "other numbers",
                "The checkpoint is damaged: copy it again, or train it anew.",
            )
