"""What kept episodes and agents were made of, so that nothing stale is taken for new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from agents.env_config import BUNDLED, SIMULATORS, EnvConfig
from agents.protocol import Agent, Plain
from agents.registry import as_savable
from human_wm_env.errors import ConfigError
from human_wm_env.people import embedded
from human_wm_env.runtime.world_model import load_world_model


def people_version() -> int:
    """Return the version of the code that generates people."""
    return embedded.GENERATOR_VERSION


def model_digest(world_model: str | None) -> str:
    """Return a hash of a world model's weights and architecture, wherever it lies.

    Args:
        world_model: checkpoint folder; None or "bundled" is the bundled one.
    """
    checkpoint = load_world_model(None if world_model == BUNDLED else world_model).checkpoint
    made_of = f"{checkpoint.manifest['weights_sha256']} {checkpoint.architecture!r}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def env_identity(env: EnvConfig) -> Plain:
    """Return an environment's settings, with the content of its models in place of folders."""
    settings = asdict(env)
    dreamt = env.id not in SIMULATORS.values()
    settings["world_model"] = model_digest(env.world_model) if dreamt else None
    context = env.context_model or env.world_model
    settings["context_model"] = model_digest(context) if env.person_context else None
    return settings


def agent_digest(agent: Agent) -> str:
    """Return a hash of all that an agent's choices depend on: settings, weights, models.

    Raises:
        ConfigError: it has a part that cannot be written down.
    """
    digest = hashlib.sha256()
    savable = as_savable(agent)
    if savable is not None:
        settings, arrays = savable.to_manifest()
        for name in sorted(arrays):
            array = arrays[name]
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        if "world_model" in settings:
            settings["world_model"] = model_digest(settings["world_model"])
    else:  # one that changes what another agent does, such as noise
        settings = {
            name: agent_digest(part) if callable(getattr(part, "act", None)) else part
            for name, part in vars(agent).items()
            if not name.startswith("_")
        }
    trained_in = getattr(agent, "env", None)
    if isinstance(trained_in, EnvConfig):
        settings = {**settings, "env": env_identity(trained_in)}
    try:
        digest.update(as_text({"kind": type(agent).__name__, **settings}).encode())
    except TypeError as error:
        raise ConfigError(
            "an agent whose settings are plain values",
            f"{type(agent).__name__}: {error}",
            "Hide its state behind an underscore, or add its class to ALGORITHMS.",
        ) from error
    return digest.hexdigest()


def as_text(settings: Mapping[str, object]) -> str:
    """Return settings as JSON that is the same for equal ones."""
    return json.dumps(settings, sort_keys=True, indent=2)
