"""A population has the same days as in the dream that an environment steps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from human_wm_env import population
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person import schema
from human_wm_env.population import imagine_population
from human_wm_env.worlds.dream import DreamWorld
from tests.world_model import tiny

USERS = np.array([0, 5, 9])
HORIZON, DAY = 12, 47
LABELS, NUMBERS = list(schema.CATEGORICAL_FEATURES), list(schema.CONTINUOUS_FEATURES)
SCALES = np.array([schema.continuous(i).scale for i in NUMBERS])


def imagine(**settings: Any) -> np.ndarray:
    arguments: dict[str, Any] = {"users": USERS, "world_model": tiny.runtime(), "horizon": HORIZON}
    return imagine_population(tiny.logs(), DAY, **arguments | settings)


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
@pytest.mark.parametrize("temperature", [1.0, 0.5, 0.0])
def test_days_are_those_of_the_stepped_dream(name: str, temperature: float) -> None:
    """Up to a slot's first category that rounding flips."""
    runtime = tiny.runtime(tiny.ARCHITECTURES[name])
    rows = imagine(world_model=runtime, temperature=temperature, seed=4)
    rows = rows.reshape(-1, HORIZON, schema.FEATURE_COUNT)
    world = DreamWorld(
        runtime, tiny.logs(), split="all", horizon=HORIZON, adherence=0.0, temperature=temperature
    )
    env = VectorEnv(world, len(rows))
    env.reset(
        seed=4,
        options={"user": [f"p{user:03d}" for user in np.repeat(USERS, BRANCHES)], "day": DAY},
    )
    known = env.state.inner.known
    assert known.any() and not known.all()
    stepped = []
    for _ in range(HORIZON):
        env.step(np.zeros((len(rows), 7), dtype=np.float32))
        stepped.append(env.state.row)
    expected = np.stack(stepped, axis=1)
    flipped = (rows[..., LABELS] != expected[..., LABELS]).any(axis=-1)
    same_so_far = ~np.logical_or.accumulate(flipped, axis=1)
    assert same_so_far[:, -1].mean() > 0.9
    scaled = np.abs(rows[..., NUMBERS] - expected[..., NUMBERS]) / SCALES
    assert scaled[same_so_far].max() < 1e-5


def test_futures_do_not_depend_on_who_is_imagined_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = imagine()
    monkeypatch.setattr(population, "PEOPLE_TOGETHER", 1)
    alone = imagine()
    np.testing.assert_array_equal(alone[..., LABELS], together[..., LABELS])
    np.testing.assert_allclose(alone[..., NUMBERS], together[..., NUMBERS], rtol=1e-4, atol=1e-2)


def test_an_unknown_weekday_stays_unknown() -> None:
    dated = tiny.logs()
    nameless = type(dated).from_arrays(
        dated.rows,
        dated.observed,
        start_weekday=np.full(dated.users, -1),
        days_logged=dated.days_logged,
        name="no weekdays",
    )
    arguments: dict[str, Any] = {"users": USERS, "world_model": tiny.runtime(), "horizon": 3}
    rows = imagine_population(nameless, DAY, **arguments)
    assert np.isfinite(rows).all()
    assert (rows != imagine_population(dated, DAY, **arguments)).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threads": 0}, "at least 1 thread; received threads=0"),
        ({"threads": 1.5}, "threads as a whole number"),
        ({"seed": -1}, "seed >= 0; received -1"),
        ({"users": [99]}, "users from 0 to 11, positions in the data set; received 99"),
        ({"users": [0, -1]}, "users from 0 to 11, positions in the data set; received -1"),
        ({"users": [0.5]}, "users as whole numbers"),
        ({"users": [True, False]}, "users as whole numbers"),
        ({"users": [[0]]}, "users as whole numbers"),
    ],
)
def test_impossible_settings_are_named(settings: dict[str, Any], message: str) -> None:
    assert tiny.logs().users == 12
    with pytest.raises(ConfigError, match=message):
        imagine(**settings)


def test_no_people_have_no_futures() -> None:
    assert imagine(users=[]).shape == (0, BRANCHES, HORIZON, schema.FEATURE_COUNT)


def test_impossible_requests_are_refused() -> None:
    for settings in ({"horizon": 0}, {"horizon": 1.5}, {"temperature": -1.0}):
        with pytest.raises(ConfigError):
            imagine(**settings)
    with pytest.raises(ConfigError):
        imagine(temperature=float("nan"))
    for day in (13, 121):
        with pytest.raises(DataError, match=r"p000.* or leave this person out"):
            imagine_population(tiny.logs(), day, world_model=tiny.runtime())


@pytest.mark.parametrize(
    ("part", "file"),
    [
        ("sample_row", "runtime/world_model.py"),
        ("stepping.in_columns", "runtime/dream_step.py"),
        ("states_loop", "runtime/response_day.py"),
        ("respond_loop", "runtime/dream_step.py"),
        ("follow_habits", "population.py"),
    ],
)
def test_the_imagined_day_exists_once(part: str, file: str) -> None:
    """Policy, transition, states and memory have one caller each, whoever wants the days."""
    package = Path(population.__file__).parent
    callers = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(rf"(?<!def )\b{re.escape(part)}\(", path.read_text())
    ]
    assert callers == [file]


def test_people_are_imagined_at_the_models_own_noise_unless_told_otherwise() -> None:
    np.testing.assert_array_equal(imagine(horizon=3), imagine(horizon=3, temperature=1.0, seed=0))
    assert (imagine(horizon=3) != imagine(horizon=3, temperature=2.0)).any()
