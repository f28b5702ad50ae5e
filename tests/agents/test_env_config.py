from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import (
    NO_CONTEXT,
    EnvConfig,
    make_vector_env,
    with_overrides,
    with_person_context,
)
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person_context import VectorPersonContext


def make(config: EnvConfig, people: EmbeddedPeople, slots: int = 2) -> Any:
    return make_vector_env(config, slots, autoreset=AutoresetMode.DISABLED, dataset=people)


def test_the_arguments_reach_the_environment(people: EmbeddedPeople) -> None:
    config = EnvConfig("HumanWMSim-v0", horizon=3, masking="none", split="all")
    env = make(config, people)
    assert (env.num_envs, env.layout) == (2, "people")
    assert env.metadata["autoreset_mode"] == AutoresetMode.DISABLED
    env.reset(seed=0)
    for day in range(1, 4):
        _, _, _, truncated, info = env.step(np.zeros((2, 7), dtype=np.float32))
        assert info["mask"].all()
        assert truncated.all() == (day == 3)


def test_reward_weights_and_adherence_reach_the_environment(people: EmbeddedPeople) -> None:
    weights = {"mood": 0.0, "recovery": 0.0, "sleep": 2.0, "effort": 0.0}
    env = make(EnvConfig("HumanWMSim-v0", reward_weights=weights, split="all"), people)
    env.reset(seed=0)
    _, rewards, _, _, info = env.step(np.zeros((2, 7), dtype=np.float32))
    sleep = env.unwrapped.component_names.index("sleep")
    np.testing.assert_allclose(rewards, 2.0 * info["reward_components"][:, sleep], rtol=1e-6)


def test_an_argument_that_the_world_does_not_take_is_refused(people: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="'temperature'"):
        make(EnvConfig("HumanWMSim-v0", temperature=0.5), people)


def test_an_unknown_id_names_the_nearest(people: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'HumanWMSim-v0'"):
        make(EnvConfig("HumanWMSimm-v0"), people)


def test_an_unknown_dataset_is_refused() -> None:
    config = EnvConfig("HumanWMSim-v0", dataset="lifesnaps")
    with pytest.raises(ConfigError, match="'lifesnaps'"):
        make_vector_env(config, 2, autoreset=AutoresetMode.DISABLED)


def test_nudges_and_compliance_reach_the_environment(people: EmbeddedPeople) -> None:
    config = EnvConfig("HumanWMNudgeSim-v0", split="all", compliance="full")
    env = make_vector_env(config, 2, autoreset=AutoresetMode.NEXT_STEP, dataset=people)
    world = env.unwrapped.world  # type: ignore[attr-defined]
    assert (world.compliance.quit_rate, world.action_space.n) == (0.0, 6)
    assert config.nudged and not EnvConfig("HumanWMSim-v0").nudged
    with pytest.raises(ConfigError, match="no adherence in HumanWMNudgeSim-v0"):
        EnvConfig("HumanWMNudgeSim-v0", adherence=0.5)
    with pytest.raises(ConfigError, match="'compliance'"):
        make_vector_env(
            EnvConfig("HumanWMSim-v0", compliance="full"),
            2,
            autoreset=AutoresetMode.NEXT_STEP,
            dataset=people,
        )


def test_overrides_are_settings() -> None:
    config = EnvConfig("HumanWMSim-v0")
    assert with_overrides(config, {"adherence": 0.0}).adherence == 0.0
    assert config.adherence == 1.0
    with pytest.raises(ConfigError, match="Did you mean 'adherence'"):
        with_overrides(config, {"adherance": 0.0})


def test_context_settings_must_fit_together() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'daily'"):
        EnvConfig("HumanWMSim-v0", context_update="dayly")
    with pytest.raises(ConfigError, match="person_context=true"):
        EnvConfig("HumanWMSim-v0", context_model="runs/a")


def test_an_agent_takes_its_context_along() -> None:
    assert EnvConfig("HumanWM-v0").context_settings() == NO_CONTEXT
    seeing = EnvConfig("HumanWM-v0", person_context=True)
    assert seeing.context_settings()["context_model"] == "bundled"
    trained = EnvConfig("HumanWM-v0", person_context=True, world_model="runs/a")
    settings = trained.context_settings()
    assert settings == {
        "person_context": True,
        "context_model": "runs/a",
        "context_update": "frozen",
    }
    # In another dream the agent still sees what its own world model says of the person.
    other = with_overrides(EnvConfig("HumanWM-v0", world_model="runs/b"), settings)
    assert (other.world_model, other.context_model) == ("runs/b", "runs/a")


@pytest.mark.parametrize(
    ("settings", "model"),
    [
        ({}, None),
        ({"context_model": "bundled"}, None),
        ({"context_model": "runs/a"}, "runs/a"),
    ],
)
def test_the_context_wraps_the_environment(
    people: EmbeddedPeople,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    model: str | None,
) -> None:
    made: list[tuple[Any, str]] = []

    class Recorder(gym.vector.VectorWrapper):
        def __init__(self, env: Any, world_model: Any = None, update: str = "frozen") -> None:
            super().__init__(env)
            made.append((world_model, update))

    from human_wm_env import person_context

    monkeypatch.setattr(person_context, "VectorPersonContext", Recorder)
    config = EnvConfig("HumanWMSim-v0", person_context=True, context_update="daily", **settings)
    assert isinstance(make(config, people), Recorder)
    assert made == [(model, "daily")]


def test_without_context_nothing_is_wrapped(people: EmbeddedPeople) -> None:
    def chain(env: Any) -> Iterator[Any]:
        yield env
        while isinstance(env, gym.vector.VectorWrapper):
            env = env.env
            yield env

    assert len(list(chain(make(EnvConfig("HumanWMSim-v0"), people)))) == 1


def test_a_context_without_further_settings_is_the_frozen_one_of_the_bundled_model(
    people: EmbeddedPeople,
) -> None:
    env = make(EnvConfig("HumanWMSim-v0", split="all"), people)
    assert with_person_context(env, {}) is env
    seeing: Any = with_person_context(env, {"person_context": True})
    assert isinstance(seeing, VectorPersonContext)
    before, _ = seeing.reset(seed=0)
    after, *_ = seeing.step(np.zeros((2, 7), dtype=np.float32))
    width = env.single_observation_space.shape[0]
    np.testing.assert_array_equal(before[:, width:], after[:, width:])
