"""Choose actions by the agent's own predictions of what they bring."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from agents.transformer.action_codec import ActionCodec
from agents.transformer.network import Memory, WorldModelTransformer
from agents.transformer.objectives import as_state
from agents.transformer.settings import ReinforceConfig


class _Future(NamedTuple):
    """Imagined futures of each slot, (slots, beam, ...), flattened to (slots x beam, ...).

    Attributes:
        states: the imagined state.
        before: the encoded action that led there.
        memory: without that state.
        rewards: discounted, on the way there.
        first: index of the first action.
    """

    states: Tensor
    before: Tensor
    memory: Memory
    rewards: Tensor
    first: Tensor


class Planner:
    """Searches the actions of the next steps in the world model's predictions.

    All actions of a step are asked at once. The most promising futures, by the rewards on
    the way and the value of where they end, are followed for `depth` steps; the first action
    of the best one is taken. Later states are imagined as the likeliest raw states.

    Args:
        net: value and world model.
        codec: of the actions.
        config: with the planning.
        binary: whether states are 0 or 1.
    """

    def __init__(
        self,
        net: WorldModelTransformer,
        codec: ActionCodec,
        config: ReinforceConfig,
        *,
        binary: bool,
    ) -> None:
        self.net, self.codec, self.binary = net, codec, binary
        self.plan, self.gamma = config.planning, config.gamma

    def choose(
        self,
        states: Tensor,
        before: Tensor,
        memory: Memory,
        output: Tensor,
        rng: torch.Generator,
    ) -> Tensor:
        """Return the best first action of each slot.

        Args:
            states: where the slots are, (slots, width).
            before: encoded actions that led there.
            memory: with these states.
            output: of the action head there; actions that are no choice are drawn around it.
            rng: of these draws.
        """
        slots = len(states)
        actions = self._candidates(output, rng)
        encoded = self.codec.encode(actions)
        slot = torch.arange(slots)
        future = _Future(
            *(states, before, memory),
            rewards=torch.zeros(slots),
            first=torch.full((slots,), -1),
        )
        wide = 1  # futures of each slot
        for depth in range(self.plan.depth):
            candidates = encoded[slot]
            count = candidates.shape[1]
            asked = self.net.imagine(future.states, future.before, future.memory, candidates)
            predicted = self.net.world_model_head(asked)
            rewards = future.rewards[:, None] + self.gamma**depth * predicted[..., -1]
            choice = torch.arange(count).expand(len(slot), -1)
            first = torch.where(future.first[:, None] < 0, choice, future.first[:, None])
            ends = as_state(predicted[..., :-1], self.binary)
            read = self.net.look(ends, candidates, future.memory)
            scores = rewards + self.gamma ** (depth + 1) * self.net.value_head(read)[..., 0]
            wide *= count
            goes_on = depth + 1 < self.plan.depth
            take = min(self.plan.beam, wide) if goes_on else 1
            best = scores.view(slots, wide).topk(take, dim=1).indices
            index = (best + torch.arange(slots)[:, None] * wide).flatten()
            states, led = ends.flatten(0, 1)[index], candidates.flatten(0, 1)[index]
            memory = future.memory.take(index // count)
            if goes_on:
                _, memory = self.net.advance(states, led, memory)
            future = _Future(
                *(states, led, memory), rewards.flatten()[index], first.flatten()[index]
            )
            slot, wide = torch.arange(slots).repeat_interleave(take), take
        return actions[torch.arange(slots), future.first]

    def _candidates(self, output: Tensor, rng: torch.Generator) -> Tensor:
        """Return the actions to compare: (slots, candidates, ...)."""
        slots = len(output)
        if not self.codec.continuous:
            return torch.arange(self.codec.width).expand(slots, -1)
        around = output[:, None].expand(-1, self.plan.actions, -1)
        drawn = self.codec.sample(around, self.net.log_std, rng)
        drawn[:, 0] = output
        return drawn
