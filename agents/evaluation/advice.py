"""What agents have people do, in the log's units, and what their returns come from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agents.evaluation.bootstrap_intervals import Bootstrap, Interval, paired_interval
from agents.protocol import Plain
from agents.rollout import Episodes
from human_wm_env.nudge.world import NudgeWorld
from human_wm_env.person import schema

HABIT, CONSTANT = "habit", "best_constant"
#: of which nobody asks what they advise, or whether they are better than a constant
_REFERENCES = (HABIT, CONSTANT, "random")
#: of an amount, between an agent's mean day and habit's, to be worth a word
_WORTH_SAYING = 0.05


def mean_day(episodes: Episodes) -> dict[str, float]:
    """Return means over people of what was executed; see `Episodes.executed`."""
    return {name: float(values.mean()) for name, values in episodes.executed.items()}


def day_rows(of_agents: Mapping[str, Episodes]) -> list[Plain]:
    """Lay out each agent's mean day, and the parts of the reward that it earned.

    Args:
        of_agents: episodes in one world, by agent.

    Returns:
        A row an agent: amounts in the log's units, the most frequent category of the others with
        its share, and the mean of each part of the reward.
    """
    rows = []
    for agent, episodes in of_agents.items():
        day = mean_day(episodes)
        row: Plain = {"agent": agent}
        for index in schema.ACTION_FEATURES if day else ():
            feature = schema.FEATURES[index]
            if isinstance(feature, schema.Continuous):
                row[_short(feature.name)] = _amount(feature.name, day[feature.name])
            else:
                label, share = _most_frequent(day, feature.name)
                row[_short(feature.name)] = f"{label} {share:.0%}"
        row |= {name: f"{day[name]:.0%}" for name in ("nudged", "complied") if name in day}
        parts = {name: f"{values.mean():.2f}" for name, values in episodes.components.items()}
        rows.append(row | parts)
    return rows


def beside_constant(
    of_agents: Mapping[str, Episodes], bootstrap: Bootstrap | None = None
) -> dict[str, Interval]:
    """Return how much more than the best constant day each agent earns, in pairs of episodes.

    Args:
        of_agents: episodes in one world, by agent; without a best constant there is nothing.
        bootstrap: settings of the intervals.
    """
    if CONSTANT not in of_agents:
        return {}
    constant = of_agents[CONSTANT].returns
    return {
        name: paired_interval(each.returns, constant, each.users, bootstrap)
        for name, each in of_agents.items()
        if name not in _REFERENCES
    }


def warnings_of(of_agents: Mapping[str, Episodes], beside: Mapping[str, Interval]) -> list[str]:
    """Say what speaks against the numbers.

    Args:
        of_agents: episodes in one world, by agent.
        beside: what each agent earns more than the best constant day, see `beside_constant`.

    Returns:
        Warnings about agents that do no better than a constant action, and about
        what cannot be judged from one person.
    """
    people = {user for episodes in of_agents.values() for user in episodes.users.tolist()}
    alone = (
        "One person: what agents earn is theirs, on these days. Whether it holds for other people "
        "cannot be judged, so there are no intervals."
    )
    return ([alone] if len(people) == 1 else []) + [
        f"{name} is not better than the best constant day ({each.mean:+.2f}, "
        f"{each.low:+.2f} to {each.high:+.2f}): it may not use what it sees of people."
        for name, each in beside.items()
        if each.low is not None and each.low <= 0.0
    ]


def in_words(
    of_agents: Mapping[str, Episodes], world: str, weights: Mapping[str, float] | None = None
) -> str:
    """Say which agent earned most in a world, through which rewards and by what days.

    Args:
        of_agents: episodes there, by agent.
        world: its name.
        weights: overrides of the reward's weights.

    Returns:
        A sentence or two; beside habit where it took part.
    """
    best = max(of_agents, key=lambda name: float(of_agents[name].returns.mean()))
    won = of_agents[best]
    text = f"Best in the {world}: {best}, {won.returns.mean():.2f}"
    if best == HABIT or HABIT not in of_agents:
        return f"{text}."
    habit = of_agents[HABIT]
    text += f", {won.returns.mean() - habit.returns.mean():+.2f} over habit"
    weighed = {**NudgeWorld.default_weights, **(weights or {})}
    gains = {
        name: weighed.get(name, 1.0)
        * float(np.mean(values * won.lengths - habit.components[name] * habit.lengths))
        for name, values in won.components.items()
    }
    parts = sorted(gains, key=lambda name: -abs(gains[name]))
    text += f" ({', '.join(f'{name} {gains[name]:+.2f}' for name in parts)})."
    changes = _changes(mean_day(won), mean_day(habit))
    return f"{text} Its mean day: {', '.join(changes)}." if changes else text


def _changes(day: Mapping[str, float], usual: Mapping[str, float]) -> list[str]:
    found = []
    for index in schema.ACTION_FEATURES if day else ():
        feature = schema.FEATURES[index]
        if not isinstance(feature, schema.Continuous):
            label, share = _most_frequent(day, feature.name)
            before = usual[f"{feature.name}: {label}"]
            if abs(share - before) > _WORTH_SAYING:
                found.append(f"{_short(feature.name)} {label} {share:.0%} (habit {before:.0%})")
            continue
        now, before = day[feature.name], usual[feature.name]
        if abs(now - before) > _WORTH_SAYING * abs(before):
            amounts = (_amount(feature.name, each) for each in (now, before))
            found.append("{} {} (habit {})".format(_short(feature.name), *amounts))
    return found


def _most_frequent(day: Mapping[str, float], feature: str) -> tuple[str, float]:
    start = f"{feature}: "
    shares = {name.removeprefix(start): v for name, v in day.items() if name.startswith(start)}
    label = max(shares, key=lambda name: shares[name])
    return label, shares[label]


def _amount(feature: str, value: float) -> str:
    return f"{value:,.1f}" if feature in ("sleep_hours", "distance_km") else f"{value:,.0f}"


#: as short as tables have to be; the unit stands where it is not plain
_TITLES = {
    "sleep_hours": "sleep h",
    "workout_type": "workout",
    "calories_burned": "kcal",
    "distance_km": "km",
    "active_minutes": "active min",
}


def _short(feature: str) -> str:
    return _TITLES.get(feature, feature)
