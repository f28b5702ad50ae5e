"""Tiny nets with random weights, in MLX and in NumPy, and tiny logs; made once a process."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.disk_arrays import DiskArray
from human_wm_env.model import memory
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble, generate
from human_wm_env.person import schema
from human_wm_env.person.weather import TRANSITIONS
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.export import flat_weights, restore
from world_model.imagination.rollout import RolloutStart
from world_model.nets.world_model import WorldModel

TINY = Architecture(
    latent_a=4,
    latent_b=8,
    latent_c=8,
    policy_hidden=32,
    transition_hidden=16,
    members=3,
    row_width=16,
    gru_hidden=8,
    pooling_heads=2,
    encoder_hidden=32,
    decoder_hidden=8,
)
# One net instead of an ensemble, mixtures also for the states, no memory.
MARKOV = dataclasses.replace(TINY, members=1, components=1, state_components=2, memory=False)
ARCHITECTURES = {"ensemble": TINY, "markov": MARKOV}
PEOPLE = EmbeddedConfig(users=12, days=120, seed=3)


@cache
def people() -> EmbeddedPeople:
    return assemble(PEOPLE, generate(PEOPLE))


def logs() -> LogDataset:
    return people().dataset


@cache
def checkpoint(architecture: Architecture = TINY) -> Checkpoint:
    """Random weights everywhere: zeros at the start would hide what they multiply."""
    encoder_gain = 2.0  # a fresh encoder hardly tells people apart
    weights = flat_weights(WorldModel(architecture, seed=5))
    rng = np.random.default_rng(7)
    weights["missingness.mood_log_odds"] = np.array([-0.4, -0.4, 0.4, 0.4], dtype=np.float32)
    weights["missingness.opening"][:] = 0.06
    for name, value in weights.items():
        if not value.any() or name.endswith("bias"):
            weights[name] = (0.3 * rng.standard_normal(value.shape)).astype(np.float32)
        if name.startswith("encoder."):
            weights[name] = np.float32(encoder_gain) * weights[name]
    return Checkpoint(architecture, weights, TRANSITIONS, {}, Path())


@cache
def runtime(architecture: Architecture = TINY) -> WorldModelRuntime:
    return WorldModelRuntime(checkpoint(architecture))


@cache
def model(architecture: Architecture = TINY) -> WorldModel:
    """Shared: do not train it; see `fresh_model`."""
    return restore(checkpoint(architecture))


def fresh_model(architecture: Architecture = TINY) -> WorldModel:
    return restore(checkpoint(architecture))


def nothing_known(weekday: np.ndarray) -> RolloutStart:
    """A start before which nothing was ever observed."""
    nothing = np.zeros((len(weekday), schema.FEATURE_COUNT), dtype=np.float32)
    return RolloutStart.from_rows(nothing, nothing > 0.0, memory.empty(len(weekday)), weekday)


def with_rows(dataset: LogDataset, rows: np.ndarray, observed: np.ndarray) -> LogDataset:
    """The same people with other logs, checked and blanked again."""
    changed = LogDataset.from_arrays(
        rows,
        observed,
        user_ids=dataset.user_ids,
        start_weekday=dataset.start_weekday,
        days_logged=dataset.days_logged,
        name=dataset.name,
    )
    return dataclasses.replace(changed, split_of=dataset.split_of)


def on_disk(dataset: LogDataset, folder: Path) -> LogDataset:
    """The same logs, mapped from files."""
    rows = DiskArray(dataset.rows.shape, np.float32, str(folder))
    observed = DiskArray(dataset.rows.shape, np.bool_, str(folder))
    with rows, observed:
        for user in range(dataset.users):
            rows.write(user, dataset.rows[user : user + 1])
            observed.write(user, dataset.observed[user : user + 1])
        return dataclasses.replace(dataset, rows=rows.mapped(), observed=observed.mapped())
