"""Latents that do not help are pruned: no false structure where the logs hold none.

A few hundred people differ by chance, and nets that may tell people apart learn codes for it:
on independent uniform logs, which hold nothing, the posteriors of training people carry 14
nats. The KL alone does not stop it, but unseen days do: what is chance in the first part of
a log says nothing of the rest. So each block is asked, on people that never moved a weight,
whether knowing it from the first days makes the later ones more likely. One that does not is
pruned, and the nets are trained again without it.

Blocks of a response are never pruned: their marginal likelihood shrinks them by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import mlx.core as mx
import numpy as np

from human_wm_env.model.architecture import Architecture
from human_wm_env.runtime.encoder import Posterior
from world_model.data.encoded_logs import EncodedLogs, Logs
from world_model.data.windows import Windows, windows
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import TrainingConfig
from world_model.training.personal_posteriors import Refinement, refine

FEWEST_PEOPLE = 10  # fewer cannot tell a small gain from chance: nothing is pruned
MOST_PEOPLE = 250  # whose days are all in memory at once
SEEN_SHARE = 0.7  # of each log; the rest is unseen
REFINE_STEPS = 150
REFINE_RATE = 0.1
DRAWS = 4
SIGNIFICANT = 2.0  # standard errors


@dataclass(frozen=True)
class Gain:
    """How much a block of latents helps on unseen days.

    Attributes:
        nats_per_day: mean over people, of knowing the person's own latents instead of
            another's.
        error: its standard error.
    """

    nats_per_day: float
    error: float

    @property
    def helps(self) -> bool:
        """Whether chance alone would hardly help as much."""
        return self.nats_per_day > SIGNIFICANT * self.error


def derangement(people: int, rng: np.random.Generator) -> np.ndarray:
    """Return another person for each, int (people,), never themselves (of two or more)."""
    order = rng.permutation(people)
    others = np.empty(people, dtype=int)
    others[order] = np.roll(order, 1)
    return others


def _first_unseen(logs: Logs) -> np.ndarray:
    first: np.ndarray = np.maximum((SEEN_SHARE * logs.days_logged).astype(int), 1)
    return first


def people_with_unseen_days(logs: Logs) -> int:
    """Return of how many people some days are unseen; a log of one day has none."""
    return int(np.count_nonzero(logs.days_logged > _first_unseen(logs)))


def gain_of_blocks(model: WorldModel, whole: Logs, config: TrainingConfig) -> dict[str, Gain]:
    """Ask of each block how much likelier it makes the unseen days.

    Args:
        model: trained nets.
        whole: two people or more who never moved the nets; of very many some are asked.
        config: how their posteriors are fitted to the first days.
    """
    logs = _asked(whole)
    cut = _first_unseen(logs)
    posterior = refine(
        model,
        logs.until(cut),
        None,
        Refinement(REFINE_STEPS, REFINE_RATE, config, config.seed),
    )
    window, days = _unseen_days(logs, cut)
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 29]))
    gains = {block: np.zeros(logs.people) for block in model.architecture.net_blocks}
    for _ in range(DRAWS):
        noise = rng.standard_normal(posterior.mean.shape, dtype=np.float32)
        own = posterior.mean + posterior.sd * noise
        others = derangement(logs.people, rng)
        known = np.array(log_likelihood(model, mx.array(own), window).total)
        for block, part in model.architecture.net_blocks.items():
            swapped = own.copy()
            swapped[:, part] = own[others][:, part]
            unknown = np.array(log_likelihood(model, mx.array(swapped), window).total)
            gains[block] += (known - unknown) / days / DRAWS
    root = np.sqrt(max(1, logs.people - 1))
    return {
        block: Gain(float(each.mean()), float(each.std() / root)) for block, each in gains.items()
    }


def _asked(logs: Logs) -> EncodedLogs:
    """Return all people, or as many as are enough to tell a gain from chance, evenly chosen."""
    if isinstance(logs, EncodedLogs) and logs.people <= MOST_PEOPLE:
        return logs
    chosen = np.linspace(0, logs.people - 1, min(logs.people, MOST_PEOPLE)).astype(int)
    held, places = logs.holding(chosen)
    return held.of(places)


def _unseen_days(logs: EncodedLogs, cut: np.ndarray) -> tuple[Windows, np.ndarray]:
    """Return all people's days from `cut` on, and how many they are, (people,)."""
    left = logs.days_logged - cut
    ahead = np.arange(int(left.max()))
    inside = ahead < left[:, None]
    window = windows(logs, np.arange(logs.people), np.where(inside, cut[:, None] + ahead, 0))
    counted = mx.array(inside, dtype=mx.float32)[..., None]
    seen = replace(
        window,
        actions_seen=window.actions_seen * counted,
        states_seen=window.states_seen * counted,
    )
    return seen, np.maximum(1, inside.sum(axis=1))


def prune_nets(model: WorldModel, blocks: Iterable[str]) -> None:
    """Cut some blocks off the nets, for good: no gradient reaches the weights."""
    for block in blocks:
        if block == "a":
            model.transition.offset = mx.zeros_like(model.transition.offset)
            model.transition.freeze(keys=["offset"], recurse=False)
        else:
            net = model.policy if block == "b" else model.transition
            net.latents = mx.zeros_like(net.latents)
            net.freeze(keys=["latents"], recurse=False)


def prune_encoder(model: WorldModel, blocks: Iterable[str]) -> None:
    """Make the prior the encoder's posterior of some blocks."""
    keep = np.ones((model.architecture.net_width, 1), dtype=np.float32)
    for block in blocks:
        keep[model.architecture.net_blocks[block]] = 0.0
    both = mx.array(np.concatenate([keep, keep]))  # means, then log variances
    encoder = model.encoder
    for layer in (encoder.out, encoder.moments.out):
        layer.weight, layer.bias = layer.weight * both, layer.bias * both[:, 0]
    encoder.moments.linear.weight = encoder.moments.linear.weight * both


def prune_posterior(
    posterior: Posterior, architecture: Architecture, blocks: Iterable[str]
) -> Posterior:
    """Return a posterior that is the prior in some blocks."""
    mean, log_variance = posterior.mean.copy(), posterior.log_variance.copy()
    for block in blocks:
        part = architecture.net_blocks[block]
        mean[:, part] = log_variance[:, part] = 0.0
    return Posterior(mean, log_variance)
