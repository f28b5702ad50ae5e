"""The reward components that a vector environment tells of a step, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.env_config import Vector


def named_components(env: Vector, info: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the reward components of a step, (slots,) each; empty where `info` has none.

    Args:
        env: that was stepped.
        info: of the step, or its `final_info`: with one array (slots, components) from our
            `VectorEnv`, with a dict of arrays and their masks from vector environments of
            Gymnasium that hold scalar ones.
    """
    found = info.get("reward_components", {})
    if isinstance(found, Mapping):
        return {name: values for name, values in found.items() if not name.startswith("_")}
    names: tuple[str, ...] = env.unwrapped.component_names  # type: ignore[attr-defined]
    return dict(zip(names, found.T, strict=True))
