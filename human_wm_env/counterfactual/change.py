"""Changes of habitual days, as text and as a function: "sleep_hours+1", "steps*1.3 on weekdays".

A change names one action feature, an operation (+ - * / or =, for categories = alone) and a
value, and optionally the weekdays that it holds on. What is not named stays as the person had it;
distance and calories keep their deviation from what the rest of the day implies.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.person import schema
from human_wm_env.person.feasible import implied_calories_kcal, implied_distance_km

SEPARATOR = ";"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GROUPS = {"weekdays": (0, 1, 2, 3, 4), "weekends": (5, 6)}
OPERATIONS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "=": lambda days, value: np.full_like(days, value),
}
_EXAMPLES = 'Write "sleep_hours+1", "steps*1.3" or "workout_type=Running on Mon,Wed,Fri".'
_THOUSANDS = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")
_PATTERN = re.compile(r"(\w+)\s*([-+*/=])\s*(.+?)(?:\s+on\s+(.+))?", re.DOTALL)
_NAMES = tuple(schema.FEATURE_NAMES[index] for index in schema.ACTION_FEATURES)
# What follows from the rest of a day is changed after it.
_FOLLOWING = (schema.DISTANCE, schema.CALORIES)


@dataclass(frozen=True)
class Change:
    """One change of one feature.

    Attributes:
        feature: an action feature of the schema.
        operation: one of OPERATIONS.
        value: in the feature's unit; of a category its index.
        weekdays: on which it holds, 0 = Monday; None is every day.
        text: as it was written.
    """

    feature: int
    operation: str
    value: float
    weekdays: tuple[int, ...] | None
    text: str

    def holds(self, weekday: np.ndarray) -> np.ndarray:
        """Return on which of the weekdays it holds, bool (n,)."""
        if self.weekdays is None:
            return np.ones(len(weekday), dtype=bool)
        return np.isin(weekday, self.weekdays)

    def overwrites(self, earlier: Change) -> bool:
        """Return whether nothing is left of an earlier change when this one is made."""
        days = range(len(WEEKDAYS)) if earlier.weekdays is None else earlier.weekdays
        return (
            self.operation == "="
            and self.feature == earlier.feature
            and (self.weekdays is None or set(days) <= set(self.weekdays))
        )

    def apply(self, days: np.ndarray, weekday: np.ndarray) -> None:
        """Change raw days, float32 (n, 10), in place."""
        column = days[:, self.feature]
        changed = OPERATIONS[self.operation](column, self.value)
        days[:, self.feature] = np.where(self.holds(weekday), changed, column)


@dataclass(frozen=True)
class Changes:
    """Changes that are made together, in the order given; called on days, it returns them changed.

    Attributes:
        changes: at least one.
    """

    changes: tuple[Change, ...]

    @property
    def features(self) -> tuple[int, ...]:
        """The features that are named, each once, in the schema's order."""
        return tuple(sorted({change.feature for change in self.changes}))

    @property
    def needs_weekdays(self) -> bool:
        """Whether a change holds on some weekdays only."""
        return any(change.weekdays is not None for change in self.changes)

    def holds(self, weekday: np.ndarray, feature: int | None = None) -> np.ndarray:
        """Return on which of the weekdays one of them, or one of a feature's, holds, bool (n,)."""
        own = [one for one in self.changes if feature is None or one.feature == feature]
        return np.any([change.holds(weekday) for change in own], axis=0)

    def __call__(self, days: np.ndarray, weekday: np.ndarray) -> np.ndarray:
        """Return changed days, not yet feasible.

        Args:
            days: float32 (n, 10), raw, feasible.
            weekday: int (n,), -1 if unknown.
        """
        changed = days.copy(order="K")
        for change in self.changes:
            if change.feature not in _FOLLOWING:
                change.apply(changed, weekday)
        _follow(days, changed, np.any(changed != days, axis=1))
        for change in self.changes:
            if change.feature in _FOLLOWING:
                change.apply(changed, weekday)
        return changed

    def __str__(self) -> str:
        return f"{SEPARATOR} ".join(change.text for change in self.changes)


def _follow(before: np.ndarray, after: np.ndarray, where: np.ndarray) -> None:
    """Let distance and calories deviate from what a day implies as they did before the change."""
    implied = []
    for days in (before, after):
        steps, kind = days[:, schema.STEPS], days[:, schema.WORKOUT].astype(np.intp)
        calories = implied_calories_kcal(steps, days[:, schema.MINUTES], kind)
        implied.append((implied_distance_km(steps, kind), calories))
    (distance, calories), (distance_now, calories_now) = implied
    ratio = before[:, schema.DISTANCE] / np.maximum(distance, np.float32(1e-6))
    share = np.where(distance > 0.0, ratio, 1.0)
    kept = before[:, schema.CALORIES] - calories
    after[where, schema.DISTANCE] = (share * distance_now)[where]
    after[where, schema.CALORIES] = (calories_now + kept)[where]


def parse_changes(text: str | Sequence[str]) -> Changes:
    """Read changes.

    Args:
        text: one or several, separated by semicolons, or a sequence of such texts.

    Raises:
        ConfigError: no change, an unknown feature, category or weekday, a number that is no
            possible value, or a change that a later one leaves nothing of.
    """
    texts = [text] if isinstance(text, str) else text if isinstance(text, Sequence) else None
    if texts is None or not all(isinstance(one, str) for one in texts):
        raise ConfigError("a change as text, or a sequence of such texts", repr(text), _EXAMPLES)
    parts = [" ".join(part.split()) for one in texts for part in one.split(SEPARATOR)]
    changes = tuple(_parse(part) for part in parts if part)
    if not changes:
        raise ConfigError("a change of the person's days", repr(text), _EXAMPLES)
    for earlier, later in itertools.combinations(changes, 2):
        if later.overwrites(earlier):
            raise ConfigError(
                f"changes of {schema.FEATURE_NAMES[earlier.feature]} that all have an effect",
                f"{earlier.text!r}, and later {later.text!r}, which leaves nothing of it",
                "Keep one of them, or write the one that holds on fewer days last.",
            )
    return Changes(changes)


def _parse(text: str) -> Change:
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ConfigError("FEATURE OPERATION VALUE [on WEEKDAYS]", repr(text), _EXAMPLES)
    name, operation, value, days = match.groups()
    if name not in _NAMES:
        other = f"{name!r} is what a day brings, not what is done; " if name in schema.INDEX else ""
        raise ConfigError(
            "a feature that a person decides", repr(text), other + did_you_mean(name, _NAMES)
        )
    feature = schema.INDEX[name]
    read = _category if feature in schema.CATEGORICAL_FEATURES else _number
    return Change(
        feature,
        operation,
        read(feature, operation, value, text),
        None if days is None else _weekdays(days, text),
        text,
    )


def _category(feature: int, operation: str, value: str, text: str) -> float:
    known = schema.categories(feature)
    labels = [name.lower() for name in known]
    if operation != "=":
        raise ConfigError(
            f"{schema.FEATURE_NAMES[feature]}=CATEGORY", repr(text), "A category has no amount."
        )
    if value.lower() not in labels:
        raise ConfigError(
            f"a category of {schema.FEATURE_NAMES[feature]}", repr(text), did_you_mean(value, known)
        )
    return float(labels.index(value.lower()))


def _refuse_doubtful(about: schema.Continuous, value: str, text: str) -> None:
    """Refuse 5.000 steps, which are five or five thousand, and 5,000, which no number is."""
    if not _THOUSANDS.fullmatch(value):
        return
    grouped, plain = float(re.sub("[.,]", "", value)), float(value.replace(",", "."))
    if abs(plain) < 1.0 or abs(grouped) > about.high:
        return
    raise ConfigError(
        f"a number for {about.name} ({about.unit}) that can be read in one way only",
        repr(text),
        f"Write {grouped:.0f}, or {plain:g}.",
    )


def _number(feature: int, operation: str, value: str, text: str) -> float:
    about = schema.continuous(feature)
    if operation not in "*/":
        _refuse_doubtful(about, value, text)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if operation == "=":
        expected, possible = f"{about.low:g} to {about.high:g}", about.low <= number <= about.high
    elif operation in "*/":
        expected, possible = "a factor above 0", 0.0 < number < math.inf
    else:
        expected, possible = "a finite number", math.isfinite(number)
    if not possible:
        raise ConfigError(f"{expected} for {about.name} ({about.unit})", repr(text), _EXAMPLES)
    return number


def _weekdays(text: str, whole: str) -> tuple[int, ...]:
    if text.strip().lower() in GROUPS:
        return GROUPS[text.strip().lower()]
    found = []
    for word in (part.strip().lower() for part in text.split(",")):
        fits = [i for i, name in enumerate(WEEKDAYS) if name.lower().startswith(word)]
        if len(word) < 3 or len(fits) != 1:
            raise ConfigError(
                f"weekdays, such as Mon,Wed,Fri, or {' or '.join(GROUPS)}",
                f"{word!r} in {whole!r}",
                did_you_mean(word.capitalize(), [*WEEKDAYS, *GROUPS]),
            )
        found.append(fits[0])
    return tuple(sorted(set(found)))
