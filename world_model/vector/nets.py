"""V, an MLP-VAE, and M, an MDN-RNN with an ensemble of heads, in MLX."""

from __future__ import annotations

import math

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.vector_dream.architecture import OUTCOMES, VectorArchitecture
from human_wm_env.vector_dream.nets import HIGHEST_LOG_SCALE, LOWEST_LOG_SCALE
from world_model.nets.gru import scan

FIRST_LOG_VARIANCE = -3.0
_SMALLEST_SHARE = 1e-6  # of the first principal component's variance


class _Net(nn.Module):
    """A linear map plus an MLP of two hidden layers that begins at zero."""

    def __init__(self, inputs: int, hidden: tuple[int, int], linear: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, linear)
        self.first = nn.Linear(inputs, hidden[0])
        self.second = nn.Linear(hidden[0], hidden[1])
        self.out = nn.Linear(hidden[1], out)
        self.out.weight = mx.zeros_like(self.out.weight)
        self.out.bias = mx.zeros_like(self.out.bias)

    def bent(self, x: mx.array, mask: mx.array | None = None) -> mx.array:
        """Return the MLP's part; its first hidden layer is multiplied by a dropout mask."""
        hidden = nn.relu(self.first(x))
        if mask is not None:
            hidden = hidden * mask
        return self.out(nn.relu(self.second(hidden)))


class VAE(nn.Module):
    """V: a linear code, begun at the principal components, with an MLP beside it each way.

    Args:
        size: of the nets.
        data: float32 (n, observation), normalised observations for the components.
    """

    def __init__(self, size: VectorArchitecture, data: np.ndarray) -> None:
        super().__init__()
        wide, half = size.vae_hidden, size.vae_hidden // 2
        self.encoder = _Net(size.observation, (wide, half), size.latent, 2 * size.latent)
        self.decoder = _Net(size.latent, (half, wide), size.observation, size.observation)
        self.encoder.out.bias = mx.array(
            np.repeat([0.0, FIRST_LOG_VARIANCE], size.latent).astype(np.float32)
        )
        axes, deviations = principal_axes(data, size.latent)
        centre = data.mean(axis=0)
        inverse = np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > 0.0)
        to_code, back = axes * inverse[:, None], (axes * deviations[:, None]).T
        self.encoder.linear.weight = mx.array(to_code.astype(np.float32))
        self.encoder.linear.bias = mx.array((-to_code @ centre).astype(np.float32))
        self.decoder.linear.weight = mx.array(np.ascontiguousarray(back, dtype=np.float32))
        self.decoder.linear.bias = mx.array(centre.astype(np.float32))

    def encode(self, x: mx.array, mask: mx.array | None = None) -> tuple[mx.array, mx.array]:
        """Return mean and log variance of z, (n, latent) each."""
        mean, log_variance = mx.split(self.encoder.bent(x, mask), 2, axis=-1)
        return self.encoder.linear(x) + mean, log_variance

    def decode(self, z: mx.array, mask: mx.array | None = None) -> mx.array:
        """Return normalised observations, (n, observation)."""
        return self.decoder.linear(z) + self.decoder.bent(z, mask)


def principal_axes(data: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first principal axes, (count, width), and the deviations along them, (count,).

    Where there are fewer, or they hold next to nothing, axis and deviation are 0.
    """
    centred = data.astype(np.float64) - data.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(data))
    order = np.argsort(values)[::-1][:count]
    kept = values[order] > _SMALLEST_SHARE * max(values.max(), 1e-12)
    axes, deviations = np.zeros((count, data.shape[1])), np.zeros(count)
    axes[: len(order)] = vectors[:, order].T * kept[:, None]
    deviations[: len(order)] = np.sqrt(np.where(kept, values[order], 0.0))
    return axes, deviations


class Memory(nn.Module):
    """The forward GRU of M."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(hidden)

        def uniform(*shape: int) -> mx.array:
            return mx.random.uniform(-bound, bound, shape)

        self.input = uniform(1, inputs, 3 * hidden)
        self.input_bias = uniform(1, 3 * hidden)
        self.hidden = uniform(1, hidden, 3 * hidden)
        self.hidden_bias = uniform(1, hidden)

    def __call__(self, steps: mx.array) -> mx.array:
        """Return the memory BEFORE each step, (windows, steps, H); empty before the first."""
        states = scan(steps, self.input, self.input_bias, self.hidden, self.hidden_bias)
        return mx.concatenate([mx.zeros_like(states[:, :1]), states[:, :-1]], axis=1)


class Members(nn.Module):
    """An ensemble of MLPs with two hidden layers on the same inputs."""

    def __init__(self, members: int, inputs: int, hidden: int, out: int) -> None:
        super().__init__()

        def normal(width: int, *shape: int) -> mx.array:
            return mx.random.normal((members, width, *shape)) * math.sqrt(2.0 / width)

        self.first, self.first_bias = normal(inputs, hidden), mx.zeros((members, 1, hidden))
        self.second, self.second_bias = normal(hidden, hidden), mx.zeros((members, 1, hidden))
        self.out, self.out_bias = 0.1 * normal(hidden, out), mx.zeros((members, 1, out))

    def __call__(self, x: mx.array) -> mx.array:
        """Return (members, n, out) of inputs (n, width)."""
        hidden = nn.relu(x[None] @ self.first + self.first_bias)
        deeper = nn.relu(hidden @ self.second + self.second_bias)
        return deeper @ self.out + self.out_bias


class MDNRNN(nn.Module):
    """M: a GRU over (z, action), members that tell the next z, and members that tell outcomes.

    Args:
        size: of the nets.
        step_scale: float32 (latent,), typical change of z in a step.

    Source: Ha & Schmidhuber 2018, "World models", appendix A.2.2; Bishop 1994.
    """

    def __init__(self, size: VectorArchitecture, step_scale: np.ndarray) -> None:
        super().__init__()
        z, a, h = size.latent, size.action, size.memory
        self.memory = Memory(z + a, h)
        self.next = Members(size.members, z + a + h, size.hidden, 3 * size.mixtures * z)
        spread = mx.zeros((size.members, 3, z, size.mixtures))
        spread[:, 1] = 0.3 * mx.random.normal((size.members, z, size.mixtures))
        self.next.out_bias = spread.reshape(size.members, 1, -1)
        self.outcome = Members(size.members, 2 * z + a + h, size.outcome_hidden, OUTCOMES)
        self._size, self._scale = size, mx.array(step_scale)

    def log_density(self, z: mx.array, a: mx.array, h: mx.array, after: mx.array) -> mx.array:
        """Return each member's log density of the next z, (members, n)."""
        raw = self.next(mx.concatenate([z, a, h], axis=1))
        parts = raw.reshape(raw.shape[0], len(z), 3, self._size.latent, self._size.mixtures)
        log_weights = parts[:, :, 0] - mx.logsumexp(parts[:, :, 0], axis=-1, keepdims=True)
        log_scale = mx.clip(parts[:, :, 2], LOWEST_LOG_SCALE, HIGHEST_LOG_SCALE)
        change = ((after - z) / self._scale)[None, :, :, None]
        apart = (change - parts[:, :, 1]) * mx.exp(-log_scale)
        each = log_weights - log_scale - 0.5 * apart * apart
        constant = mx.log(self._scale).sum() + 0.5 * self._size.latent * math.log(2.0 * math.pi)
        return mx.logsumexp(each, axis=-1).sum(axis=-1) - constant
