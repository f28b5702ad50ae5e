"""Actions of any Gymnasium space as a checked batch, one row per slot."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from human_wm_env.errors import InvalidActionError


def action_batch(space: spaces.Space, action: ArrayLike, slots: int | None) -> np.ndarray:
    """Return actions as a batch of the space's dtype, or raise InvalidActionError.

    Args:
        space: of one slot: a Box, whose values are clipped to its bounds, a Discrete or a
            MultiDiscrete.
        action: of one slot where `slots` is None, else (slots, ...).
        slots: number of slots, or None.

    Returns:
        (slots, *space.shape) in the space's dtype, slots = 1 for None; a new array.
    """
    if not isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete):
        raise InvalidActionError(
            "an action space Box, Discrete or MultiDiscrete",
            type(space).__name__,
            "Override `check_actions` in the world.",
        )
    assert space.shape is not None and space.dtype is not None
    wanted = space.shape if slots is None else (slots, *space.shape)
    try:
        given = np.asarray(action)
    except ValueError as error:
        raise InvalidActionError(
            f"an action of shape {wanted}", str(error), "Give one array."
        ) from error
    kinds = "fiu" if isinstance(space, spaces.Box) else "iu"
    if given.shape != wanted or given.dtype.kind not in kinds:
        raise InvalidActionError(
            f"{'numbers' if 'f' in kinds else 'integers'} of shape {wanted}",
            f"{given.dtype} of shape {given.shape}",
            f"Draw one from the action space: {space}.",
        )
    batch = given.reshape(-1, *space.shape)
    if isinstance(space, spaces.Box):
        if not np.isfinite(batch).all():
            raise InvalidActionError(
                "finite actions", "NaN or infinity", "Check the policy's output."
            )
        return np.clip(batch, space.low, space.high).astype(space.dtype)
    first = space.start
    count = space.n if isinstance(space, spaces.Discrete) else space.nvec
    if ((batch < first) | (batch >= first + count)).any():
        raise InvalidActionError(
            f"actions in {space}", f"values from {batch.min()} to {batch.max()}", "Stay inside."
        )
    return batch.astype(space.dtype)
