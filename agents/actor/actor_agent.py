"""Act by a net with a hybrid head."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

import numpy as np

from agents.actor.hybrid_head import HybridHead
from agents.actor.net import ACTIVATIONS, NetShape, outputs_of
from agents.env_config import AnyEnvConfig, env_from_manifest
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.space_json import space_from_json, space_to_json
from human_wm_env.errors import ConfigError


class ActorAgent:
    """Acts by the mean amounts and the likeliest categories of an actor.

    Args:
        kind: what trained it: "backprop" or "distilled".
        head: what the outputs stand for.
        shape: sizes of the net.
        weights: of the net, float32.
        settings: what it was trained with, plain values.
        env: where it was trained.

    Raises:
        ConfigError: weights, sizes and head do not fit each other.
    """

    def __init__(
        self,
        kind: str,
        head: HybridHead,
        shape: NetShape,
        weights: Arrays,
        settings: Plain,
        env: AnyEnvConfig,
    ) -> None:
        shape.check(weights)
        if shape.outputs != head.outputs:
            raise ConfigError(
                f"{head.outputs} outputs for {head.space}", f"{shape.outputs}", "Train it again."
            )
        self.name = self.kind = kind
        self.head, self.shape, self.settings, self.env = head, shape, settings, env
        self.weights = dict(weights)
        self.env_overrides: Overrides = env.context_settings()

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def outputs(self, observations: np.ndarray) -> np.ndarray:
        """Return amounts before their tanh, and logits, float32 (n, outputs).

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        if observations.shape[1:] != (self.shape.inputs,):
            raise ConfigError(
                f"observations of width {self.shape.inputs}, as in training in {self.env.id}",
                f"shape {observations.shape[1:]}",
                "Make the environment with the agent's env_overrides (person_context).",
            )
        observations = observations.astype(np.float32, copy=False)
        return outputs_of(self.weights, observations, ACTIVATIONS[self.shape.activation])

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the actor's actions; see `outputs`."""
        return self.head.act(self.outputs(observations))

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return head, sizes, settings and weights."""
        entries = {
            "action_space": space_to_json(self.head.space),
            "picks": [list(pick) for pick in self.head.picks.items()],
            "shape": asdict(self.shape),
            "config": self.settings,
            "env": asdict(self.env),
        }
        return entries, self.weights

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        picks = {int(column): int(count) for column, count in manifest["picks"]}
        return cls(
            str(manifest["algorithm"]),
            HybridHead(space_from_json(manifest["action_space"]), picks),
            NetShape(**manifest["shape"]),
            weights,
            dict(manifest["config"]),
            env_from_manifest(manifest["env"]),
        )
