"""The embedded people resemble LifeSnaps (docs/people.md has the measured numbers)."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.people import physiology
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.people.physiology import MOOD_SCORE
from human_wm_env.people.traits import TRAIT_NAMES, TRAITS
from human_wm_env.person import schema

PEOPLE = 200
HOME, PARK, TIRED = 0, 4, 2


@pytest.fixture(scope="module")
def rows(full: EmbeddedPeople) -> np.ndarray:
    return np.asarray(full.true_rows[:PEOPLE], dtype=np.float64)


def quantity(rows: np.ndarray, name: str) -> np.ndarray:
    """Days of one quantity, (people, days); moods as scores, choices as 0 / 1."""
    made = {
        "mood": lambda: MOOD_SCORE[rows[..., schema.MOOD].astype(int)].astype(np.float64),
        "tired": lambda: (rows[..., schema.MOOD] == TIRED) * 1.0,
        "workout": lambda: (rows[..., schema.WORKOUT] > 0) * 1.0,
        "home": lambda: (rows[..., schema.LOCATION] == HOME) * 1.0,
        "park": lambda: (rows[..., schema.LOCATION] == PARK) * 1.0,
    }
    return made[name]() if name in made else rows[..., schema.INDEX[name]]


def within(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=1, keepdims=True)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = within(one), within(other)
    return float((one * other).mean() / np.sqrt((one**2).mean() * (other**2).mean()))


# Between-person share of the variance; LifeSnaps in the comment.
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("steps", 0.19, 0.39),  # .29
        ("active_minutes", 0.18, 0.42),  # .32
        ("calories_burned", 0.40, 0.68),  # .58
        ("sleep_hours", 0.12, 0.32),  # .22
        ("heart_rate_avg", 0.36, 0.56),  # .46
        ("mood", 0.14, 0.29),  # .19
    ],
)
def test_people_differ_as_much(rows: np.ndarray, name: str, low: float, high: float) -> None:
    values = quantity(rows, name)
    between = values.mean(axis=1).var()
    assert low <= between / (between + within(values).var()) <= high


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("steps", 0.04, 0.22),  # .15
        ("active_minutes", 0.03, 0.22),  # .16
        ("calories_burned", 0.03, 0.22),  # .16
        ("sleep_hours", -0.12, 0.04),  # -.03
        ("heart_rate_avg", 0.12, 0.33),  # .21
        ("mood", 0.06, 0.22),  # .12
    ],
)
def test_days_follow_each_other_as_closely(
    rows: np.ndarray, name: str, low: float, high: float
) -> None:
    values = quantity(rows, name)
    assert low <= correlation(values[:, 1:], values[:, :-1]) <= high


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("steps", "distance_km", 0.95, 1.0),  # .98
        ("steps", "calories_burned", 0.75, 0.97),  # .82
        ("steps", "active_minutes", 0.74, 0.94),  # .84
        ("steps", "heart_rate_avg", 0.23, 0.48),  # .33
        ("workout", "steps", 0.25, 0.6),  # .48
        ("park", "steps", 0.02, 0.35),  # .24, outdoors
        ("home", "steps", -0.25, -0.03),  # -.15
        ("sleep_hours", "mood", 0.06, 0.3),  # .12; larger, as the effects have to be learned
    ],
)
def test_a_day_hangs_together(
    rows: np.ndarray, one: str, other: str, low: float, high: float
) -> None:
    assert low <= correlation(quantity(rows, one), quantity(rows, other)) <= high


@pytest.mark.parametrize(
    ("name", "mean", "sd"),
    [
        ("steps", (7400, 9200), (5000, 7500)),  # 8363
        ("calories_burned", (2200, 2600), (550, 750)),
        ("distance_km", (5.2, 6.6), (3.8, 5.6)),  # 5.90
        ("active_minutes", (215, 270), (110, 175)),
        ("sleep_hours", (6.7, 7.4), (1.2, 1.7)),
        ("heart_rate_avg", (76, 81), (6, 10)),
    ],
)
def test_days_are_of_the_right_size(
    rows: np.ndarray, name: str, mean: tuple[float, float], sd: tuple[float, float]
) -> None:
    values = quantity(rows, name)
    assert mean[0] <= values.mean() <= mean[1]
    assert sd[0] <= values.std() <= sd[1]


def test_every_category_occurs_and_none_is_everything(rows: np.ndarray) -> None:
    for index in schema.CATEGORICAL_FEATURES:
        counts = np.bincount(rows[..., index].astype(int).ravel(), minlength=1)
        shares = counts / counts.sum()
        assert len(shares) == schema.FEATURES[index].width
        assert shares.min() >= 0.02 and shares.max() <= 0.65


def test_the_load_is_centred_where_the_equations_say(rows: np.ndarray) -> None:
    load = np.stack([physiology.training_load(day) for day in rows], axis=0)
    assert abs(load.mean() - physiology.LOAD_CENTRE) < 0.5
    assert 1.8 <= within(load).std() <= 4.0


def test_the_exploration_covers_the_feasible_set(rows: np.ndarray) -> None:
    for name, low, high in (("sleep_hours", 3, 13), ("steps", 400, 40000)):
        values = quantity(rows, name)
        assert (values < low).mean() > 0.001 and (values > high).mean() > 0.001


def test_traits_are_those_of_the_table_and_independent(full: EmbeddedPeople) -> None:
    traits = full.people.traits.astype(np.float64)
    users = len(traits)
    for column, trait in enumerate(TRAITS):
        assert abs(traits[:, column].mean() - trait.mean) < 4 * trait.sd / np.sqrt(users)
        assert traits[:, column].std() == pytest.approx(trait.sd, rel=0.1)
    links = np.corrcoef(traits.T) - np.eye(len(TRAIT_NAMES))
    assert np.abs(links).max() < 4 / np.sqrt(users)


def test_exercise_lifts_some_and_drains_others(full: EmbeddedPeople) -> None:
    effect = full.people.traits[:, TRAIT_NAMES.index("exercise_mood")]
    assert 0.3 < (effect > 0).mean() < 0.7


def test_about_37_percent_is_missing(full: EmbeddedPeople) -> None:
    missing = 1.0 - full.dataset.observed.mean(axis=(0, 1))
    assert 0.33 <= missing.mean() <= 0.41
    assert missing[[schema.MOOD, schema.LOCATION]].min() > missing.mean()
    assert missing[schema.SLEEP] > missing[schema.STEPS]


def test_missing_cells_come_in_runs(full: EmbeddedPeople) -> None:
    lost = ~full.dataset.observed[:, :, schema.MOOD]
    again = (lost[:, 1:] & lost[:, :-1]).sum() / lost[:, :-1].sum()
    assert again > lost.mean() + 0.15


def test_whole_days_are_lost(full: EmbeddedPeople) -> None:
    empty = ~full.dataset.observed.any(axis=2)
    assert 0.18 <= empty.mean() <= 0.32


def test_people_log_less_when_they_feel_bad(full: EmbeddedPeople) -> None:
    moods = full.true_rows[..., schema.MOOD]
    kept = full.dataset.observed[..., schema.MOOD]
    assert kept[moods <= 1].mean() > kept[moods >= 2].mean() + 0.02


def test_people_differ_in_how_much_they_log(full: EmbeddedPeople) -> None:
    share = full.dataset.observed.mean(axis=(1, 2))
    assert share.std() > 0.06 and share.min() > 0.2
