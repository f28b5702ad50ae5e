"""Whole episodes of the transformer in an environment, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from agents.env_config import Vector
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
        components: of the reward, by name, float64 mean over all steps alive.
        successes: of each episode, float32 (slots,); None where the world tells none.
    """

    states: Tensor
    before: Tensor
    actions: Tensor
    log_probabilities: Tensor
    rewards: Tensor
    ends: Tensor
    alive: Tensor
    components: dict[str, float]
    successes: Tensor | None

    @property
    def returns(self) -> Tensor:
        """Undiscounted return of each episode, (slots,)."""
        return (self.rewards * self.alive).sum(dim=1)


@torch.no_grad()
def collect(
    net: WorldModelTransformer,
    codec: ActionCodec,
    env: Vector,
    seed: int,
    *,
    greedy: bool = False,
) -> Episodes:
    """Run one episode in each slot.

    Args:
        net: acts by its action head.
        codec: of its actions.
        env: with NEXT_STEP autoreset.
        seed: of the episodes and the actions.
        greedy: take the likeliest actions, not drawn ones.
    """
    rng = torch.Generator().manual_seed(seed)
    observed, _ = env.reset(seed=seed)
    slots, memory = env.num_envs, net.begin()
    state, before = _tensor(observed), codec.nothing(slots)
    states, befores = [state], [before]
    actions, logs, rewards, ends, alive = [], [], [], [], []
    over = np.zeros(slots, dtype=bool)
    sums: dict[str, float] = {}
    successes: Tensor | None = None
    while not over.all():
        read, memory = net.advance(state, before, memory)
        output = net.action_head(read)
        action = codec.best(output) if greedy else codec.sample(output, net.log_std, rng)
        observed, reward, terminated, truncated, info = env.step(codec.to_env(action))
        going = torch.from_numpy(~over).to(torch.float32)
        logs.append(codec.log_probability(output, net.log_std, action))
        actions.append(action)
        rewards.append(_tensor(reward))
        ends.append(torch.from_numpy(np.array(terminated)))
        alive.append(going)
        for name, value in info.get("reward_components", {}).items():
            if not name.startswith("_"):  # Gymnasium's masks
                sums[name] = sums.get(name, 0.0) + float(value[~over].sum())
        if "success" in info:
            now = going * _tensor(info["success"])
            successes = now if successes is None else successes + now
        state, before = _tensor(observed), codec.encode(action)
        states.append(state)
        befores.append(before)
        over |= terminated | truncated
    lived = torch.stack(alive, 1)
    return Episodes(
        states=torch.stack(states, 1),
        before=torch.stack(befores, 1),
        actions=torch.stack(actions, 1),
        log_probabilities=torch.stack(logs, 1),
        rewards=torch.stack(rewards, 1),
        ends=torch.stack(ends, 1),
        alive=lived,
        components={name: total / float(lived.sum()) for name, total in sums.items()},
        successes=successes,
    )


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))
