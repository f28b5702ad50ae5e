"""Are true traits found, and found in their own block?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.people.traits import Trait

RIDGE = 3.0


@dataclass(frozen=True)
class TraitFound:
    """How well one true trait is read off the posterior means of held-out people.

    Attributes:
        trait: its name; block: where it belongs.
        own: R2 from its own block.
        cross: the best R2 from another block, which should be near 0; cross_block: which.
    """

    trait: str
    block: str
    own: float
    cross: float
    cross_block: str


def identify(
    traits: Sequence[Trait],
    blocks: Mapping[str, slice],
    fit: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
) -> list[TraitFound]:
    """Regress every trait on every block.

    Args:
        traits: what is to be found, in the order of the columns of the truth.
        blocks: where each block stands in the latents.
        fit: posterior means (people, latents) and true traits (people, traits) to fit on.
        test: of the people to judge on; posteriors of the same kind.
    """
    found = []
    for column, trait in enumerate(traits):
        r2 = {
            block: ridge_r2(
                fit[0][:, part], fit[1][:, column], test[0][:, part], test[1][:, column]
            )
            for block, part in blocks.items()
        }
        own = r2.pop(trait.block)
        worst = max(r2, key=lambda block: r2[block])
        found.append(TraitFound(trait.name, trait.block, own, r2[worst], worst))
    return found


def ridge_r2(
    inputs: np.ndarray,
    target: np.ndarray,
    test_inputs: np.ndarray,
    test_target: np.ndarray,
    ridge: float = RIDGE,
) -> float:
    """Return R2 on test people of a ridge regression fitted on others; may be negative.

    Args:
        inputs: float (people, width), standardised here.
        target: float (people,).
        test_inputs: of the people to judge on, (people, width).
        test_target: likewise, (people,).
        ridge: penalty on the squared weights of standardised inputs, > 0.
    """
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    x, t = (inputs - centre) / spread, (test_inputs - centre) / spread
    mean = target.mean()
    gram = x.T @ x + ridge * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x.T @ (target - mean))
    wrong = ((test_target - mean - t @ weights) ** 2).mean()
    return float(1.0 - wrong / test_target.var())
