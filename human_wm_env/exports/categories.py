"""Names of sports and moods in exports, as categories of the schema."""

from __future__ import annotations

import math
from collections.abc import Mapping

from human_wm_env.data.importers.cells import EMPTY
from human_wm_env.data.importers.labels import sport_of
from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.person import schema

WORKOUTS = schema.categories(schema.WORKOUT)
MOODS = schema.categories(schema.MOOD)
LOCATIONS = schema.categories(schema.LOCATION)
WEATHERS = schema.categories(schema.WEATHER)
REST = float(WORKOUTS.index("None"))


def workout_code(sport: str) -> float:
    """Return the workout category of a sport's name; all that is none of ours is gym workout."""
    return float(WORKOUTS.index(sport_of(sport) or "Gym Workout"))


def mood_code(name: str) -> float:
    """Return the number of one of our moods."""
    return float(MOODS.index(name))


def category_codes(index: int, more: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """Return the code of every word for a category, in lower case; NaN for words for nothing.

    Args:
        index: of the feature.
        more: our category by further words, by feature.

    Raises:
        ConfigError: see `further_words`.
    """
    categories = schema.categories(index)
    codes = {category.lower(): float(code) for code, category in enumerate(categories)}
    for word in (*EMPTY, "none"):
        codes.setdefault(word, math.nan)
    for word, ours in further_words(index, more).items():
        codes[word.strip().lower()] = float(categories.index(ours))
    return codes


def further_words(index: int, more: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Return our category by further words for those of a feature.

    Raises:
        ConfigError: a further word stands for no category of ours.
    """
    name, categories = schema.FEATURE_NAMES[index], schema.categories(index)
    words = more.get(name, {})
    for word, ours in words.items():
        if ours not in categories:
            raise ConfigError(
                f"categories of {name}", f"{ours!r} for {word!r}", did_you_mean(ours, categories)
            )
    return words


def majority_mood(names: list[str]) -> float:
    """Return the mood that was noted most often; of equally frequent ones the worst."""
    order = ("Stressed", "Tired", "Happy", "Neutral")
    return mood_code(max(order, key=lambda mood: (names.count(mood), -order.index(mood))))
