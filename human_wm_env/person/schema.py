"""The ten features of a logged day: the single source of truth.

Names, units, bounds, fixed scaling, categories and roles stand here and nowhere
else. Spaces, importers, the simulator, the nets and the plots are derived from it.

Order of categories: neighbours are alike (workouts by intensity, locations from
indoors to outdoors), because the action codec lays them side by side on [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

SCHEMA_VERSION = 1
DAYS_PER_WEEK = 7

Role = Literal["action", "state", "context"]


@dataclass(frozen=True)
class Continuous:
    """A measured quantity.

    Attributes:
        name: column name, with its unit where the name alone leaves it open.
        unit: unit of the raw value.
        role: who decides it: the person (action), the body (state), the world (context).
        low: smallest raw value that is possible.
        high: largest raw value that is possible.
        centre: fixed centre of the scaled value, raw units.
        scale: fixed scale of the scaled value, raw units, > 0.
    """

    name: str
    unit: str
    role: Role
    low: float
    high: float
    centre: float
    scale: float

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return 1


@dataclass(frozen=True)
class Categorical:
    """A label out of a fixed list; encoded one-hot, never as a number."""

    name: str
    role: Role
    categories: tuple[str, ...]

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return len(self.categories)


Feature = Continuous | Categorical

# Centres and scales: rounded mean and standard deviation of LifeSnaps (Yfantidou et
# al. 2022). Bounds: what a tracker can report for a day.
FEATURES: tuple[Feature, ...] = (
    Continuous("steps", "steps", "action", 0.0, 45000.0, 8000.0, 5000.0),
    Continuous("calories_burned", "kcal", "action", 500.0, 7000.0, 2400.0, 600.0),
    Continuous("distance_km", "km", "action", 0.0, 60.0, 6.0, 4.0),
    Continuous("active_minutes", "min", "action", 0.0, 960.0, 240.0, 110.0),
    Continuous("sleep_hours", "h", "action", 2.0, 14.0, 7.0, 1.5),
    Continuous("heart_rate_avg", "bpm", "state", 40.0, 160.0, 78.0, 9.0),
    Categorical(
        "workout_type",
        "action",
        ("None", "Yoga", "Walking", "Swimming", "Cycling", "Gym Workout", "Running"),
    ),
    Categorical("weather_conditions", "context", ("Clear", "Fog", "Rain", "Snow")),
    Categorical("location", "action", ("Home", "Office", "Other", "Gym", "Park")),
    Categorical("mood", "state", ("Happy", "Neutral", "Tired", "Stressed")),
)

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
FEATURE_COUNT = len(FEATURES)
INDEX: dict[str, int] = {name: index for index, name in enumerate(FEATURE_NAMES)}

STEPS = INDEX["steps"]
CALORIES = INDEX["calories_burned"]
DISTANCE = INDEX["distance_km"]
MINUTES = INDEX["active_minutes"]
SLEEP = INDEX["sleep_hours"]
HEART_RATE = INDEX["heart_rate_avg"]
WORKOUT = INDEX["workout_type"]
WEATHER = INDEX["weather_conditions"]
LOCATION = INDEX["location"]
MOOD = INDEX["mood"]

# The order of the action vector: as a day is decided, sleep first.
ACTION_FEATURES: tuple[int, ...] = (
    SLEEP,
    WORKOUT,
    LOCATION,
    STEPS,
    CALORIES,
    DISTANCE,
    MINUTES,
)


def of_role(role: Role) -> tuple[int, ...]:
    """Return the features of a role, in the schema's order."""
    return tuple(index for index, feature in enumerate(FEATURES) if feature.role == role)


def check_order(order: tuple[int, ...], role: Role) -> None:
    """Raise a ValueError unless an order written by hand has every feature of a role once."""
    if sorted(order) != sorted(of_role(role)):
        given, needed = (
            ", ".join(FEATURE_NAMES[i] for i in part) for part in (order, of_role(role))
        )
        raise ValueError(f"expected every {role} feature once ({needed}), received: {given}")


check_order(ACTION_FEATURES, "action")
STATE_FEATURES, CONTEXT_FEATURES = of_role("state"), of_role("context")
CONTINUOUS_FEATURES: tuple[int, ...] = tuple(
    index for index, feature in enumerate(FEATURES) if isinstance(feature, Continuous)
)
CATEGORICAL_FEATURES: tuple[int, ...] = tuple(
    index for index, feature in enumerate(FEATURES) if isinstance(feature, Categorical)
)

# Raw arrays hold a category as its index, as a float; -1 stands where it is not known.
UNKNOWN_CATEGORY = -1.0


def continuous(index: int) -> Continuous:
    """Return feature `index`, which has to be continuous."""
    feature = FEATURES[index]
    if not isinstance(feature, Continuous):
        raise TypeError(f"{feature.name} is categorical")
    return feature


def categories(index: int) -> tuple[str, ...]:
    """Return the category names of feature `index`, which has to be categorical."""
    feature = FEATURES[index]
    if not isinstance(feature, Categorical):
        raise TypeError(f"{feature.name} is continuous")
    return feature.categories


def encoded_slices(indices: tuple[int, ...]) -> dict[int, slice]:
    """Return where each feature stands when `indices` are encoded in that order."""
    slices: dict[int, slice] = {}
    start = 0
    for index in indices:
        stop = start + FEATURES[index].width
        slices[index] = slice(start, stop)
        start = stop
    return slices


ROW_SLICES = encoded_slices(tuple(range(FEATURE_COUNT)))
ROW_WIDTH = sum(feature.width for feature in FEATURES)
# For loops, by feature: float32 (10,) each, of a category 0, 1, 0 and 0.
CENTRES, SCALES, LOWS, HIGHS = np.array(
    [
        (each.centre, each.scale, each.low, each.high)
        if isinstance(each, Continuous)
        else (0.0, 1.0, 0.0, 0.0)
        for each in FEATURES
    ],
    dtype=np.float32,
).T.copy()
FEATURE_OF_COLUMN = np.repeat(np.arange(FEATURE_COUNT), [feature.width for feature in FEATURES])


def encode_rows(rows: np.ndarray, observed: np.ndarray | None = None) -> np.ndarray:
    """Scale continuous features, one-hot the categories, and zero what is masked.

    Args:
        rows: float (..., 10), raw values; categories as indices.
        observed: bool (..., 10), True where observed; None means everywhere.

    Returns:
        float32 (..., ROW_WIDTH); a scaled continuous value is (raw - centre) / scale
        of the raw value clipped to its bounds, a masked cell is all zeros.
    """
    encoded = np.zeros((*rows.shape[:-1], ROW_WIDTH), dtype=np.float32)
    for index, feature in enumerate(FEATURES):
        column = rows[..., index]
        part = ROW_SLICES[index]
        if isinstance(feature, Continuous):
            clipped = np.clip(column, feature.low, feature.high)
            encoded[..., part.start] = (clipped - feature.centre) / feature.scale
        else:
            encoded[..., part] = column[..., None] == np.arange(feature.width)
    if observed is not None:
        # Not a product with the mask: NaN behind it would come through.
        encoded[~observed[..., FEATURE_OF_COLUMN]] = 0.0
    return encoded


def encoded_bounds() -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest encoded row, float32 (ROW_WIDTH,) each.

    Both enclose 0, the value of a masked cell.
    """
    low = np.zeros(ROW_WIDTH, dtype=np.float32)
    high = np.ones(ROW_WIDTH, dtype=np.float32)
    for index, feature in enumerate(FEATURES):
        if isinstance(feature, Continuous):
            part = ROW_SLICES[index]
            low[part] = (feature.low - feature.centre) / feature.scale
            high[part] = (feature.high - feature.centre) / feature.scale
    return low, high


def weekday_features(weekday: np.ndarray) -> np.ndarray:
    """Encode weekdays on the circle; zeros where the weekday is unknown (-1).

    Args:
        weekday: int (...), 0 = Monday to 6 = Sunday, -1 = unknown.

    Returns:
        float32 (..., 2): sine and cosine of the angle.
    """
    angle = 2.0 * np.pi * weekday / DAYS_PER_WEEK
    known = weekday >= 0
    return np.stack([np.sin(angle) * known, np.cos(angle) * known], axis=-1).astype(np.float32)


# Of Monday to Sunday; its last row, of zeros, is that of -1, an unknown weekday.
WEEKDAY_TABLE = weekday_features(np.array([*range(DAYS_PER_WEEK), -1]))


def is_weekend(weekday: np.ndarray) -> np.ndarray:
    """Return True for Saturdays and Sundays; an unknown weekday (-1) is a working day."""
    return weekday >= 5
