"""Train the population's part of a response by the people's exact marginal likelihood.

Given channels, means and loadings, a person's likelihood integrates over z in closed form, from
second moments of the log alone: a step needs no pass over the days. Noise and cutpoints are
fitted between, on what the regression leaves. Gradients are those of the marginal likelihood:
by the envelope theorem z's posterior may be held fixed while they are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.person import schema
from human_wm_env.response.arrays import from_arrays, to_arrays
from human_wm_env.response.basis import WIDTH, ActionStatistics
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    STATES,
    ResponseParameters,
    response_logs,
)
from human_wm_env.response.posterior import (
    WorkingPoint,
    first_working_point,
    move_working_point,
    solve,
)
from world_model.training.response_noise import fit_noise
from world_model.training.response_validation import Judged, LastPeople, Validation

EVENING, MORNING = "evening", "morning"
Weights = dict[str, mx.array]


@dataclass(frozen=True)
class ResponseConfig:
    """How a response is trained.

    Attributes:
        channels: learned combinations of the daily basis, for each state.
        rank: dimensions of z_c.
        tau_days: time constants of the memory.
        states_measured: "evening", after all actions of their row, or "morning", after the night
            and before the others.
        rounds: of channels, then noise and cutpoints.
        steps: gradient steps of a round.
        learning_rate: of the first round; the others take half of it.
        weight_decay: prior precision of channels, means and loadings, per training person.
        validation_share: share of the people whose likelihood stops the training.
        patience: validations without gain that end a round.
        seed: of the first channels and loadings.
    """

    channels: int = 3
    rank: int = 12
    tau_days: tuple[float, ...] = (1.0, 3.0, 7.0, 14.0, 42.0)
    states_measured: str = EVENING
    rounds: int = 3
    steps: int = 200
    learning_rate: float = 0.02
    weight_decay: float = 0.01
    validation_share: float = 0.15
    patience: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.states_measured not in (EVENING, MORNING):
            raise ConfigError(
                f"states_measured out of {EVENING}, {MORNING}",
                repr(self.states_measured),
                did_you_mean(self.states_measured, (EVENING, MORNING)),
            )
        if min(self.channels, self.rank, self.rounds, self.steps) < 1:
            raise ConfigError(
                "at least one channel, dimension, round and step",
                f"channels={self.channels}, rank={self.rank}, rounds={self.rounds}, "
                f"steps={self.steps}",
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
        best: of each round, the validation that was kept, as a share of the steps; 0 keeps what
            the round began with.
    """

    parameters: ResponseParameters
    validation: list[float] = field(default_factory=list)
    rounds: int = 0
    point: WorkingPoint | None = None
    best: list[float] = field(default_factory=list)


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
        others: people or days that only decide when a round ends.

    Yields:
        The training after each round; the last one only learns once more, at the noise that was
        found.
    """
    now = start
    logs = response_logs(now.parameters, rows, observed, weekday)
    for number in range(now.rounds, config.rounds + 1):
        point = now.point or first_working_point(logs)
        judged = others.split(now.parameters, logs, point)
        rate = config.learning_rate * (1.0 if number == 0 else 0.5)
        validation, best = [*now.validation], [*now.best]
        parameters = _climb(now.parameters, judged, rate, config, validation, best)
        if number < config.rounds:
            posterior = solve(parameters, judged.everything)
            point = move_working_point(parameters, logs, point, posterior)
            parameters = fit_noise(parameters, logs, point, posterior)
        now = ResponseTraining(_rounded(parameters), validation, number + 1, point, best)
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
    width = CONTEXT_WIDTH + len(config.tau_days) * config.channels
    noise = StateNoise(np.array([0.3, 0.8]), np.array([0.3, 0.4]), 0.4)
    return ResponseParameters(
        actions=ActionStatistics.of(rows, observed),
        tau_days=np.array(config.tau_days),
        morning_states=morning_states,
        channels=(
            0.3 * rng.standard_normal((WIDTH, config.channels)),
            0.3 * rng.standard_normal((WIDTH, config.channels)),
        ),
        mean=(np.zeros(width), np.zeros(width)),
        loadings=(
            0.05 * rng.standard_normal((width, config.rank)),
            0.05 * rng.standard_normal((width, config.rank)),
        ),
        intercept_sd=np.array([1.0, 0.6]),
        noise=(noise, replace(noise, white_variance=1.0)),
        cutpoints=np.array([-0.5, 0.2, 1.0]),
        rate_centre=float(rate.mean()),
        rate_scale=float(rate.std()) + 1e-3,
        weather_share=counts[1:] / max(1, counts.sum()),
    )


# Channels, means, loadings -------------------------------------------------------------------


def _weights(parameters: ResponseParameters) -> Weights:
    weights = {"intercept_sd": mx.array(parameters.intercept_sd.astype(np.float32))}
    for state in range(len(STATES)):
        weights[f"channels{state}"] = mx.array(parameters.channels[state].astype(np.float32))
        weights[f"mean{state}"] = mx.array(parameters.mean[state].astype(np.float32))
        weights[f"loadings{state}"] = mx.array(parameters.loadings[state].astype(np.float32))
    return weights


def _with_weights(parameters: ResponseParameters, weights: Weights) -> ResponseParameters:
    def pair(name: str) -> tuple[np.ndarray, np.ndarray]:
        first, second = (np.array(weights[f"{name}{state}"]).astype(np.float64) for state in (0, 1))
        return first, second

    return replace(
        parameters,
        channels=pair("channels"),
        mean=pair("mean"),
        loadings=pair("loadings"),
        intercept_sd=np.array(weights["intercept_sd"]).astype(np.float64),
    )


def _bases(weights: Weights, taus: int) -> list[mx.array]:
    """Return of each state the coefficients of all columns, (width, 1 + rank + 2).

    The first column is the mean; the others are what each entry of z adds to it.
    """
    bases = []
    for state in range(len(STATES)):
        channels, loadings = weights[f"channels{state}"], weights[f"loadings{state}"]
        intercept = mx.zeros((len(loadings), len(STATES)))
        intercept[0, state] = weights["intercept_sd"][state]
        values = mx.concatenate([weights[f"mean{state}"][:, None], loadings, intercept], axis=1)
        lagged = values[CONTEXT_WIDTH:].reshape(taus, channels.shape[1], -1)
        rest = mx.matmul(channels, lagged).reshape(taus * WIDTH, -1)
        bases.append(mx.concatenate([values[:CONTEXT_WIDTH], rest]))
    return bases


def _gradient(
    weights: Weights, products: list[mx.array], slopes: list[mx.array], taus: int, decay: float
) -> Weights:
    """Return the gradient of minus the mean log marginal likelihood, and of the decay.

    With e = (1, z), the gradient by a basis B is that of E[sum over people of slopes' B e -
    e' B' products B e / 2] over z's posterior: one product of each person's matrix with B gives
    both the posterior and the gradient.

    Args:
        weights: see `_weights`.
        products: (people, width, width) for each state.
        slopes: (people, width) likewise.
        taus: number of time constants.
        decay: prior precision per person.
    """
    bases = _bases(weights, taus)
    loaded = [mx.matmul(each, basis) for each, basis in zip(products, bases, strict=True)]
    inner = _sum(mx.matmul(basis.T, each) for basis, each in zip(bases, loaded, strict=True))
    pull = _sum(mx.matmul(each, basis) for basis, each in zip(bases, slopes, strict=True))
    people, size = pull.shape
    covariance = np.linalg.inv(np.eye(size - 1) + inner[:, 1:, 1:])
    mean = np.einsum("pij,pj->pi", covariance, pull[:, 1:] - inner[:, 0, 1:])
    first = np.concatenate([np.ones((people, 1)), mean], axis=1)
    second = first[:, :, None] * first[:, None, :]
    second[:, 1:, 1:] += covariance
    e, ee = mx.array(first.astype(np.float32)), mx.array(second.astype(np.float32))
    rows = ee.reshape(-1, size)
    slope = [
        (mx.matmul(each.transpose(1, 0, 2).reshape(-1, people * size), rows) - own.T @ e) / people
        for each, own in zip(loaded, slopes, strict=True)
    ]

    def surrogate(now: Weights) -> mx.array:
        parts = zip(_bases(now, taus), slope, strict=True)
        shrink = sum((value**2).sum() for name, value in now.items() if name != "intercept_sd")
        return sum((basis * each).sum() for basis, each in parts) + 0.5 * decay * shrink

    return mx.grad(surrogate)(weights)


def _sum(parts: Iterable[mx.array]) -> np.ndarray:
    return np.sum([np.array(each, dtype=np.float64) for each in parts], axis=0)


def _climb(
    parameters: ResponseParameters,
    judged: Judged,
    learning_rate: float,
    config: ResponseConfig,
    validation: list[float],
    kept: list[float],
) -> ResponseParameters:
    """Take gradient steps, and return the parameters that validation people like best.

    Their likelihoods are added to `validation`, and to `kept` at which share of the steps they
    liked them best.
    """
    learned = judged.learned
    products = [mx.array(each.astype(np.float32)) for each in learned.products]
    slopes = [mx.array(each.astype(np.float32)) for each in learned.slopes]
    weights = _weights(parameters)
    schedule = optim.cosine_decay(learning_rate, config.steps, 0.05 * learning_rate)
    optimizer = optim.Adam(learning_rate=schedule)
    taus = len(parameters.tau_days)
    best, best_value, since = parameters, judged.judge(parameters), 0
    best_step = 0
    every = max(1, config.steps // 20)
    for step in range(1, config.steps + 1):
        slope = _gradient(weights, products, slopes, taus, config.weight_decay)
        weights = optimizer.apply_gradients(slope, weights)
        mx.eval(weights, optimizer.state)
        if step % every == 0 or step == config.steps:
            now = _with_weights(parameters, weights)
            value = judged.judge(now)
            validation.append(value)
            since = 0 if value > best_value else since + 1
            if value > best_value:
                best, best_value, best_step = now, value, step
            if since >= config.patience:
                break
    kept.append(best_step / config.steps)
    return best
