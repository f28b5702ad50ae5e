"""A loaded world model that can encode histories and step days, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.files.sealed_folder import manifest_seal
from human_wm_env.model import layouts, memory
from human_wm_env.model.architecture import FILM, Architecture
from human_wm_env.model.checkpoint import BUNDLED, Checkpoint, load_checkpoint, read_manifest
from human_wm_env.model.memory import Memory
from human_wm_env.person.history import History
from human_wm_env.response.arrays import from_arrays
from human_wm_env.response.inference import ResponseInference
from human_wm_env.runtime import folded_inputs, sampling
from human_wm_env.runtime.encoder import (
    Encoder,
    Posterior,
    prepare,
    prepare_beginnings,
    with_response,
)
from human_wm_env.runtime.film import FilmWeights
from human_wm_env.runtime.modulation import Modulation
from human_wm_env.settings import path_of

# Histories encoded together; bounds the memory of a large reset.
ENCODER_BATCH = 64


class TransitionNets:
    """The ensemble that steps the states, where there is no response.

    Args:
        architecture: of the checkpoint.
        weights: its flat dictionary.

    Attributes:
        layout: of the states' heads.
        transition: the nets.
        stepping: the same, with inputs folded for stepping.
        chain: float32 (members, encoded states + 1, outputs), what the states before one in the
            chain add to its parameters, and at last their being known: nothing is hidden from
            the model in a dream.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, np.ndarray]) -> None:
        self.layout = layouts.state_layout(architecture)
        self.transition = FilmWeights.from_weights(weights, "transition", self.layout.chain_mask)
        inputs = folded_inputs.fold_transition(
            self.transition.inputs, use_memory=architecture.memory
        )
        self.stepping = replace(self.transition, inputs=inputs)
        chain, width = self.transition.chain, self.layout.encoded_width
        known = chain[:, width:].sum(axis=1, keepdims=True)
        self.chain = np.concatenate([chain[:, :width], known], axis=1)


class WorldModelRuntime:
    """The nets of one checkpoint, ready to step.

    Args:
        checkpoint: arrays and sizes.

    Attributes:
        response: how states respond and its posteriors, where the checkpoint has that.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.architecture = checkpoint.architecture
        self.action_layout = layouts.action_layout(self.architecture)
        weights = checkpoint.weights
        self.encoder = Encoder(weights)
        self.policy = FilmWeights.from_weights(weights, "policy", self.action_layout.chain_mask)
        remembers = self.architecture.memory
        self._stepping_policy = replace(
            self.policy, inputs=folded_inputs.fold_policy(self.policy.inputs, use_memory=remembers)
        )
        has_response = self.architecture.has_response
        self.response = ResponseInference(from_arrays(weights)) if has_response else None
        self._nets = None if has_response else TransitionNets(self.architecture, weights)

    @property
    def nets(self) -> TransitionNets:
        """The nets that step the states.

        Raises:
            CheckpointError: the states follow a response.
        """
        if self._nets is None:
            raise CheckpointError(
                f"a checkpoint with transition={FILM}",
                f"transition={self.architecture.transition}, which has no transition nets",
                "Use the response of this one, or train one with model.transition=film.",
            )
        return self._nets

    def encode(self, histories: Sequence[History]) -> tuple[Posterior, Memory]:
        """Return the posterior of each person and the memory after their last day.

        People of like length are encoded together; no person influences another.

        Args:
            histories: at least one, each of at least one day.
        """
        order = np.argsort([history.days for history in histories], kind="stable")
        width = self.architecture.net_width
        people = len(histories)
        mean, log_variance = (np.empty((people, width), dtype=np.float32) for _ in range(2))
        after = memory.empty(people)
        total, weight = after.total.copy(), after.weight.copy()
        for start in range(0, people, ENCODER_BATCH):
            chosen = order[start : start + ENCODER_BATCH]
            prepared = prepare([histories[i] for i in chosen], use_memory=self.architecture.memory)
            posterior = self.encoder(prepared)
            mean[chosen], log_variance[chosen] = posterior.mean, posterior.log_variance
            total[chosen], weight[chosen] = prepared.memory.total, prepared.memory.weight
        posterior = Posterior(mean, log_variance)
        if self.response is not None:
            posterior = with_response(posterior, self.response(histories))
        return posterior, Memory(total, weight)

    def encode_beginnings(self, history: History, lengths: np.ndarray) -> tuple[Posterior, Memory]:
        """Return one person's posteriors and memories after several beginnings of their log.

        One pass over the log, where `encode` would take one for every beginning. People are not
        encoded together: that would save a tenth of the time, and the last digits of each would
        depend on the others.

        Args:
            history: the whole log.
            lengths: int (beginnings,), ascending whole weeks, at most its days.
        """
        prepared = prepare_beginnings(history, lengths, use_memory=self.architecture.memory)
        posterior = self.encoder.of_beginnings(prepared)
        if self.response is not None:
            posterior = with_response(posterior, self.response.of_beginnings(history, lengths))
        return posterior, prepared.memory

    def policy_modulation(self, latents: np.ndarray) -> Modulation:
        """Return what z_b does to the policy net; constant over an episode."""
        return self.policy.modulation(latents[:, self.architecture.blocks["b"]])

    def transition_modulation(self, latents: np.ndarray) -> Modulation:
        """Return what z_a and z_c do to the transition net; constant over an episode."""
        blocks = self.architecture.blocks
        return self.nets.transition.modulation(latents[:, blocks["c"]], latents[:, blocks["a"]])

    def act(
        self,
        policy_inputs: np.ndarray,
        modulation: Modulation,
        temperature: float,
        normal: np.ndarray,
        uniform: np.ndarray,
    ) -> np.ndarray:
        """Draw habitual actions, raw rows (slots, 10), not yet projected onto the feasible set.

        Args:
            policy_inputs: float32 (slots, folded_inputs.POLICY_WIDTH).
            modulation: from `policy_modulation`.
            temperature: tau of the dream.
            normal: float32 (slots, 7), one per feature in chain order.
            uniform: float32 (slots, 7), likewise.
        """
        parameters = self._stepping_policy(policy_inputs, modulation)[0]
        return sampling.sample_row(
            self.action_layout, parameters, self.policy.chain[0], temperature, normal, uniform
        )


# What is loaded: itself, a checkpoint folder, or the bundled one.
ModelSource: TypeAlias = WorldModelRuntime | str | Path | None


@lru_cache(maxsize=8)
def _load_cached(folder: str, checksum: str) -> WorldModelRuntime:
    return WorldModelRuntime(load_checkpoint(folder))


def load_world_model(
    world_model: ModelSource = None,
) -> WorldModelRuntime:
    """Return the stepping runtime of a checkpoint.

    Args:
        world_model: a checkpoint folder; None means the bundled one; a loaded runtime is
            returned as it is. Runtimes are shared between environments.

    Raises:
        CheckpointError: see `load_checkpoint`; or the weights are not those of the
            architecture.
    """
    if isinstance(world_model, WorldModelRuntime):
        return world_model
    folder = BUNDLED if world_model is None else path_of(world_model, "world_model")
    manifest = read_manifest(folder)
    return _load_cached(str(folder.resolve()), manifest_seal(manifest))
