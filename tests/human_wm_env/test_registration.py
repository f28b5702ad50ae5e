from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

import human_wm_env
from human_wm_env import registration
from human_wm_env.data.dataset import LogDataset
from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.people import embedded
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.simulator import SimulatorWorld


def test_the_ids_are_registered_without_a_time_limit() -> None:
    for env_id in ("HumanWM-v0", "HumanWMReplay-v0", "HumanWMSim-v0", "HumanWM-MO-v0"):
        spec = gym.spec(env_id)
        assert spec.max_episode_steps is None
        assert spec.disable_env_checker
    registration.register_ids()  # a second time is silent


@pytest.mark.parametrize("prefix", ["", "human_wm_env:"])
def test_making_by_id(prefix: str, small: EmbeddedPeople) -> None:
    env = gym.make(f"{prefix}HumanWMSim-v0", dataset=small, horizon=3, layout="people")
    assert isinstance(env.unwrapped, Env)
    assert env.unwrapped.world.horizon == 3
    many = gym.make_vec(f"{prefix}HumanWMSim-v0", num_envs=5, dataset=small)
    assert isinstance(many, VectorEnv) and many.num_envs == 5
    assert many.world.horizon == 30
    again = gym.make(env.spec)
    assert again.unwrapped.world.horizon == 3
    sync = gym.make_vec(
        f"{prefix}HumanWMSim-v0", num_envs=2, vectorization_mode="sync", dataset=small
    )
    assert isinstance(sync, gym.vector.SyncVectorEnv)
    assert sync.reset(seed=0)[0].shape == (2, 43)


def test_arguments_reach_the_world(small: EmbeddedPeople) -> None:
    world = registration.make_simulator(
        dataset=small, split="test", horizon=7, adherence=0.5, weather="log", masking=0.1
    )
    assert isinstance(world, SimulatorWorld)
    assert (world.horizon, world.adherence, world.weather, world.masking) == (7, 0.5, "log", 0.1)
    replay = registration.make_replay(dataset=small, horizon=7)
    assert isinstance(replay, ReplayWorld) and replay.dataset is small.dataset


@pytest.mark.parametrize("name", [None, "embedded"])
def test_the_default_data_are_the_embedded_people(
    name: str | None, small: EmbeddedPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "load_embedded", lambda: small)
    assert registration.resolve_dataset(name) is small


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizn": 3}, "an unexpected keyword argument 'horizn'. Did you mean 'horizon'"),
        ({"temperature": 1.0}, "arguments of the simulator"),
        ({"num_envs": 3}, "'num_envs'"),
        ({"dataset": "lifesnaps"}, "a LogDataset or EmbeddedPeople"),
        ({"dataset": "no_such_file.csv"}, "no_such_file.csv"),
        ({"split": "trainn"}, "Did you mean 'train'"),
        ({"adherence": "always"}, "adherence as a finite number"),
        ({"adherence": None}, "adherence as a finite number"),
        ({"reward_weights": [0.4, 0.3, 0.1, 0.2]}, "reward_weights as a mapping"),
        ({"vector_reward": "false"}, "vector_reward as True or False"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: dict[str, Any], message: str, small: EmbeddedPeople
) -> None:
    with pytest.raises(human_wm_env.HumanWMError, match=message):
        gym.make("HumanWMSim-v0", **({"dataset": small} | arguments))


@pytest.mark.parametrize(
    ("env_id", "arguments", "message"),
    [
        ("HumanWM-v0", {"temperature": "warm"}, "temperature as a finite number"),
        ("HumanWM-v0", {"world_model": 3}, "world_model as a path"),
        ("HumanWMNudgeSim-v0", {"compliance": None}, "a compliance as a name"),
        ("WorldModelDream-v0", {}, "world_model, the checkpoint of an environment"),
        ("WorldModelDream-v0", {"world_model": 3}, "as a path"),
    ],
)
@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_wrong_types_are_refused_in_every_world(
    make: Any, env_id: str, arguments: dict[str, Any], message: str, small: EmbeddedPeople
) -> None:
    people = {} if env_id == "WorldModelDream-v0" else {"dataset": small}
    with pytest.raises(ConfigError, match=message):
        make(env_id, **people, **arguments)


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_unknown_arguments_are_type_errors_as_gymnasium_words_them(
    make: Any, small: EmbeddedPeople
) -> None:
    """TorchRL tries `frameskip`, and goes on without it when it reads these words."""
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'frameskip'"):
        make("HumanWMSim-v0", dataset=small, frameskip=4)


def test_real_logs_have_no_simulator(short_logs: LogDataset) -> None:
    with pytest.raises(ConfigError, match="'short'"):
        registration.make_simulator(dataset=short_logs)


def test_the_public_names() -> None:
    for name in human_wm_env.__all__:
        assert hasattr(human_wm_env, name)
