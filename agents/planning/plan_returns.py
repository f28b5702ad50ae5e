"""Returns of plans, simulated in a world: tiled copies of a state, and noise of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.world import take

# States that are stepped at once: more do not fit into the cache and gain nothing.
MOST_ROWS = 16_000


def repeated(state: PersonState, times: int) -> PersonState:
    """Return the state with each slot `times` times in a row."""
    return take(state, np.repeat(np.arange(len(state.day)), times))


def with_fresh_noise(
    state: PersonState,
    world: PersonWorld,
    groups: int,
    days: int,
    rng: np.random.Generator,
) -> PersonState:
    """Give a state a future of its own: nothing of the episode's own noise stays.

    The draws of a group are stratified (a Latin hypercube): their mean estimates an expected
    return with far less noise than that of independent draws.

    Args:
        state: of groups * draws slots, the draws of a group side by side.
        world: that will step it.
        groups: how many groups.
        days: days that will be stepped.
        rng: source of the noise.

    Source: McKay, Beckman & Conover 1979.
    """
    draws = len(state.day) // groups
    width = world.normals + world.uniforms
    strata = rng.permuted(
        np.broadcast_to(np.arange(draws)[None, :, None], (groups, draws, days * width)), axis=1
    )
    inside = rng.random(strata.shape)
    uniform = np.clip((strata + inside) / draws, 1e-6, 1.0 - 1e-6).astype(np.float32)
    uniform = uniform.reshape(groups * draws, days, width)
    return replace(
        state,
        normal=ndtri(uniform[..., : world.normals]).astype(np.float32),
        uniform=np.ascontiguousarray(uniform[..., world.normals :]),
        elapsed=np.zeros_like(state.elapsed),
    )


def imagined_returns(
    world: PersonWorld,
    reward: ScalarReward,
    state: PersonState,
    plans: np.ndarray,
    days: int,
) -> np.ndarray:
    """Return the mean return of each plan over the draws of its slot.

    All candidates of a slot meet the same draws (common random numbers).

    Args:
        world: steps the copies.
        reward: the weighted sum of components and uncertainty.
        state: of slots * draws, the draws of a slot side by side.
        plans: float32 (slots, candidates, pieces, width); the last piece is kept to the end.
        days: days that are simulated.

    Returns:
        float64 (slots, candidates).
    """
    pieces = plans.shape[2]

    def choose(part: slice, day: int, draws: int, seen: np.ndarray | None) -> np.ndarray:
        today = plans[part, :, min(day, pieces - 1)].reshape(-1, plans.shape[-1])
        return np.repeat(today, draws, axis=0)

    return returns_of(world, reward, state, plans.shape[:2], days, choose)


#: From some of the slots, the day, the number of draws, and what is seen of each copy, float32
#: (slots * candidates * draws, width) or None on the first day, to their actions.
Choose = Callable[[slice, int, int, np.ndarray | None], np.ndarray]


def returns_of(
    world: PersonWorld,
    reward: ScalarReward,
    state: PersonState,
    shape: tuple[int, ...],
    days: int,
    choose: Choose,
) -> np.ndarray:
    """Return the mean return of each candidate over the draws of its slot, float64 `shape`.

    Args:
        world: steps the copies.
        reward: the weighted sum of components and uncertainty.
        state: of slots * draws, the draws of a slot side by side.
        shape: slots and candidates.
        days: days that are simulated.
        choose: the candidates' actions.
    """
    slots, candidates = shape
    draws = len(state.day) // slots
    total = np.empty(shape)
    together = max(1, MOST_ROWS // (draws * candidates))
    for begin in range(0, slots, together):
        part = slice(begin, min(begin + together, slots))
        count = part.stop - part.start
        mine = np.arange(part.start * draws, part.stop * draws).reshape(count, 1, draws)
        copies = take(state, np.broadcast_to(mine, (count, candidates, draws)).reshape(-1))
        rewarded, seen = np.zeros(count * candidates * draws), None
        for day in range(days):
            after = world.step(copies, choose(part, day, draws, seen))
            rewarded += reward.scalar(after.components, after.extras["uncertainty"])[0]
            copies, seen = after.state, after.observation
        total[part] = rewarded.reshape(count, candidates, draws).mean(axis=2)
    return total
