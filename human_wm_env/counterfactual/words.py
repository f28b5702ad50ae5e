"""What a what-if says in words: one sentence, and warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from human_wm_env.counterfactual.answer import OutcomeEffect, WhatIf
from human_wm_env.counterfactual.change import Changes
from human_wm_env.counterfactual.pairs import REWARD
from human_wm_env.counterfactual.reach import Reach
from human_wm_env.errors import HumanWMError
from human_wm_env.files.reading import read_json
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.wording import counted

MOSTLY = 0.5  # below it an effect is the population's more than the person's
RARE = 0.01  # of the logged days
BEYOND = 0.05  # of the changed days
APART = 2.0  # times the ensemble's disagreement on days of habit
NO_ADVICE = (
    "no effect here may be read as advice, for logs alone do not show that the actions of these "
    "days moved heart rate and mood"
)
REQUIREMENTS = "requirements.json"  # written beside a checkpoint with its model card
_STATES = tuple(schema.FEATURE_NAMES[index] for index in (schema.HEART_RATE, schema.MOOD))
_WORDS = dict(zip(_STATES, ("heart rate", "mood"), strict=True))


def sentence(answer: WhatIf, *, simulated: bool, never_logged: Collection[str] = ()) -> str:
    """Return the answer as one sentence; it begins with what the person logged.

    Args:
        answer: what was found; its own sentence is not read.
        simulated: the person is one whose true answer to actions is known; of others it is
            said that no effect is advice.
        never_logged: features that the person's log has no cell of.
    """
    whose = f"{answer.user}'s" if answer.user else "this person's"
    asked = f'"{answer.change}" for {counted(answer.days, "day")}'
    if all(each.average.intervals["90%"] == (0.0, 0.0) for each in answer.effects.values()):
        return f"{asked} would change nothing: {whose} days of habit are so without it."
    units = (" bpm", " on its scale from 0 to 1")
    moved = [
        f"{_WORDS[name]}{' (never logged)' if name in never_logged else ''} by "
        f"{_with_interval(answer.effects[name], digits)}{unit}"
        for name, digits, unit in zip(_STATES, (2, 3), units, strict=True)
    ]
    if _STATES[0] in never_logged and _STATES[1] not in never_logged:
        moved.reverse()
    clauses = [
        f"{asked} would move {whose} {' and '.join(moved)}, and raise the reward with probability "
        f"{probability(answer.better[REWARD])}",
        _origin({name: answer.effects[name] for name in _STATES}),
    ]
    if not simulated:
        clauses.append(NO_ADVICE)
    return "; ".join(clauses) + "."


def probability(share: float) -> str:
    """Return the share of the draws as a percentage; no number of draws makes sure."""
    if share >= 0.995:
        return "over 99%"
    return "under 1%" if share < 0.005 else f"{share:.0%}"


def _with_interval(effect: OutcomeEffect, digits: int) -> str:
    low, high = effect.average.intervals["90%"]
    return f"{effect.average.mean:+.{digits}f} (90%: {low:+.{digits}f} to {high:+.{digits}f})"


def _origin(effects: dict[str, OutcomeEffect]) -> str:
    """Say how much of the doubt about effects the log removed, and which are the population's."""
    shares = {name: each.from_log for name, each in effects.items() if each.from_log is not None}
    if not shares:
        return "nothing is known of how people differ in these effects"
    removed = " and ".join(
        f"{max(share, 0.0):.0%} of the uncertainty about the effect on {_WORDS[name]}"
        for name, share in shares.items()
    )
    population = [_WORDS[name] for name, share in shares.items() if share < MOSTLY]
    if not population:
        return f"this log removed {removed}"
    whose = f"the effect on {' and '.join(population)} is mostly the population's"
    return f"this log removed {removed}: {whose}"


def warnings(
    changes: Changes,
    weekday: np.ndarray,
    log: History,
    reach: list[Reach],
    uncertainty: dict[str, float],
) -> list[str]:
    """Return what speaks against believing the effects.

    Args:
        changes: that are made.
        weekday: int (days,), of the imagined days, -1 if unknown.
        log: of the person before them.
        reach: how far they leave what was logged.
        uncertainty: as of `WhatIf`.
    """
    found = [
        f'"{each.text}" changes nothing: none of its weekdays is among the imagined days.'
        for each in changes.changes
        if not each.holds(weekday).any()
    ]
    for index in (*changes.features, schema.HEART_RATE, schema.MOOD):
        if not log.observed[:, index].any():
            found.append(
                f"{schema.FEATURE_NAMES[index]} was never logged by this person: what is said "
                "of it is the population's."
            )
    for one in reach:
        for who, logged in (("this person", one.person), ("other people", one.others)):
            if logged.as_extreme is None or logged.beyond is None:
                continue
            if logged.beyond > BEYOND:
                found.append(
                    f"On {logged.beyond:.0%} of the changed days {one.feature} is what {who} never "
                    "logged, or beyond all of it."
                )
            elif logged.as_extreme < RARE:
                found.append(
                    f"Only {logged.as_extreme:.2%} of the days that {who} logged have such "
                    f"{one.feature}."
                )
    if uncertainty["changed"] > APART * uncertainty["habit"]:
        ratio = uncertainty["changed"] / uncertainty["habit"]
        found.append(
            f"The ensemble disagrees {ratio:.1f} times as much about the changed days as about "
            "days of habit."
        )
    return found


def model_warnings(checkpoint: Checkpoint, *, simulated: bool) -> list[str]:
    """Return what speaks against the model: its training data, and what its card says is not met.

    Args:
        checkpoint: whose card, if there is one, lies in its folder.
        simulated: see `sentence`.
    """
    found = []
    if not simulated and "generator_version" in checkpoint.manifest.get("data", {}):
        found.append("The model learned from simulated people, not from people like this one.")
    if not simulated and "states_measured" not in checkpoint.manifest:
        found.append(
            "It was not tested whether heart rate and mood are measured before or after the "
            "actions of their row."
        )
    try:
        return found + list(_not_met(read_json(checkpoint.folder / REQUIREMENTS)))
    except (HumanWMError, TypeError, KeyError, ValueError, AttributeError):
        return [*found, "No requirements of a model card are known: humanwm report writes them."]


def _not_met(requirements: Any) -> Iterator[str]:
    for one in requirements.values():
        if not one["met"]:
            yield (
                f"Model card, not met: {one['what']} ({one['value']:.3g}, wanted "
                f"{'at most' if one['is_most'] else 'at least'} {one['bound']:g})."
            )
