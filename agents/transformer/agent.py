"""Act by a trained transformer, or by plans in its own predictions."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any, Self

import numpy as np
import torch
from gymnasium import spaces

from agents.env_config import AnyEnvConfig, env_from_manifest
from agents.protocol import Arrays, Manifest, Overrides, Plain, Space
from agents.space_json import space_from_json, space_to_json
from agents.transformer.action_codec import ActionCodec
from agents.transformer.network import Memory, WorldModelTransformer, as_neighbours
from agents.transformer.planning import Planner
from agents.transformer.settings import (
    CurriculumConfig,
    PlanningConfig,
    ReinforceConfig,
    TransformerPPOConfig,
)
from human_wm_env.errors import ConfigError

CONFIGS: dict[str, type[ReinforceConfig]] = {
    "reinforce": ReinforceConfig,
    "transformer_ppo": TransformerPPOConfig,
}


def is_binary(space: Space, config: ReinforceConfig) -> bool:
    """Say whether the world-model head predicts entries that are 0 or 1."""
    if config.state_loss != "auto":
        return config.state_loss == "binary"
    assert isinstance(space, spaces.Box)
    return bool((space.low == 0.0).all() and (space.high == 1.0).all())


class TransformerAgent:
    """Acts by the likeliest action, or by planning (see `PlanningConfig`); it remembers.

    Args:
        net: the trained net.
        observation_space: of the training.
        action_space: of the training.
        config: what it was trained with.
        env: where it was trained.
    """

    def __init__(
        self,
        net: WorldModelTransformer,
        observation_space: Space,
        action_space: Space,
        config: ReinforceConfig,
        env: AnyEnvConfig,
    ) -> None:
        self.name: str = config.algorithm
        self.kind: str = config.algorithm
        self.net, self.config, self.env = net.eval().requires_grad_(False), config, env
        self.observation_space, self.action_space = observation_space, action_space
        self.codec = ActionCodec(action_space)
        self.env_overrides: Overrides = env.context_settings()
        self.binary = is_binary(observation_space, config)
        self._memory: Memory = net.begin()
        self._before: torch.Tensor | None = None
        self._rng = torch.Generator()
        self.reset(1)

    def with_planning(self, planning: PlanningConfig) -> TransformerAgent:
        """Return the same agent with other planning."""
        config = replace(self.config, planning=planning)
        spaces_of = (self.observation_space, self.action_space)
        return TransformerAgent(self.net, *spaces_of, config, self.env)

    def reset(self, slots: int) -> None:
        """Begin new episodes: forget the last ones."""
        self._memory, self._before = self.net.begin(), None
        self._rng.manual_seed(self.config.seed)

    @torch.no_grad()
    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the action of each slot.

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        if observations.shape[1:] != self.observation_space.shape:
            raise ConfigError(
                f"observations of shape {self.observation_space.shape}, as in training",
                f"shape {observations.shape[1:]}",
                "Make the environment with the arguments of the training.",
            )
        states = torch.from_numpy(np.asarray(observations, dtype=np.float32))
        before = self.codec.nothing(len(states)) if self._before is None else self._before
        read, self._memory = self.net.advance(states, before, self._memory)
        output = self.net.action_head(read)
        if self.config.planning.depth:
            planner = Planner(self.net, self.codec, self.config, binary=self.binary)
            actions = planner.choose(states, before, self._memory, output, self._rng)
        else:
            actions = self.codec.best(output)
        self._before = self.codec.encode(actions)
        return self.codec.to_env(actions)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return spaces, settings and weights."""
        entries = {
            "observation_space": space_to_json(self.observation_space),
            "action_space": space_to_json(self.action_space),
            "config": asdict(self.config),
            "env": asdict(self.env),
            "rotary_pairs": NEIGHBOURS,
        }
        weights = self.net.state_dict().items()
        return entries, {name: array.contiguous().numpy() for name, array in weights}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        config = _config(CONFIGS[manifest["algorithm"]], manifest["config"])
        seen, acted = (space_from_json(manifest[f"{name}_space"]) for name in SPACES)
        codec = ActionCodec(acted)
        assert seen.shape is not None
        with torch.random.fork_rng(devices=[]):
            net = WorldModelTransformer(seen.shape[0], codec.width, codec.continuous, config)
        tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
        if manifest.get("rotary_pairs") != NEIGHBOURS:
            tensors = as_neighbours(tensors, config.heads)
        net.load_state_dict(tensors, strict=True)
        return cls(net, seen, acted, config, env_from_manifest(manifest["env"]))


SPACES = ("observation", "action")
NEIGHBOURS = "neighbours"


def _config(kind: type[ReinforceConfig], entries: Manifest) -> ReinforceConfig:
    groups: dict[str, Any] = {"planning": PlanningConfig, "curriculum": CurriculumConfig}
    known = {field.name for field in fields(kind)}
    if unknown := sorted(entries.keys() - known):
        raise ConfigError(f"settings of {kind.__name__}", f"{unknown}", "Save the agent again.")
    values = {
        name: groups[name](**value) if name in groups else value for name, value in entries.items()
    }
    return kind(**values)
