from __future__ import annotations

import pytest

from human_wm_env.worlds.start_cache import StartCache
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny


class Asked:
    """Works out names of starts, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[int, int]]] = []

    def __call__(self, starts: list[PersonStart]) -> list[str]:
        self.calls.append([(start.user, start.day) for start in starts])
        return [f"{start.user}/{start.day}" for start in starts]


def test_each_person_and_day_is_worked_out_once() -> None:
    cache: StartCache[str] = StartCache()
    asked = Asked()
    starts = [
        PersonStart(1, 30, 0),
        PersonStart(2, 30, 1),
        PersonStart(1, 30, 2),
        PersonStart(1, 31, 3),
    ]
    expected = ["1/30", "2/30", "1/30", "1/31"]
    assert cache.look_up(starts, asked) == expected
    assert cache.look_up(starts[::-1], asked) == expected[::-1]
    assert cache.look_up([PersonStart(1, 30, 9), PersonStart(3, 30, 9)], asked) == ["1/30", "3/30"]
    assert asked.calls == [[(1, 30), (2, 30), (1, 31)], [(3, 30)]]


def test_the_least_recently_used_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("human_wm_env.worlds.start_cache.MOST_STARTS", 2)
    cache: StartCache[str] = StartCache()
    asked = Asked()
    one, two, three = (PersonStart(user, 30, 0) for user in (1, 2, 3))
    cache.look_up([one, two], asked)
    cache.look_up([one], asked)
    cache.look_up([three], asked)  # two goes
    assert len(cache) == 2
    cache.look_up([one, two, three], asked)
    assert asked.calls == [[(1, 30), (2, 30)], [(3, 30)], [(2, 30)]]
    # More at once than are kept: all are returned.
    many = [PersonStart(user, 40, 0) for user in range(5)]
    assert cache.look_up(many, asked) == [f"{user}/40" for user in range(5)]
    assert len(cache) == 2


def test_histories_of_callers_are_shared_but_not_kept() -> None:
    cache: StartCache[str] = StartCache()
    asked = Asked()
    one, two = tiny.logs().history(0, 20), tiny.logs().history(1, 20)
    starts = [
        PersonStart(-1, 20, branch, history) for branch, history in enumerate((one, two, one))
    ]
    cache.look_up(starts, asked)
    assert len(asked.calls[0]) == 2 and len(cache) == 0
    cache.look_up(starts, asked)
    assert len(asked.calls) == 2
