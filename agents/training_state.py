"""The kept state of a training, and the settings that a resumed one must share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Protocol

from agents.env_config import BUNDLED, SIMULATORS, AnyEnvConfig, EnvConfig
from agents.episode_starts import logs_of
from agents.protocol import Manifest, Plain
from agents.tensor_tree import has_tree, load_tree, save_tree
from agents.training_session import Session
from human_wm_env.errors import CheckpointError
from human_wm_env.people.embedded import Dataset
from human_wm_env.runtime.world_model import load_world_model


class Settings(Protocol):
    """A dataclass of settings."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


# What a training may be prolonged by, and what changes its speed alone.
MAY_CHANGE = ("steps", "generations", "threads")
SETTINGS = "settings"


def training_settings(config: Settings, env: AnyEnvConfig, dataset: Dataset | None = None) -> Plain:
    """Return everything that a resumed training must share with the one it goes on with.

    Logs and world models are known by their content, wherever they lie.

    Args:
        config: of the algorithm, a dataclass.
        env: of the environment.
        dataset: a data set object in place of `env.dataset`.

    Returns:
        Plain values, by the names that the command line has for them.
    """
    agent = {name: value for name, value in asdict(config).items() if name not in MAY_CHANGE}
    return {
        **{f"agent.{name}": value for name, value in agent.items()},
        **{f"env.{name}": value for name, value in _env_settings(env, dataset).items()},
    }


def _env_settings(env: AnyEnvConfig, dataset: Dataset | None) -> Plain:
    world = asdict(env)
    if not isinstance(env, EnvConfig):
        return world
    world["dataset"] = f"logs {logs_of(env, dataset).fingerprint[:16]}"
    context = env.context_model or env.world_model
    if env.id not in SIMULATORS.values():
        world["world_model"] = _weights(env.world_model)
    if env.person_context:
        world["context_model"] = _weights(context)
    return world


def keep_state(state: Manifest, settings: Manifest, session: Session) -> None:
    """Write the state of a training where its session says, if it says so."""
    if session.state_folder is not None:
        save_tree({**state, SETTINGS: settings}, session.state_folder)


def kept_state(settings: Manifest, session: Session) -> Any:
    """Return the state that a session goes on from; None where it begins anew.

    Raises:
        CheckpointError: the state cannot be read, or is of other settings.
    """
    folder = session.state_folder
    if not session.resume or folder is None or not has_tree(folder):
        return None
    state = load_tree(folder)
    kept = state.get(SETTINGS) if isinstance(state, dict) else None
    if not isinstance(kept, dict):
        raise CheckpointError(
            f"a training state in {folder} that says its settings",
            "one of an earlier version",
            "Start anew with run.overwrite=true.",
        )
    if other := sorted(
        str(name) for name in {*kept, *settings} if kept.get(name) != settings.get(name)
    ):
        raise CheckpointError(
            f"the settings of the training in {folder}: {_listed(kept, other)}",
            _listed(settings, other),
            "Resume with the run's own settings, or start anew with run.overwrite=true.",
        )
    return state


def _listed(settings: Manifest, names: list[str]) -> str:
    return ", ".join(f"{name}={settings.get(name)}" for name in names)


def _weights(world_model: str | None) -> str:
    runtime = load_world_model(None if world_model == BUNDLED else world_model)
    return f"weights {runtime.checkpoint.manifest['weights_sha256'][:16]}"
