"""What a dream keeps of people whose states follow a response, and of the population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person.actions import column_by_column
from human_wm_env.response.basis import daily_decay
from human_wm_env.response.carried import Carried, innovation_root, joined_channels
from human_wm_env.response.parameters import STATES, ResponseParameters

#: where the loops expect the states
RATE, MOOD = range(len(STATES))


@dataclass(slots=True)
class ResponseState:
    """What a response keeps of people between two days, (slots, k) each, column by column.

    Attributes:
        coefficients: float32, of both states, side by side.
        doubt: float32 (slots, rows * columns), R with R'R their posterior covariance; of width 0
            where nobody asks for the uncertainty of days.
        usual: float32 (slots, 2 * channels), the person's own mean: night, then day.
        noise_scale: float32 (slots, 2).
        memory: float32 (slots, 2 * taus * channels): night, then day.
        noise: float32 (slots, 4), processes of both states.
        noise_root: float32 (slots, 8), of what is new in them on the next day.
        weather: int (slots,), of the day before, -1 if unknown.
    """

    coefficients: np.ndarray
    doubt: np.ndarray
    usual: np.ndarray
    noise_scale: np.ndarray
    memory: np.ndarray
    noise: np.ndarray
    noise_root: np.ndarray
    weather: np.ndarray


@dataclass(frozen=True)
class ResponseModel:
    """What a day needs of the population's part, float32.

    Attributes:
        arrays: channels over the basis' standard deviations (WIDTH, channels), decay (taus,),
            shares of the weathers (3,), cutpoints (3,), persistence (2, 2).
        numbers: centre and scale of the heart rate, bpm, and its white standard deviation.
        morning_states: states are measured before the actions of their row.
        rate_width: columns of the heart rate, which stand before those of the mood.
        steady_root: float32 (2, 2, 2), of the noise's innovations.
        loadings: float32 (rank + 2, columns) and
        mean: float32 (columns,), of each state: from latents [z_c, z_a] to coefficients.
    """

    arrays: tuple[np.ndarray, ...]
    numbers: tuple[float, float, float]
    morning_states: bool
    rate_width: int
    steady_root: np.ndarray
    loadings: tuple[np.ndarray, np.ndarray]
    mean: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, parameters: ResponseParameters) -> ResponseModel:
        """Return the numbers of a response, laid out for the loops."""
        single = np.float32
        rate, mood = parameters.noise
        loadings = [parameters.personal(state).T.astype(single) for state in (RATE, MOOD)]
        means = [own.astype(single) for own in parameters.mean]
        return cls(
            arrays=(
                (joined_channels(parameters) / parameters.actions.sd[:, None]).astype(single),
                daily_decay(parameters.tau_days).astype(single),
                parameters.weather_share.astype(single),
                parameters.cutpoints.astype(single),
                np.stack([rate.persistence, mood.persistence]).astype(single),
            ),
            numbers=(
                parameters.rate_centre,
                parameters.rate_scale,
                float(np.sqrt(rate.white_variance)),
            ),
            morning_states=parameters.morning_states,
            rate_width=len(means[RATE]),
            steady_root=innovation_root(parameters),
            loadings=(loadings[RATE], loadings[MOOD]),
            mean=(means[RATE], means[MOOD]),
        )

    def coefficients(self, latents: np.ndarray) -> np.ndarray:
        """Return people's coefficients of both states, side by side, (people, columns).

        Args:
            latents: float32 (people, rank + 2), [z_c, z_a].
        """
        parts = [mean + latents @ own for mean, own in zip(self.mean, self.loadings, strict=True)]
        return np.concatenate(parts, axis=1)

    def doubt(self, root: np.ndarray) -> np.ndarray:
        """Return R with R'R the posterior covariance of coefficients, (people, rows, columns).

        Args:
            root: float32 (people, rank + 2, rank + 2), Cholesky root of [z_c, z_a].
        """
        # Both states side by side: rows are the same latents.
        return root.transpose(0, 2, 1) @ np.concatenate(self.loadings, axis=1)

    def begin(
        self, latents: np.ndarray, root: np.ndarray | None, carried: Carried
    ) -> ResponseState:
        """Return the state of people before their first imagined day.

        Args:
            latents: float32 (slots, rank + 2), the drawn [z_c, z_a].
            root: float32 (slots, rank + 2, rank + 2), Cholesky root of their covariance; None
                where nobody asks for the uncertainty of days.
            carried: of the same slots.
        """

        def flat(*parts: np.ndarray) -> np.ndarray:
            whole = [part.reshape(len(latents), -1) for part in parts]
            return column_by_column(np.concatenate(whole, axis=1, dtype=np.float32))

        nothing = np.empty((len(latents), 0), dtype=np.float32)
        return ResponseState(
            coefficients=flat(self.coefficients(latents)),
            doubt=flat(nothing if root is None else self.doubt(root)),
            usual=flat(carried.usual),
            noise_scale=flat(carried.noise_scale),
            memory=flat(carried.night, carried.day),
            noise=flat(carried.noise_of(latents)),
            noise_root=flat(carried.noise_root),
            weather=carried.weather,
        )
