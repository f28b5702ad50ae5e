"""What would a change of a person's days do to them, and how sure is that?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from human_wm_env.counterfactual.answer import OutcomeEffect, WhatIf
from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.effects import (
    EffectDraws,
    effect_draws,
    share_removed,
    summarise,
)
from human_wm_env.counterfactual.pairs import OUTCOMES, REWARD, Pairs, play_pairs
from human_wm_env.counterfactual.reach import reaches
from human_wm_env.counterfactual.words import model_warnings, sentence, warnings
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import Dataset
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.registration import resolve_dataset
from human_wm_env.runtime.world_model import ModelSource, load_world_model
from human_wm_env.settings import seed_number, whole_number
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart

_FEWEST = {"days": 1, "draws": 2, "repeats": 2}
_MOOD, _HEART_RATE = schema.FEATURE_NAMES[schema.MOOD], schema.FEATURE_NAMES[schema.HEART_RATE]


def what_if(
    change: str | Sequence[str],
    *,
    user: str | None = None,
    day: int | str | None = None,
    history: History | tuple[np.ndarray, np.ndarray] | None = None,
    dataset: Dataset | None = None,
    world_model: ModelSource = None,
    days: int = 14,
    draws: int = 500,
    repeats: int = 8,
    seed: int = 0,
) -> WhatIf:
    """Imagine a person's habit without and with a change, in pairs of the same latents and noise.

    Intervals are of the effect itself: the noise of single days is averaged over `repeats`
    futures of each draw of the person, and what is left of it subtracted.

    Args:
        change: one or several, such as "sleep_hours+1", "steps*1.3" or
            "workout_type=Running on weekdays"; separated by semicolons, or a sequence.
        user: id of a person of the data set.
        day: the first changed day, or its date as text; None is the day after the log.
            Only rows before it are read.
        history: a log instead of `user` and `day`: a History or a pair (rows, observed).
        dataset: see `gymnasium.make`; its people are those that the change is compared with.
        world_model: checkpoint folder; None means the bundled one.
        days: imagined days.
        draws: of who the person is; what is published needs 500.
        repeats: of the noise, for each of them.
        seed: of latents and noise.

    Raises:
        ConfigError: a change that cannot be read, too small a number, neither user nor history,
            or both; or a change on weekdays of a log without weekdays.
        DataError: unknown user, a day outside the log, or too little history.
        CheckpointError: see `load_world_model`.
    """
    changes = parse_changes(change)
    for name, value in {"days": days, "draws": draws, "repeats": repeats}.items():
        if whole_number(value, name) < _FEWEST[name]:
            raise ConfigError(f"{name} >= {_FEWEST[name]}", f"{name}={value}", "Raise it.")
    seed = seed_number(seed)
    people = resolve_dataset(dataset)
    logs = people if isinstance(people, LogDataset) else people.dataset
    runtime = load_world_model(world_model)
    world = DreamWorld(
        runtime,
        logs,
        split="all",
        horizon=days,
        adherence=0.0,
        masking="none",
    )
    start = _start(world, user, day, history)
    log = world.history_of(start)
    if changes.needs_weekdays and log.weekday[-1] < 0:
        raise ConfigError(
            "a log that knows its weekdays, for a change on some of them",
            "one without",
            'Give the weekday of its first row, or leave out "on ...".',
        )
    person, population = (
        play_pairs(one, start, [changes], draws=draws, repeats=repeats, seed=seed)[0]
        for one in (world, world.from_prior())
    )
    effects = _effects(person, effect_draws(person), effect_draws(population))
    reach = reaches(changes, person, (log.rows, log.observed), _others(logs, start.user))
    better = {name: effects[name].average.probability_above_zero for name in (REWARD, _MOOD)}
    better[_HEART_RATE] = 1.0 - effects[_HEART_RATE].average.probability_above_zero
    simulated = history is None and not isinstance(people, LogDataset)
    uncertainty = {
        "habit": float(person.habit.uncertainty.mean()),
        "changed": float(person.changed.uncertainty.mean()),
    }
    doubts = warnings(changes, person.weekday, log, reach, uncertainty)
    first = None if history is not None else logs.date_of(start.user, start.day)
    answer = WhatIf(
        change=str(changes),
        user=user or "",
        day=start.day,
        days=days,
        effects=effects,
        better=better,
        reach=reach,
        uncertainty=uncertainty,
        warnings=doubts + model_warnings(runtime.checkpoint, simulated=simulated),
        sentence="",
        first_date=None if first is None else first.isoformat(),
    )
    states = (schema.HEART_RATE, schema.MOOD)
    absent = [schema.FEATURE_NAMES[each] for each in states if not log.observed[:, each].any()]
    said = sentence(answer, simulated=simulated, never_logged=absent)
    return replace(answer, sentence=said)


def _effects(
    pairs: Pairs, person: EffectDraws, population: EffectDraws
) -> dict[str, OutcomeEffect]:
    level = pairs.habit.outcomes.mean(axis=(0, 1), dtype=np.float64)
    days = range(pairs.habit.outcomes.shape[1])
    return {
        name: OutcomeEffect(
            without_change=float(level[place]),
            average=summarise(person.average[:, place]),
            by_day=[summarise(person.by_day[:, day, place]) for day in days],
            population=summarise(population.average[:, place]),
            population_by_day=[summarise(population.by_day[:, day, place]) for day in days],
            from_log=share_removed(
                float(person.variance[place]), float(population.variance[place])
            ),
        )
        for place, name in enumerate(OUTCOMES)
    }


def _others(logs: LogDataset, user: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all rows of the other people, (n, 10), and their mask."""
    others = np.arange(logs.users) != user
    flat = (-1, schema.FEATURE_COUNT)
    return logs.rows[others].reshape(flat), logs.observed[others].reshape(flat)


def _start(
    world: DreamWorld,
    user: str | None,
    day: int | str | None,
    history: History | tuple[np.ndarray, np.ndarray] | None,
) -> PersonStart:
    if (user is None) == (history is None):
        raise ConfigError(
            "a user of the data set or a history",
            "both" if user is not None else "neither",
            "Give one of them.",
        )
    if history is not None:
        options: dict[str, object] = {"history": history, "day": day}
    else:
        logged = world.dataset.days_logged[world.dataset.index_of(str(user))]
        options = {"user": user, "day": int(logged) if day is None else day}
    return world.start_from([options], [PersonStart(0, 0, 0)])[0]
