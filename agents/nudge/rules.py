"""Fixed rules: one nudge every so many days, always or on what the tracker saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, Self

import numpy as np

from agents.env_config import EnvConfig
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.training_session import Session
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.nudges import NOTHING, read_nudges
from human_wm_env.person import observations, schema
from human_wm_env.settings import one_of, whole_number

# Sedentary: under 5,000 steps (Tudor-Locke et al. 2013). Short: under the recommended 7 hours.
SEDENTARY_STEPS, SHORT_HOURS = 5000.0, 7.0
_TIRED = [schema.categories(schema.MOOD).index(name) for name in ("Tired", "Stressed")]


def _seen(observed: np.ndarray, feature: int) -> np.ndarray:
    return observed[:, observations.PARTS["mask"].start + feature] > 0.5


def _below(feature: int, limit: float) -> Callable[[np.ndarray], np.ndarray]:
    known = schema.continuous(feature)
    scaled, column = (limit - known.centre) / known.scale, schema.ROW_SLICES[feature].start

    def applies(observed: np.ndarray) -> np.ndarray:
        return _seen(observed, feature) & (observed[:, column] < scaled)

    return applies


def _tired(observed: np.ndarray) -> np.ndarray:
    moods = observed[:, schema.ROW_SLICES[schema.MOOD]]
    return np.asarray(moods[:, _TIRED].any(axis=1))  # all zero where it was not seen


# By name, observations of people, (slots, width), to bool (slots,).
CONDITIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "always": lambda observed: np.ones(len(observed), dtype=bool),
    "sedentary": _below(schema.STEPS, SEDENTARY_STEPS),
    "short_night": _below(schema.SLEEP, SHORT_HOURS),
    "tired": _tired,
}


@dataclass(frozen=True)
class NudgeRuleConfig:
    """Settings of a fixed rule.

    Attributes:
        nudge: what is sent, by its name; "nothing" never sends one.
        every: days from one nudge to the next, at least.
        when: "always", or after a day that was seen to be "sedentary" (under 5,000 steps) or
            "tired" (tired or stressed), or after a "short_night" (under 7 hours).
    """

    nudge: str = NOTHING
    every: int = 1
    when: str = "always"
    algorithm: Literal["nudge_rule"] = "nudge_rule"

    def __post_init__(self) -> None:
        one_of(self.when, CONDITIONS, "when")
        if whole_number(self.every, "every") < 1:
            raise ConfigError("every >= 1 day", f"{self.every}", "1 may send one each day.")


class NudgeRule:
    """Sends one nudge by a fixed rule.

    Args:
        config: the rule.
        action: the nudge's number in the world, 0 for nothing.
    """

    kind = "nudge_rule"

    def __init__(self, config: NudgeRuleConfig, action: int) -> None:
        self.name = config.nudge
        self.env_overrides: Overrides = {}
        self.config, self.action = config, action
        self._waited = np.zeros(0, dtype=int)

    def reset(self, slots: int) -> None:
        """Begin: the first nudge may be sent at once."""
        self._waited = np.full(slots, self.config.every)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the nudge where the rule says so, else nothing."""
        due = (self._waited >= self.config.every) & CONDITIONS[self.config.when](observations)
        self._waited = np.where(due, 1, self._waited + 1)
        return np.where(due, self.action, 0)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return the rule."""
        return {"config": asdict(self.config), "action": self.action}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the rule that `to_manifest` described."""
        return cls(NudgeRuleConfig(**manifest["config"]), int(manifest["action"]))


def make_rule(config: NudgeRuleConfig, env: EnvConfig, session: Session | None = None) -> NudgeRule:
    """Return the rule for the nudges of a world.

    Raises:
        ConfigError: the world sends no nudges, or has none of that name.
    """
    require_nudged(env, config.algorithm)
    return NudgeRule(config, read_nudges(env.nudges).action_of(config.nudge))


def require_nudged(env: EnvConfig, algorithm: str) -> None:
    """Raise ConfigError where people are not nudged."""
    if not env.nudged:
        raise ConfigError(
            f"an environment with nudges for {algorithm}", env.id, "Take env.id=HumanWMNudge-v0."
        )
