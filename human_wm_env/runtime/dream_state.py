"""What a dream keeps of people between two days, and what lets a day pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np

from human_wm_env.model.memory import Memory
from human_wm_env.person.missingness import MaskChain
from human_wm_env.response.carried import Carried
from human_wm_env.response.state import ResponseState
from human_wm_env.runtime import folded_inputs
from human_wm_env.runtime.modulation import Modulation

# Of the transition nets, constant over an episode, or of a response.
TransitionState: TypeAlias = Modulation | ResponseState


@dataclass(slots=True)
class DreamState:
    """What the dream keeps of a person, batch-first; arrays are never written to.

    Attributes:
        latents: float32 (slots, latents), the drawn person.
        policy_modulation: what the latents do to the policy net.
        transition: what they do to the transition nets, or what a response keeps.
        sums: float32 (slots, SUMS_WIDTH), slow quantities (`folded_inputs.sums_of`).
        encoded: float32 (slots, ROW_WIDTH), the last row, zero where the model does not know it.
        known: bool (slots, 10), which cells of the last row the model knows; all of them
            after the first day.
        masks: chain of the missingness.
    """

    latents: np.ndarray
    policy_modulation: Modulation
    transition: TransitionState
    sums: np.ndarray
    encoded: np.ndarray
    known: np.ndarray
    masks: MaskChain

    @property
    def memory(self) -> Memory:
        """The slow quantities as the runtime's memory."""
        return folded_inputs.memory_of(self.sums)


# Encoded inputs and the raw row of a day with what was decided, slots last.
Begun: TypeAlias = tuple[np.ndarray, np.ndarray]


class ImaginedDay(NamedTuple):
    """What came of a day, batch-first; `tomorrow` is the weather."""

    row: np.ndarray
    encoded: np.ndarray
    sums: np.ndarray
    observed: np.ndarray
    lost: np.ndarray
    uncertainty: np.ndarray
    tomorrow: np.ndarray
    transition: TransitionState


class DreamDays(ABC):
    """What knows how states come about."""

    normals: ClassVar[int]

    @abstractmethod
    def begin(
        self, latents: np.ndarray, root: np.ndarray | None, carried: Carried | None
    ) -> TransitionState:
        """Return what is kept of drawn people before their first day.

        Args:
            latents: float32 (slots, latents).
            root: float32 (slots, k, k), Cholesky root of [z_c, z_a], and
            carried: what a response keeps of the days; None without one.
        """

    @abstractmethod
    def pass_day(
        self,
        state: DreamState,
        calendar: tuple[np.ndarray, np.ndarray],
        action: np.ndarray | None,
        begun: Begun | None,
        noise: tuple[np.ndarray, np.ndarray],
        known: bool,
    ) -> ImaginedDay:
        """Draw what comes of a day.

        Args:
            state: before the day.
            calendar: weekday, -1 if unknown, and weather of the day, int (slots,).
            action: of the agent, float32 (slots, 7); None without an agent.
            begun: the day where people follow their habits, some days or always.
            noise: normal and uniform, (slots, k) each.
            known: all of yesterday is.
        """
