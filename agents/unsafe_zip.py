"""Accept a .zip of stable-baselines3, which can run code when it is loaded: only on demand."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

from agents.env_config import EnvConfig
from agents.policy_agent import PolicyAgent
from agents.recipes import RECIPES
from human_wm_env.envs import observations
from human_wm_env.errors import CheckpointError, ConfigError, did_you_mean


def load_sb3_zip(file: Path | str, algorithm: str, *, trust: bool = False) -> PolicyAgent:
    """Load a model that stable-baselines3 saved itself; save it with `save_agent` at once.

    Args:
        file: the .zip.
        algorithm: what trained it: "ppo", "sac" and so on.
        trust: confirm that the file comes from somebody you trust.

    Raises:
        ConfigError: without `trust`, or of an unknown algorithm.
        CheckpointError: not such a file, or trained on other observations.
    """
    if not trust:
        raise ConfigError(
            "the safetensors folder of an agent",
            f"{file}, a .zip with pickled parts that can run any code",
            "If you trust its author, say so: trust_sb3_zip=true.",
        )
    if algorithm not in RECIPES:
        raise ConfigError(
            f"an algorithm out of {', '.join(RECIPES)}",
            repr(algorithm),
            did_you_mean(algorithm, RECIPES),
        )
    warnings.warn(
        f"{file} is unpickled: it can run any code. Save it with save_agent and keep that.",
        stacklevel=2,
    )
    recipe = RECIPES[algorithm]
    try:
        model = recipe.algorithm.load(file, device="cpu")
    except (OSError, ValueError, KeyError, AssertionError, zipfile.BadZipFile) as error:
        raise CheckpointError(
            f"a model of {algorithm} saved by stable-baselines3",
            f"{file}: {' '.join(str(error).split())}",
            "Give another file or algorithm.",
        ) from error
    shape = model.policy.observation_space.shape or (0,)
    if shape[0] < observations.WIDTH:
        raise CheckpointError(
            f"a policy for observations of at least {observations.WIDTH} numbers",
            f"shape {shape}",
            "It was trained in another environment.",
        )
    env = EnvConfig("HumanWM-v0", person_context=shape[0] > observations.WIDTH)
    config = recipe.config(seed=model.seed or 0)
    return PolicyAgent(algorithm, model.policy, config, env)
