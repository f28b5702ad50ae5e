from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.env_config import EnvConfig
from agents.episode_starts import draw_starts, spread_starts
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people.embedded import EmbeddedPeople

CONFIG = EnvConfig("HumanWMSim-v0", horizon=30, split="all")


def test_every_person_gets_the_same_number_of_episodes(people: EmbeddedPeople) -> None:
    starts = draw_starts(CONFIG, people=5, episodes_per_person=3, seed=1, dataset=people)
    assert len(starts) == 15
    _, counts = np.unique(starts.users, return_counts=True)
    assert counts.tolist() == [3] * 5
    assert len(set(starts.seeds.tolist())) == 15


def test_days_leave_history_before_and_the_horizon_after(people: EmbeddedPeople) -> None:
    starts = draw_starts(
        CONFIG, people=None, episodes_per_person=40, seed=1, min_history_days=60, dataset=people
    )
    assert (starts.days.min(), starts.days.max()) == (60, 90)  # 120 days of log


def test_the_split_is_kept(people: EmbeddedPeople) -> None:
    config = replace(CONFIG, split="test")
    starts = draw_starts(config, people=None, episodes_per_person=2, seed=1, dataset=people)
    logs = people.dataset
    assert {logs.split_of[logs.index_of(user)] for user in starts.users} == {"test"}


def test_a_seed_repeats_and_another_differs(people: EmbeddedPeople) -> None:
    def drawn(seed: int) -> tuple[list[str], list[int], list[int]]:
        starts = draw_starts(CONFIG, people=6, episodes_per_person=1, seed=seed, dataset=people)
        return starts.users.tolist(), starts.days.tolist(), starts.seeds.tolist()

    assert drawn(4) == drawn(4)
    assert drawn(4)[1] != drawn(5)[1]
    assert not set(drawn(4)[2]) & set(drawn(5)[2])


def test_spread_starts_use_everyone_before_anyone_twice(people: EmbeddedPeople) -> None:
    starts = spread_starts(CONFIG, episodes=30, seed=0, dataset=people)
    _, counts = np.unique(starts.users, return_counts=True)
    assert len(starts) == 30
    assert sorted(counts.tolist()) == [2] * 6 + [3] * 6


def test_reset_arguments_begin_the_episodes(people: EmbeddedPeople) -> None:
    starts = draw_starts(CONFIG, people=2, episodes_per_person=1, seed=0, dataset=people)
    second = starts.part(slice(1, 2)).reset_arguments()
    assert second == {
        "seed": [int(starts.seeds[1])],
        "options": {"user": [starts.users[1]], "day": [starts.days[1]]},
    }


@pytest.mark.parametrize(("people_asked", "episodes"), [(0, 1), (1, 0)])
def test_no_people_are_an_error(people: EmbeddedPeople, people_asked: int, episodes: int) -> None:
    with pytest.raises(ConfigError, match="at least 1 person"):
        draw_starts(
            CONFIG, people=people_asked, episodes_per_person=episodes, seed=0, dataset=people
        )


def test_too_many_people_is_an_error(people: EmbeddedPeople) -> None:
    with pytest.raises(DataError, match="13 people"):
        draw_starts(CONFIG, people=13, episodes_per_person=1, seed=0, dataset=people)


def test_a_horizon_longer_than_the_logs_is_an_error(people: EmbeddedPeople) -> None:
    config = replace(CONFIG, horizon=107)
    with pytest.raises(DataError, match="for a shorter horizon"):
        draw_starts(config, people=None, episodes_per_person=1, seed=0, dataset=people)
    with pytest.raises(DataError, match="for a shorter horizon"):
        spread_starts(config, episodes=3, seed=0, dataset=people)
