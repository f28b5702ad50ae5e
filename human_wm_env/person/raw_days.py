"""Days in a log's own units: to and from the vectors that environments speak in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from human_wm_env.errors import DataError, InvalidActionError, did_you_mean
from human_wm_env.person import actions, observations, schema
from human_wm_env.settings import finite_number, one_of

# As the codec decides a day: what an entry can be depends on those before it.
_ORDER = (
    *(schema.SLEEP, schema.MINUTES, schema.STEPS, schema.WORKOUT, schema.LOCATION),
    *(schema.DISTANCE, schema.CALORIES),
)
schema.check_order(_ORDER, "action")
_COLUMN = {index: column for column, index in enumerate(schema.ACTION_FEATURES)}
_ROUNDING = 1e-3  # of a feature's scale


def encode_day(day: Mapping[str, float | str]) -> np.ndarray:
    """Return the action that asks for a day in raw units.

    >>> action = encode_day({"sleep_hours": 8, "workout_type": "Running", "steps": 12000})

    Args:
        day: by the names of the schema's actions; numbers in the schema's units, labels as
            text. What is left out is as usual, given the rest.

    Returns:
        float32 (7,), in the action space of the environments of people.

    Raises:
        InvalidActionError: an unknown name, or a day that is not feasible, such as 20 km on
            3000 steps; it says what is.
        ConfigError: a value that is no finite number, or none of the labels.
    """
    names = [schema.FEATURE_NAMES[index] for index in schema.ACTION_FEATURES]
    for name in day:
        if name not in names:
            raise InvalidActionError(
                f"actions out of {', '.join(names)}", repr(name), did_you_mean(name, names)
            )
    action = np.zeros((1, actions.ACTION_WIDTH), dtype=np.float32)
    for index in _ORDER:
        feature = schema.FEATURES[index]
        if feature.name not in day:
            continue
        row = actions.decode(action)
        if isinstance(feature, schema.Categorical):
            label = one_of(str(day[feature.name]), feature.categories, feature.name)
            row[0, index] = feature.categories.index(label)
        else:
            row[0, index] = finite_number(day[feature.name], feature.name)
        action[:, _COLUMN[index]] = actions.encode(row)[:, _COLUMN[index]]
        if isinstance(feature, schema.Continuous):
            _check_feasible(index, float(row[0, index]), action)
    encoded: np.ndarray = action[0]
    return encoded


def _check_feasible(index: int, wanted: float, action: np.ndarray) -> None:
    """Raise InvalidActionError unless an action, (1, 7), is the wanted value of a feature."""
    feature = schema.continuous(index)
    if abs(actions.decode(action)[0, index] - wanted) <= _ROUNDING * feature.scale:
        return
    ends = np.repeat(action, 2, axis=0)
    ends[:, _COLUMN[index]] = -1.0, 1.0
    low, high = actions.decode(ends)[:, index]
    raise InvalidActionError(
        f"{feature.name} from {low:g} to {high:g} {feature.unit}, given the rest of the day",
        f"{wanted:g}",
        "Change it, or what it depends on: minutes on sleep, steps on minutes, distance and "
        "calories on steps and workout.",
    )


def decode_day(action: ArrayLike) -> dict[str, float | str]:
    """Return the day that an action asks for, in raw units, labels as text.

    Raises:
        InvalidActionError: wrong shape, NaN or infinity.
    """
    row = actions.decode(actions.check_actions(action, None))[0]
    return {
        schema.FEATURE_NAMES[index]: _raw(index, row[index]) for index in schema.ACTION_FEATURES
    }


def decode_observation(observation: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, object]:
    """Return an observation in raw units: the last day, and what is known of the next one.

    Args:
        observation: flat, float (43,), or more of a `PersonContext`; or the same as a dict.

    Returns:
        By name of the ten features a number or a label, None where masked; `weekday` (0 is
        Monday) and `weather_forecast` of the day to come, None where unknown; `horizon_left`.

    Raises:
        DataError: another shape.
    """
    if isinstance(observation, Mapping):
        flat = np.concatenate([np.ravel(observation[name]) for name in observations.PARTS])
    else:
        flat = np.asarray(observation, dtype=np.float64)
    if flat.ndim != 1 or len(flat) < observations.WIDTH:
        raise DataError(
            f"one observation of {observations.WIDTH} numbers, or more with a context",
            f"shape {flat.shape}",
            "Decode the observations of a vector env one by one.",
        )
    part = {name: flat[place] for name, place in observations.PARTS.items()}
    decoded: dict[str, object] = {}
    for index, feature in enumerate(schema.FEATURES):
        own = part[feature.name]
        raw = (
            own[0] * feature.scale + feature.centre
            if isinstance(feature, schema.Continuous)
            else own.argmax()
        )
        decoded[feature.name] = _raw(index, float(raw)) if part["mask"][index] > 0.5 else None
    circle = schema.WEEKDAY_TABLE[: schema.DAYS_PER_WEEK]
    known = np.abs(part["weekday"]).any()
    decoded["weekday"] = int((circle @ part["weekday"]).argmax()) if known else None
    forecast = part["weather_forecast"]
    weathers = schema.categories(schema.WEATHER)
    decoded["weather_forecast"] = weathers[int(forecast.argmax())] if forecast.any() else None
    decoded["horizon_left"] = float(part["horizon_left"][0])
    return decoded


def _raw(index: int, value: float) -> float | str:
    feature = schema.FEATURES[index]
    return (
        float(value) if isinstance(feature, schema.Continuous) else feature.categories[int(value)]
    )
