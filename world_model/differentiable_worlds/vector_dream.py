"""The dream of any environment, V and M, as a world that gradients flow through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mlx.core as mx
import numpy as np

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.vector_dream.nets import (
    CLIP,
    HIGHEST_LOG_SCALE,
    LATENT_BOUND,
    LOWEST_LOG_SCALE,
)
from human_wm_env.vector_dream.world import (
    LATENT,
    NOISE_STEPS,
    VectorDreamState,
    VectorDreamWorld,
    draw_noise_block,
)
from world_model.differentiable_worlds.step import Step
from world_model.imagination.draws import one_hot

Weights = dict[str, mx.array]


@dataclass(frozen=True)
class VectorImagined:
    """Where the dreams stand, batch-first.

    Attributes:
        z: (slots, latent).
        h: (slots, memory).
        noise: the environment's own state, for its noise and the number of steps alone.
    """

    z: mx.array
    h: mx.array
    noise: VectorDreamState


class VectorDream:
    """Steps what the environment steps, `VectorDreamWorld` and its reward, in MLX.

    The Gaussian of each next latent, and whether the episode ends, are drawn straight through.

    Args:
        env: of the dream.

    Raises:
        ConfigError: it has no noise, or is pessimistic.
    """

    def __init__(self, env: VectorEnv) -> None:
        world = env.world
        assert isinstance(world, VectorDreamWorld)
        if world.temperature == 0.0 or env.reward.pessimism > 0.0:
            raise ConfigError(
                "temperature > 0 and pessimism 0 where gradients flow through a dream",
                f"{world.temperature} and {env.reward.pessimism}",
                "Train in that dream; judge the agent in the other.",
            )
        self.world = world
        self._weight = float(env.reward.weights[0])
        self._weights: Weights = {
            name: mx.array(array) for name, array in world.checkpoint.weights.items()
        }
        self._terminates = float(world.checkpoint.terminates)

    def reset(
        self, starts: Sequence[np.ndarray], streams: Sequence[Stream]
    ) -> tuple[VectorImagined, mx.array]:
        """Begin a dream per start; see `World.reset`."""
        state, _ = self.world.reset(starts, streams)
        first = VectorImagined(mx.array(state.z), mx.array(state.h), state)
        return first, self._observe(first.z, first.h)

    def step(
        self, state: VectorImagined, amounts: mx.array, picks: Sequence[mx.array]
    ) -> Step[VectorImagined]:
        """Imagine a step of every slot.

        Args:
            state: before it.
            amounts: (slots, width) of a Box; of no width where actions are Discrete.
            picks: one-hot (slots, actions) of Discrete; none of a Box.
        """
        noise, place = state.noise, int(state.noise.step[0]) % NOISE_STEPS
        if place == 0:
            noise = draw_noise_block(noise, np.arange(len(noise.step)))
        normal, uniform = noise.normals[:, place], noise.uniforms[:, place]
        z, h, action = state.z, state.h, picks[0] if picks else amounts
        member = (uniform[:, -1] * self.world.nets.members).astype(np.int64)
        after = self._next(z, h, action, member, mx.array(normal), mx.array(uniform[:, :-2]))
        outcome = self._ensemble("outcome", mx.concatenate([z, action, after, h], axis=1), member)
        mean, scale, low, high = self._weights["scales.reward"]
        reward = mx.clip(mean + scale * outcome[:, 0], low, high)
        ends = mx.sigmoid(mx.clip(outcome[:, 1], -30.0, 30.0))
        hard = (mx.array(uniform[:, -2]) < ends).astype(mx.float32)
        goes_on = 1.0 - self._terminates * (mx.stop_gradient(hard - ends) + ends)
        remembered = self._remember(h, mx.concatenate([z, action], axis=1))
        following = VectorImagined(after, remembered, replace(noise, step=noise.step + 1))
        observation = self._observe(after, remembered)
        return Step(following, observation, self._weight * reward, goes_on)

    def _next(
        self,
        z: mx.array,
        h: mx.array,
        action: mx.array,
        member: np.ndarray,
        normal: mx.array,
        uniform: mx.array,
    ) -> mx.array:
        """Draw the next z, (slots, latent); see `VectorNets.next_latents`."""
        size = self.world.checkpoint.architecture
        raw = self._ensemble("next", mx.concatenate([z, action, h], axis=1), member)
        logits, mean, log_scale = (
            part[:, 0] for part in mx.split(raw.reshape(len(z), 3, size.latent, -1), 3, axis=1)
        )
        step = self._weights["scales.step"][:, None]
        scale = step * mx.exp(mx.clip(log_scale, LOWEST_LOG_SCALE, HIGHEST_LOG_SCALE))
        soft = mx.softmax(logits / self.world.temperature, axis=-1)
        reached = uniform[..., None] * soft.sum(axis=-1, keepdims=True)
        below = (reached >= mx.cumsum(soft, axis=-1)[..., :-1]).sum(axis=-1)
        hard = one_hot(below.reshape(-1), soft.shape[-1]).reshape(soft.shape)
        picked = mx.stop_gradient(hard - soft) + soft
        apart = self.world.temperature**0.5 * scale * normal[..., None]
        after = (picked * (z[..., None] + step * mean + apart)).sum(axis=-1)
        return mx.clip(after, -LATENT_BOUND, LATENT_BOUND)

    def _ensemble(self, name: str, x: mx.array, member: np.ndarray) -> mx.array:
        """Return what one member each says, (slots, outputs)."""
        rows = [np.flatnonzero(member == index) for index in range(self.world.nets.members)]
        parts = []
        for index, own in enumerate(rows):
            hidden = x[mx.array(own)]
            for layer in ("first", "second", "out"):
                weight = self._weights[f"{name}.{layer}"][index]
                hidden = hidden @ weight + self._weights[f"{name}.{layer}_bias"][index]
                hidden = hidden if layer == "out" else mx.maximum(hidden, 0.0)
            parts.append(hidden)
        return mx.concatenate(parts)[mx.array(np.argsort(np.concatenate(rows)))]

    def _remember(self, h: mx.array, x: mx.array) -> mx.array:
        """Return the memory after a step, (slots, memory); see `VectorNets.remember`."""
        weights = {name: self._weights[f"memory.{name}"][0] for name in _GRU}
        of_input = x @ weights["input"] + weights["input_bias"]
        inner, width = h @ weights["hidden"], h.shape[1]
        opening = mx.sigmoid(of_input[:, : 2 * width] + inner[:, : 2 * width])
        reset, update = opening[:, :width], opening[:, width:]
        inner = reset * (inner[:, 2 * width :] + weights["hidden_bias"])
        new = mx.tanh(of_input[:, 2 * width :] + inner)
        return new + update * (h - new)

    def _observe(self, z: mx.array, h: mx.array) -> mx.array:
        """Return what the environment shows; see `VectorNets.decode` for its decoded view."""
        if self.world.view == LATENT:
            return mx.concatenate([z, h], axis=1)
        hidden = mx.maximum(self._linear("decoder.first", z), 0.0)
        hidden = mx.maximum(self._linear("decoder.second", hidden), 0.0)
        x = self._linear("decoder.linear", z) + self._linear("decoder.out", hidden)
        x = mx.clip(x * self._weights["normaliser.active"], -CLIP, CLIP)
        return x * self._weights["normaliser.scale"] + self._weights["normaliser.mean"]

    def _linear(self, name: str, x: mx.array) -> mx.array:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]


_GRU = ("input", "input_bias", "hidden", "hidden_bias")
