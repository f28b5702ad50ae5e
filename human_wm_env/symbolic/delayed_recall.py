"""Recall at the end what was shown at the beginning: DelayedRecall-v0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.random_streams import Stream
from human_wm_env.symbolic.symbolic_world import (
    Part,
    References,
    SymbolicState,
    SymbolicWorld,
    as_symbols,
    in_range,
)
from human_wm_env.worlds.world import Transition

SHOW, WAIT, RECALL = range(3)


@dataclass(frozen=True)
class RecallState(SymbolicState):
    """The symbols of the whole episode, int (slots, horizon + 1)."""

    shown: np.ndarray


class DelayedRecallWorld(SymbolicWorld[RecallState]):
    """Answer at the last step what was shown `delay` steps before, with distractors between.

    | part | entries | what |
    |---|---|---|
    | phase | 3 | the target is shown; wait; recall it now |
    | shown | symbols | the target, then distractors; nothing when it is to be recalled |
    | success | 1 | whether the answer was right; known after the last step |

    Reward: `goal` is 1 after the last step if its action is the target, else 0; before it is 0.
    The horizon is `delay` + 1.

    Args:
        symbols, masking: see `SymbolicWorld`.
        delay: steps between the target and its recall.
    """

    def __init__(self, *, symbols: int = 8, masking: float = 0.0, delay: int = 5) -> None:
        self.parts = (
            Part("phase", 3, "world"),
            Part("shown", symbols, "world"),
            Part("success", 1, "action"),
        )
        self.delay = in_range(delay, "delay", 1, 9_999)
        super().__init__(symbols=symbols, horizon=self.delay + 1, masking=masking)
        self.decisions = 1

    def reset(
        self, starts: Sequence[None], streams: Sequence[Stream]
    ) -> tuple[RecallState, np.ndarray]:
        """Draw targets and distractors."""
        uniforms, hidden = self.draw(streams, 1)
        state = RecallState(
            steps=np.zeros(len(starts), dtype=np.int64),
            hidden=hidden,
            success=np.zeros(len(starts), dtype=bool),
            shown=as_symbols(uniforms[:, :, 0], self.symbols),
        )
        return state, self.observe(state)

    def step(self, state: RecallState, actions: np.ndarray) -> Transition[RecallState]:
        """Judge the answers of the last step."""
        success = (state.steps == self.delay) & (state.shown[:, 0] == actions)
        after = RecallState(state.steps + 1, state.hidden, success, state.shown)
        return self.outcome(after, success)

    def encode(self, state: RecallState) -> dict[str, np.ndarray]:
        """Return phase, symbol and success."""
        every, now = np.arange(len(state.steps)), np.minimum(state.steps, self.horizon)
        phase = np.where(state.steps == 0, SHOW, np.where(state.steps < self.delay, WAIT, RECALL))
        over = state.steps > self.delay
        shown = np.where(state.steps < self.delay, state.shown[every, now], -1)
        return {
            "phase": np.where(over, -1, phase),
            "shown": shown,
            "success": np.where(state.success, 0, -1),
        }

    def determined(self, state: RecallState, actions: np.ndarray) -> np.ndarray:
        """All but the distractors follows, and that none is shown any more."""
        blank = state.steps + 1 >= self.delay
        return self.mark(phase=True, shown=blank, success=True)

    def decisive(self, state: RecallState) -> np.ndarray:
        """At the recall."""
        return state.steps == self.delay

    def hidden_rule(self, state: RecallState) -> np.ndarray:
        """Return the target, (slots, 1)."""
        return state.shown[:, :1]

    def references(self) -> References:
        """The state at the recall says nothing of the target, which is one of `symbols`."""
        self.require_shown()
        return References(1.0 / self.symbols, 1.0 / self.symbols, 1.0)
