"""Swap tests: a block that matters makes days less likely when it is another person's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.runtime.encoder import response_latents
from world_model.card.intervals import Interval, mean_interval
from world_model.data.encoded_logs import EncodedLogs
from world_model.data.windows import windows
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.latent_pruning import derangement

# How many other people each person's block is taken from.
SHUFFLES = 5

Likelihoods = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Swap:
    """What swapping one block costs, in nats per day; positive means that days got less likely.

    Attributes:
        action: of the actions' likelihood; state: of the states'.
    """

    action: Interval
    state: Interval


def swap_test(
    likelihoods: Likelihoods,
    latents: np.ndarray,
    blocks: Mapping[str, slice],
    rng: np.random.Generator,
) -> dict[str, Swap]:
    """Replace each block of each person by another person's.

    Args:
        likelihoods: from latents (people, latents) to the log-likelihood per day of
            each person's actions and states, (people,) each.
        latents: float32 (people, latents), of each person.
        blocks: where each block stands.
        rng: source of the shuffles.
    """
    people = np.arange(len(latents))
    own = likelihoods(latents)
    swaps = {}
    for block, part in blocks.items():
        lost = np.zeros((2, len(people)))
        for _ in range(SHUFFLES):
            mixed = latents.copy()
            mixed[:, part] = latents[derangement(len(people), rng), part]
            lost += np.stack(own) - np.stack(likelihoods(mixed))
        action, state = lost / SHUFFLES
        swaps[block] = Swap(mean_interval(action, people), mean_interval(state, people))
    return swaps


def likelihoods_of(
    model: WorldModel,
    logs: EncodedLogs,
    first_days: np.ndarray,
    days: int,
    states: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Likelihoods:
    """Return the likelihood per day of `days` logged days after given first days.

    Args:
        model: trained nets.
        logs: of the people.
        first_days: int (people,).
        days: length of the window, within every log.
        states: with a response, see `response_likelihood.state_likelihoods`.
    """
    window = windows(logs, np.arange(logs.people), first_days[:, None] + np.arange(days))
    blocks = model.architecture.blocks

    def of(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = latents if states is None else latents[:, blocks["b"]]
        found = log_likelihood(model, mx.array(own), window)
        if states is None:
            return np.array(found.policy) / days, np.array(found.transition) / days
        joint = latents.shape[1] - own.shape[1]
        return np.array(found.policy) / days, states(response_latents(latents, joint))

    return of
