from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.people.traits import Trait
from world_model.card.trait_recovery import identify, ridge_r2

BLOCKS = {"a": slice(0, 3), "b": slice(3, 6), "c": slice(6, 9)}
TRAITS = [Trait(f"of {b}", b, 0.0, 1.0, "") for b in ("a", "b", "c")]  # type: ignore[arg-type]


def planted(people: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Each trait is linear in its own block, up to noise; c's is also a little in b."""
    rng = np.random.default_rng(seed)
    latents = rng.standard_normal((people, 9))
    direction = np.array([1.0, -2.0, 2.0]) / 3.0
    traits = np.stack([latents[:, part] @ direction for part in BLOCKS.values()], axis=1)
    traits[:, 2] = traits[:, 2] + 0.5 * latents[:, 3]
    traits += noise * rng.standard_normal(traits.shape)
    return 5.0 + 2.0 * latents, 70.0 + 4.0 * traits


def test_planted_traits_are_found_in_their_blocks() -> None:
    found = identify(TRAITS, BLOCKS, planted(2000, 0, 0.5), planted(2000, 1, 0.5))
    own = {each.trait: each.own for each in found}
    # variances: 1 of the block, 0.25 of the noise, 0.25 of the other block
    assert own["of a"] == pytest.approx(0.8, abs=0.03)
    assert own["of c"] == pytest.approx(1.0 / 1.5, abs=0.03)
    crossed = found[2]
    assert crossed.cross_block == "b"
    assert crossed.cross == pytest.approx(0.25 / 1.5, abs=0.03)
    assert abs(found[0].cross) < 0.02


def test_without_noise_all_is_explained() -> None:
    found = identify(TRAITS, BLOCKS, planted(500, 0, 0.0), planted(300, 1, 0.0))
    assert found[0].own > 0.999 and found[1].own > 0.999


def test_nothing_is_explained_by_nothing() -> None:
    rng = np.random.default_rng(0)
    inputs, target = rng.standard_normal((50, 30)), rng.standard_normal(50)
    # It overfits, and says so on others.
    assert ridge_r2(inputs, target, inputs, target) > 0.3
    others = rng.standard_normal((400, 30))
    assert ridge_r2(inputs, target, others, rng.standard_normal(400)) < 0.0
