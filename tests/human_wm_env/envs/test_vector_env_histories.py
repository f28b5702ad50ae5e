"""Reset options of a VectorEnv: people, days and histories of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person.history import History
from human_wm_env.person_context import VectorPersonContext
from human_wm_env.runtime import world_model as runtimes
from human_wm_env.worlds.dream import DreamWorld
from tests.human_wm_env.envs.vector_envs import HORIZON, Make, actions, dumped
from tests.world_model import tiny


def test_options_are_single_or_one_per_slot(make: Make) -> None:
    env = make(3)
    _, info = env.reset(seed=0, options={"user": "p002", "day": [20, 30, 40]})
    assert info["user_index"].tolist() == [2] * 3 and info["day"].tolist() == [20, 30, 40]
    users = np.array(["p001", "p002", "p003"])
    _, info = env.reset(options={"user": users, "day": np.array([20, 30, 40])})
    assert [env.user_name(one) for one in info["user_index"]] == users.tolist()
    with pytest.raises(ConfigError, match="2 values"):
        env.reset(options={"day": [20, 30]})


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many histories each call encoded."""
    counts: list[int] = []
    prepare = runtimes.prepare

    def counted(histories: Sequence[History], **arguments: Any) -> Any:
        counts.append(len(histories))
        return prepare(histories, **arguments)

    monkeypatch.setattr(runtimes, "prepare", counted)
    return counts


def own_log(user: int = 3, day: int = 40) -> tuple[np.ndarray, np.ndarray]:
    history = tiny.logs().history(user, day)
    return history.rows.copy(), history.observed.copy()


@pytest.mark.parametrize("ready", [False, True])
def test_the_branches_of_a_history_share_it(encoded: list[int], ready: bool) -> None:
    world = DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON)
    env = VectorEnv(world, BRANCHES)
    rows, observed = own_log()
    given: Any = History.from_arrays(rows, observed, 2) if ready else (rows, observed)
    options = {"history": given} if ready else {"history": given, "start_weekday": 2}
    observation, info = env.reset(seed=4, options=options)
    assert encoded == [1]
    assert {id(start.history) for start in env.starts} == {id(env.starts[0].history)}
    assert (
        (info["day"] == 40).all() and (info["user_index"] == -1).all() and env.user_name(-1) == ""
    )
    assert info["branch"].tolist() == list(range(BRANCHES))
    # It is a copy, and what the branches are is what the scalar env makes of the same log.
    rows[:], observed[:] = 0.0, False
    chosen = actions(1, BRANCHES)[0]
    after = env.step(chosen)[0]
    for branch in (0, 77):
        alone = Env(world)
        rows, observed = own_log()
        fresh = {"history": (rows, observed), "start_weekday": 2, "branch": branch}
        first, _ = alone.reset(seed=4, options=fresh)
        np.testing.assert_allclose(first, observation[branch], atol=1e-5)
        np.testing.assert_allclose(alone.step(chosen[branch])[0], after[branch], atol=1e-5)


def test_a_history_is_read_once_for_each_weekday(encoded: list[int]) -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 4, layout="people")
    env.reset(seed=0, options={"history": own_log(), "start_weekday": [1, 2, 1, None]})
    assert encoded == [3]
    first = [start.history.weekday[0] for start in env.starts if start.history is not None]
    assert first == [1, 2, 1, -1]
    assert env.starts[0].history is env.starts[2].history
    # Nothing is kept: the caller may change the log between two resets.
    env.reset(options={"history": own_log(5), "reset_mask": np.array([True, True, False, False])})
    assert encoded == [3, 1]
    assert env.starts[0].history is env.starts[1].history is not env.starts[2].history


def test_a_person_context_reads_a_shared_history_once(encoded: list[int]) -> None:
    world = DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON)
    env = VectorPersonContext(VectorEnv(world, BRANCHES), tiny.runtime())
    env.reset(seed=0, options={"history": own_log()})
    assert encoded == [1, 1]  # the world's own, and the agent's


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"history": "log.csv"}, DataError),
        ({"history": own_log(3, 13)}, DataError),
        ({"history": own_log(), "user": "p001"}, ConfigError),
        ({"history": own_log(), "user": [None, None, "p001"]}, ConfigError),
        ({"history": own_log(), "start_weekday": [1, 2, "Monday"]}, ConfigError),
        ({"history": own_log(), "start_weekday": 7}, DataError),
        ({"history": tiny.logs().history(3, 40), "start_weekday": 1}, ConfigError),
        ({"start_weekday": 1}, ConfigError),
    ],
)
def test_impossible_histories_are_refused(options: dict[str, Any], error: type[Exception]) -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 3)
    before, _ = env.reset(seed=1)
    with pytest.raises(error):
        env.reset(options=options)
    np.testing.assert_array_equal(env.state.day, [start.day for start in env.starts])
    np.testing.assert_array_equal(env.reset(seed=1)[0], before)


def test_a_shared_history_cannot_be_written_to() -> None:
    env = VectorEnv(DreamWorld(tiny.runtime(), tiny.logs(), horizon=HORIZON), 2)
    env.reset(seed=0, options={"history": own_log()})
    history = env.starts[0].history
    assert history is not None
    for array in (history.rows, history.observed, history.weekday):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_refused_options_leave_the_env_as_it_was(make: Make) -> None:
    env, other = make(3), make(3)
    env.reset(seed=0)
    other.reset(seed=0)
    for wrong in ({"day": [20, 30, 5]}, {"user": "nobody"}, {"dya": 20}):
        with pytest.raises((DataError, ConfigError)):
            env.reset(seed=9, options=wrong)
    assert dumped(env.step(np.zeros((3, 7)))) == dumped(other.step(np.zeros((3, 7))))
    assert dumped(env.reset()) == dumped(other.reset())


def test_the_callers_options_are_not_changed(make: Make) -> None:
    env = make(2)
    env.reset(seed=0)
    options = {"reset_mask": np.array([True, False])}
    _, info = env.reset(options=options)
    info["_day"][:] = True
    assert options["reset_mask"].tolist() == [True, False]
