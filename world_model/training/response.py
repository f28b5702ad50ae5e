"""Train the population's part of a response by the people's exact marginal likelihood.

Channels, means and loadings climb it by L-BFGS: a step needs second moments of the logs alone,
and no pass over the days. Noise and cutpoints are fitted between, on what the regression leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.person import schema
from human_wm_env.response.arrays import LEAST_TAU_DAYS, from_arrays, to_arrays
from human_wm_env.response.basis import ActionStatistics
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.parameters import ResponseParameters, response_logs
from human_wm_env.response.posterior import (
    WorkingPoint,
    first_working_point,
    solve,
    working_point,
)
from world_model.training.finite_loss import check_finite
from world_model.training.response_components import (
    ComponentLikelihood,
    component_rank,
    first_components,
)
from world_model.training.response_covariance import learn_covariance
from world_model.training.response_noise import fit_noise
from world_model.training.response_validation import Judged, LastPeople, Validation

EVENING, MORNING, AUTO = "evening", "morning", "auto"
VALIDATIONS = 20  # of a round
CORRECTIONS = 20  # of the approximate Hessian


@dataclass(frozen=True)
class ResponseConfig:
    """How a response is trained.

    Attributes:
        rate_channels, mood_channels: learned combinations of the daily basis for each state.
        rank: dimensions of z_c. Components take one for each channel and two for weekdays and
            weather; the others are for what goes together
            (`response_covariance`).
        tau_days: time constants of the memory; a first one of 0 is the day itself, and the others
            then average the days before it.
        states_measured: "evening", after all actions of their row, "morning", after the night
            and before the others, or "auto", as the logs say (`response_timing`).
        rounds: of channels, then noise and cutpoints.
        steps: of L-BFGS in the first round; the others take at most half as many.
        validation_share: share of the people who only judge the training.
        people: most people who are learned from or judge; of more, a random sample is taken, with
            as many of either as their share. 1,000 people of 1,000 days need 2 GB.
        seed: of the first channels and loadings, and of the sample.
    """

    rate_channels: int = 6
    mood_channels: int = 6
    rank: int = 32
    tau_days: tuple[float, ...] = (0.0, 1.0, 3.0, 7.0, 14.0, 42.0)
    states_measured: str = AUTO
    rounds: int = 3
    steps: int = 150
    validation_share: float = 0.15
    people: int = 1000
    seed: int = 0

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the heart rate and of the mood."""
        return self.rate_channels, self.mood_channels

    @property
    def later_steps(self) -> int:
        """Most steps of all rounds but the first."""
        return max(1, self.steps // 2)

    def __post_init__(self) -> None:
        if self.states_measured not in (EVENING, MORNING, AUTO):
            raise ConfigError(
                f"states_measured out of {EVENING}, {MORNING}, {AUTO}",
                repr(self.states_measured),
                did_you_mean(self.states_measured, (EVENING, MORNING, AUTO)),
            )
        averages = self.tau_days[1:] if self.tau_days[:1] == (0.0,) else self.tau_days
        if not averages or min(averages) < LEAST_TAU_DAYS:
            raise ConfigError(
                f"time constants of at least {LEAST_TAU_DAYS} days, after a first one of 0 or not",
                f"tau_days={list(self.tau_days)}",
                "0 at the front is the day itself.",
            )
        if self.people < 2:
            raise ConfigError(
                "people >= 2: one to learn from, and one who judges",
                f"people={self.people}",
                "A few hundred are enough for the channels.",
            )
        if min(*self.channels, self.rank, self.rounds, self.steps) < 1:
            raise ConfigError(
                "at least one channel, dimension, round and step",
                f"rate_channels={self.rate_channels}, mood_channels={self.mood_channels}, "
                f"rank={self.rank}, rounds={self.rounds}, steps={self.steps}",
                "Raise the number that is too small.",
            )


@dataclass
class ResponseTraining:
    """What a training has found, at its end or after some of its rounds.

    Attributes:
        parameters: of the population, rounded as a checkpoint holds them.
        validation: mean log likelihood of validation people, nats, after each validation.
        rounds: that are behind it; one more than the configuration's at the end.
        point: where the mood was linearised last; None before the first round.
        timing_nats: by how much the logs prefer that states are measured in the morning; None if
            nobody asked them.
        best: of each round, the step that the validation side liked best, as a share of all; 0
            is where the round began.
    """

    parameters: ResponseParameters
    validation: list[float] = field(default_factory=list)
    rounds: int = 0
    point: WorkingPoint | None = None
    best: list[float] = field(default_factory=list)
    timing_nats: float | None = None


def train_response(
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    config: ResponseConfig,
    *,
    morning_states: bool,
) -> ResponseTraining:
    """Learn a response from logs; see `training_rounds`."""
    others = LastPeople(max(1, round(config.validation_share * len(rows))))
    start = first_training(rows, observed, config, morning_states=morning_states)
    *_, last = training_rounds(rows, observed, weekday, config, start, others)
    return last


def first_training(
    rows: np.ndarray, observed: np.ndarray, config: ResponseConfig, *, morning_states: bool
) -> ResponseTraining:
    """Return a training that begins with small random channels; see `training_rounds`."""
    parameters = _first_parameters(rows, observed, config, morning_states)
    return ResponseTraining(_rounded(parameters))


def training_rounds(
    rows: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    config: ResponseConfig,
    start: ResponseTraining,
    others: Validation,
) -> Iterator[ResponseTraining]:
    """Learn a response from logs, round by round.

    A training that goes on from one of its rounds ends as one that was never interrupted.

    Args:
        rows: float32 (people, days, 10), raw.
        observed: bool (people, days, 10).
        weekday: int (people, days), 0 = Monday, -1 = unknown.
        config: of the training.
        start: where it begins, or goes on.
        others: people or days that only judge.

    Yields:
        The training after each round; the last one only learns once more, at the noise that was
        found, and then how coefficients differ between people.
    """
    now = start
    logs = response_logs(now.parameters, rows, observed, weekday)
    for number in range(now.rounds, config.rounds + 1):
        point = now.point or first_working_point(logs)
        judged = others.split(now.parameters, logs, point)
        steps = config.steps if number == 0 else config.later_steps
        validation, best = [*now.validation], [*now.best]
        parameters = _climb(now.parameters, judged, steps, validation, best)
        if number < config.rounds:
            posterior = solve(parameters, judged.known)
            point = working_point(parameters, logs, posterior)
            parameters, point = fit_noise(parameters, judged.logs, point, posterior)
        else:
            parameters = learn_covariance(parameters, judged.learned, config.rank)
            validation.append(judged.judge(parameters))
        del judged  # a GB of many people: the next round collects it anew
        now = replace(
            now,
            parameters=_rounded(parameters),
            validation=validation,
            rounds=number + 1,
            point=point,
            best=best,
        )
        yield now


def _rounded(parameters: ResponseParameters) -> ResponseParameters:
    """Return parameters as a checkpoint, or the file of an interrupted training, holds them."""
    return replace(from_arrays(to_arrays(parameters)), gaps=parameters.gaps)


def _first_parameters(
    rows: np.ndarray, observed: np.ndarray, config: ResponseConfig, morning_states: bool
) -> ResponseParameters:
    rng = np.random.default_rng(config.seed)
    rate = rows[..., schema.HEART_RATE][observed[..., schema.HEART_RATE]].astype(np.float64)
    if len(rate) == 0:  # never logged: what is imagined of it is nobody's
        plain = schema.continuous(schema.HEART_RATE)
        rate = plain.centre + plain.scale * np.array([-1.0, 1.0])
    weathers = rows[..., schema.WEATHER][observed[..., schema.WEATHER]].astype(int)
    counts = np.bincount(weathers, minlength=schema.FEATURES[schema.WEATHER].width)
    channels, mean, loadings = first_components(
        config.channels, component_rank(config.channels, config.rank), len(config.tau_days), rng
    )
    noise = StateNoise(np.array([0.3, 0.8]), np.array([0.3, 0.4]), 0.4)
    return ResponseParameters(
        actions=ActionStatistics.of(rows, observed),
        tau_days=np.array(config.tau_days),
        morning_states=morning_states,
        channels=channels,
        mean=mean,
        loadings=loadings,
        intercept_sd=np.array([1.0, 0.6]),
        noise=(noise, replace(noise, white_variance=1.0)),
        cutpoints=np.array([-0.5, 0.2, 1.0]),
        rate_centre=float(rate.mean()),
        rate_scale=float(rate.std()) + 1e-3,
        weather_share=counts[1:] / max(1, counts.sum()),
    )


def _climb(
    parameters: ResponseParameters,
    judged: Judged,
    steps: int,
    validation: list[float],
    kept: list[float],
) -> ResponseParameters:
    """Climb the marginal likelihood; a prior, not an early end, keeps the parameters sane.

    What the validation side thinks of it is added to `validation`, and to `kept` at which share
    of the steps it was happiest. An early end was tried: it leaves directions that are hard to
    see unlearned, and their intervals too narrow.
    """
    objective = ComponentLikelihood(parameters, judged.learned)
    best_value, best_step, step = judged.judge(parameters), 0, 0
    every = max(1, steps // VALIDATIONS)

    def weigh(vector: np.ndarray) -> None:
        nonlocal best_value, best_step
        validation.append(judged.judge(objective.parameters(vector)))
        check_finite({"log likelihood": validation[-1]}, f"the response, step {step} of {steps}")
        if validation[-1] > best_value:
            best_value, best_step = validation[-1], step

    def count(vector: np.ndarray) -> None:
        nonlocal step
        step += 1
        if step % every == 0:
            weigh(vector)

    found = minimize(
        objective,
        objective.start(),
        jac=True,
        method="L-BFGS-B",
        callback=count,
        options={"maxiter": steps, "maxcor": CORRECTIONS},
    )
    if step % every != 0 or step == 0:
        weigh(found.x)
    kept.append(best_step / steps)
    return objective.parameters(found.x)
