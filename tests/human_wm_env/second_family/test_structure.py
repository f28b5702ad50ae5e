"""What people of one member share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from human_wm_env.second_family.structure import (
    HELD_OUT_MEMBERS,
    LOCATIONS,
    MEMBERS,
    MOOD_ORDER,
    SLEEP_SHAPES,
    WORKOUTS,
    Structure,
    draw_structure,
    is_bad_weather,
)

STRUCTURES = [draw_structure(member) for member in range(MEMBERS)]


def test_members_differ_in_structure() -> None:
    assert MEMBERS >= 8 and len(HELD_OUT_MEMBERS) == 3
    for name in ("sleep_shape", "morning_states", "heavy_tails"):
        assert len({getattr(each, name) for each in STRUCTURES}) > 1
    assert any(each.habituation for each in STRUCTURES)
    assert any(each.feedback for each in STRUCTURES)
    taus = np.stack([each.tau_days for each in STRUCTURES])
    assert taus.min() >= 1.0 and taus.max() <= 60.0
    with pytest.raises(ConfigError, match="member"):
        draw_structure(MEMBERS)


def day(**values: float) -> np.ndarray:
    row = np.zeros(schema.FEATURE_COUNT, dtype=np.float32)
    for name, value in values.items():
        row[getattr(schema, name)] = value
    return row


def test_moods_are_ordered_from_the_worst() -> None:
    moods = schema.categories(schema.MOOD)
    assert [moods[index] for index in MOOD_ORDER] == ["Stressed", "Tired", "Neutral", "Happy"]
    assert HELD_OUT_MEMBERS == (5, 6, 7)


def test_rain_and_snow_are_bad() -> None:
    names = schema.categories(schema.WEATHER)
    bad = [is_bad_weather(day(WEATHER=code)) for code in range(len(names))]
    assert bad == [float(name in ("Rain", "Snow")) for name in names]
    assert is_bad_weather(day(WEATHER=-1)) == is_bad_weather(day(WEATHER=0))


@pytest.mark.parametrize(
    ("shape", "hours", "counted"),
    [
        ("linear", 9.0, 1.7),
        ("linear", 6.3, -1.0),
        ("threshold", 9.0, 0.5),
        ("threshold", 6.3, -1.0),
        ("saturating", 8.8, 1.5 * np.tanh(1.0)),
        ("saturating", 5.8, -1.5 * np.tanh(1.0)),
    ],
)
def test_hours_of_sleep_count_by_their_shape(shape: str, hours: float, counted: float) -> None:
    assert shape in SLEEP_SHAPES
    structure = replace(STRUCTURES[0], sleep_shape=shape)  # type: ignore[arg-type]
    assert structure.drivers(day(SLEEP=hours))[0] == pytest.approx(counted, rel=1e-5)


def test_loads_steps_and_parks_by_hand() -> None:
    run, park = WORKOUTS.index("Running"), LOCATIONS.index("Park")
    intensity = np.zeros(len(WORKOUTS))
    intensity[run] = 0.5
    structure = replace(
        STRUCTURES[0],
        intensity=intensity,
        load_saturation_minutes=30.0,
        steps_saturation=10_000.0,
        weather_interaction=0.4,
    )
    names = schema.categories(schema.WEATHER)
    done = {"MINUTES": 60.0, "WORKOUT": run, "STEPS": 10_000.0, "LOCATION": park}
    found = structure.drivers(day(**done, WEATHER=names.index("Clear")))
    # 60 minutes at 0.5 are 30, half of which count; 10,000 steps count as 5,000
    np.testing.assert_allclose(found[1:], [0.5, 0.5, 1.0, 1.0])
    assert structure.drivers(day(**done, WEATHER=names.index("Rain")))[4] == pytest.approx(0.6)
    elsewhere = done | {"LOCATION": (park + 1) % len(LOCATIONS), "WORKOUT": WORKOUTS.index("None")}
    assert not structure.drivers(day(**elsewhere))[[1, 4]].any()


@pytest.mark.parametrize("morning", [True, False])
def test_channels_of_a_morning_do_not_know_the_day(morning: bool) -> None:
    structure = replace(STRUCTURES[0], morning_states=morning, habituation=0.5)
    before, after = np.arange(5.0), np.arange(5.0) + 10.0
    found = structure.channels(before, after, np.array(1.0))
    known = before if morning else after
    expected = [10.0, known[1] * (1.0 - 0.5 * np.tanh(known[2])), *known[2:], 1.0]
    np.testing.assert_allclose(found, expected)
    assert before.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]  # copied


def test_decay_by_hand() -> None:
    structure = replace(STRUCTURES[0], tau_days=np.array([1.0, 2.0, 10.0, 5.0, 4.0]))
    np.testing.assert_allclose(structure.decay, np.exp([-1.0, -0.5, -0.1, -0.2, -0.25]))
    assert structure.states == (structure.heart_rate, structure.mood)


RANGES = {
    "load_saturation_minutes": (40.0, 150.0),
    "steps_saturation": (6000.0, 40000.0),
    "day_missing": (0.2, 0.35),
    "gap_persistence": (0.3, 0.7),
    "cell_missing": (0.05, 0.2),
    "mood_missingness": (0.0, 0.5),
}


@pytest.mark.parametrize("structure", STRUCTURES, ids=range(MEMBERS))
def test_what_is_drawn_is_in_its_range(structure: Structure) -> None:
    for name, (low, high) in RANGES.items():
        assert low <= getattr(structure, name) <= high
    assert structure.intensity[WORKOUTS.index("None")] == 0.0
    others = np.delete(structure.intensity, WORKOUTS.index("None"))
    assert others.min() >= 0.3 and others.max() <= 1.2
    assert structure.habituation == 0.0 or 0.1 <= structure.habituation <= 0.5
    assert structure.weather_interaction == 0.0 or 0.2 <= structure.weather_interaction <= 1.0
    assert structure.feedback == 0.0 or 0.1 <= structure.feedback <= 0.4
    assert (np.diff(structure.cutpoints) > 0.0).all()
    low, high = np.array([[1, 6], [1.5, 10], [15, 60], [1, 20], [1, 4]]).T
    assert (structure.tau_days >= low).all() and (structure.tau_days <= high).all()
    rate, mood = structure.states
    assert (rate.base_mean, rate.base_sd, mood.base_mean, mood.base_sd) == (66.0, 6.0, 0.0, 0.6)
    assert mood.white_sd == 1.0 and 1.5 <= rate.white_sd <= 3.0
    assert 1.0 <= rate.slow_sd <= 2.0 and 0.3 <= mood.slow_sd <= 0.6
    for own in (rate, mood):
        assert 0.5 <= own.persistence <= 0.9
    # Sleep lowers the heart rate and lifts the mood; load raises the one at once.
    assert -2.2 <= rate.mean[0] <= -0.8 and 1.0 <= rate.mean[1] <= 3.0 and rate.mean[2] < 0.0
    assert 0.2 <= mood.mean[0] <= 0.6 and -0.4 <= mood.mean[5] <= -0.1
    assert -0.5 <= mood.mean[1] <= 0.1 and 0.2 <= mood.mean[2] <= 0.9
