"""Answer the symbol shown by a rule that a cue names: PatternEcho-v0 and Conditional-v0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.random_streams import Stream
from human_wm_env.symbolic.llm_parent import LLMParent, LLMParentConfig
from human_wm_env.symbolic.parent import Parent, RuleParent
from human_wm_env.symbolic.symbolic_world import (
    Part,
    References,
    SymbolicState,
    SymbolicWorld,
    as_symbols,
    in_range,
)
from human_wm_env.worlds.world import Transition

MOST_CUES = 4


@dataclass(frozen=True)
class ConditionalState(SymbolicState):
    """Cues and symbols of the whole episode, int (slots, horizon + 1)."""

    cues: np.ndarray
    shown: np.ndarray


class ConditionalWorld(SymbolicWorld[ConditionalState]):
    """Answer the symbol shown by the rule of the cue beside it.

    | part | entries | what |
    |---|---|---|
    | cue | cues | the rule of this step; not there with one cue |
    | shown | symbols | the symbol to be answered |
    | success | 1 | whether the last action was right |

    With s symbols, the answer to symbol x is x (cue 0), x + 1 (cue 1), s - 1 - x (cue 2) or
    x + s // 2 (cue 3), modulo s. Cue and symbol are drawn anew at each step.

    Reward: `goal` is 1 for the right answer, else 0.

    Args:
        symbols, horizon, masking: see `SymbolicWorld`.
        cues: how many rules there are, 1 to 4.
        parent: who says whether an answer is right: None is the rule itself, settings of
            `LLMParentConfig` by name ask a language model.
    """

    def __init__(
        self,
        *,
        symbols: int = 8,
        horizon: int = 4,
        masking: float = 0.0,
        cues: int = MOST_CUES,
        parent: Parent | Mapping[str, Any] | None = None,
    ) -> None:
        self.cues = in_range(cues, "cues", 1, MOST_CUES)
        cue = (Part("cue", self.cues, "world"),) if self.cues > 1 else ()
        self.parts = (*cue, Part("shown", symbols, "world"), Part("success", 1, "action"))
        super().__init__(symbols=symbols, horizon=horizon, masking=masking)
        self.decisions = self.horizon
        x, s = np.arange(self.symbols), self.symbols
        self.answers = np.stack([x, (x + 1) % s, s - 1 - x, (x + s // 2) % s])[: self.cues]
        self.parent = self._parent(parent)
        rules = ["x", f"(x + 1) mod {s}", f"{s} - 1 - x", f"(x + {s // 2}) mod {s}"][: self.cues]
        self.task = "; ".join(
            f"cue {cue}: the answer to x is {rule}" for cue, rule in enumerate(rules)
        )

    def _parent(self, parent: Parent | Mapping[str, Any] | None) -> Parent:
        if parent is None:
            return RuleParent(self.answers)
        if not isinstance(parent, Mapping):
            return parent
        known = [field.name for field in fields(LLMParentConfig)]
        for name in parent:
            if name not in known:
                raise ConfigError("settings of a parent", repr(name), did_you_mean(name, known))
        if "model" not in parent:
            raise ConfigError("the name of a model", "none", "Give parent={model: NAME}.")
        return LLMParent(LLMParentConfig(**parent), self.symbols)

    def reset(
        self, starts: Sequence[None], streams: Sequence[Stream]
    ) -> tuple[ConditionalState, np.ndarray]:
        """Draw cues and symbols of whole episodes."""
        uniforms, hidden = self.draw(streams, 2)
        state = ConditionalState(
            steps=np.zeros(len(starts), dtype=np.int64),
            hidden=hidden,
            success=np.zeros(len(starts), dtype=bool),
            cues=as_symbols(uniforms[:, :, 0], self.cues),
            shown=as_symbols(uniforms[:, :, 1], self.symbols),
        )
        return state, self.observe(state)

    def step(self, state: ConditionalState, actions: np.ndarray) -> Transition[ConditionalState]:
        """Let the parent judge every answer."""
        now = self.encode(state)
        cues = now["cue"] if self.cues > 1 else np.zeros_like(now["shown"])
        success = self.parent.judge(self.task, cues, now["shown"], actions)
        after = ConditionalState(state.steps + 1, state.hidden, success, state.cues, state.shown)
        return self.outcome(after, success)

    def encode(self, state: ConditionalState) -> dict[str, np.ndarray]:
        """Return cue, symbol and success."""
        every, now = np.arange(len(state.steps)), np.minimum(state.steps, self.horizon)
        success = np.where(state.success, 0, -1)
        parts = {"shown": state.shown[every, now], "success": success}
        return parts if self.cues == 1 else {"cue": state.cues[every, now], **parts}

    def determined(self, state: ConditionalState, actions: np.ndarray) -> np.ndarray:
        """Only success follows: cue and symbol are drawn."""
        return self.mark(success=np.ones(len(actions), dtype=bool))

    def hidden_rule(self, state: ConditionalState) -> np.ndarray:
        """Nothing is hidden: (slots, 0)."""
        return np.zeros((len(state.steps), 0), dtype=np.int64)

    def references(self) -> References:
        """Each step alone: chance is one in `symbols`, and what is shown says the answer."""
        self.require_shown()
        return References(self.horizon / self.symbols, self.horizon, self.horizon)
