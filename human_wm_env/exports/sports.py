"""Sports of exports by name: what is none, and what is none of ours."""

from __future__ import annotations

from human_wm_env.exports.categories import WORKOUTS, workout_code
from human_wm_env.exports.ledger import Ledger, clean

# What apps log beside sports, by a part of the name.
_NO_SPORTS = ("meditat", "mindful", "breath", "sauna", "ice bath", "massage", "driving")
_GYM = float(WORKOUTS.index("Gym Workout"))
# Of what counts as a gym workout, that which is one by its name.
_GYM_WORDS = (
    *("gym", "workout", "training", "fitness", "exercise", "strength", "weight", "circuit"),
    *("cardio", "aerobic", "interval", "hiit", "crossfit", "core", "elliptical", "stair", "row"),
)
NO_WORKOUTS = "activities that are no workouts"


def is_sport(name: str) -> bool:
    """Return False for what is no exertion, such as a meditation: it makes no day of workout."""
    lower = name.lower().replace("_", " ")
    return not any(part in lower for part in _NO_SPORTS)


def workout_of(sport: str, ledger: Ledger) -> float:
    """Return the workout category of a sport; a note says what is taken for a gym workout."""
    code = workout_code(sport)
    if code == _GYM and not any(word in sport.lower() for word in _GYM_WORDS):
        ledger.note(f"{ledger.format}: {clean(sport)!r} counts as Gym Workout")
    return code
