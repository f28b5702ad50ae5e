"""Names of sports and moods in exports, as categories of the schema."""

from __future__ import annotations

from human_wm_env.person import schema

WORKOUTS = schema.categories(schema.WORKOUT)
MOODS = schema.categories(schema.MOOD)
LOCATIONS = schema.categories(schema.LOCATION)
WEATHERS = schema.categories(schema.WEATHER)
REST = float(WORKOUTS.index("None"))

# The first that occurs in a name decides; any other exercise is a gym workout.
_SPORTS = (
    ("yoga", "Yoga"),
    ("pilates", "Yoga"),
    ("swim", "Swimming"),
    ("walk", "Walking"),
    ("hik", "Walking"),
    ("run", "Running"),
    ("jog", "Running"),
    ("treadmill", "Running"),
    ("cycl", "Cycling"),
    ("bik", "Cycling"),
    ("spinning", "Cycling"),
)


def workout_code(sport: str) -> float:
    """Return the workout category of a sport's name; all that is none of ours is gym workout."""
    name = sport.lower()
    found = next((ours for part, ours in _SPORTS if part in name), "Gym Workout")
    return float(WORKOUTS.index(found))


def mood_code(name: str) -> float:
    """Return the number of one of our moods."""
    return float(MOODS.index(name))


def majority_mood(names: list[str]) -> float:
    """Return the mood that was noted most often; of equally frequent ones the worst."""
    order = ("Stressed", "Tired", "Happy", "Neutral")
    return mood_code(max(order, key=lambda mood: (names.count(mood), -order.index(mood))))


class Workouts:
    """The workouts of days: that of the longest duration is the day's."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[float, float]] = {}
        self._entries: dict[int, int] = {}

    def add(self, day: int, code: float, minutes: float) -> None:
        """Note a workout, counted as read."""
        kinds = self._minutes.setdefault(day, {})
        kinds[code] = kinds.get(code, 0.0) + max(minutes, 0.0)
        self._entries[day] = self._entries.get(day, 0) + 1

    def longest(self) -> list[tuple[int, float, int]]:
        """Return day, category and number of entries of each day with a workout."""
        return [
            (day, max(kinds, key=lambda code: (kinds[code], code)), self._entries[day])
            for day, kinds in sorted(self._minutes.items())
        ]
