"""Whole episodes of the transformer in an environment, as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from agents.env_config import Vector
from agents.reward_components import named_components
from agents.transformer.action_codec import ActionCodec
from agents.transformer.network import WorldModelTransformer


@dataclass(frozen=True)
class Episodes:
    """Episodes side by side; those that end early are not alive afterwards.

    Attributes:
        states: float32 (slots, steps + 1, width), the observations.
        before: float32 (slots, steps + 1, width), the encoded action that led to each of them.
        actions: (slots, steps, ...), as the codec has them.
        log_probabilities: float32 (slots, steps), of the actions when they were drawn.
        rewards: float32 (slots, steps).
        ends: bool (slots, steps), whether the step ended its episode by termination.
        alive: float32 (slots, steps), 1 for the steps of the episode.
        own: float32 (slots, steps), 1 for those of them that the agent's policy chose.
        components: of the reward, by name, mean over its own steps.
        successes: of each of its own episodes; None where the world tells none.
    """

    states: Tensor
    before: Tensor
    actions: Tensor
    log_probabilities: Tensor
    rewards: Tensor
    ends: Tensor
    alive: Tensor
    own: Tensor
    components: dict[str, float]
    successes: Tensor | None

    @property
    def returns(self) -> Tensor:
        """Undiscounted return of each of the agent's own episodes."""
        return (self.rewards * self.own).sum(dim=1)[self.own[:, 0] > 0]

    def part(self, index: int, parts: int) -> Episodes:
        """Return the slots `index`, `index + parts` and so on, with their share of random ones.

        Components and successes stay those of all.
        """
        arrays = {name: getattr(self, name)[index::parts] for name in _BY_SLOT}
        return replace(self, **arrays)


_BY_SLOT = (
    *("states", "before", "actions", "log_probabilities"),
    *("rewards", "ends", "alive", "own"),
)


@torch.no_grad()
def collect(
    net: WorldModelTransformer,
    codec: ActionCodec,
    env: Vector,
    seed: int,
    *,
    at_random: int = 0,
) -> Episodes:
    """Run one episode in each slot.

    Args:
        net: acts by its action head.
        codec: of its actions.
        env: with NEXT_STEP autoreset.
        seed: of the episodes and the actions.
        at_random: the first so many slots take random actions.
    """
    rng = torch.Generator().manual_seed(seed)
    observed, _ = env.reset(seed=seed)
    slots, memory = env.num_envs, net.begin()
    state, before = _tensor(observed), codec.nothing(slots)
    states, befores = [state], [before]
    actions, outputs, rewards, ends, alive = [], [], [], [], []
    over, own = np.zeros(slots, dtype=bool), np.arange(slots) >= at_random
    sums: dict[str, float] = {}
    successes: Tensor | None = None
    while not over.all():
        read, memory = net.advance(state, before, memory)
        output = net.action_head(read)
        action = codec.sample(output, net.log_std, rng)
        if at_random:
            action[:at_random] = codec.at_random(at_random, rng)
        observed, reward, terminated, truncated, info = env.step(codec.to_env(action))
        going = torch.from_numpy(~over).to(torch.float32)
        outputs.append(output)
        actions.append(action)
        rewards.append(_tensor(reward))
        ends.append(torch.from_numpy(np.array(terminated)))
        alive.append(going)
        for name, value in named_components(env, info).items():
            sums[name] = sums.get(name, 0.0) + float(value[own & ~over].sum())
        if "success" in info:
            now = (going * _tensor(info["success"]))[at_random:]
            successes = now if successes is None else successes + now
        state, before = _tensor(observed), codec.encode(action)
        states.append(state)
        befores.append(before)
        over |= terminated | truncated
    lived, acted = torch.stack(alive, 1), torch.stack(actions, 1)
    chosen = lived * torch.from_numpy(own)[:, None]
    return Episodes(
        states=torch.stack(states, 1),
        before=torch.stack(befores, 1),
        actions=acted,
        log_probabilities=codec.log_probability(torch.stack(outputs, 1), net.log_std, acted),
        rewards=torch.stack(rewards, 1),
        ends=torch.stack(ends, 1),
        alive=lived,
        own=chosen,
        components={name: total / float(chosen.sum()) for name, total in sums.items()},
        successes=successes,
    )


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))
