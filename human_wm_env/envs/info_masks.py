"""`info` of a VectorEnv: arrays, and beside each key Gymnasium's mask of the slots it holds for."""

from __future__ import annotations

import functools

import numpy as np

from human_wm_env.envs.env import Info


def copied(info: Info) -> Info:
    """Copy arrays, so that callers cannot write into the env."""
    return {name: value.copy() for name, value in info.items()}


def marked_everywhere(info: Info, slots: int) -> Info:
    """Add Gymnasium's `_key` masks where every key holds for every slot."""
    masks = np.empty((len(info), slots), dtype=bool)
    masks.fill(True)  # np.ones takes twice as long
    result: Info = {}
    for (name, value), mask in zip(info.items(), masks, strict=True):
        result[name] = value
        result[_mask_name(name)] = mask
    return result


@functools.cache
def _mask_name(name: str) -> str:
    return f"_{name}"


def marked(info: Info, slots: np.ndarray) -> Info:
    """Add Gymnasium's `_key` masks where every key holds for the same slots, bool (slots,)."""
    result: Info = {}
    for name, value in info.items():
        result[name] = value
        result[_mask_name(name)] = slots.copy()
    return result
