"""Features that people never logged: the dream takes them from the population."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import LogWarning
from human_wm_env.person import schema

_PEOPLE_NAMED = 5


class NeverLoggedWarning(LogWarning):
    """Dreamt values of some features say nothing about people who never logged them."""


@dataclass(frozen=True)
class NeverLogged:
    """Which features some people never logged.

    Attributes:
        by_none: names of features without an observed cell.
        by_some: by name of every other feature, ids of the people without one, if there are any.
        people: how many were asked about.
    """

    by_none: tuple[str, ...]
    by_some: dict[str, tuple[str, ...]]
    people: int

    def __str__(self) -> str:
        """Say it in one sentence, empty where all features were logged by all people."""
        parts = [f"nobody ever logged {_listed(self.by_none)}"] if self.by_none else []
        for name, who in self.by_some.items():
            named = f" ({', '.join(who)})" if len(who) <= _PEOPLE_NAMED else ""
            parts.append(f"{len(who)} of {self.people} people{named} never logged {name}")
        return "; ".join(parts)


def never_logged(dataset: LogDataset, users: np.ndarray | None = None) -> NeverLogged:
    """Return which features of a data set nobody, or some people, never logged.

    Args:
        dataset: the logs.
        users: int (people,), positions of those who are asked about; None asks about all.
    """
    people = np.arange(dataset.users) if users is None else users
    ever = np.asarray(dataset.observed[people].any(axis=1))  # (people, 10)
    by_none = tuple(schema.FEATURE_NAMES[index] for index in np.flatnonzero(~ever.any(axis=0)))
    by_some = {
        name: tuple(dataset.user_ids[people[place]] for place in np.flatnonzero(~ever[:, index]))
        for index, name in enumerate(schema.FEATURE_NAMES)
        if name not in by_none and not ever[:, index].all()
    }
    return NeverLogged(by_none, by_some, len(people))


def warn_of_never_logged(dataset: LogDataset, users: np.ndarray) -> None:
    """Name in one `NeverLoggedWarning` what the dream of these people has to make up."""
    found = str(never_logged(dataset, users))
    if found:
        warnings.warn(
            f"{dataset.name}: {found}. The dream takes these from the population: what it says "
            "of them is not about the person.",
            NeverLoggedWarning,
            stacklevel=2,
        )


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
