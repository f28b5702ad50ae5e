"""What callers see of a world's flat observations: themselves, or a Dict of named parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from gymnasium import spaces

from human_wm_env.settings import one_of
from human_wm_env.worlds.world import AnyWorld

Observation: TypeAlias = np.ndarray | dict[str, np.ndarray]
OBSERVATION_KINDS = ("flat", "dict")


class ObservationView:
    """Turn flat observations into what was asked for.

    Args:
        world: has the flat space and its named parts.
        kind: "flat" or "dict".

    Attributes:
        space: of one slot.
    """

    def __init__(self, world: AnyWorld, kind: str) -> None:
        as_dict = one_of(kind, OBSERVATION_KINDS, "observation") == "dict"
        self._parts = dict(world.observation_parts) if as_dict else None
        flat = world.observation_space
        self.space: spaces.Space = flat if self._parts is None else dict_space(flat, self._parts)

    def __call__(self, observation: np.ndarray) -> Observation:
        """Return flat observations, (..., width), as they are, or copies of their parts."""
        if self._parts is None:
            return observation
        return {name: observation[..., part].copy() for name, part in self._parts.items()}


def dict_space(flat: spaces.Box, parts: Mapping[str, slice]) -> spaces.Dict:
    """Return the same space as a Dict of named Boxes."""
    return spaces.Dict(
        {
            name: spaces.Box(flat.low[part], flat.high[part], dtype=flat.dtype.type)
            for name, part in parts.items()
        }
    )
