"""The embedded data set: 999 simulated people x 1000 days, with their truth kept.

Generated from a seed in seconds and cached as plain .npy files in the user's cache
folder, so that the simulator can be restarted from any person and day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.frames import Frame
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.cache import CACHE_VARIABLE, cache_folder
from human_wm_env.files.reading import file_digest, read_json
from human_wm_env.files.writing import whole_folder
from human_wm_env.people import habits, missingness, physiology, simulator
from human_wm_env.people.missingness import LoggingTraits
from human_wm_env.people.physiology import Body
from human_wm_env.people.simulator import Losses, People
from human_wm_env.people.traits import draw_traits, trait
from human_wm_env.person import schema, weather
from human_wm_env.person.history import weekdays

# Raised by one whenever `generate` gives other arrays than before; the golden tests watch it.
GENERATOR_VERSION: int = 1
BURN_IN_DAYS = 120  # simulated before the log begins, so that fitness fits the habits
MOST_PERSON_DAYS = 50_000_000
_NOTE = "config.json"
_MOST_BYTES = 2**32
_BODY_FIELDS = ("fitness", "fatigue", "sleep_debt", "heart_rate_residual")
_TRUTH_ARRAYS = (
    "true_rows",
    "observed",
    "start_weekday",
    "traits",
    "day_loss",
    "feature_loss",
    "bodies",
    "day_lost",
    "feature_lost",
)


@dataclass(frozen=True)
class EmbeddedConfig:
    """What the embedded people are generated from.

    Attributes:
        users: number of people, >= 3.
        days: days in each log, >= 60.
        seed: of the population and of every day.
        response_gain: scales the effects of actions on states: 1.0 can be learned from
            1000 days, about 0.3 is as faint as in LifeSnaps.
    """

    users: int = 999
    days: int = 1000
    seed: int = 0
    response_gain: float = 1.0

    def __post_init__(self) -> None:
        if self.users < 3 or self.days < 60 or self.response_gain < 0.0:
            raise ConfigError(
                "at least 3 users, 60 days and a response_gain >= 0",
                f"users={self.users}, days={self.days}, response_gain={self.response_gain}",
                "Raise the number that is too small.",
            )
        if self.users * self.days > MOST_PERSON_DAYS:
            raise ConfigError(
                f"at most {MOST_PERSON_DAYS:,} days of all users together",
                f"users={self.users}, days={self.days}",
                "Ask for fewer: all of them are kept in memory.",
            )


@dataclass(frozen=True)
class EmbeddedPeople:
    """The embedded data set and the truth behind it.

    Attributes:
        config: what it was generated from.
        dataset: what was logged, masked.
        people: true traits and logging habits of all users.
        true_rows: float32 (users, days, 10), without a mask.
        bodies: float32 (users, days + 1, 4), hidden state at the wake-up OF each day, in
            the order of `physiology.Body`; the last one is the day after the log.
        day_lost: bool (users, days); feature_lost: bool (users, days, 10).
    """

    config: EmbeddedConfig
    dataset: LogDataset
    people: People
    true_rows: np.ndarray
    bodies: np.ndarray
    day_lost: np.ndarray
    feature_lost: np.ndarray

    def __deepcopy__(self, memo: dict[int, object]) -> EmbeddedPeople:
        """Return itself: it is never written to, and Gymnasium copies every spec it hands out."""
        return self

    def _repr_html_(self) -> str:
        return self.dataset._repr_html_()

    def people_at(self, users: np.ndarray) -> People:
        """Return the traits of some users, in their order."""
        logging = self.people.logging
        return People(
            self.people.traits[users],
            LoggingTraits(logging.day_loss[users], logging.feature_loss[users]),
        )

    def body_at(self, users: np.ndarray, days: np.ndarray) -> Body:
        """Return the hidden state at wake-up of given days, one per user."""
        at = self.bodies[users, days]
        return Body(*(np.ascontiguousarray(at[:, i]) for i in range(len(_BODY_FIELDS))))

    def losses_before(self, users: np.ndarray, days: np.ndarray) -> Losses:
        """Return what the tracker had lost on the day before each given day."""
        return Losses(self.day_lost[users, days - 1], self.feature_lost[users, days - 1])


# What stands for logs: themselves, people, "embedded", a path to a .csv or an imported folder, or a
# mapping of such a path and how it is read, or a pandas DataFrame.
Dataset: TypeAlias = LogDataset | EmbeddedPeople | str | Path | Mapping[str, Any] | Frame


def generate(config: EmbeddedConfig) -> dict[str, np.ndarray]:
    """Simulate the population; the arrays that `EmbeddedPeople` is made of."""
    who, logs, days_of_life = (
        np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(3)
    )
    users, days = config.users, config.days
    traits = draw_traits(users, who)
    logging = missingness.draw_logging_traits(users, logs)
    people = People(traits, logging)
    start_weekday = who.integers(0, schema.DAYS_PER_WEEK, users)
    calendar = weekdays((start_weekday - BURN_IN_DAYS) % schema.DAYS_PER_WEEK, BURN_IN_DAYS + days)

    level = np.full(users, physiology.LOAD_CENTRE, dtype=np.float32)
    nothing = np.zeros(users, dtype=np.float32)
    body = Body(level, level, nothing, nothing)
    losses = Losses(
        np.zeros(users, dtype=bool), np.zeros((users, schema.FEATURE_COUNT), dtype=bool)
    )
    row = np.zeros((users, schema.FEATURE_COUNT), dtype=np.float32)
    row[:, schema.STEPS] = habits.TYPICAL_STEPS * np.exp(trait(traits, "activity_level"))
    row[:, schema.MOOD] = 1
    chain = weather.WeatherChain(weather.TRANSITIONS)
    today = np.zeros(users, dtype=np.intp)  # weather

    true_rows = np.empty((users, days, schema.FEATURE_COUNT), dtype=np.float32)
    observed = np.empty(true_rows.shape, dtype=bool)
    bodies = np.empty((users, days + 1, len(_BODY_FIELDS)), dtype=np.float32)
    day_lost = np.empty((users, days), dtype=bool)
    feature_lost = np.empty(true_rows.shape, dtype=bool)
    normals = habits.NORMALS + simulator.STATE_NORMALS
    uniforms = 1 + habits.UNIFORMS + simulator.STATE_UNIFORMS + missingness.UNIFORMS
    for simulated in range(BURN_IN_DAYS + days):
        day = simulated - BURN_IN_DAYS
        normal = days_of_life.standard_normal((users, normals), dtype=np.float32)
        uniform = days_of_life.random((users, uniforms), dtype=np.float32)
        weekday = calendar[:, simulated]
        today = chain.next(today, uniform[:, 0])
        cut = 1 + habits.UNIFORMS
        planned = simulator.habitual_day(
            people, body, row, weekday, today, normal[:, 1:], uniform[:, 1:cut]
        )
        if day >= 0:
            bodies[:, day] = _body_columns(body)
        row, body = simulator.live_day(
            people, body, row, planned, weekday, config.response_gain, normal, uniform[:, cut:]
        )
        mask, losses = simulator.lose_cells(people, losses, row, uniform[:, cut + 1 :])
        if day >= 0:
            true_rows[:, day], observed[:, day] = row, mask
            day_lost[:, day], feature_lost[:, day] = losses.day_lost, losses.feature_lost
    bodies[:, days] = _body_columns(body)
    return {
        "true_rows": true_rows,
        "observed": observed,
        "start_weekday": start_weekday.astype(np.int8),
        "traits": traits,
        "day_loss": logging.day_loss,
        "feature_loss": logging.feature_loss,
        "bodies": bodies,
        "day_lost": day_lost,
        "feature_lost": feature_lost,
    }


def _body_columns(body: Body) -> np.ndarray:
    """Return the hidden state as float32 (people, 4), columns in the order of Body."""
    return np.stack([getattr(body, name) for name in _BODY_FIELDS], axis=1)


def assemble(config: EmbeddedConfig, arrays: dict[str, np.ndarray]) -> EmbeddedPeople:
    """Put generated (or cached) arrays into their containers."""
    dataset = LogDataset.from_arrays(
        arrays["true_rows"],
        np.asarray(arrays["observed"]),
        user_ids=[f"p{index:03d}" for index in range(config.users)],
        start_weekday=arrays["start_weekday"],
        days_logged=np.full(config.users, config.days),
        name="embedded",
    )
    logging = LoggingTraits(arrays["day_loss"], arrays["feature_loss"])
    return EmbeddedPeople(
        config=config,
        dataset=dataset,
        people=People(np.asarray(arrays["traits"]), logging),
        true_rows=arrays["true_rows"],
        bodies=arrays["bodies"],
        day_lost=arrays["day_lost"],
        feature_lost=arrays["feature_lost"],
    )


def _store(folder: Path, config: EmbeddedConfig, arrays: dict[str, np.ndarray]) -> None:
    """Write atomically: readers see the whole folder or none."""
    try:
        with whole_folder(folder) as draft:
            for name, array in arrays.items():
                np.save(draft / f"{name}.npy", array, allow_pickle=False)
            digests = _digests(draft)
            note = json.dumps({"config": asdict(config), "sha256": digests}, indent=2)
            (draft / _NOTE).write_text(note, encoding="utf-8")
    except OSError:
        if not folder.is_dir():  # a second process may have finished first
            raise


def _read(folder: Path, config: EmbeddedConfig) -> dict[str, np.ndarray] | None:
    """Return what `_store` wrote, mapped into memory; None where a byte of it is another."""
    try:
        note = read_json(folder / _NOTE)
        if not isinstance(note, dict) or note.get("sha256") != _digests(folder):
            return None
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in _TRUTH_ARRAYS
        }
    except (CheckpointError, OSError, ValueError):
        return None
    users, days = config.users, config.days
    right = arrays["true_rows"].shape == (users, days, schema.FEATURE_COUNT)
    return arrays if right and arrays["bodies"].shape[:2] == (users, days + 1) else None


def _digests(folder: Path) -> dict[str, str]:
    """Return the checksum of each array's file; two are read side by side."""
    files = [folder / f"{name}.npy" for name in _TRUTH_ARRAYS]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda file: file_digest(file, _MOST_BYTES), files)
        return dict(zip(_TRUTH_ARRAYS, found, strict=True))


def load_embedded(config: EmbeddedConfig | None = None) -> EmbeddedPeople:
    """Return the embedded people, generated on first use.

    They are cached on disk; where the folder cannot be written they live in memory. A cache
    that is cut or holds another byte than was written is made anew.

    Args:
        config: defaults to the 999 x 1000 people that the bundled checkpoint knows.
    """
    return _load(config or EmbeddedConfig())


@lru_cache(maxsize=2)
def _load(config: EmbeddedConfig) -> EmbeddedPeople:
    key = json.dumps([asdict(config), GENERATOR_VERSION], sort_keys=True)
    base = cache_folder()
    if base is None:
        return assemble(config, generate(config))
    folder = base / f"embedded-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    kept = _read(folder, config) if folder.is_dir() else None
    if kept is not None:
        return assemble(config, kept)
    arrays = generate(config)
    try:
        _store(folder, config, arrays)
    except OSError as error:
        import warnings

        warnings.warn(
            f"the embedded people could not be cached in {folder} ({error}); "
            f"they will be generated again next time. Set {CACHE_VARIABLE} to a folder "
            "that can be written.",
            stacklevel=3,
        )
    return assemble(config, arrays)
