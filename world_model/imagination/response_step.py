"""The states of an imagined day by a response, in MLX; gradients flow through the actions.

The environment steps the same equations in NumPy (`human_wm_env/response/step.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import mlx.core as mx
import numpy as np

from human_wm_env.person import feasible, schema
from human_wm_env.person.schema import DAYS_PER_WEEK
from human_wm_env.response.basis import (
    KCAL_UNIT,
    LONG_NIGHT_HOURS,
    MANY_KCAL,
    MANY_MINUTES,
    MANY_STEPS,
    OF_NIGHT,
    SHORT_NIGHT_HOURS,
    VERY_LONG_NIGHT_HOURS,
    daily_decay,
    days_before,
)
from human_wm_env.response.carried import (
    PROCESSES,
    UNKNOWN_WEATHER,
    Carried,
    innovation_root,
    joined_channels,
)
from human_wm_env.response.parameters import (
    MOOD_ORDER,
    STATES,
    WEATHERS,
    ResponseParameters,
    context_columns,
)
from human_wm_env.response.state import ResponseState
from world_model.imagination.draws import Columns

#: standard normal numbers that move both processes of each state on by a day
INNOVATIONS = len(STATES) * PROCESSES
_RATE = schema.continuous(schema.HEART_RATE)
_LOW, _HIGH = ((bound - _RATE.centre) / _RATE.scale for bound in (_RATE.low, _RATE.high))
_WEEKDAYS = mx.array(schema.WEEKDAY_TABLE[:DAYS_PER_WEEK])
# A weekday's angle is this near to its own in the table, and to no other.
_SAME_DAY = 0.9
# From levels, the lowest first, to the schema's categories.
_CATEGORY_OF = np.zeros((len(MOOD_ORDER), len(MOOD_ORDER)), dtype=np.float32)
_CATEGORY_OF[np.arange(len(MOOD_ORDER)), list(MOOD_ORDER)] = 1.0


@dataclass(frozen=True)
class CarriedDays:
    """What a response keeps between imagined days: `Carried` in MLX, of drawn people.

    Attributes:
        night, day, usual, noise_scale: as in `Carried`.
        weather: (slots, 3), of the day before, less how common it is; 0 if unknown.
        noise: (slots, 2, 2), both processes of each state on the day before.
        root: (slots, 2, 2, 2), of what is new in them on the day that begins.
        doubt: (slots, rows, columns), R with R'R the posterior covariance of the coefficients of
            both states, side by side; None where nobody asks for the uncertainty.
        uncertainty: (slots,), how little was known about what to expect of the day before, as
            `human_wm_env/response/step.py` has it; None without the doubt.
    """

    night: mx.array
    day: mx.array
    usual: mx.array
    noise_scale: mx.array
    weather: mx.array
    noise: mx.array
    root: mx.array
    doubt: mx.array | None = None
    uncertainty: mx.array | None = None

    @classmethod
    def begun(cls, parameters: ResponseParameters, state: ResponseState) -> CarriedDays:
        """Go on from what the environment's dream keeps of people; see `ResponseState`."""
        slots, taus = len(state.memory), len(parameters.tau_days)

        def shaped(array: np.ndarray, *shape: int) -> mx.array:
            return mx.array(np.ascontiguousarray(array).reshape(slots, *shape))

        memory = shaped(state.memory, 2, taus, -1)
        return cls(
            night=memory[:, 0],
            day=memory[:, 1],
            usual=shaped(state.usual, 2, -1),
            noise_scale=shaped(state.noise_scale, len(STATES)),
            weather=mx.array(_less_share(parameters, state.weather)),
            noise=shaped(state.noise, len(STATES), PROCESSES),
            root=shaped(state.noise_root, len(STATES), PROCESSES, PROCESSES),
            doubt=shaped(state.doubt, -1, state.coefficients.shape[1]),
        )

    @classmethod
    def of(
        cls, parameters: ResponseParameters, carried: Carried, latents: np.ndarray
    ) -> CarriedDays:
        """Begin with drawn people.

        Args:
            parameters: of the population.
            carried: of the slots.
            latents: float32 (slots, rank + 2), [z_c, z_a].
        """
        single = np.float32
        return cls(
            night=mx.array(carried.night),
            day=mx.array(carried.day),
            usual=mx.array(carried.usual),
            noise_scale=mx.array(carried.noise_scale),
            weather=mx.array(_less_share(parameters, carried.weather)),
            noise=mx.array(carried.noise_of(latents.astype(single))),
            root=mx.array(carried.noise_root),
        )


@dataclass(frozen=True)
class ResponseDraw:
    """How the states of one day are drawn.

    Attributes:
        normal: (slots, 2), of the heart rate and of the mood, standard normal.
        innovations: (slots, 4), of both processes of each, state-major.
        temperature: of all noise; 0 gives means, and the mood of the latent mean.
        straight_through: gradients of the mood are those of its probabilities (Bengio et al.
            2013); else there are none.
        probabilities: the mood's probabilities instead of a drawn mood.
    """

    normal: mx.array
    innovations: mx.array
    temperature: float = 1.0
    straight_through: bool = False
    probabilities: bool = False


class ResponseStep:
    """Steps the states of some slots.

    Args:
        parameters: of the population.
        latents: (slots, rank + 2), [z_c, z_a].
    """

    def __init__(self, parameters: ResponseParameters, latents: mx.array) -> None:
        self._parameters = parameters
        self._coefficients = [
            _single(parameters.mean[state]) + latents @ _single(parameters.personal(state)).T
            for state in range(len(STATES))
        ]
        channels = joined_channels(parameters) / parameters.actions.sd[:, None]
        self._of_night = _single(np.where(OF_NIGHT[:, None], channels, 0.0))
        self._of_day = _single(np.where(OF_NIGHT[:, None], 0.0, channels))
        self._decay = _single(daily_decay(parameters.tau_days)[:, None])
        self._before = mx.array(days_before(parameters.tau_days)[:, None])
        self._persistence = _single(np.stack([noise.persistence for noise in parameters.noise]))
        self._innovation = mx.array(innovation_root(parameters))
        self._of_weekday = _single(_weekday_columns(parameters))
        self._share = _single(parameters.weather_share)
        self._white_sd = math.sqrt(parameters.noise[0].white_variance)
        self._cutpoints = _single(parameters.cutpoints)

    def __call__(
        self,
        before: CarriedDays,
        columns: Columns,
        weekday: mx.array,
        weather: mx.array,
        draw: ResponseDraw,
    ) -> tuple[Columns, CarriedDays]:
        """Return the encoded states of a day, and what is kept after it.

        Args:
            before: of the days before.
            columns: encoded actions of the day, all of them known.
            weekday: (slots, 2), encoded.
            weather: (slots, 4), one-hot; zero where it is not known.
            draw: how.
        """
        basis, decay = response_basis(columns), self._decay
        tonight = (basis @ self._of_night - before.usual[:, 0])[:, None]
        today = (basis @ self._of_day - before.usual[:, 1])[:, None]
        night = decay * before.night + (1.0 - decay) * tonight
        day = decay * before.day + (1.0 - decay) * today
        seen_day = before.day if self._parameters.morning_states else day
        memory = mx.where(self._before, before.night + before.day, night + seen_day)
        known = weather.sum(axis=1, keepdims=True)
        of_weather = weather[:, 1:] - known * self._share
        same_day = (weekday @ _WEEKDAYS.T > _SAME_DAY).astype(mx.float32)
        context = mx.concatenate(
            [mx.ones_like(known), same_day @ self._of_weekday, of_weather, before.weather], axis=1
        )
        scale = draw.temperature * before.noise_scale
        new = (before.root * draw.innovations.reshape(-1, 2, 1, 2)).sum(axis=-1)
        noise = self._persistence * before.noise + scale[:, :, None] * new
        of_states = mx.split(memory, [self._parameters.channels[0].shape[1]], axis=2)
        explaining = [
            mx.concatenate([context, of_state.reshape(len(memory), -1)], axis=1)
            for of_state in of_states
        ]
        rate, mood = (
            (own * x).sum(axis=1) + noise[:, state].sum(axis=1)
            for state, (own, x) in enumerate(zip(self._coefficients, explaining, strict=True))
        )
        uncertainty = None
        if before.doubt is not None:
            uncertainty = self._uncertainty(before.doubt, explaining, mood)
        rate = rate + self._white_sd * scale[:, 0] * draw.normal[:, 0]
        states = {schema.HEART_RATE: self._bpm(rate), schema.MOOD: self._mood(mood, draw)}
        root = mx.broadcast_to(self._innovation, before.root.shape)
        after = replace(
            before,
            night=night,
            day=day,
            weather=of_weather,
            noise=noise,
            root=root,
            uncertainty=uncertainty,
        )
        return states, after

    def _uncertainty(
        self, doubt: mx.array, explaining: list[mx.array], latent_mood: mx.array
    ) -> mx.array:
        """Return how little is known about what to expect, (slots,): see `step.doubt_loop`."""
        of_rate = explaining[0].shape[1]
        rate, mood = (
            _length((part @ x[:, :, None])[:, :, 0])
            for part, x in zip(mx.split(doubt, [of_rate], axis=2), explaining, strict=True)
        )
        apart = self._cutpoints - latent_mood[:, None]
        density = mx.exp(-0.5 * apart * apart) / math.sqrt(2.0 * math.pi)
        padded = mx.pad(density, [(0, 0), (1, 1)])
        moved = mx.abs(padded[:, 1:] - padded[:, :-1]).sum(axis=1)
        rate_scale = self._parameters.rate_scale / _RATE.scale
        return (rate_scale * rate + moved * mood / len(MOOD_ORDER)) / len(STATES)

    def _bpm(self, rate: mx.array) -> mx.array:
        """Return the encoded heart rate, (slots, 1), of one on the response's own scale."""
        bpm = self._parameters.rate_centre + self._parameters.rate_scale * rate
        return mx.clip((bpm - _RATE.centre) / _RATE.scale, _LOW, _HIGH)[:, None]

    def _mood(self, mean: mx.array, draw: ResponseDraw) -> mx.array:
        """Return the encoded mood, (slots, categories)."""
        sd = draw.temperature
        latent = (mean + sd * draw.normal[:, 1])[:, None]
        above = (latent > self._cutpoints).astype(mx.float32)
        if draw.probabilities or draw.straight_through:
            likely = _normal_cdf((mean[:, None] - self._cutpoints) / max(sd, 1e-6))
            hard = 0.0 if draw.probabilities else mx.stop_gradient(above - likely)
            above = likely + hard
        ones, zeros = mx.ones_like(above[:, :1]), mx.zeros_like(above[:, :1])
        levels = mx.concatenate([ones, above], axis=1) - mx.concatenate([above, zeros], axis=1)
        return levels @ mx.array(_CATEGORY_OF)


def response_basis(columns: Columns) -> mx.array:
    """Return the daily basis of encoded actions, (slots, WIDTH); see `basis.daily_basis`."""
    amounts = mx.concatenate([columns[index] for index in _AMOUNTS], axis=1)
    # One split, and hinges side by side: operations on small arrays cost by their number.
    sleep, minutes, steps, distance, kcal_logged = mx.split(
        amounts * _SCALES + _CENTRES, len(_AMOUNTS), axis=1
    )
    kinds = columns[schema.WORKOUT] @ _KIND_COLUMNS
    walked = feasible.KCAL_PER_STEP * 5000.0 * steps + feasible.KCAL_PER_MINUTE * 60.0 * minutes
    kcal = walked + columns[schema.WORKOUT] @ _KCAL_OF_WORKOUT
    return mx.concatenate(
        [
            mx.clip(sleep - _NIGHTS, *_NIGHT_BOUNDS),
            minutes,
            steps,
            distance,
            kcal_logged,
            kinds,
            kinds * minutes,
            columns[schema.LOCATION] @ _BUT_FIRST_LOCATION,
            mx.maximum(steps - _MANY_STEPS, 0.0),
            mx.maximum(minutes - MANY_MINUTES / 60.0, 0.0),
            columns[schema.WORKOUT] @ _ANY_KIND * steps,
            mx.maximum(kcal - _MANY_KCAL, 0.0) / KCAL_UNIT,
        ],
        axis=1,
    )


#: of the amounts, and in what units they enter the basis
_UNITS = {
    schema.SLEEP: 1.0,
    schema.MINUTES: 60.0,
    schema.STEPS: 5000.0,
    schema.DISTANCE: 4.0,
    schema.CALORIES: 500.0,
}
_AMOUNTS = tuple(_UNITS)
_SCALES, _CENTRES = (
    mx.array([getattr(schema.continuous(i), name) / unit for i, unit in _UNITS.items()])
    for name in ("scale", "centre")
)
# Hours of sleep; then the hours that short, long and very long nights lack or exceed.
_NIGHTS = mx.array([7.0, SHORT_NIGHT_HOURS, LONG_NIGHT_HOURS, VERY_LONG_NIGHT_HOURS])
_NIGHT_BOUNDS = (
    mx.array([-math.inf, -math.inf, 0.0, 0.0]),
    mx.array([math.inf, 0.0, math.inf, math.inf]),
)
_MANY_STEPS = mx.array([many / 5000.0 for many in MANY_STEPS])
_MANY_KCAL = mx.array([float(many) for many in MANY_KCAL])
_WORKOUTS: Sequence[str] = schema.categories(schema.WORKOUT)
_KINDS = [place for place, name in enumerate(_WORKOUTS) if name != "None"]
# Columns are picked by products: the gradient of an index is scattered, many times as slow.
_KIND_COLUMNS = mx.eye(len(_WORKOUTS))[:, mx.array(_KINDS)]
_BUT_FIRST_LOCATION = mx.eye(schema.FEATURES[schema.LOCATION].width)[:, 1:]
_ANY_KIND = _KIND_COLUMNS.sum(axis=1, keepdims=True)
_KCAL_OF_WORKOUT = _KIND_COLUMNS @ mx.array(feasible.KCAL_TABLE[_KINDS])[:, None]


def _weekday_columns(parameters: ResponseParameters) -> np.ndarray:
    """Return what each weekday gives the columns of the context, float64 (7, 2)."""
    nothing = np.zeros((1, DAYS_PER_WEEK, schema.FEATURE_COUNT), dtype=np.float32)
    weekday = np.arange(DAYS_PER_WEEK)[None]
    return context_columns(parameters, nothing, nothing > 0.0, weekday)[0, :, 1:3]


def _less_share(parameters: ResponseParameters, weather: np.ndarray) -> np.ndarray:
    """Return weathers less how common they are, float32 (slots, 3); 0 where it is -1, unknown."""
    known = (weather != UNKNOWN_WEATHER)[:, None]
    apart = (weather[:, None] == np.arange(1, WEATHERS + 1)) - parameters.weather_share
    return np.asarray(known * apart, dtype=np.float32)


def _length(x: mx.array) -> mx.array:
    """Return the length of vectors, (slots,), with a gradient at 0."""
    return mx.sqrt(x.square().sum(axis=1) + 1e-12)


def _normal_cdf(x: mx.array) -> mx.array:
    return 0.5 * (1.0 + mx.erf(x / math.sqrt(2.0)))


def _single(array: np.ndarray) -> mx.array:
    return mx.array(array.astype(np.float32))
