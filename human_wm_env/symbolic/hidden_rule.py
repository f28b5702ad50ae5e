"""Reach targets by actions whose results are hidden and change each episode: HiddenRule-v0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.settings import one_of
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

RULES = ("all", "seen", "unseen")


@dataclass(frozen=True)
class HiddenRuleState(SymbolicState):
    """Rule and targets of an episode, and what was found out.

    Attributes:
        rule: int (slots, symbols), the result of each action.
        targets: int (slots, horizon + 1); those of even steps are used.
        result: int (slots,), of the last action.
        tried: bool (slots, symbols), actions whose result was seen.
    """

    rule: np.ndarray
    targets: np.ndarray
    result: np.ndarray
    tried: np.ndarray


class HiddenRuleWorld(SymbolicWorld[HiddenRuleState]):
    """Choose the action whose result is the target; the rule is another permutation each time.

    | part | entries | what |
    |---|---|---|
    | target | symbols | the result that is wanted; shown when a decision is due |
    | result | symbols | what the action brought; shown in the step after it |
    | success | 1 | whether the result was the target |

    Decisions and their results take turns, two steps a decision: at a decision the target alone
    is shown, then the result alone, where actions do nothing. So a policy without memory has
    nothing to go by, and acting is the only way to find out the rule.

    Reward: `goal` is 1 for a decision whose result is its target, else 0.

    Args:
        symbols, masking: see `SymbolicWorld`.
        decisions: of an episode; the horizon is twice as many.
        rules: "all" permutations, or about half of them: "seen" to train on, and the "unseen"
            others.
    """

    def __init__(
        self, *, symbols: int = 8, masking: float = 0.0, decisions: int = 10, rules: str = "all"
    ) -> None:
        self.parts = (
            Part("target", symbols, "world"),
            Part("result", symbols, "action"),
            Part("success", 1, "action"),
        )
        self.decisions = in_range(decisions, "decisions", 1, 5_000)
        super().__init__(symbols=symbols, horizon=2 * self.decisions, masking=masking)
        self.rules = one_of(rules, RULES, "rules")

    def reset(
        self, starts: Sequence[None], streams: Sequence[Stream]
    ) -> tuple[HiddenRuleState, np.ndarray]:
        """Draw rules and targets."""
        slots = len(starts)
        uniforms, hidden = self.draw(streams, self.symbols + 1)
        state = HiddenRuleState(
            steps=np.zeros(slots, dtype=np.int64),
            hidden=hidden,
            success=np.zeros(slots, dtype=bool),
            rule=self._draw_rules(uniforms[:, :, : self.symbols]),
            targets=as_symbols(uniforms[:, :, self.symbols], self.symbols),
            result=np.full(slots, -1),
            tried=np.zeros((slots, self.symbols), dtype=bool),
        )
        return state, self.observe(state)

    def _draw_rules(self, uniforms: np.ndarray) -> np.ndarray:
        """Return the first permutation of each slot that is one of `rules`.

        As many are tried as there are steps, and then the shifts of the first one: chance
        leaves fewer than three slots in a million to those.
        """
        drawn = as_permutations(uniforms)
        if self.rules == "all":
            return drawn[:, 0]
        shifted = np.stack([np.roll(drawn[:, 0], by, axis=1) for by in range(self.symbols)], axis=1)
        tried = np.concatenate([drawn, shifted], axis=1)
        fits = _is_unseen(tried) == (self.rules == "unseen")
        return tried[np.arange(len(tried)), fits.argmax(axis=1)]

    def step(self, state: HiddenRuleState, actions: np.ndarray) -> Transition[HiddenRuleState]:
        """Carry out the actions of decisions; those between them do nothing."""
        every, decides = np.arange(len(actions)), state.steps % 2 == 0
        now = np.minimum(state.steps, self.horizon)
        result = np.where(decides, state.rule[every, actions], -1)
        success = decides & (result == state.targets[every, now])
        tried = state.tried.copy()
        tried[every[decides], actions[decides]] = True
        after = HiddenRuleState(
            state.steps + 1, state.hidden, success, state.rule, state.targets, result, tried
        )
        return self.outcome(after, success)

    def encode(self, state: HiddenRuleState) -> dict[str, np.ndarray]:
        """Return the target, or else result and success."""
        every, now = np.arange(len(state.steps)), np.minimum(state.steps, self.horizon)
        decides = state.steps % 2 == 0
        return {
            "target": np.where(decides, state.targets[every, now], -1),
            "result": state.result,
            "success": np.where(state.success, 0, -1),
        }

    def determined(self, state: HiddenRuleState, actions: np.ndarray) -> np.ndarray:
        """Results follow for actions that were tried, or are the only one that is left."""
        every, decides = np.arange(len(actions)), state.steps % 2 == 0
        untried = self.symbols - state.tried.sum(axis=1)
        known = ~decides | state.tried[every, actions] | (untried == 1)
        return self.mark(target=decides, result=known, success=known)

    def decisive(self, state: HiddenRuleState) -> np.ndarray:
        """At decisions."""
        return state.steps % 2 == 0

    def hidden_rule(self, state: HiddenRuleState) -> np.ndarray:
        """Return the result of each action, (slots, symbols)."""
        return state.rule

    def references(self) -> References:
        """Dynamic programming over how many results are known.

        Without memory: at a decision the target alone is shown, and it says nothing of the
        rule, so any action succeeds once in `symbols`.
        """
        self.require_shown()
        if self.rules != "all":
            raise ConfigError(
                'rules="all" for computed references', f"rules={self.rules!r}", "Leave it out."
            )
        chance = self.decisions / self.symbols
        return References(chance, chance, _optimal(self.symbols, self.decisions, 0))


def _is_unseen(rules: np.ndarray) -> np.ndarray:
    """Say which permutations (..., symbols) have an odd sum of results of every second action."""
    return np.asarray(rules[..., ::2].sum(axis=-1) % 2 == 1)


@lru_cache(maxsize=100_000)
def _optimal(symbols: int, left: int, known: int) -> float:
    """Return the best expected successes of `left` more decisions with `known` results known.

    A known target may be hit, or an untried action be tried for what it tells; an unknown one
    is hit by an untried action with one chance in as many as there are.
    """
    if left == 0:
        return 0.0
    if known >= symbols - 1:
        return float(left)
    more = _optimal(symbols, left - 1, known + 1)
    hit = max(1.0 + _optimal(symbols, left - 1, known), more)
    unknown = symbols - known
    return (known * hit + unknown * (1.0 / unknown + more)) / symbols
