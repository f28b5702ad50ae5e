"""What can be learned from logs at all, each number against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from world_model.audit.config import AuditConfig
from world_model.audit.families import FamilyTests
from world_model.audit.findings import Family
from world_model.audit.missingness import Missingness, describe_missingness
from world_model.audit.plausibility import Plausibility, check_plausibility
from world_model.audit.signals import PersonDays
from world_model.audit.uniformity import Uniformity, test_uniformity

#: that are looked at, with some 1.5 GB of memory
MOST_PERSON_DAYS = 1_000_000


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        name: of the data set.
        users: people in it, or of a very large one those who were looked at; person_days: their
            logged days.
        tested_people, tested_days: of the permutation tests.
        within_people: links are within people; False where the logs are too
            short for that, and they are over all rows.
        people: intraclass correlation, per feature and category.
        memory: lag-1 correlation within people.
        weekday: share of the variance within people between weekdays.
        same_day: correlations between features.
        next_day: correlations of actions with the next day's state.
        logged: correlations of values with whether another feature is observed.
        uniformity, plausibility, missingness: see there.
    """

    name: str
    users: int
    person_days: int
    tested_people: int
    tested_days: int
    within_people: bool
    people: Family
    memory: Family
    weekday: Family
    same_day: Family
    next_day: Family
    logged: Family
    uniformity: tuple[Uniformity, ...]
    plausibility: Plausibility
    missingness: tuple[Missingness, ...]


def audit(dataset: LogDataset, config: AuditConfig | None = None) -> Audit:
    """Look for everything that a world model could learn, and test it against chance.

    Nulls: people are tested by dealing blocks of days anew to all people; memory and
    weekday by dealing each person's days anew; links by rotating each feature's log within
    each person (features keep their own memory and gaps), or, where people have hardly
    more than one day each, by shuffling all rows. All splits are used; of more days than
    `MOST_PERSON_DAYS`, people at random who make up so many.
    """
    config = config or AuditConfig()
    dataset = _some(dataset, config.seed)
    chances = np.random.SeedSequence(config.seed).spawn(5)
    choice, by_people, by_days, by_links, jitter = map(np.random.default_rng, chances)
    whole = PersonDays.from_dataset(dataset)
    tested = _take_people(dataset, whole, config.person_days, choice)
    # Half of the days have to be left when each person's mean is subtracted.
    within_people = whole.count - whole.people >= whole.count / 2
    tests = FamilyTests(config, whole, tested, within_people)
    memory, weekday = tests.memory_and_weekday(by_days)
    same_day, next_day, logged = tests.links(by_links)
    return Audit(
        name=dataset.name,
        users=dataset.users,
        person_days=whole.count,
        tested_people=tested.people,
        tested_days=tested.count,
        within_people=within_people,
        people=tests.people(by_people),
        memory=memory,
        weekday=weekday,
        same_day=same_day,
        next_day=next_day,
        logged=logged,
        uniformity=test_uniformity(dataset, jitter),
        plausibility=check_plausibility(dataset),
        missingness=describe_missingness(dataset),
    )


def _some(dataset: LogDataset, seed: int) -> LogDataset:
    """Return all people, or so many as an audit has the memory for."""
    most = max(2, MOST_PERSON_DAYS // max(1, dataset.days))
    if dataset.users <= most:
        return dataset
    rng = np.random.default_rng(np.random.SeedSequence([seed, 37]))
    return dataset.of_people(np.sort(rng.permutation(dataset.users)[:most]))


def _take_people(
    dataset: LogDataset, whole: PersonDays, person_days: int, rng: np.random.Generator
) -> PersonDays:
    """Take people in random order until their days fill the budget."""
    if whole.count <= person_days:
        return whole
    order = rng.permutation(np.flatnonzero(dataset.days_logged > 0))
    filled = np.cumsum(dataset.days_logged[order])
    people = max(2, int(np.searchsorted(filled, person_days, side="right")))
    return PersonDays.from_dataset(dataset, np.sort(order[:people]))
