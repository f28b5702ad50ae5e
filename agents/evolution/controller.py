"""Small controllers that many can be run side by side: linear, or with one hidden layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from gymnasium import spaces

from agents.action_layout import PERSON_ACTIONS
from agents.actor.hybrid_head import HybridHead
from agents.env_config import AnyEnvConfig, env_from_manifest
from agents.evolution.hyperparameters import CMAESConfig
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.saved_folder import folder_of, read_manifest, read_weights
from human_wm_env.errors import ConfigError

LEAD = 0.5  # of the output of the category that the first action has, over the others


@dataclass(frozen=True)
class ControllerShape:
    """The sizes of a controller.

    Attributes:
        inputs: entries of an observation that are read.
        hidden: units of the hidden layer; 0 is the linear controller.
        outputs: entries of an action, or the number of Discrete actions; with `picks` amounts and
            logits, see `HybridHead`.
        discrete: give the index of the highest output, not the outputs.
        width: entries of an observation; None is `inputs`.
        first: the first one that is read.
        picks: entries of an action that pick the highest of so many outputs of their own; the
            other entries are amounts.
    """

    inputs: int
    hidden: int = 0
    outputs: int = PERSON_ACTIONS.width
    discrete: bool = False
    width: int | None = None
    first: int = 0
    picks: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "picks", dict(self.picks))  # of pairs, as manifests have them

    @property
    def action_width(self) -> int:
        """Entries of an action."""
        return self.outputs - sum(self.picks.values()) + len(self.picks)

    @cached_property
    def _head(self) -> HybridHead:
        return HybridHead(spaces.Box(-1.0, 1.0, (self.action_width,), np.float32), self.picks)

    @property
    def seen(self) -> int:
        """Entries of an observation."""
        return self.inputs if self.width is None else self.width

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        if self.hidden == 0:
            return self.outputs * (self.inputs + 1)
        return self.hidden * (self.inputs + 1) + self.outputs * (self.hidden + 1)

    def around(self, action: np.ndarray) -> np.ndarray:
        """Return the parameters of the controller that always gives one action."""
        parameters = np.zeros(self.parameters)
        bias = parameters[-self.outputs :]
        amounts = np.asarray(action)
        if self.picks:
            parts, picked = self._head.parts(amounts[None])
            amounts = parts[0]
            for part, chosen in zip(self._head.logits, picked, strict=True):
                bias[part.start + int(chosen[0])] = LEAD
        bias[: len(amounts)] = np.arctanh(np.clip(amounts, -0.98, 0.98))
        return parameters

    def act(self, parameters: np.ndarray, observations: np.ndarray) -> np.ndarray:
        """Let members act, each on observations of its own.

        Weights count relative to the number of their inputs, so that one step size suits
        all of them.

        Args:
            parameters: float (members, parameters).
            observations: float (members * n, seen), those of a member side by side.

        Returns:
            float32 (members * n, action_width), in (-1, 1); or the Discrete actions, int
            (members * n,).

        Source: Ha & Schmidhuber 2018, "World models": a linear controller, a = W z + b.
        """
        members = len(parameters)
        read = observations[:, self.first : self.first + self.inputs]
        x = read.reshape(members, -1, self.inputs)
        if self.hidden:
            cut = self.hidden * (self.inputs + 1)
            x = np.tanh(_layer(parameters[:, :cut], x, self.hidden))
            parameters = parameters[:, cut:]
        raw = _layer(parameters, x, self.outputs)
        if self.discrete:
            return np.asarray(raw.argmax(axis=-1).reshape(-1))
        if self.picks:
            return self._head.act(raw.reshape(-1, self.outputs)).astype(np.float32)
        actions = np.tanh(raw)
        return actions.reshape(-1, self.outputs).astype(np.float32)


def _layer(parameters: np.ndarray, x: np.ndarray, outputs: int) -> np.ndarray:
    inputs = x.shape[-1]
    weights = parameters[:, : outputs * inputs].reshape(-1, inputs, outputs)
    bias = parameters[:, outputs * inputs :]
    return x @ weights / np.sqrt(inputs) + bias[:, None]


class ControllerAgent:
    """Acts by one controller.

    Args:
        shape: its sizes.
        parameters: float (parameters,).
        config: what it was trained with.
        env: where it was trained.

    Raises:
        ConfigError: the parameters do not fit the sizes.
    """

    kind = "cma_es"

    def __init__(
        self,
        shape: ControllerShape,
        parameters: np.ndarray,
        config: CMAESConfig,
        env: AnyEnvConfig,
    ) -> None:
        if parameters.shape != (shape.parameters,):
            raise ConfigError(
                f"{shape.parameters} parameters for {shape}",
                f"shape {parameters.shape}",
                "Train it again.",
            )
        self.name = "cma_es"
        self.shape = shape
        self.parameters = np.asarray(parameters, dtype=np.float64)
        self.config = config
        self.env = env
        self.env_overrides: Overrides = env.context_settings()

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return sizes, settings and parameters."""
        parts = {name: asdict(getattr(self, name)) for name in ("shape", "config", "env")}
        # Pairs keep their order and numbers, which the keys of a JSON object do not.
        parts["shape"]["picks"] = [list(pick) for pick in self.shape.picks.items()]
        return parts, {"parameters": self.parameters}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the controller that `to_manifest` described."""
        return cls(
            ControllerShape(**manifest["shape"]),
            weights["parameters"],
            CMAESConfig(**manifest["config"]),
            env_from_manifest(manifest["env"]),
        )

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the controller's actions.

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        if observations.shape[1:] != (self.shape.seen,):
            raise ConfigError(
                f"observations of width {self.shape.seen}, as in training in {self.env.id}",
                f"shape {observations.shape[1:]}",
                "Make the environment with the agent's env_overrides (person_context).",
            )
        return self.shape.act(self.parameters[None], observations)


def load_controller(folder: str) -> ControllerAgent:
    """Read a controller that was saved, or trained by a run, in a folder.

    Raises:
        ConfigError: the agent there is none of CMA-ES.
        CheckpointError: it cannot be read.
    """
    path = folder_of(folder)
    manifest = read_manifest(path)
    if manifest.get("algorithm") != ControllerAgent.kind:
        raise ConfigError(
            f"an agent of CMA-ES in {path}", repr(manifest.get("algorithm")), "Give its folder."
        )
    return ControllerAgent.from_manifest(manifest, read_weights(path, manifest))
