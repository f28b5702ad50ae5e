"""The transformer: a token for each state, and queries that ask what an action would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from agents.transformer.settings import ReinforceConfig

# Of a head's entries, this share is rotated by position; the rest attends by content alone.
ROTATED = 0.5
BASE = 100.0


@dataclass
class Memory:
    """Keys and values of the states so far, of each layer: (slots, heads, steps, entries)."""

    keys: list[Tensor]
    values: list[Tensor]
    steps: int = 0

    def take(self, slots: Tensor) -> Memory:
        """Return the memory of some slots (repeats allowed)."""
        keys, values = ([one[slots] for one in each] for each in (self.keys, self.values))
        return Memory(keys, values, self.steps)


class Layer(nn.Module):
    """Attention and a feed-forward net, each behind a layer norm and beside a residual path."""

    def __init__(self, width: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.before_feed_forward = nn.LayerNorm(width)
        self.widen = nn.Linear(width, feed_forward)
        self.narrow = nn.Linear(feed_forward, width)

    def split(self, x: Tensor, turns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, (slots, heads, tokens, entries)."""
        slots, tokens, width = x.shape
        projected = self.project(self.before_attention(x))
        apart = projected.view(slots, tokens, 3, self.heads, width // self.heads)
        asking, value = apart.permute(2, 0, 3, 1, 4).split((2, 1))
        query, key = rotate(asking, turns)
        return query, key, value.squeeze(0)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Return the tokens with what they attended to, and the feed-forward net, added."""
        x = x + self.merge(attended.transpose(1, 2).reshape(x.shape))
        widened = functional.relu(self.widen(self.before_feed_forward(x)))
        return x + self.narrow(widened)


class WorldModelTransformer(nn.Module):
    """Policy, value and predictions from the states and actions of an episode so far.

    A state's token sees the states before it, each with the action that led there; policy and
    value are read off it. What an action would bring is asked by a query, a token of its own
    that sees the same states and is seen by nobody: so predictions never change the policy's
    input, and all actions can be asked at once.

    Args:
        state_width: entries of an observation.
        action_width: entries of an encoded action, and of the action head.
        continuous: whether actions are numbers; then their standard deviation is learned, too.
        config: sizes.
    """

    def __init__(
        self, state_width: int, action_width: int, continuous: bool, config: ReinforceConfig
    ) -> None:
        super().__init__()
        width = config.width
        self.context = config.context
        self.state_encoder = nn.Sequential(
            nn.Linear(state_width + action_width, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.action_encoder = nn.Linear(action_width, width)
        self.layers = nn.ModuleList(
            Layer(width, config.heads, config.feed_forward) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.action_head = nn.Linear(width, action_width)
        self.value_head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        # The raw next state, and the reward on the way to it.
        self.world_model_head = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, state_width + 1)
        )
        self.log_std = nn.Parameter(torch.full((action_width,), -0.8)) if continuous else None
        self._scale_first_weights()
        nn.init.normal_(self.action_head.weight, std=0.01)
        pairs = width // config.heads // 2
        frequencies = torch.zeros(pairs)
        rotated = max(1, int(pairs * ROTATED))
        frequencies[:rotated] = BASE ** (-torch.arange(rotated) / rotated)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def _scale_first_weights(self) -> None:
        """Zero the biases and double queries and keys, so that attention is not even at the start.

        On random episodes of HiddenRule the head then learns to look up what an action brought
        before in about 1,000 gradient steps, in place of 1,500 to over 3,000.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        with torch.no_grad():
            for layer in self._layers():
                queries_and_keys = 2 * layer.project.in_features
                layer.project.weight[:queries_and_keys] *= 2.0

    def embed(self, states: Tensor, before: Tensor) -> Tensor:
        """Return the tokens of states, given the encoded actions that led there."""
        embedded: Tensor = self.state_encoder(torch.cat([states, before], dim=-1))
        return embedded

    def ask(self, embedded: Tensor, actions: Tensor) -> Tensor:
        """Return the queries what encoded actions would bring in states."""
        asked: Tensor = embedded + self.action_encoder(actions)
        return asked

    def whole(
        self, states: Tensor, before: Tensor, actions: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Read whole episodes.

        Args:
            states: (slots, steps, state_width).
            before: encoded actions that led to each state, 0 at the start.
            actions: encoded actions that were taken in each state; None asks nothing.

        Returns:
            What the heads of policy and value read, and what the head of the world model reads,
            both (slots, steps, width).
        """
        steps = states.shape[1]
        x = self.embed(states, before)
        if actions is not None:
            x = torch.cat([x, self.ask(x, actions)], dim=1)
        position, sees = positions_and_mask(steps, self.context, actions is not None)
        turns = self._turns(position)
        for layer in self._layers():
            query, key, value = layer.split(x, turns)
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=sees)
            x = layer.finish(x, attended)
        x = self.norm(x)
        return x[:, :steps], None if actions is None else x[:, steps:]

    def begin(self) -> Memory:
        """Return the memory of an episode without states."""
        return Memory([], [])

    def advance(self, states: Tensor, before: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Read one more state of each slot.

        Args:
            states: (slots, state_width).
            before: encoded actions that led there, (slots, action_width).
            memory: of the states before; it stays as it is.

        Returns:
            What the heads read, (slots, width), and the memory with these states.
        """
        x = self.embed(states, before)[:, None]
        turns = self._turns(torch.tensor([memory.steps]))
        keys, values = [], []
        for index, layer in enumerate(self._layers()):
            query, key, value = layer.split(x, turns)
            if memory.keys:
                key = torch.cat([memory.keys[index][:, :, 1 - self.context or None :], key], 2)
                value = torch.cat(
                    [memory.values[index][:, :, 1 - self.context or None :], value], 2
                )
            if self.context == 1:
                key, value = key[:, :, -1:], value[:, :, -1:]
            keys.append(key)
            values.append(value)
            x = layer.finish(x, functional.scaled_dot_product_attention(query, key, value))
        return self.norm(x)[:, 0], Memory(keys, values, memory.steps + 1)

    def imagine(self, states: Tensor, before: Tensor, memory: Memory, actions: Tensor) -> Tensor:
        """Ask what actions would bring in the last state read.

        Args:
            states: the last states, (slots, state_width).
            before: encoded actions that led there.
            memory: with these states.
            actions: encoded, (slots, candidates, action_width).

        Returns:
            What the head of the world model reads, (slots, candidates, width).
        """
        x = self.ask(self.embed(states, before)[:, None], actions)
        return self._aside(x, memory, memory.steps - 1, memory.keys[0].shape[2])

    def look(self, states: Tensor, before: Tensor, memory: Memory) -> Tensor:
        """Read states that may come next, each by itself, and keep none of them.

        Args:
            states: (slots, candidates, state_width).
            before: encoded actions that would lead there, (slots, candidates, action_width).
            memory: of the states before.

        Returns:
            What the heads read, as `advance` has it, (slots, candidates, width).
        """
        known = min(memory.keys[0].shape[2], self.context - 1)
        return self._aside(self.embed(states, before), memory, memory.steps, known)

    def _aside(self, x: Tensor, memory: Memory, position: int, known: int) -> Tensor:
        """Read tokens of one position that see the last `known` states, and not each other."""
        turns = self._turns(torch.tensor([position]))
        candidates, forgotten = x.shape[1], memory.keys[0].shape[2] - known
        sees = torch.cat(
            [
                torch.ones(candidates, known, dtype=torch.bool),
                torch.eye(candidates, dtype=torch.bool),
            ],
            dim=1,
        )
        for index, layer in enumerate(self._layers()):
            query, key, value = layer.split(x, turns)
            key = torch.cat([memory.keys[index][:, :, forgotten:], key], dim=2)
            value = torch.cat([memory.values[index][:, :, forgotten:], value], dim=2)
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=sees)
            x = layer.finish(x, attended)
        read: Tensor = self.norm(x)
        return read

    def _layers(self) -> list[Layer]:
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    def _turns(self, position: Tensor) -> Tensor:
        assert isinstance(self.frequencies, Tensor)
        angle = position[:, None] * self.frequencies
        return torch.polar(torch.ones_like(angle), angle)


@lru_cache(maxsize=64)
def positions_and_mask(steps: int, context: int, asked: bool) -> tuple[Tensor, Tensor]:
    """Return the position of each token, and which tokens it sees; nobody may change either.

    Args:
        steps: of the episodes.
        context: how many states are seen, the token's own among them.
        asked: whether as many queries follow the states.

    Returns:
        int64 (tokens,) and bool (tokens, tokens).
    """
    position = torch.arange(steps)
    distance = position[:, None] - position[None, :]
    sees = (distance >= 0) & (distance < context)
    if asked:
        position = position.repeat(2)
        itself = torch.eye(steps, dtype=torch.bool)
        nobody = torch.zeros_like(itself)
        sees = torch.cat([torch.cat([sees, nobody], 1), torch.cat([sees, itself], 1)], 0)
    return position, sees


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Rotate pairs of entries by position, so that attention sees distances.

    Source: Su et al. 2021, "RoFormer".

    Args:
        x: (..., tokens, entries); two entries that follow each other are a pair.
        turns: of each pair as a complex number, (tokens, pairs).
    """
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns).flatten(-2)


def as_neighbours(weights: Mapping[str, Tensor], heads: int) -> dict[str, Tensor]:
    """Return the weights of a net that was saved when rotated pairs lay half of them apart.

    Queries and keys of a head are put in another order, so that its attention stays what it was.

    Args:
        weights: by name.
        heads: of each layer.
    """
    found = dict(weights)
    for name in weights:
        if ".project." not in name:
            continue
        own = weights[name]
        entries = len(own) // (3 * heads)
        rotated = max(1, int(entries // 2 * ROTATED))
        pairs = torch.arange(2 * rotated).view(2, rotated).T.flatten()
        order = torch.cat([pairs, torch.arange(2 * rotated, entries)])
        apart = own.view(3, heads, entries, *own.shape[1:]).clone()
        apart[:2] = apart[:2][:, :, order]
        found[name] = apart.view(own.shape)
    return found
