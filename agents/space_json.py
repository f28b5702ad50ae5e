"""Spaces in the manifests of saved agents."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from agents.protocol import Manifest, Plain, Space
from human_wm_env.errors import ConfigError


def space_to_json(space: Space) -> Plain:
    """Return what `space_from_json` makes the space of.

    Raises:
        ConfigError: it is no Box, Discrete or MultiDiscrete.
    """
    if isinstance(space, spaces.Box):
        return {"low": _finite(space.low.tolist()), "high": _finite(space.high.tolist())}
    if isinstance(space, spaces.Discrete):
        return {"n": int(space.n), "start": int(space.start)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"nvec": space.nvec.tolist(), "start": space.start.tolist()}
    raise ConfigError(
        "a Box, Discrete or MultiDiscrete",
        str(space),
        'Make the environment with observation="flat".',
    )


def space_from_json(entry: Manifest) -> Space:
    """Return the space that `space_to_json` described; a Box holds float32."""
    if "n" in entry:
        return spaces.Discrete(entry["n"], start=entry["start"])
    if "nvec" in entry:
        return spaces.MultiDiscrete(entry["nvec"], start=entry["start"])
    low, high = (np.array(_numbers(entry[end]), dtype=np.float32) for end in ("low", "high"))
    return spaces.Box(low, high, dtype=np.float32)


_INFINITE = {"inf": np.inf, "-inf": -np.inf}


def _finite(bounds: Any) -> Any:
    """Return bounds with words for the infinite ones, which JSON has no number for."""
    if isinstance(bounds, list):
        return [_finite(each) for each in bounds]
    return str(bounds) if bounds in _INFINITE.values() else bounds


def _numbers(bounds: Any) -> Any:
    """Return bounds with numbers for the words of `_finite`."""
    if isinstance(bounds, list):
        return [_numbers(each) for each in bounds]
    if isinstance(bounds, str) and bounds not in _INFINITE:
        raise ValueError(f"{bounds!r} is no bound")
    return _INFINITE[bounds] if isinstance(bounds, str) else bounds
