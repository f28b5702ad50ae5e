"""Version numbers that name what is kept on disk, and the cases that must not change without them.

The third file with imports of the project; see `cases.py`.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.uniform_logs import RANGES, UniformConfig, draw_rows, uniform_logs
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.files.tensors import read_sealed
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import save_checkpoint
from human_wm_env.model.weights import expected_shapes
from human_wm_env.people import embedded
from human_wm_env.person import schema
from human_wm_env.person.weather import TRANSITIONS
from human_wm_env.worlds import posterior_store
from tests.golden.cases import FEW, people
from tests.golden.recording import Arrays, differences

VERSION = "version"
SIZES = Architecture(
    latent_a=4,
    latent_b=8,
    latent_c=8,
    policy_hidden=8,
    transition_hidden=8,
    members=2,
    row_width=16,
    gru_hidden=8,
    pooling_heads=2,
    encoder_hidden=32,
    decoder_hidden=8,
)


def fixed_posteriors() -> Arrays:
    """What is kept of made-up logs by made-up weights: neither people nor training matter."""
    rng = np.random.default_rng(6)
    weights = {
        name: 0.5 * rng.standard_normal(shape) / np.sqrt(shape[-1])
        for name, shape in sorted(expected_shapes(SIZES).items())
    }
    weights["encoder.moments.sd"] = 0.5 + np.abs(weights["encoder.moments.sd"])
    logs = _beyond_bounds()
    observed = logs.observed & (rng.random(logs.observed.shape) >= 0.2)
    blank = np.where(np.isin(range(10), schema.CATEGORICAL_FEATURES), schema.UNKNOWN_CATEGORY, 0.0)
    rows = np.where(observed, logs.rows, blank).astype(np.float32)
    logs = dataclasses.replace(logs, rows=rows, observed=observed)
    public = dataclasses.replace(people(FEW), dataset=logs)  # a stranger's log is never kept
    found = {}
    for user in logs.user_ids:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setenv(CACHE_VARIABLE, folder)
            model = Path(folder) / "checkpoint"
            save_checkpoint(
                model,
                architecture=SIZES,
                weights=weights,
                weather_transitions=TRANSITIONS,
                details={},
            )
            env: Any = gym.make("HumanWM-v0", world_model=model, dataset=public, split="all")
            day = int(env.unwrapped.world.start_days(logs.index_of(user))[-1])
            env.reset(seed=0, options={"user": user, "day": day})
            (file,) = Path(folder).glob("posteriors-*/*.safetensors")
            found[user] = read_sealed(file)[0]["values"]
    return found


def _beyond_bounds() -> LogDataset:
    """Uniform logs, some values of which are impossible: put together without a check."""
    config = UniformConfig(users=5, days=80, seed=1)
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 47]))
    rng.random((config.users, config.days))  # which days are missing
    wide = {schema.MINUTES: (0.0, 1440.0), schema.SLEEP: (0.0, 12.0)}
    with pytest.MonkeyPatch.context() as patch:
        ranges = RANGES | wide | {schema.HEART_RATE: (60.0, 180.0)}
        patch.setattr("human_wm_env.data.uniform_logs.RANGES", ranges)
        rows = draw_rows((config.users, config.days), rng)
    return dataclasses.replace(uniform_logs(config), rows=rows)


CASES: dict[str, Callable[[], Arrays]] = {"posteriors_fixed": fixed_posteriors}


def version_of(case: str) -> tuple[str, int] | None:
    """Return the name and the value of the number that a case goes with, None for most cases."""
    if case.startswith("people_"):
        return "GENERATOR_VERSION", embedded.GENERATOR_VERSION
    if case == "posteriors_fixed":
        return "POSTERIOR_VERSION", posterior_store.POSTERIOR_VERSION
    return None


def needs_a_number(
    case: str, made: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray]
) -> bool:
    """Say whether a case that goes with a number has changed, and its number has not.

    Args:
        case: its name.
        made: its arrays as they are now, with `VERSION` among them.
        kept: as they are stored; nothing where there is no file.
    """
    if version_of(case) is None or VERSION not in kept:
        return False
    return bool(differences(made, kept)) and made[VERSION] == kept[VERSION]


def complaint(
    case: str, made: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray], command: str
) -> str:
    """Return what is wrong with a case and how it is put right, an empty text if nothing is.

    Args:
        case, made, kept: see `needs_a_number`.
        command: what renews the arrays.
    """
    found = differences(made, kept)
    if not found:
        return ""
    text, number = "\n".join(found[:20]), version_of(case)
    if number is None:
        return f"{case}: if it is meant to change, run {command} {case}\n{text}"
    name, value = number
    if needs_a_number(case, made, kept):
        return (
            f"{case}: the output changed and {name} is still {value}, so that files kept from "
            f"before would be read: raise {name} and renew the golden arrays: {command}\n{text}"
        )
    return (
        f"{case}: {name} is {value}, and the golden arrays are of another one: "
        f"renew the golden arrays: {command}\n{text}"
    )
