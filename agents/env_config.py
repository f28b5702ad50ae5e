"""Which environment an agent acts in: a typed configuration, and the VectorEnv it makes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

import human_wm_env  # noqa: F401 (registers the ids)
from agents.protocol import Manifest, Overrides, Plain
from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.people.embedded import Dataset
from human_wm_env.registration import IDS, NUDGED, PEOPLE
from human_wm_env.settings import one_of

# Settings of an environment that are left to its own default where they are None.
_OPTIONAL = ("reward_weights", "world_model", "temperature", "nudges", "compliance")
_PLAIN = ("split", "horizon", "adherence", "weather", "masking", "pessimism")
Vector = gym.vector.VectorEnv[np.ndarray, np.ndarray, np.ndarray]
CONTEXT_UPDATES = ("frozen", "daily")
BUNDLED = "bundled"
# Of each dream, where its people are real.
SIMULATORS = {"HumanWM-v0": "HumanWMSim-v0", "HumanWMNudge-v0": "HumanWMNudgeSim-v0"}
# For agents that do not look at the person.
NO_CONTEXT: Overrides = {"person_context": False, "context_model": None}


@dataclass(frozen=True)
class EnvConfig:
    """The arguments of one environment of people.

    Attributes:
        id: a registered id, such as HumanWM-v0 (the dream), HumanWMSim-v0 or HumanWMNudge-v0.
        dataset: "embedded"; a data set object is given to `make_vector_env` instead.
        split: whose logs random starts are drawn from.
        horizon: days of an episode.
        adherence: probability, each day, that the person follows the agent.
        weather: "chain" draws it, "log" takes the logged days'.
        masking: "person", "none" or a rate.
        reward_weights: overrides of single component weights.
        pessimism: penalty per unit of uncertainty; for training.
        world_model: checkpoint folder of the dream; None is the bundled one.
        temperature: of the dream; None is the environment's default.
        person_context: append the posterior means of the person to the observation.
        context_model: checkpoint that the person context comes from, or "bundled"; None
            takes `world_model`.
        context_update: "frozen" at the start of an episode, or encoded again "daily".
        nudges: YAML file of the nudges, where people are nudged; None are the built-in ones.
        compliance: there, "default", "harsh" or "full", or parameters by name, such as
            {disposition: -1}; None is "default".
    """

    id: str
    dataset: str = "embedded"
    split: str = "train"
    horizon: int = 30
    adherence: float = 1.0
    weather: str = "chain"
    masking: str | float = "person"
    reward_weights: dict[str, float] | None = None
    pessimism: float = 0.0
    world_model: str | None = None
    temperature: float | None = None
    person_context: bool = False
    context_model: str | None = None
    context_update: str = "frozen"
    nudges: str | None = None
    compliance: Any = None

    def __post_init__(self) -> None:
        if self.nudged and self.adherence != 1.0:
            raise ConfigError(
                f"no adherence in {self.id}",
                f"adherence={self.adherence}",
                "People who are nudged follow as env.compliance says.",
            )
        one_of(self.context_update, CONTEXT_UPDATES, "a context_update")
        if self.context_model is not None and not self.person_context:
            raise ConfigError(
                "person_context=true with a context_model",
                "person_context=false",
                "Switch the person context on, or leave context_model out.",
            )

    @property
    def nudged(self) -> bool:
        """Whether people live by their own habit, and are sent nudges."""
        return IDS.get(self.id, {}).get("world") in NUDGED

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        found = {}
        if not self.person_context:
            found["context_update"] = (
                "Set person_context=true, too: without it there is nothing to update."
            )
        if IDS.get(self.id, {}).get("world") in ("replay", "simulator"):
            found["pessimism"] = "Only the dream is uncertain: take env=dream."
        return found

    def context_settings(self) -> Overrides:
        """Return what an agent trained here needs of any other world; see `env_overrides`."""
        if not self.person_context:
            return dict(NO_CONTEXT)
        return {
            "person_context": True,
            "context_model": self.context_model or self.world_model or BUNDLED,
            "context_update": self.context_update,
        }


@dataclass(frozen=True)
class GymEnvConfig:
    """Any other registered environment, and its arguments.

    Attributes:
        id: a registered id with a vector entry point.
        arguments: what it is made with, plain values by name.
    """

    id: str
    arguments: Plain = field(default_factory=dict)

    @property
    def horizon(self) -> int:
        """Most steps of an episode: as asked for, or as registered; 1 if neither says so."""
        registered = gym.registry.get(self.id)
        limit = None if registered is None else registered.max_episode_steps
        return int(self.arguments.get("horizon") or limit or 1)

    def context_settings(self) -> Overrides:
        """Return nothing: there is no person to know."""
        return {}


AnyEnvConfig = EnvConfig | GymEnvConfig


def env_from_manifest(entry: Manifest) -> AnyEnvConfig:
    """Return the configuration that was written down with `asdict`."""
    return GymEnvConfig(**entry) if "arguments" in entry else EnvConfig(**entry)


def with_overrides(config: EnvConfig, overrides: Overrides) -> EnvConfig:
    """Return the configuration with some settings replaced.

    Raises:
        ConfigError: an override is not a setting.
    """
    known = [field.name for field in fields(EnvConfig)]
    for name in overrides:
        if name not in known:
            raise ConfigError(
                "overrides of environment settings", repr(name), did_you_mean(name, known)
            )
    return replace(config, **overrides)


def with_arguments(config: AnyEnvConfig, arguments: Plain) -> GymEnvConfig:
    """Return the configuration of another environment with some arguments replaced.

    Raises:
        ConfigError: it is an environment of people, whose settings have names of their own.
    """
    if isinstance(config, EnvConfig):
        raise ConfigError(
            "a GymEnvConfig", f"the EnvConfig of {config.id}", "Use with_overrides for people."
        )
    return replace(config, arguments={**config.arguments, **arguments})


def make_vector_env(
    config: AnyEnvConfig,
    slots: int,
    *,
    autoreset: AutoresetMode,
    dataset: Dataset | None = None,
) -> Vector:
    """Make the VectorEnv of a configuration; people in the layout "people".

    Args:
        config: which environment.
        slots: number of slots.
        autoreset: SAME_STEP for training, DISABLED or NEXT_STEP for evaluation.
        dataset: a LogDataset or EmbeddedPeople in place of `config.dataset`.

    Raises:
        ConfigError: an unknown id, or an argument that the environment does not take.
    """
    if isinstance(config, GymEnvConfig):
        arguments = config.arguments
    else:
        plain = [name for name in _PLAIN if not (config.nudged and name == "adherence")]
        arguments = {name: getattr(config, name) for name in plain}
        chosen = {name: getattr(config, name) for name in _OPTIONAL}
        arguments |= {name: value for name, value in chosen.items() if value is not None}
        arguments |= {"layout": "people", "dataset": config.dataset if dataset is None else dataset}
    try:
        if _is_scalar(config.id):
            env = gym.make_vec(
                config.id,
                num_envs=slots,
                vectorization_mode="sync",
                vector_kwargs={"autoreset_mode": autoreset},
                **arguments,
            )
        else:
            env = gym.make_vec(config.id, num_envs=slots, autoreset_mode=autoreset, **arguments)
    except gym.error.UnregisteredEnv as error:
        raise ConfigError(
            "the id of a registered environment",
            repr(config.id),
            did_you_mean(config.id, [name for name in gym.registry if "HumanWM" in name]),
        ) from error
    return with_person_context(env, config.context_settings())


def is_of_people(env_id: str) -> bool:
    """Say whether an id takes the settings of `EnvConfig`; one that is not known is taken to."""
    return env_id not in gym.registry or IDS.get(env_id, {}).get("world") in PEOPLE


def _is_scalar(env_id: str) -> bool:
    """Say whether an environment is best made of scalar ones.

    Gymnasium's own vector environments know no autoreset mode.
    """
    entry = gym.spec(env_id).vector_entry_point
    return entry is None or str(entry).startswith("gymnasium.")


def with_person_context(env: Vector, settings: Overrides) -> Vector:
    """Append the person to the observations where `context_settings` ask for it."""
    if not settings.get("person_context", False):
        return env
    from human_wm_env.person_context import VectorPersonContext

    model = settings.get("context_model")
    update = settings.get("context_update", CONTEXT_UPDATES[0])
    return VectorPersonContext(env, world_model=None if model == BUNDLED else model, update=update)
