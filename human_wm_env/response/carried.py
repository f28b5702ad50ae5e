"""What a response keeps of the days before: memory of channels, noise, and what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from human_wm_env.response.basis import OF_NIGHT
from human_wm_env.response.kalman import filter_loop
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.ordinal import score
from human_wm_env.response.parameters import STATES, ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import ResponsePosterior, WorkingPoint

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
        noise_scale: float32 (people, 2), personal multiplier of all noise of a state.
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
        explained = (self.noise_slope @ latents[:, None, :, None])[..., 0]
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


def carried_after(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    point: WorkingPoint,
    posterior: ResponsePosterior,
    last_weather: np.ndarray,
) -> Carried:
    """Return what is kept after the last day of logs.

    Args:
        parameters: of the population.
        logs: of the people, all days of them.
        point: where the mood was linearised for the posterior.
        posterior: of the same people.
        last_weather: int (people,), of the last day, -1 if unknown.
    """
    people = len(logs.memory)
    channels = joined_channels(parameters)
    night = np.where(OF_NIGHT[:, None], channels, 0.0)
    parts = (night, channels - night)
    usual = logs.own_mean / parameters.actions.sd
    noise = np.empty((people, len(STATES), PROCESSES))
    slope = np.empty((*noise.shape, parameters.rank + len(STATES)))
    covariance = np.empty((people, PROCESSES, PROCESSES))
    root = np.empty((*noise.shape, PROCESSES))
    for state in range(len(STATES)):
        spread = parameters.spread(state)
        x = logs.columns @ np.concatenate(
            [spread @ parameters.personal(state), (spread @ parameters.mean[state])[:, None]],
            axis=1,
        )
        explained, base = x[..., :-1], x[..., -1]
        if state == 0:
            response, observed = logs.rate, logs.rate_observed
            variance = np.full(response.shape, parameters.noise[0].white_variance)
        else:
            latent = base + (explained @ posterior.mean[..., None])[..., 0] + point.noise
            at = score(latent, logs.level, parameters.cutpoints)
            response, observed = latent + at.slope / at.information, logs.mood_observed
            variance = 1.0 / at.information
        columns = np.concatenate([-explained, (response - base)[..., None]], axis=-1)
        own = parameters.noise[state]
        for person in range(people):
            mean = np.empty((PROCESSES, columns.shape[-1]))
            filter_loop(
                columns[person],
                observed[person],
                variance[person],
                (own.persistence, own.sd),
                np.empty_like(columns[person]),
                np.empty(columns.shape[1]),
                mean,
                covariance[person],
            )
            slope[person, state], noise[person, state] = mean[:, :-1], mean[:, -1]
        root[:, state] = next_day_root(own, covariance)
    single = np.float32
    return Carried(
        night=(logs.memory @ parts[0]).astype(single),
        day=(logs.memory @ parts[1]).astype(single),
        usual=np.stack([usual @ part for part in parts], axis=1).astype(single),
        weather=last_weather,
        noise=noise.astype(single),
        noise_slope=slope.astype(single),
        noise_root=root.astype(single),
        noise_scale=np.ones((people, len(STATES)), dtype=single),
    )
