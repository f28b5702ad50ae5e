"""How far a change leaves what a person, and other people, have done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.counterfactual.change import Changes
from human_wm_env.counterfactual.pairs import Pairs
from human_wm_env.person import schema


@dataclass(frozen=True)
class Logged:
    """How the changed days compare with logged days of one feature.

    Attributes:
        days: that were logged.
        as_extreme: share of the logged days that lie at least as far in the direction of the
            change, of a category that have it, averaged over the changed days; None without logs.
        beyond: share of the changed days that lie beyond every logged day; None without logs.
    """

    days: int
    as_extreme: float | None
    beyond: float | None


@dataclass(frozen=True)
class Reach:
    """One changed feature beside the logs.

    Attributes:
        feature: its name.
        person: beside the person's own log before the change.
        others: beside the logs of the other people of the data set.
    """

    feature: str
    person: Logged
    others: Logged


def reaches(
    changes: Changes,
    pairs: Pairs,
    person: tuple[np.ndarray, np.ndarray],
    others: tuple[np.ndarray, np.ndarray],
) -> list[Reach]:
    """Compare the changed days with logs, feature by feature.

    Args:
        changes: that were made.
        pairs: futures without and with them.
        person: raw rows (days, 10) of the person's log, and their mask.
        others: rows (n, 10) of other people's, and their mask.
    """
    found = []
    for feature in changes.features:
        holds = changes.holds(pairs.weekday, feature)
        habit, changed = (days.rows[:, holds, feature] for days in (pairs.habit, pairs.changed))
        upwards = bool(changed.mean() >= habit.mean()) if changed.size else True
        compared = [
            _compare(feature, rows[observed[:, feature], feature], changed.ravel(), upwards)
            for rows, observed in (person, others)
        ]
        found.append(Reach(schema.FEATURE_NAMES[feature], *compared))
    return found


def _compare(feature: int, logged: np.ndarray, changed: np.ndarray, upwards: bool) -> Logged:
    count = len(logged)
    if count == 0 or len(changed) == 0:
        return Logged(count, None, None)
    if feature in schema.CATEGORICAL_FEATURES:
        shares = np.bincount(logged.astype(np.intp), minlength=schema.FEATURES[feature].width)
        share = shares[changed.astype(np.intp)] / count
    else:
        ordered = np.sort(logged if upwards else -logged)
        place = np.searchsorted(ordered, changed if upwards else -changed, side="left")
        share = 1.0 - place / count
    return Logged(count, float(share.mean()), float((share == 0.0).mean()))
