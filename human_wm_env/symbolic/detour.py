"""A goal behind rooms whose doors change each episode: Detour-v0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.symbolic.symbolic_world import (
    Part,
    References,
    SymbolicState,
    SymbolicWorld,
    as_permutations,
    as_symbols,
    in_range,
)
from human_wm_env.worlds.world import Transition


@dataclass(frozen=True)
class DetourState(SymbolicState):
    """Doors of an episode, the place, and which actions were tried.

    Attributes:
        leads_on: bool (slots, rooms, symbols), actions that lead on from each room.
        place: int (slots,): 0 to rooms - 1 are the rooms, `rooms` is the goal, and
            rooms + 1 + r the dead end beside room r.
        tried: bool (slots, rooms, symbols), actions whose result was seen.
    """

    leads_on: np.ndarray
    place: np.ndarray
    tried: np.ndarray


class DetourWorld(SymbolicWorld[DetourState]):
    """Reach the goal through rooms without reward; which door leads on changes each episode.

    | part | entries | what |
    |---|---|---|
    | place | 2 rooms + 1 | where the agent is: a room, the goal, or a dead end |

    From each room one action leads to the next one, and from the last room to the goal; all
    others lead to the room's dead end. From a dead end every action leads back to its room, and
    from the goal to the first room.

    Reward: `goal` is 1 for each arrival at the goal, else 0.

    Args:
        symbols, horizon, masking: see `SymbolicWorld`.
        rooms: to be crossed one after the other.
        open_doors: actions that lead on from each room; more than one make it easier, as a
            curriculum begins.
    """

    def __init__(
        self,
        *,
        symbols: int = 8,
        horizon: int = 24,
        masking: float = 0.0,
        rooms: int = 2,
        open_doors: int = 1,
    ) -> None:
        self.rooms = in_range(rooms, "rooms", 1, 16)
        self.parts = (Part("place", 2 * self.rooms + 1, "action"),)
        super().__init__(symbols=symbols, horizon=horizon, masking=masking)
        self.decisions = (self.horizon + 1) // (self.rooms + 1)
        self.open_doors = in_range(open_doors, "open_doors", 1, self.symbols)
        if self.open_doors > 1 and self.horizon < self.symbols:
            raise ConfigError(
                f"a horizon of at least {self.symbols} with several open_doors",
                f"{self.horizon}",
                "Raise the horizon, or leave open_doors out.",
            )

    def reset(
        self, starts: Sequence[None], streams: Sequence[Stream]
    ) -> tuple[DetourState, np.ndarray]:
        """Draw the doors; everyone begins in the first room."""
        slots = len(starts)
        uniforms, hidden = self.draw(streams, self.rooms)
        state = DetourState(
            steps=np.zeros(slots, dtype=np.int64),
            hidden=hidden,
            success=np.zeros(slots, dtype=bool),
            leads_on=self._draw_doors(uniforms),
            place=np.zeros(slots, dtype=np.int64),
            tried=np.zeros((slots, self.rooms, self.symbols), dtype=bool),
        )
        return state, self.observe(state)

    def _draw_doors(self, uniforms: np.ndarray) -> np.ndarray:
        """Return which actions lead on: one of each room, and further ones in random order."""
        doors = as_symbols(uniforms[:, 0], self.symbols)[:, :, None]
        if self.open_doors == 1:
            return doors == np.arange(self.symbols)
        turns = uniforms[:, 1 : self.symbols + 1].transpose(0, 2, 1).copy()
        np.put_along_axis(turns, doors, -1.0, axis=2)
        leads_on = np.zeros(turns.shape, dtype=bool)
        np.put_along_axis(leads_on, as_permutations(turns)[:, :, : self.open_doors], True, axis=2)
        return leads_on

    def step(self, state: DetourState, actions: np.ndarray) -> Transition[DetourState]:
        """Go through doors, into dead ends and back."""
        every, place = np.arange(len(actions)), state.place
        in_room = place < self.rooms
        room = np.where(in_room, place, 0)
        leads_on = state.leads_on[every, room, actions]
        dead_end = self.rooms + 1 + place
        back = np.where(place == self.rooms, 0, place - self.rooms - 1)
        there = np.where(in_room, np.where(leads_on, place + 1, dead_end), back)
        tried = state.tried.copy()
        tried[every[in_room], room[in_room], actions[in_room]] = True
        success = there == self.rooms
        after = replace(state, steps=state.steps + 1, success=success, place=there, tried=tried)
        return self.outcome(after, success)

    def encode(self, state: DetourState) -> dict[str, np.ndarray]:
        """Return the place."""
        return {"place": state.place}

    def determined(self, state: DetourState, actions: np.ndarray) -> np.ndarray:
        """The next place follows where all doors are known, or the action was tried."""
        every, in_room = np.arange(len(actions)), state.place < self.rooms
        room = np.where(in_room, state.place, 0)
        tried = state.tried[every, room]
        found = (tried & state.leads_on[every, room]).sum(axis=1)
        untried = self.symbols - tried.sum(axis=1)
        all_known = (found == self.open_doors) | (untried == self.open_doors - found)
        return self.mark(place=~in_room | all_known | tried[every, actions])

    def decisive(self, state: DetourState) -> np.ndarray:
        """In rooms."""
        return np.asarray(state.place < self.rooms)

    def hidden_rule(self, state: DetourState) -> np.ndarray:
        """Return the (first) door of each room, (slots, rooms)."""
        return state.leads_on.argmax(axis=2)

    def references(self) -> References:
        """Dynamic programming over what is known, and over the steps that are left.

        A memoryless policy chooses in each room by fixed probabilities. By symmetry the doors'
        are averaged over: with probability p of the right door in each room it makes
        `_arrivals(p)`, which is searched over policies that choose among m actions alike; that
        no other is better is shown by the concave envelope (see the tests).
        """
        self.require_shown()
        if self.open_doors > 1:
            raise ConfigError(
                "open_doors=1 for computed references", f"{self.open_doors}", "Leave it out."
            )
        even = (1.0 / self.symbols,) * self.rooms
        return References(
            random=expected_arrivals(even, self.horizon),
            memoryless=self._best_memoryless(),
            optimal=_optimal(self.symbols, self.rooms, self.horizon, 0, (0,) * self.rooms),
        )

    def _best_memoryless(self) -> float:
        best = 0.0
        for choices in np.ndindex(*(self.symbols,) * self.rooms):
            among = np.array(choices) + 1  # actions that are chosen among, in each room
            arrivals = expected_arrivals(tuple(1.0 / among), self.horizon)
            best = max(best, float(np.prod(among / self.symbols)) * arrivals)
        return best


def expected_arrivals(right: Sequence[float], horizon: int) -> float:
    """Return the expected arrivals at the goal of a policy without memory.

    Args:
        right: probability of the right door, in each room.
        horizon: steps.
    """
    rooms = len(right)
    at = np.zeros(2 * rooms + 1)
    at[0] = 1.0
    arrivals = 0.0
    onward = np.array(right)
    for _ in range(horizon):
        after = np.zeros_like(at)
        after[1 : rooms + 1] = at[:rooms] * onward
        after[rooms + 1 :] = at[:rooms] * (1.0 - onward)
        after[0] += at[rooms]
        after[:rooms] += at[rooms + 1 :]
        at = after
        arrivals += at[rooms]
    return float(arrivals)


@lru_cache(maxsize=1_000_000)
def _optimal(symbols: int, rooms: int, left: int, place: int, tried: tuple[int, ...]) -> float:
    """Return the best expected arrivals from a room.

    Args:
        symbols: of the world.
        rooms: of the world.
        left: steps.
        place: a room.
        tried: wrong actions that are known of each room; `symbols` where the door is.
    """
    if left <= 0:
        return 0.0
    wrong = tried[place]
    chance = 1.0 if wrong == symbols else 1.0 / (symbols - wrong)
    found = (*tried[:place], symbols, *tried[place + 1 :])
    if place + 1 == rooms:
        right = 1.0 + _optimal(symbols, rooms, left - 2, 0, found)
    else:
        right = _optimal(symbols, rooms, left - 1, place + 1, found)
    if chance == 1.0:
        return right
    more = (*tried[:place], wrong + 1, *tried[place + 1 :])
    return chance * right + (1.0 - chance) * _optimal(symbols, rooms, left - 2, place, more)
