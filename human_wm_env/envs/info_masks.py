"""`info` of a VectorEnv: arrays, and beside each key Gymnasium's mask of the slots it holds for."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from human_wm_env.envs.env import Info


def copied(info: Info) -> Info:
    """Copy arrays, also of nested dicts, so that callers cannot write into the env."""
    return {
        name: copied(value) if isinstance(value, dict) else value.copy()
        for name, value in info.items()
    }


def marked_everywhere(info: Info, slots: int) -> Info:
    """Add Gymnasium's `_key` masks where every key holds for every slot."""
    nested = info["reward_components"]
    masks = np.empty((len(info) + len(nested), slots), dtype=bool)
    masks.fill(True)  # np.ones takes twice as long
    rows = list(masks)
    info["reward_components"] = _beside(nested, rows)
    return _beside(info, rows)


def _beside(info: Info, masks: list[np.ndarray]) -> Info:
    """Return the info with a mask beside each key, taken from the end of the masks."""
    result: Info = {}
    for name, value in info.items():
        result[name] = value
        result[_mask_name(name)] = masks.pop()
    return result


@functools.cache
def _mask_name(name: str) -> str:
    return f"_{name}"


def marked(info: Info, masks: Mapping[str, np.ndarray]) -> Info:
    """Add Gymnasium's `_key` masks, also to nested dicts that have none yet."""
    result: Info = {}
    for name, value in info.items():
        nested = isinstance(value, dict) and not any(key.startswith("_") for key in value)
        result[name] = marked(value, dict.fromkeys(value, masks[name])) if nested else value
        result[_mask_name(name)] = masks[name].copy()
    return result
