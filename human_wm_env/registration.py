"""The registered ids, and how their arguments become a World.

What steps is imported when an environment is made: numba, which it needs, takes 0.4 s.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import gymnasium as gym

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.frames import Frame
from human_wm_env.data.logs_file import is_logs, read_logs
from human_wm_env.data.never_logged import warn_of_never_logged
from human_wm_env.errors import ConfigError, UnknownArgumentError, did_you_mean
from human_wm_env.symbolic.conditional import ConditionalWorld
from human_wm_env.symbolic.delayed_recall import DelayedRecallWorld
from human_wm_env.symbolic.detour import DetourWorld
from human_wm_env.symbolic.hidden_rule import HiddenRuleWorld
from human_wm_env.symbolic.sequence_next import SequenceNextWorld
from human_wm_env.worlds.world import AnyWorld

if TYPE_CHECKING:
    from human_wm_env.envs.env import Env
    from human_wm_env.envs.vector_env import VectorEnv
    from human_wm_env.nudge.compliance import ComplianceSource
    from human_wm_env.nudge.nudges import NudgeSource
    from human_wm_env.people.embedded import Dataset, EmbeddedPeople
    from human_wm_env.person.missingness import Masking
    from human_wm_env.runtime.world_model import ModelSource
    from human_wm_env.vector_dream.checkpoint import VectorCheckpoint

EMBEDDED = "embedded"
Arguments: TypeAlias = dict[str, Any]


def resolve_dataset(dataset: Dataset | None) -> LogDataset | EmbeddedPeople:
    """Return the data set itself; None or "embedded" means the embedded people.

    Logs of a path are read with options by a mapping, such as
    `{"path": "logs.csv", "repeated": "last", "outside": "error"}`, see `read_daily_csv`.
    """
    from human_wm_env.people.embedded import EmbeddedPeople, load_embedded

    if isinstance(dataset, LogDataset | EmbeddedPeople):
        return dataset
    if isinstance(dataset, Frame):
        return read_logs({"path": dataset})
    if dataset is None or dataset == EMBEDDED:
        return load_embedded()
    if is_logs(dataset):
        return read_logs(dataset)
    raise ConfigError(
        'dataset "embedded", a path to a .csv of daily logs or to an imported folder, a mapping of '
        "it and options, a DataFrame, a LogDataset or EmbeddedPeople",
        repr(dataset),
        "Load the file first, or leave the argument out for the embedded people.",
    )


def _logs(dataset: LogDataset | EmbeddedPeople) -> LogDataset:
    return dataset if isinstance(dataset, LogDataset) else dataset.dataset


def make_dream(
    *,
    world_model: ModelSource = None,
    dataset: Dataset | None = None,
    split: str = "train",
    horizon: int = 30,
    temperature: float = 1.0,
    adherence: float = 1.0,
    weather: str = "chain",
    masking: Masking = "person",
) -> AnyWorld:
    """Return the learned simulator; `world_model` is a checkpoint folder, None the bundled one.

    A `NeverLoggedWarning` names features that people of the split never logged.
    """
    from human_wm_env.runtime.world_model import load_world_model
    from human_wm_env.worlds.dream import DreamWorld
    from human_wm_env.worlds.posterior_store import PosteriorStore

    runtime, logs = load_world_model(world_model), resolve_dataset(dataset)
    public = not isinstance(logs, LogDataset)  # logs of users are never written to disk
    if isinstance(logs, LogDataset):
        warn_of_never_logged(logs, logs.users_of(split))
    return DreamWorld(
        runtime,
        _logs(logs),
        split=split,
        horizon=horizon,
        temperature=temperature,
        adherence=adherence,
        weather=weather,
        masking=masking,
        store=PosteriorStore(runtime.checkpoint.weights, runtime.checkpoint.architecture)
        if public
        else None,
    )


def make_simulator(
    *,
    dataset: Dataset | None = None,
    split: str = "train",
    horizon: int = 30,
    adherence: float = 1.0,
    weather: str = "chain",
    masking: Masking = "person",
) -> AnyWorld:
    """Return the ground-truth simulator of the embedded people."""
    from human_wm_env.worlds.simulator import SimulatorWorld

    embedded = resolve_dataset(dataset)
    if isinstance(embedded, LogDataset):
        raise ConfigError(
            "the embedded people: only their truth is known",
            f"the data set {embedded.name!r}",
            "Use HumanWM-v0 or HumanWMReplay-v0 for real logs.",
        )
    return SimulatorWorld(
        embedded,
        split=split,
        horizon=horizon,
        adherence=adherence,
        weather=weather,
        masking=masking,
    )


def make_replay(
    *, dataset: Dataset | None = None, split: str = "train", horizon: int = 30
) -> AnyWorld:
    """Return the replay of the logs."""
    from human_wm_env.worlds.replay import ReplayWorld

    return ReplayWorld(_logs(resolve_dataset(dataset)), split=split, horizon=horizon)


def make_nudge(
    *,
    nudges: NudgeSource = None,
    compliance: ComplianceSource = "default",
    world_model: ModelSource = None,
    dataset: Dataset | None = None,
    split: str = "train",
    horizon: int = 30,
    temperature: float = 1.0,
    weather: str = "chain",
    masking: Masking = "person",
) -> AnyWorld:
    """Return dreamt people who are nudged; `nudges` is a YAML file, see `read_nudges`."""
    from human_wm_env.nudge.world import NudgeWorld

    people = make_dream(
        world_model=world_model,
        dataset=dataset,
        split=split,
        horizon=horizon,
        temperature=temperature,
        adherence=0.0,
        weather=weather,
        masking=masking,
    )
    return NudgeWorld(people, nudges, compliance)  # type: ignore[arg-type]


def make_nudge_simulator(
    *,
    nudges: NudgeSource = None,
    compliance: ComplianceSource = "default",
    dataset: Dataset | None = None,
    split: str = "train",
    horizon: int = 30,
    weather: str = "chain",
    masking: Masking = "person",
) -> AnyWorld:
    """Return the embedded people, nudged; see `make_nudge`."""
    from human_wm_env.nudge.world import NudgeWorld

    people = make_simulator(
        dataset=dataset,
        split=split,
        horizon=horizon,
        adherence=0.0,
        weather=weather,
        masking=masking,
    )
    return NudgeWorld(people, nudges, compliance)  # type: ignore[arg-type]


def make_vector_dream(
    *,
    world_model: str | Path | VectorCheckpoint | None = None,
    view: str = "latent",
    temperature: float = 1.0,
    horizon: int | None = None,
    members: int | None = None,
    uncertainty: bool = True,
    halting: float | None = None,
) -> AnyWorld:
    """Return the dream of any other environment; see `VectorDreamWorld`."""
    from human_wm_env.vector_dream.world import VectorDreamWorld

    if world_model is None:
        raise ConfigError(
            "world_model, the checkpoint of an environment",
            "none",
            "Give the folder that `humanwm vmc` wrote.",
        )
    return VectorDreamWorld(
        world_model,
        view=view,
        temperature=temperature,
        horizon=horizon,
        members=members,
        uncertainty=uncertainty,
        halting=halting,
    )


MAKERS: dict[str, Callable[..., AnyWorld]] = {
    "dream": make_dream,
    "replay": make_replay,
    "simulator": make_simulator,
    "nudge": make_nudge,
    "nudge_simulator": make_nudge_simulator,
    "conditional": ConditionalWorld,
    "sequence_next": SequenceNextWorld,
    "delayed_recall": DelayedRecallWorld,
    "hidden_rule": HiddenRuleWorld,
    "detour": DetourWorld,
    "vector_dream": make_vector_dream,
}
NUDGED = ("nudge", "nudge_simulator")
PEOPLE = ("dream", "replay", "simulator", *NUDGED)  # the worlds of people
_ENV_ARGUMENTS = ("observation", "reward_weights", "pessimism", "vector_reward", "render_mode")
_VECTOR_ARGUMENTS = (*_ENV_ARGUMENTS, "num_envs", "layout", "autoreset_mode")


def _build(world: str, own: tuple[str, ...], arguments: Arguments) -> tuple[AnyWorld, Arguments]:
    """Return the world, and what is left of the arguments: those of the environment itself.

    Specs hand on `max_episode_steps`. It stands for the horizon, or has to agree with it: the
    TimeLimit that Gymnasium makes of it would cut longer episodes.
    """
    for_env = {name: arguments.pop(name) for name in own if name in arguments}
    limit = arguments.pop("max_episode_steps", None)
    known = inspect.signature(MAKERS[world]).parameters
    for name in arguments:
        if name not in known:
            raise UnknownArgumentError(
                f"arguments of the {world} environment",
                f"got an unexpected keyword argument {name!r}",
                did_you_mean(name, [*known, *own]),
            )
    if limit is not None and "horizon" in known:
        arguments.setdefault("horizon", limit)
    made = MAKERS[world](**arguments)
    if limit not in (None, made.horizon):
        raise ConfigError(
            f"the horizon that the spec was made with, max_episode_steps={limit}",
            f"horizon={made.horizon}",
            "Make the environment by its id: gym.make(spec.id, horizon=...).",
        )
    return made, for_env


def make_env(world: str, **arguments: Any) -> Env:
    """Entry point of the scalar ids."""
    from human_wm_env.envs.env import Env

    arguments.pop("layout", None)  # one slot has no layout; accepted so that kwargs can be shared
    made, for_env = _build(world, _ENV_ARGUMENTS, arguments)
    env = Env(made, **for_env)
    env.limit_is_argument = True
    return env


# Gymnasium reads here which wrapper to put around for "rgb_array_list", and what needs none.
make_env.metadata = {  # type: ignore[attr-defined]
    "render_modes": ["human", "rgb_array", "ansi"],
    "render_fps": 4,
}


def make_vector_env(world: str, **arguments: Any) -> VectorEnv:
    """Entry point of the vector ids."""
    from human_wm_env.envs.vector_env import VectorEnv

    made, for_env = _build(world, _VECTOR_ARGUMENTS, arguments)
    env = VectorEnv(made, **for_env)
    env.limit_is_argument = True
    return env


IDS: dict[str, Arguments] = {
    "HumanWM-v0": {"world": "dream"},
    "HumanWMReplay-v0": {"world": "replay"},
    "HumanWMSim-v0": {"world": "simulator"},
    "HumanWM-MO-v0": {"world": "dream", "vector_reward": True},
    "HumanWMNudge-v0": {"world": "nudge"},
    "HumanWMNudgeSim-v0": {"world": "nudge_simulator"},
    "PatternEcho-v0": {"world": "conditional", "cues": 1, "horizon": 2},
    "SequenceNext-v0": {"world": "sequence_next"},
    "Conditional-v0": {"world": "conditional"},
    "DelayedRecall-v0": {"world": "delayed_recall"},
    "HiddenRule-v0": {"world": "hidden_rule"},
    "Detour-v0": {"world": "detour"},
    "WorldModelDream-v0": {"world": "vector_dream"},
}


def register_ids() -> None:
    """Register every id with Gymnasium; the horizon argument is the only time limit."""
    for env_id, arguments in IDS.items():
        if env_id in gym.registry:
            continue
        gym.register(
            id=env_id,
            entry_point="human_wm_env.registration:make_env",
            vector_entry_point="human_wm_env.registration:make_vector_env",
            # Gymnasium's passive checker knows scalar rewards only, and after a first reset that
            # was refused (a mistyped user) it breaks every later step; tests run `check_env`.
            disable_env_checker=True,
            kwargs=arguments,
        )
