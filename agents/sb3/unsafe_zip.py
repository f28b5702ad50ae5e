"""Accept a .zip of stable-baselines3, which can run code when it is loaded: only on demand."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import Any

from agents.env_config import EnvConfig
from agents.protocol import Plain
from agents.sb3.algorithms import RECIPES
from agents.sb3.hyperparameters import ACTIVATIONS
from agents.sb3.policy import PolicyAgent
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.person import observations
from human_wm_env.settings import one_of


def load_sb3_zip(file: Path | str, algorithm: str, *, trust: bool = False) -> PolicyAgent:
    """Load a model that stable-baselines3 saved itself; save it with `save_agent` at once.

    The agent acts as the model did. Its settings are those that shape its nets, and the
    seed; the others are the defaults. `save_agent` refuses nets that no settings describe.

    Args:
        file: the .zip.
        algorithm: what trained it: "ppo", "sac" and so on.
        trust: confirm that the file comes from a source that you trust.

    Raises:
        ConfigError: without `trust`, or of an unknown algorithm.
        CheckpointError: no file, or not such a file, or trained on other observations.
    """
    if not trust:
        raise ConfigError(
            "the safetensors folder of an agent",
            f"{file}, a .zip with pickled parts that can run any code",
            "If you trust its author, say so: trust_sb3_zip=true.",
        )
    recipe = RECIPES[one_of(algorithm, RECIPES, "an algorithm")]
    if not Path(file).is_file():
        raise CheckpointError(
            "a .zip saved by stable-baselines3", f"{file}, which is no file", "Give its whole name."
        )
    warnings.warn(
        f"{file} is unpickled: it can run any code. Save it with save_agent and keep that.",
        stacklevel=2,
    )
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
    config = recipe.config(seed=model.seed or 0, **_net_settings(model.policy))
    return PolicyAgent(algorithm, model.policy, config, env)


def _net_settings(policy: Any) -> Plain:
    """Return what a recipe needs to build these nets; what it has no setting for is left out."""
    settings: Plain = {}
    arches = policy.net_arch
    branches = list(arches.values()) if isinstance(arches, dict) else [arches]
    widths = {width for branch in branches for width in branch}
    depths = {len(branch) for branch in branches}
    if len(widths) == len(depths) == 1:
        settings["width"], settings["layers"] = widths.pop(), depths.pop()
    names = {activation: name for name, activation in ACTIVATIONS.items()}
    if policy.activation_fn in names:
        settings["activation"] = names[policy.activation_fn]
    lstm = getattr(policy, "lstm_actor", None)
    if lstm is not None:
        settings["lstm_width"] = lstm.hidden_size
    return settings
