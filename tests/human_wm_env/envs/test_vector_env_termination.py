"""A VectorEnv over a world that terminates, which those of this package never do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import DataError, ResetNeededError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.world import Transition
from tests.human_wm_env.envs.vector_envs import MODES

EVEN = [True, False, True, False]
ALL, NONE = [True] * 4, [False] * 4
NOTHING = np.zeros((4, 7), dtype=np.float32)


class Study(SimulatorWorld):
    """Everybody in an even slot leaves on the second day."""

    def step(self, state: Any, action: np.ndarray) -> Transition:
        after = super().step(state, action)
        after.terminated[0::2] = after.state.elapsed[0::2] >= 2
        return after


class Broadcast(SimulatorWorld):
    """Says once for all slots that no slot terminates."""

    def step(self, state: Any, action: np.ndarray) -> Transition:
        after = super().step(state, action)
        after.terminated = np.zeros(1, dtype=bool)
        return after


def ends(env: VectorEnv) -> tuple[list[bool], list[bool], dict[str, Any]]:
    _, _, terminated, truncated, info = env.step(NOTHING)
    return terminated.tolist(), truncated.tolist(), info


@pytest.mark.parametrize("mode", MODES)
def test_who_leaves_begins_again(mode: AutoresetMode, small: EmbeddedPeople) -> None:
    env = VectorEnv(Study(small, horizon=4), 4, autoreset_mode=mode)
    _, at_reset = env.reset(seed=0)
    first_day = at_reset["day"].copy()
    assert ends(env)[:2] == (NONE, NONE)
    terminated, truncated, info = ends(env)
    assert (terminated, truncated) == (EVEN, NONE)
    if mode == AutoresetMode.SAME_STEP:
        assert info["_final_obs"].tolist() == EVEN
        np.testing.assert_array_equal(info["final_info"]["day"][EVEN], (first_day + 2)[EVEN])
        assert ends(env)[:2] == (NONE, NONE)
        assert ends(env)[:2] == (EVEN, [not even for even in EVEN])
    elif mode == AutoresetMode.NEXT_STEP:
        terminated, truncated, info = ends(env)
        assert (terminated, truncated) == (NONE, NONE)
        assert info["action"].any(axis=1).tolist() == [not even for even in EVEN]
        assert info["_action"].all()
        assert ends(env)[:2] == (NONE, [not even for even in EVEN])
    else:
        with pytest.raises(ResetNeededError, match="2 slots whose episode is over"):
            env.step(NOTHING)
        env.reset(options={"reset_mask": np.array(EVEN)})
        assert ends(env)[:2] == (NONE, NONE)
        assert ends(env)[:2] == (EVEN, [not even for even in EVEN])


def test_who_leaves_on_the_last_day_does_both(small: EmbeddedPeople) -> None:
    env = VectorEnv(Study(small, horizon=2), 4)
    env.reset(seed=0)
    env.step(NOTHING)
    assert ends(env)[:2] == (EVEN, ALL)


@pytest.mark.parametrize("mode", MODES)
def test_a_world_of_other_slots_is_refused(mode: AutoresetMode, small: EmbeddedPeople) -> None:
    env = VectorEnv(Broadcast(small, horizon=4), 4, autoreset_mode=mode)
    env.reset(seed=0)
    with pytest.raises(DataError, match=r"of 4 slots; received 4, 1 and 4 slots.*Broadcast"):
        env.step(NOTHING)
