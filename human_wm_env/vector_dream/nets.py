"""V and M as a forward pass in NumPy, for stepping: no training library is needed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from human_wm_env.vector_dream.checkpoint import VectorCheckpoint

CLIP = 5.0  # of normalised observations
LATENT_BOUND = 10.0
LOWEST_LOG_SCALE, HIGHEST_LOG_SCALE = -6.0, 2.0


class Mixture(NamedTuple):
    """Gaussians over the next z, (members, n, latent, mixtures) or (n, latent, mixtures) each.

    Attributes:
        logits: unnormalised log weights.
        mean: of each Gaussian.
        scale: standard deviation of each.
    """

    logits: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def weights(self) -> np.ndarray:
        """Return the weights, which add up to 1."""
        shares = np.exp(self.logits - self.logits.max(axis=-1, keepdims=True))
        return shares / shares.sum(axis=-1, keepdims=True)

    def of(self, member: np.ndarray) -> Mixture:
        """Return what one member each says, (n, latent, mixtures)."""
        slots = np.arange(len(member))
        return Mixture(*(part[member, slots] for part in self))

    def expected(self) -> np.ndarray:
        """Return the mean, (members, n, latent)."""
        return (self.weights() * self.mean).sum(axis=-1)


class VectorNets:
    """The nets of one checkpoint.

    Args:
        checkpoint: weights and sizes.
        members: how many of the ensemble are used; None is all.
    """

    def __init__(self, checkpoint: VectorCheckpoint, members: int | None = None) -> None:
        self.architecture = checkpoint.architecture
        self.members = checkpoint.architecture.members if members is None else members
        self._weights = checkpoint.weights
        self._next = _Ensemble(self._weights, "next", self.members)
        self._outcome = _Ensemble(self._weights, "outcome", self.members)
        self.step_scale = checkpoint.weights["scales.step"]
        self._reward = checkpoint.weights["scales.reward"]

    # V ------------------------------------------------------------------------------

    def normalise(self, observations: np.ndarray) -> np.ndarray:
        """Return observations (n, width) in standard deviations, clipped; constant entries 0."""
        mean, scale = self._weights["normaliser.mean"], self._weights["normaliser.scale"]
        x = (np.asarray(observations, dtype=np.float32) - mean) / scale
        return np.clip(x, -CLIP, CLIP) * self._weights["normaliser.active"]

    def encode(self, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and log variance of z given observations, (n, latent) each."""
        x = self.normalise(observations)
        hidden = np.maximum(self._linear("encoder.first", x), 0.0)
        hidden = np.maximum(self._linear("encoder.second", hidden), 0.0)
        mean, log_variance = np.split(self._linear("encoder.out", hidden), 2, axis=1)
        return mean + self._linear("encoder.linear", x), log_variance

    def latents(self, observations: np.ndarray) -> np.ndarray:
        """Return the posterior mean of z, inside the bounds of dreams."""
        return np.clip(self.encode(observations)[0], -LATENT_BOUND, LATENT_BOUND)

    def reconstruct(self, z: np.ndarray) -> np.ndarray:
        """Return normalised observations (n, width) of latents."""
        hidden = np.maximum(self._linear("decoder.first", z), 0.0)
        hidden = np.maximum(self._linear("decoder.second", hidden), 0.0)
        x = self._linear("decoder.linear", z) + self._linear("decoder.out", hidden)
        return np.asarray(x * self._weights["normaliser.active"])

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Return observations (n, width), in the environment's units."""
        x = np.clip(self.reconstruct(z), -CLIP, CLIP)
        return x * self._weights["normaliser.scale"] + self._weights["normaliser.mean"]

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return np.asarray(x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"])

    # M ------------------------------------------------------------------------------

    def remember(self, h: np.ndarray, z: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Return the memory after a step, (n, memory).

        Args:
            h: (n, memory), before it.
            z: (n, latent), before it.
            actions: (n, width), encoded.

        Source: the GRU of `human_wm_env/runtime/gru.py`, one step.
        """
        width = h.shape[1]
        of_input = np.concatenate([z, actions], axis=1) @ self._weights["memory.input"][0]
        of_input += self._weights["memory.input_bias"][0]
        inner = h @ self._weights["memory.hidden"][0]
        opening = 1.0 / (1.0 + np.exp(-(of_input[:, : 2 * width] + inner[:, : 2 * width])))
        reset, update = opening[:, :width], opening[:, width:]
        inner = reset * (inner[:, 2 * width :] + self._weights["memory.hidden_bias"][0])
        new = np.tanh(of_input[:, 2 * width :] + inner)
        return np.asarray(new + update * (h - new))

    def next_latents(
        self,
        z: np.ndarray,
        actions: np.ndarray,
        h: np.ndarray,
        member: np.ndarray | None = None,
    ) -> Mixture:
        """Return what each member expects of the next z; arguments as `remember`.

        Args:
            z: float32 (n, latent).
            actions: float32 (n, width), encoded.
            h: float32 (n, memory).
            member: int (n,), asks one member each, which is much faster than all.
        """
        raw = self._next(np.concatenate([z, actions, h], axis=1), member)
        size = self.architecture
        parts = raw.reshape(*raw.shape[:-1], 3, size.latent, size.mixtures)
        logits, mean, log_scale = (parts[..., place, :, :] for place in range(3))
        step = self.step_scale[:, None]
        scale = step * np.exp(np.clip(log_scale, LOWEST_LOG_SCALE, HIGHEST_LOG_SCALE))
        return Mixture(logits, z[:, :, None] + step * mean, scale)

    def disagreement(self, mixture: Mixture) -> np.ndarray:
        """Return the deviation of the members' expected next z, in typical steps, mean over z.

        Args:
            mixture: of all members, see `next_latents`.

        Returns:
            float32 (n,).
        """
        return np.asarray((mixture.expected().std(axis=0) / self.step_scale).mean(axis=1))

    def outcomes(
        self,
        z: np.ndarray,
        actions: np.ndarray,
        after: np.ndarray,
        h: np.ndarray,
        member: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return reward and probability of the end of a step from z to `after`.

        Returns:
            float32 (members, n) each, or (n,) of one member each; rewards stay within those
            that were collected.
        """
        raw = self._outcome(np.concatenate([z, actions, after, h], axis=1), member)
        mean, scale, low, high = self._reward
        reward = np.clip(mean + scale * raw[..., 0], low, high)
        return reward, 1.0 / (1.0 + np.exp(-np.clip(raw[..., 1], -30.0, 30.0)))


class _Ensemble:
    """MLPs of two hidden layers on the same inputs."""

    def __init__(self, weights: dict[str, np.ndarray], name: str, members: int) -> None:
        def part(layer: str) -> np.ndarray:
            return weights[f"{name}.{layer}"][:members]

        self._layers = [
            (part(layer), part(f"{layer}_bias")) for layer in ("first", "second", "out")
        ]
        first, bias = self._layers[0]
        # The members' first layers side by side: one product.
        self._first = np.ascontiguousarray(first.transpose(1, 0, 2).reshape(first.shape[1], -1))
        self._first_bias = bias.reshape(-1)

    def __call__(self, x: np.ndarray, member: np.ndarray | None) -> np.ndarray:
        """Return (members, n, out) of inputs (n, width), or (n, out) of one member each."""
        if member is not None:
            return self._one_each(x, member)
        (_, _), (second, second_bias), (out, out_bias) = self._layers
        hidden = np.maximum(x @ self._first + self._first_bias, 0.0)
        by_member = hidden.reshape(len(x), len(second), -1).swapaxes(0, 1)
        deeper = np.maximum(np.matmul(by_member, second) + second_bias, 0.0)
        return np.asarray(np.matmul(deeper, out) + out_bias)

    def _one_each(self, x: np.ndarray, member: np.ndarray) -> np.ndarray:
        (first, first_bias), (second, second_bias), (out, out_bias) = self._layers
        result = np.empty((len(x), out.shape[2]), dtype=np.float32)
        for index in range(len(first)):
            rows = np.flatnonzero(member == index)
            hidden = np.maximum(x[rows] @ first[index] + first_bias[index], 0.0)
            deeper = np.maximum(hidden @ second[index] + second_bias[index], 0.0)
            result[rows] = deeper @ out[index] + out_bias[index]
        return result
