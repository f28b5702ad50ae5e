"""What an estimator reaches that knows a member's equations: the bar for models that do not.

It knows the channels, their time constants, the prior of the personal coefficients and the noise,
and has the same log, gaps included. Only the person is unknown: a Bayesian regression.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from human_wm_env.person import schema
from human_wm_env.response.basis import ActionStatistics, observed_basis
from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.ordinal import expected_value, score
from human_wm_env.second_family.effects import MOOD_LEVELS, REST
from human_wm_env.second_family.simulate import CLIMATE, Policy, policy_row
from human_wm_env.second_family.structure import (
    DRIVERS,
    MOOD_ORDER,
    REMEMBERED,
    StateStructure,
    Structure,
    is_bad_weather,
)

_PASSES = 4
_BAD_SHARE = float(CLIMATE[2:].sum())  # rain and snow
_NEEDS: tuple[tuple[int, ...], ...] = (
    (schema.SLEEP,),
    (schema.WORKOUT, schema.MINUTES),
    (schema.WORKOUT, schema.MINUTES),
    (schema.STEPS,),
    (schema.LOCATION, schema.WEATHER),
)


def reference_effects(
    structure: Structure,
    rows: np.ndarray,
    observed: np.ndarray,
    policies: Mapping[str, Policy],
    *,
    days: int = 30,
    draws: int = 200,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Estimate what each policy does to each person, over REST.

    Args:
        structure: of the member, known.
        rows: float32 (people, days, 10), the log, anything where masked.
        observed: bool (people, days, 10).
        policies: by name.
        days: of the policy.
        draws: of each person's posterior.
        seed: of the draws.

    Returns:
        By policy float64 (2, people, draws, days): heart rate in bpm, and mood reward.
    """
    drivers = _filled_drivers(structure, rows, observed)
    bad = np.where(observed[..., schema.WEATHER], is_bad_weather(rows), _BAD_SHARE)
    channels, memory = _channels_of(structure, drivers, bad)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 41]))
    coefficients = [
        _posterior_draws(structure, state, channels, rows, observed, draws, rng) for state in (0, 1)
    ]
    rest = _path(structure, memory, REST, days)
    slow_sd = structure.mood.slow_sd
    sd = float(np.sqrt(1.0 + slow_sd**2))
    level = np.einsum("psc,pdc->psd", coefficients[1], rest)
    before = expected_value(level, sd, structure.cutpoints, MOOD_LEVELS)
    effects = {}
    for name, policy in policies.items():
        changed = _path(structure, memory, policy, days) - rest
        rate, mood = (np.einsum("psc,pdc->psd", own, changed) for own in coefficients)
        after = expected_value(level + mood, sd, structure.cutpoints, MOOD_LEVELS)
        effects[name] = np.stack([rate, after - before])
    return effects


def _filled_drivers(structure: Structure, rows: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return the drivers of each day; gaps from the day's other actions, by least squares."""
    known = np.stack([observed[..., list(needs)].all(axis=-1) for needs in _NEEDS], axis=-1)
    drivers = np.where(known, structure.drivers(rows), 0.0)
    usual = drivers.sum(axis=(0, 1)) / known.sum(axis=(0, 1))
    own = (drivers.sum(axis=1) + 5.0 * usual) / (known.sum(axis=1) + 5.0)
    actions, _ = ActionStatistics.of(rows, observed).filled(rows, observed)
    seen = observed_basis(observed).any(axis=-1)
    for place in range(REMEMBERED):
        both = known[..., place] & seen
        apart = (drivers[..., place] - own[:, None, place])[both]
        slopes = np.linalg.lstsq(actions[both], apart, rcond=None)[0]
        guessed = own[:, None, place] + actions @ slopes
        drivers[..., place] = np.where(known[..., place], drivers[..., place], guessed)
    return drivers


def _channels_of(
    structure: Structure, drivers: np.ndarray, bad_weather: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return 1 and the channels of each day, (people, days, 7), and the memory after the last."""
    people, days, _ = drivers.shape
    decay = structure.decay
    memory = drivers.mean(axis=1)
    found = np.ones((people, days, 1 + len(DRIVERS)), dtype=np.float32)
    for day in range(days):
        after = decay * memory + (1.0 - decay) * drivers[:, day]
        found[:, day, 1:] = structure.channels(memory, after, bad_weather[:, day])
        memory = after
    return found, memory


def _path(structure: Structure, memory: np.ndarray, policy: Policy, days: int) -> np.ndarray:
    """Return 1 and the channels under a constant policy, float64 (people, days, 7)."""
    people = len(memory)
    row = policy_row(policy)
    fair, foul = (structure.drivers(_in_weather(row, name)) for name in ("Clear", "Rain"))
    today = (1.0 - _BAD_SHARE) * fair + _BAD_SHARE * foul
    drivers = np.broadcast_to(today, (people, days, REMEMBERED))
    decay, found = structure.decay, np.ones((people, days, 1 + len(DRIVERS)))
    for day in range(days):
        after = decay * memory + (1.0 - decay) * drivers[:, day]
        found[:, day, 1:] = structure.channels(memory, after, np.full(people, _BAD_SHARE))
        memory = after
    return found


def _in_weather(row: np.ndarray, weather: str) -> np.ndarray:
    changed = row.copy()
    changed[schema.WEATHER] = schema.categories(schema.WEATHER).index(weather)
    return changed


def _posterior_draws(
    structure: Structure,
    state: int,
    channels: np.ndarray,
    rows: np.ndarray,
    observed: np.ndarray,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw coefficients of a state, float64 (people, draws, 7)."""
    own: StateStructure = structure.states[state]
    prior_mean = np.concatenate([[own.base_mean], own.mean])
    prior_sd = np.concatenate([[own.base_sd], own.sd])
    noise = StateNoise(np.array([own.persistence, 0.0]), np.array([own.slow_sd, 0.0]), 1.0)
    people, days = observed.shape[:2]
    mean = np.tile(prior_mean, (people, 1))
    covariance = np.tile(np.diag(prior_sd**2), (people, 1, 1))
    expected_noise = np.zeros((people, days))
    feature = (schema.HEART_RATE, schema.MOOD)[state]
    seen = observed[..., feature]
    level_of = np.argsort(np.array(MOOD_ORDER))
    level = level_of[np.where(seen, rows[..., schema.MOOD], 0.0).astype(int)]
    for _ in range(1 if state == 0 else _PASSES):
        if state == 0:
            response = rows[..., feature].astype(np.float64)
            variance = np.full((people, days), own.white_sd**2)
        else:
            fitted = np.einsum("pdc,pc->pd", channels, mean)
            latent = fitted + expected_noise
            at = score(latent, level, structure.cutpoints)
            response, variance = latent + at.slope / at.information, 1.0 / at.information
        columns = np.concatenate([channels, response[..., None]], axis=-1).astype(np.float32)
        whitened = whiten(columns, seen, variance, noise).columns.astype(np.float64)
        products = whitened.transpose(0, 2, 1) @ whitened
        covariance = np.linalg.inv(products[:, :-1, :-1] + np.diag(prior_sd**-2.0))
        pull = products[:, :-1, -1] + prior_mean / prior_sd**2
        mean = np.einsum("pij,pj->pi", covariance, pull)
        if state == 1:
            rest = response - np.einsum("pdc,pc->pd", channels, mean)
            left = rest[..., None].astype(np.float32)
            expected_noise = whiten(left, seen, variance, noise).expected_noise
    root = np.linalg.cholesky(covariance)
    normal = rng.standard_normal((people, draws, len(prior_mean)))
    return np.asarray(mean[:, None] + normal @ root.transpose(0, 2, 1))
