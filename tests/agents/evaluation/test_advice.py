"""What agents have people do, in words, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.evaluation.advice import (
    beside_constant,
    day_rows,
    in_words,
    mean_day,
    warnings_of,
)
from agents.evaluation.bootstrap_intervals import Interval
from agents.rollout import Episodes
from human_wm_env.person import schema

USUAL = {"sleep_hours": 7.0, "steps": 8000.0, "calories_burned": 2200.0}
USUAL |= {"distance_km": 6.0, "active_minutes": 40.0}
SHARES = {"workout_type: None": 0.7, "workout_type: Running": 0.3}
SHARES |= {"location: Home": 0.6, "location: Park": 0.4}


def day(**changes: float) -> dict[str, np.ndarray]:
    """Two episodes whose mean is a usual day with changes."""
    known = [
        name
        if isinstance(feature, schema.Continuous)
        else [f"{feature.name}: {label}" for label in feature.categories]
        for name, feature in (
            (schema.FEATURES[i].name, schema.FEATURES[i]) for i in schema.ACTION_FEATURES
        )
    ]
    names = [one for each in known for one in ([each] if isinstance(each, str) else each)]
    values = {**dict.fromkeys(names, 0.0), **USUAL, **SHARES, **changes}
    return {name: value + np.array([-0.1, 0.1]) for name, value in values.items()}


def episodes(
    returns: list[float], mood: float = 0.5, sleep: float = 0.8, **own: object
) -> Episodes:
    count = len(returns)
    plain = {
        "users": np.array([f"p{place}" for place in range(count)]),
        "days": np.zeros(count, dtype=int),
        "returns": np.array(returns),
        "lengths": np.full(count, 10),
        "components": {"mood": np.full(count, mood), "sleep": np.full(count, sleep)},
        "uncertainty": np.zeros(count),
    }
    return Episodes(**{**plain, **own})  # type: ignore[arg-type]


def test_the_mean_day_is_over_people() -> None:
    assert mean_day(episodes([1.0, 2.0], executed=day()))["steps"] == pytest.approx(8000.0)
    assert mean_day(episodes([1.0, 2.0])) == {}


def test_a_row_has_amounts_categories_and_parts_of_the_reward() -> None:
    change = {"sleep_hours": 7.26, "steps": 12345.6, "workout_type: Running": 0.75}
    change |= {"workout_type: None": 0.25}
    first, bare = day_rows(
        {"own": episodes([1.0, 2.0], executed=day(**change)), "other": episodes([1.0])}
    )
    assert first == {
        "agent": "own",
        "sleep h": "7.3",
        "workout": "Running 75%",
        "location": "Home 60%",
        "steps": "12,346",
        "kcal": "2,200",
        "km": "6.0",
        "active min": "40",
        "mood": "0.50",
        "sleep": "0.80",
    }
    assert bare == {"agent": "other", "mood": "0.50", "sleep": "0.80"}


def test_agents_beside_the_best_constant_day() -> None:
    judged = {name: episodes([3.0, 5.0]) for name in ("own", "habit", "random")}
    assert beside_constant(judged) == {}
    found = beside_constant({**judged, "best_constant": episodes([2.0, 3.0])})
    assert list(found) == ["own"]
    assert found["own"].mean == pytest.approx(1.5)


def test_warnings_name_who_is_no_better_and_who_is_alone() -> None:
    beside = {
        "even": Interval(0.5, -0.25, 1.25),
        "edge": Interval(1.0, 0.0, 2.0),
        "good": Interval(1.0, 0.1, 2.0),
        "alone": Interval(1.0, None, None),
    }
    two = {"even": episodes([1.0, 2.0])}
    assert warnings_of(two, beside) == [
        f"{name} is not better than the best constant day ({numbers}): it may not use what it "
        "sees of people."
        for name, numbers in (("even", "+0.50, -0.25 to +1.25"), ("edge", "+1.00, +0.00 to +2.00"))
    ]
    (alone,) = warnings_of({"own": episodes([1.0])}, {})
    assert alone.startswith("One person: ")


def test_who_earned_most_and_by_what() -> None:
    habit = episodes([4.0, 6.0], mood=0.5, sleep=0.8, executed=day())
    change = {"sleep_hours": 8.0, "steps": 8300.0, "location: Park": 0.5, "location: Home": 0.5}
    change |= {"workout_type: Running": 0.9, "workout_type: None": 0.1}
    own = episodes([6.0, 9.0], mood=0.9, sleep=0.7, executed=day(**change))
    said = in_words({"habit": habit, "own": own}, "dream")
    # .4 * 10 days * .4 of mood; .1 * 10 * -.1 of sleep; steps moved by less than a twentieth
    assert said == (
        "Best in the dream: own, 7.50, +2.50 over habit (mood +1.60, sleep -0.10). "
        "Its mean day: sleep h 8.0 (habit 7.0), workout Running 90% (habit 30%), "
        "location Home 50% (habit 60%)."
    )
    weighed = in_words({"habit": habit, "own": own}, "dream", {"sleep": 2.0})
    assert "(sleep -2.00, mood +1.60)" in weighed
    counted = [
        episodes([6.0, 9.0], components={"praise": np.full(2, value)}) for value in (0.75, 0.5)
    ]
    praised = in_words(
        {"own": counted[0], "habit": replace(counted[1], returns=np.zeros(2))}, "dream"
    )
    assert "(praise +2.50)" in praised  # of a weight that nobody named: 1
    assert in_words({"habit": habit, "low": episodes([1.0])}, "simulator") == (
        "Best in the simulator: habit, 5.00."
    )
    assert in_words({"own": own}, "dream") == "Best in the dream: own, 7.50."
    same = episodes([6.0, 9.0], executed=day())
    assert in_words({"habit": habit, "same": same}, "dream").endswith(
        "over habit (mood +0.00, sleep +0.00)."
    )
