"""A response as named arrays: what a checkpoint holds of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from human_wm_env.files.array_checks import wrong_numbers
from human_wm_env.response.basis import FIRST_COLUMNS, SECOND_COLUMNS, WIDTH, ActionStatistics
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
_OF_STATE = ("heart_rate", "mood")  # as STATES
_KINDS = ("channels", "mean", "loadings")
Shapes = dict[str, tuple[int, ...]]
# Shares of a correlation matrix that rounding to float32 may take.
_ROUNDING = 1e-5
LEAST_TAU_DAYS = 0.01
# Least and largest number of arrays, where a response needs narrower ones than any net.
RANGES = {
    f"{PREFIX}{name}": bounds
    for name, bounds in {
        "actions.sd": (1e-4, 1e4),
        "actions.correlation": (-1.0 - _ROUNDING, 1.0 + _ROUNDING),
        "tau_days": (0.0, 1e4),
        "morning_states": (0.0, 1.0),
        "intercept_sd": (0.0, 1e4),
        "noise.persistence": (0.0, float(np.nextafter(np.float32(1), np.float32(0)))),
        "noise.sd": (0.0, 1e4),
        "noise.white_variance": (1e-8, 1e4),
        "noise.degrees": (0.0, 1e4),
        "rate": (1e-2, 500.0),
        "weather_share": (0.0, 1.0),
    }.items()
}


def array_shapes(channels: tuple[int, int], taus: int, rank: int) -> Shapes:
    """Return the shape of each array, by its dotted name.

    Args:
        channels: learned combinations of the basis, of each state.
        taus: time constants.
        rank: dimensions of z_c.
    """
    states = len(STATES)
    shapes: Shapes = {
        "actions.mean": (WIDTH,),
        "actions.sd": (WIDTH,),
        "actions.correlation": (WIDTH, WIDTH),
        "tau_days": (taus,),
        "morning_states": (1,),
        "intercept_sd": (states,),
        "noise.persistence": (states, 2),
        "noise.sd": (states, 2),
        "noise.white_variance": (states,),
        "noise.degrees": (1,),
        "cutpoints": (len(MOOD_ORDER) - 1,),
        "rate": (2,),
        "weather_share": (WEATHERS,),
    }
    for name, own in zip(_OF_STATE, channels, strict=True):
        width = CONTEXT_WIDTH + taus * own
        shapes |= {
            f"channels.{name}": (WIDTH, own),
            f"mean.{name}": (width,),
            f"loadings.{name}": (width, rank),
        }
    return {PREFIX + name: shape for name, shape in shapes.items()}


def as_today(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint as one of today holds them.

    Before, states had as many channels each, and stood stacked; noise was the same for all people.
    Earlier bases had fewer columns: no channel weighs those that they lacked.
    """
    found = dict(arrays)
    for kind in _KINDS:
        stacked = found.pop(PREFIX + kind, None)
        if stacked is not None:
            found |= {
                f"{PREFIX}{kind}.{name}": np.ascontiguousarray(own)
                for name, own in zip(_OF_STATE, stacked, strict=True)
            }
            found[f"{PREFIX}noise.degrees"] = np.zeros(1, dtype=np.float32)
    mean = found.get(f"{PREFIX}actions.mean")
    for columns in (FIRST_COLUMNS, SECOND_COLUMNS):
        if mean is not None and mean.shape == columns.shape:
            found |= _in_todays_columns(found, columns)
    return found


def _in_todays_columns(
    arrays: Mapping[str, np.ndarray], columns: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the arrays that have a row for each of some columns, with one for each of today's.

    Arrays of other shapes stay: the check of a checkpoint's shapes names them.
    """
    found: dict[str, np.ndarray] = {}
    for name, elsewhere in {
        "actions.mean": 0.0,
        "actions.sd": 1.0,
        "actions.correlation": 0.0,
        **{f"channels.{state}": 0.0 for state in _OF_STATE},
    }.items():
        own = arrays.get(PREFIX + name)
        if own is None or own.ndim == 0 or len(own) != len(columns):
            continue
        grown = np.full((WIDTH, *own.shape[1:]), elsewhere, dtype=own.dtype)
        grown[columns] = own
        found[PREFIX + name] = grown
    correlation = found.get(f"{PREFIX}actions.correlation")
    if correlation is not None and correlation.shape == (WIDTH, len(columns)):
        whole = np.eye(WIDTH, dtype=correlation.dtype)
        whole[:, columns] = correlation
        found[f"{PREFIX}actions.correlation"] = whole
    return found


def to_arrays(parameters: ResponseParameters) -> dict[str, np.ndarray]:
    """Return all numbers of a response, float32, as `array_shapes` names them."""
    noise = parameters.noise
    arrays = {
        "actions.mean": parameters.actions.mean,
        "actions.sd": parameters.actions.sd,
        "actions.correlation": parameters.actions.correlation,
        "tau_days": parameters.tau_days,
        "morning_states": np.array([float(parameters.morning_states)]),
        "intercept_sd": parameters.intercept_sd,
        "noise.persistence": np.stack([each.persistence for each in noise]),
        "noise.sd": np.stack([each.sd for each in noise]),
        "noise.white_variance": np.array([each.white_variance for each in noise]),
        "noise.degrees": np.array([parameters.noise_degrees]),
        "cutpoints": parameters.cutpoints,
        "rate": np.array([parameters.rate_centre, parameters.rate_scale]),
        "weather_share": parameters.weather_share,
    }
    for kind in _KINDS:
        own = zip(_OF_STATE, getattr(parameters, kind), strict=True)
        arrays |= {f"{kind}.{name}": value for name, value in own}
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
    channels, mean, loadings = (
        (own[f"{kind}.{_OF_STATE[0]}"], own[f"{kind}.{_OF_STATE[1]}"]) for kind in _KINDS
    )
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
        channels=channels,
        mean=mean,
        loadings=loadings,
        intercept_sd=own["intercept_sd"],
        noise=(rate, mood),
        cutpoints=own["cutpoints"],
        rate_centre=float(own["rate"][0]),
        rate_scale=float(own["rate"][1]),
        weather_share=own["weather_share"],
        gaps=_gaps(arrays),
        noise_degrees=float(own["noise.degrees"][0]),
    )


def _gaps(arrays: Mapping[str, np.ndarray]) -> GapEvidence | None:
    log_odds = arrays.get("missingness.mood_log_odds")
    if log_odds is None or not log_odds.any():
        return None
    opening = arrays["missingness.opening"]
    return GapEvidence(log_odds[list(MOOD_ORDER)].astype(float), opening.astype(float))


def _sound(tau_days: np.ndarray) -> bool:
    # In float32, as the numbers of a checkpoint are.
    averages = tau_days[1:] if tau_days[0] == 0.0 else tau_days
    return bool((averages >= np.float32(LEAST_TAU_DAYS)).all())


def check_response(arrays: Mapping[str, np.ndarray]) -> None:
    """Check what no range of a single array can say; see RANGES.

    Raises:
        CheckpointError: cutpoints or correlations that no response has.
    """
    correlation = arrays[f"{PREFIX}actions.correlation"].astype(np.float64)
    symmetric = np.allclose(correlation, correlation.T, atol=_ROUNDING)
    wrong = {
        f"tau_days of at least {LEAST_TAU_DAYS}, or 0 of the first alone": not _sound(
            arrays[f"{PREFIX}tau_days"]
        ),
        "ascending cutpoints": (np.diff(arrays[f"{PREFIX}cutpoints"]) <= 0.0).any(),
        "a symmetric correlation matrix": not symmetric,
        "a positive definite correlation matrix": symmetric
        and np.linalg.eigvalsh(correlation).min() <= 0.0,
        "a rate_scale from 0.1 to 100 bpm": not 0.1 <= arrays[f"{PREFIX}rate"][1] <= 100.0,
    }
    for expected, found in wrong.items():
        if found:
            raise wrong_numbers(f"{expected} in the arrays of a response", "other numbers")
