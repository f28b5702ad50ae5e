"""Info as it was when the arrays were stored: with names of people, and for real steps alone.

Since then it has the same keys after a reset as after a step, and numbers alone, in vectors the
components as one array. What was stored is worked out from it here, so that every number that was
stored is compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Info = dict[str, Any]
OF_STEPS = ("action", "uncertainty", "reward_components", "pessimism_penalty")


def at_reset(env: Any, info: Info) -> Info:
    """Return the info of a reset without what only a step has."""
    left_out = {*OF_STEPS, *(f"_{name}" for name in OF_STEPS)}
    return named(env, {name: value for name, value in info.items() if name not in left_out})


def named(env: Any, info: Info) -> Info:
    """Return info with the names of people, of the last step, too."""
    found = dict(info)
    index = found.pop("user_index")
    if np.ndim(index) == 0:
        return {"user": env.unwrapped.user_name(index), **found}
    found["user"] = np.array([env.unwrapped.user_name(one) for one in index])
    found["_user"] = found.pop("_user_index")
    if "reward_components" in found:
        found["reward_components"] = _by_name(env, found)
    if "final_info" in found:
        found["final_info"] = named(env, found["final_info"])
    return found


def of_step(env: Any, info: Info, begun: np.ndarray | None = None) -> Info:
    """Return the info of a step.

    Args:
        env: that was stepped.
        info: what it returned.
        begun: bool (slots,), which were reset in this step; None for a scalar env. What only a
            step has did not hold for them, and was left as the last step had it.
    """
    found = named(env, info)
    if begun is not None:
        last = found.get("final_info", {})
        for name in OF_STEPS:
            if name in found:
                found[name] = _unmarked(found[name], last.get(name), begun)
                found[f"_{name}"] = found[f"_{name}"] & ~begun
    return found


def _by_name(env: Any, info: Info) -> Info:
    names, columns = env.unwrapped.component_names, info["reward_components"].T
    masks = {f"_{name}": info["_reward_components"] for name in names}
    return dict(zip(names, columns, strict=True)) | masks


def _unmarked(value: Any, last: Any, begun: np.ndarray) -> Any:
    if not isinstance(value, dict):
        rows = begun.reshape(-1, *[1] * (value.ndim - 1))
        return value if last is None else np.where(rows, last, value)
    return {
        name: part & ~begun
        if name.startswith("_")
        else _unmarked(part, None if last is None else last[name], begun)
        for name, part in value.items()
    }
