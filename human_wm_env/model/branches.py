"""The crossed futures of a person: a factorial design of a few draws of each latent block."""

from __future__ import annotations

import numpy as np

BRANCHES_PER_BLOCK = 5
BRANCHES = BRANCHES_PER_BLOCK**3  # 125


def crossed_indices(
    branch: np.ndarray | None = None, draws: int = BRANCHES_PER_BLOCK
) -> dict[str, np.ndarray]:
    """Return which draw of each latent block a branch takes, int (branches,), by block.

    Branch b has draw b // 25 of z_a, b // 5 % 5 of z_b and b % 5 of z_c, with 5 draws.

    Args:
        branch: int (branches,); None means all of them, 0 to draws**3 - 1.
        draws: of each block.
    """
    if branch is None:
        branch = np.arange(draws**3)
    return {"a": branch // draws**2, "b": branch // draws % draws, "c": branch % draws}
