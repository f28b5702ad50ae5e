"""The nudges that may be sent, and what each does to a day that a person had planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeAlias

import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.extras import extras_named
from human_wm_env.files.reading import read_bytes
from human_wm_env.person import schema
from human_wm_env.person.feasible import implied_calories_kcal, implied_distance_km
from human_wm_env.settings import finite_number, one_of

NOTHING = "nothing"  # action 0: no nudge is sent
MOST_NUDGES = 32
MOST_BYTES = 2**20
NudgeSource: TypeAlias = "str | Path | Mapping[str, Mapping[str, object]] | None"
_NUMBERS = [
    schema.FEATURE_NAMES[i] for i in schema.ACTION_FEATURES if i in schema.CONTINUOUS_FEATURES
]
_LABELS = [
    schema.FEATURE_NAMES[i] for i in schema.ACTION_FEATURES if i in schema.CATEGORICAL_FEATURES
]


@dataclass(frozen=True)
class Nudge:
    """One nudge; distance and energy follow from what else it changes.

    Attributes:
        name: what it is called in settings and tables.
        add: amounts added to what was planned, in the log's units, by feature.
        scale: factors on what was planned, by feature.
        set: labels in place of the planned ones, by feature.
        keep_workout: a workout that was planned anyway stays what it was.
        outdoors: rain or snow make it less likely to be followed.
        demanding: tiredness makes it less likely to be followed.
    """

    name: str
    add: Mapping[str, float] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    set: Mapping[str, str] = field(default_factory=dict)
    keep_workout: bool = True
    outdoors: bool = False
    demanding: bool = False

    def __post_init__(self) -> None:
        for name, number in {**self.add, **self.scale}.items():
            one_of(name, _NUMBERS, f"an amount of the nudge {self.name}")
            finite_number(number, f"{name} of the nudge {self.name}")
        for name, label in self.set.items():
            one_of(name, _LABELS, f"a label of the nudge {self.name}")
            one_of(label, schema.categories(schema.INDEX[name]), name)
        if not self.features:
            raise ConfigError(
                f"a change of the day by the nudge {self.name}",
                "none",
                "Give add, scale or set.",
            )

    @property
    def features(self) -> tuple[int, ...]:
        """The features that it changes: only where they were logged is seen who complied."""
        return tuple(sorted({schema.INDEX[name] for name in (*self.add, *self.scale, *self.set)}))

    def change(self, days: np.ndarray) -> np.ndarray:
        """Return days of people who comply, float32 (n, 10), perhaps not feasible."""
        changed = days.copy()
        for name, factor in self.scale.items():
            changed[:, schema.INDEX[name]] *= factor
        for name, amount in self.add.items():
            changed[:, schema.INDEX[name]] += amount
        for name, label in self.set.items():
            index = schema.INDEX[name]
            stays = self.keep_workout & (index == schema.WORKOUT) & (days[:, index] != 0.0)
            code = schema.categories(index).index(label)
            changed[:, index] = np.where(stays, days[:, index], code)
        for index, implied in ((schema.DISTANCE, _distance), (schema.CALORIES, _calories)):
            changed[:, index] += implied(changed) - implied(days)
        return changed


def _distance(days: np.ndarray) -> np.ndarray:
    return implied_distance_km(days[:, schema.STEPS], days[:, schema.WORKOUT].astype(np.intp))


def _calories(days: np.ndarray) -> np.ndarray:
    steps, minutes = days[:, schema.STEPS], days[:, schema.MINUTES]
    return implied_calories_kcal(steps, minutes, days[:, schema.WORKOUT].astype(np.intp))


# A brisk walk has 100 steps a minute (Tudor-Locke et al. 2018).
DEFAULT: Mapping[str, Mapping[str, object]] = {
    "walk": {
        "add": {"active_minutes": 30.0, "steps": 3000.0},
        "set": {"workout_type": "Walking"},
        "outdoors": True,
        "demanding": True,
    },
    "workout": {
        "add": {"active_minutes": 45.0},
        "set": {"workout_type": "Gym Workout"},
        "demanding": True,
    },
    "earlier_bed": {"add": {"sleep_hours": 1.0}},
    "rest": {
        "scale": {"active_minutes": 0.7, "steps": 0.7},
        "set": {"workout_type": "None"},
        "keep_workout": False,
    },
    "park": {
        "add": {"active_minutes": 20.0, "steps": 1500.0},
        "set": {"location": "Park"},
        "outdoors": True,
    },
}


class Nudges(Sequence[Nudge]):
    """The nudges of a world; action k > 0 sends the k-th of them, 0 sends nothing.

    Args:
        given: at least one.
    """

    def __init__(self, given: Sequence[Nudge]) -> None:
        if not 1 <= len(given) <= MOST_NUDGES:
            raise ConfigError(f"1 to {MOST_NUDGES} nudges", f"{len(given)}", "Change the list.")
        self._all = tuple(given)
        self.names = (NOTHING, *(nudge.name for nudge in given))
        # By action; nothing is neither, and changes no feature.
        self.outdoors = np.array([False, *(nudge.outdoors for nudge in given)])
        self.demanding = np.array([False, *(nudge.demanding for nudge in given)])
        self.features = np.zeros((len(self.names), schema.FEATURE_COUNT), dtype=bool)
        for action, nudge in enumerate(given, start=1):
            self.features[action, list(nudge.features)] = True

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, index: int) -> Nudge:  # type: ignore[override]
        return self._all[index]

    def __iter__(self) -> Iterator[Nudge]:
        return iter(self._all)

    def action_of(self, name: str) -> int:
        """Return the action that sends a nudge, 0 for "nothing"."""
        return self.names.index(one_of(name, self.names, "a nudge"))

    def follow(self, days: np.ndarray, followed: np.ndarray) -> np.ndarray:
        """Return the days of people who comply, float32 (slots, 10).

        Args:
            days: float32 (slots, 10), as they were planned.
            followed: int (slots,), the action that each complies with, 0 for none.
        """
        changed = days.copy()
        for action, nudge in enumerate(self._all, start=1):
            slots = np.flatnonzero(followed == action)
            if len(slots):
                changed[slots] = nudge.change(days[slots])
        return changed

    def shown(self, sent: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Say, bool (slots,), where the tracker saw whether a nudge was complied with.

        Args:
            sent: int (slots,), actions.
            observed: bool (slots, 10), mask of the day.
        """
        return (sent > 0) & (observed | ~self.features[sent]).all(axis=1)


def read_nudges(source: NudgeSource = None) -> Nudges:
    """Return nudges from a YAML file, or from a mapping of the same form.

    Args:
        source: path of a YAML file, a mapping of names to the fields of `Nudge`, or None for
            the built-in ones.

    Raises:
        ConfigError: no such file, no YAML, an unknown field or feature, or a value of a wrong type.
        MissingExtraError: a file is given, and pyyaml is not installed.
    """
    given: object = DEFAULT if source is None else source
    if isinstance(given, str | Path):
        given = _read_yaml(Path(given))
    if not isinstance(given, Mapping):
        raise ConfigError(
            "a mapping of names to nudges", type(given).__name__, "See configs/nudges/default.yaml."
        )
    return Nudges([_nudge(name, entry) for name, entry in given.items()])


def _read_yaml(file: Path) -> object:
    with extras_named():
        import yaml
    try:
        return yaml.safe_load(read_bytes(file, MOST_BYTES, ConfigError))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError("a YAML file of nudges", f"{reason} in {file}", "Correct it.") from error


def _nudge(name: object, entry: object) -> Nudge:
    known = [each.name for each in fields(Nudge) if each.name != "name"]
    if not isinstance(name, str) or not name or name == NOTHING or not isinstance(entry, Mapping):
        raise ConfigError(
            f"a name other than {NOTHING!r} with a mapping of {', '.join(known)}",
            f"{name!r}: {entry!r}",
            "See configs/nudges/default.yaml.",
        )
    for key, value in entry.items():
        if key not in known:
            raise ConfigError(
                f"{', '.join(known)} of the nudge {name}", repr(key), did_you_mean(key, known)
            )
        wanted = Mapping if key in ("add", "scale", "set") else bool
        if not isinstance(value, wanted):
            raise ConfigError(
                f"{key} of the nudge {name} as a {'mapping' if wanted is Mapping else 'bool'}",
                repr(value),
                "See configs/nudges/default.yaml.",
            )
    return Nudge(name, **entry)
