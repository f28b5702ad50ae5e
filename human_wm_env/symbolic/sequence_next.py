"""Answer what comes next in a sequence that repeats: SequenceNext-v0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.random_streams import Stream
from human_wm_env.settings import whole_number
from human_wm_env.symbolic.symbolic_world import (
    Part,
    References,
    SymbolicState,
    SymbolicWorld,
    as_symbols,
    in_range,
)
from human_wm_env.worlds.world import Transition


@dataclass(frozen=True)
class SequenceState(SymbolicState):
    """Where in the sequence an episode began, int (slots,)."""

    phase: np.ndarray


class SequenceNextWorld(SymbolicWorld[SequenceState]):
    """Answer the next element of a repeating sequence, which is the same in every episode.

    | part | entries | what |
    |---|---|---|
    | shown | symbols | the element of this step |
    | success | 1 | whether the last action was right |

    Symbols may repeat in the sequence, so that the last one alone does not always say which
    comes next; those before it do. An episode begins anywhere in it.

    Reward: `goal` is 1 for the right answer, else 0.

    Args:
        symbols, horizon, masking: see `SymbolicWorld`.
        length: of the sequence.
        sequence_seed: which sequence it is.
    """

    def __init__(
        self,
        *,
        symbols: int = 8,
        horizon: int = 8,
        masking: float = 0.0,
        length: int = 8,
        sequence_seed: int = 0,
    ) -> None:
        self.parts = (Part("shown", symbols, "world"), Part("success", 1, "action"))
        super().__init__(symbols=symbols, horizon=horizon, masking=masking)
        self.decisions = self.horizon
        self.length = in_range(length, "length", 2, 1000)
        rng = np.random.default_rng(whole_number(sequence_seed, "sequence_seed"))
        self.sequence = rng.integers(self.symbols, size=self.length)

    def reset(
        self, starts: Sequence[None], streams: Sequence[Stream]
    ) -> tuple[SequenceState, np.ndarray]:
        """Draw where each episode begins."""
        uniforms, hidden = self.draw(streams, 1)
        state = SequenceState(
            steps=np.zeros(len(starts), dtype=np.int64),
            hidden=hidden,
            success=np.zeros(len(starts), dtype=bool),
            phase=as_symbols(uniforms[:, 0, 0], self.length),
        )
        return state, self.observe(state)

    def step(self, state: SequenceState, actions: np.ndarray) -> Transition[SequenceState]:
        """Go on by one element."""
        success = self._at(state, 1) == actions
        after = SequenceState(state.steps + 1, state.hidden, success, state.phase)
        return self.outcome(after, success)

    def encode(self, state: SequenceState) -> dict[str, np.ndarray]:
        """Return the element of this step, and success."""
        return {"shown": self._at(state, 0), "success": np.where(state.success, 0, -1)}

    def _at(self, state: SequenceState, ahead: int) -> np.ndarray:
        return np.asarray(self.sequence[(state.phase + state.steps + ahead) % self.length])

    def determined(self, state: SequenceState, actions: np.ndarray) -> np.ndarray:
        """The next element follows where what was shown leaves one continuation only."""
        known = [
            len(self._continuations(int(phase), int(steps))) == 1
            for phase, steps in zip(state.phase, state.steps, strict=True)
        ]
        return self.mark(shown=np.array(known), success=np.array(known))

    def hidden_rule(self, state: SequenceState) -> np.ndarray:
        """Nothing is hidden but the place in the sequence, which is shown by and by: (slots, 1)."""
        return np.asarray(((state.phase + state.steps) % self.length)[:, None])

    def _continuations(self, phase: int, steps: int) -> Counter[int]:
        """Count what follows all places with the same last `steps` + 1 elements."""
        return Counter(
            int(self.sequence[(other + steps + 1) % self.length])
            for other in range(self.length)
            if self._window(other, steps) == self._window(phase, steps)
        )

    def _window(self, phase: int, steps: int) -> tuple[int, ...]:
        return tuple(self.sequence[(phase + step) % self.length] for step in range(steps + 1))

    def references(self) -> References:
        """Count continuations: of the last symbol (memoryless), of all shown so far (optimal)."""
        self.require_shown()
        last = sum(self._best_shares(0)) / self.length
        optimal = sum(sum(self._best_shares(step)) for step in range(self.horizon)) / self.length
        return References(self.horizon / self.symbols, self.horizon * last, optimal)

    def _best_shares(self, steps: int) -> Iterator[float]:
        """Yield, for each phase, how often the likeliest continuation is right."""
        for phase in range(self.length):
            counts = self._continuations(phase, steps)
            yield max(counts.values()) / sum(counts.values())
