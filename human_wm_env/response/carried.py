"""What a response keeps of the days before: memory of channels, noise, and what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from human_wm_env.response.noise import StateNoise
from human_wm_env.response.parameters import STATES, ResponseParameters

PROCESSES = 2
UNKNOWN_WEATHER = -1


@dataclass(frozen=True)
class Carried:
    """What the states of the next day depend on beside that day, batch-first.

    Learned channels of both states stand side by side: the heart rate's, then the mood's. A day's
    channels are W'(basis / sd) less `usual`, summed over the night's columns and the others.

    Attributes:
        night, day: float32 (people, taus, channels), exponential averages of the channels of the
            night's columns, and of the others.
        usual: float32 (people, 2, channels), channels of the person's own mean: night, others.
        weather: int (people,), of the day before; -1 if unknown.
        noise: float32 (people, 2, 2), filtered mean of each state's two processes after the last
            day for a person of latents 0; (state, process).
        noise_slope: float32 (people, 2, 2, rank + 2), what each latent [z_c, z_a] adds to it: what
            a coefficient explains is not noise.
        noise_root: float32 (people, 2, 2, 2), Cholesky root of the processes' covariance on the
            next day given the latents, its innovations included; (state, process, process). On
            that day they are persistence * noise + root @ normal; from the day after on, the
            root is `innovation_root`.
        noise_scale: float32 (people, 2), personal multiplier of a state's noise, but for
            each day's own noise of the mood, which sets its scale; that of the mood is 1.
    """

    night: np.ndarray
    day: np.ndarray
    usual: np.ndarray
    weather: np.ndarray
    noise: np.ndarray
    noise_slope: np.ndarray
    noise_root: np.ndarray
    noise_scale: np.ndarray

    def __getitem__(self, people: np.ndarray | slice) -> Carried:
        """Return those of some people."""
        return Carried(*(getattr(self, each.name)[people] for each in fields(self)))

    def noise_of(self, latents: np.ndarray) -> np.ndarray:
        """Return the mean of both processes of each state after the last day, (people, 2, 2).

        Args:
            latents: float32 (people, rank + 2), [z_c, z_a].
        """
        # Not by BLAS: its kernels may flag values beside such small operands as invalid.
        explained = np.einsum("psnl,pl->psn", self.noise_slope, latents)
        return np.asarray(self.noise + explained, dtype=np.float32)


def stacked(people: Sequence[Carried]) -> Carried:
    """Return batches as one."""
    return Carried(
        *(np.concatenate([getattr(one, each.name) for one in people]) for each in fields(Carried))
    )


def joined_channels(parameters: ResponseParameters) -> np.ndarray:
    """Return the channels of both states side by side, float64 (WIDTH, channels)."""
    return np.concatenate(parameters.channels, axis=1)


def innovation_root(parameters: ResponseParameters) -> np.ndarray:
    """Return the root of what is new in the processes each day, float32 (2, 2, 2)."""
    root = np.zeros((len(STATES), PROCESSES, PROCESSES), dtype=np.float32)
    for state, noise in enumerate(parameters.noise):
        np.fill_diagonal(root[state], noise.sd * np.sqrt(1.0 - noise.persistence**2))
    return root


def next_day_root(noise: StateNoise, covariance: np.ndarray) -> np.ndarray:
    """Return the Cholesky root of both processes' covariance a day later, float64 (..., 2, 2).

    Args:
        noise: of the state.
        covariance: float64 (..., 2, 2), after the last day.
    """
    innovation = noise.sd**2 * (1.0 - noise.persistence**2)
    return lower_root(
        np.outer(noise.persistence, noise.persistence) * covariance + np.diag(innovation)
    )


def lower_root(covariance: np.ndarray) -> np.ndarray:
    """Return the Cholesky root of 2 x 2 matrices, which may be 0, float64 (..., 2, 2)."""
    root = np.zeros_like(covariance)
    first = np.sqrt(np.maximum(covariance[..., 0, 0], 0.0))
    root[..., 0, 0] = first
    root[..., 1, 0] = covariance[..., 1, 0] / np.where(first > 0.0, first, 1.0)
    root[..., 1, 1] = np.sqrt(np.maximum(covariance[..., 1, 1] - root[..., 1, 0] ** 2, 0.0))
    return root
