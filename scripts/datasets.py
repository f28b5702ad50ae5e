"""Which logs a script works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from human_wm_env.dataset import LogDataset
from human_wm_env.people.embedded import EmbeddedConfig, generator_version, load_embedded


@dataclass(frozen=True)
class DataConfig:
    """The data set; for now the embedded people, of any size.

    Attributes:
        users, days, seed, response_gain: see `EmbeddedConfig`.
    """

    users: int = 999
    days: int = 1000
    seed: int = 0
    response_gain: float = 1.0


def load_dataset(config: DataConfig) -> LogDataset:
    """Return the logs."""
    return load_embedded(_embedded(config)).dataset


def provenance(config: DataConfig, dataset: LogDataset) -> dict[str, Any]:
    """Return what a manifest says about the data."""
    return {
        "name": dataset.name,
        "users": dataset.users,
        "days": dataset.days,
        "observed_share": round(float(dataset.observed.mean()), 4),
        "seed": config.seed,
        "response_gain": config.response_gain,
        "generator_version": generator_version(),
        "sha256": dataset.fingerprint,
    }


def _embedded(config: DataConfig) -> EmbeddedConfig:
    return EmbeddedConfig(config.users, config.days, config.seed, config.response_gain)
