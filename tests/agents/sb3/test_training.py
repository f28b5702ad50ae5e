from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agents.env_config import EnvConfig
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.algorithms import RECIPES
from agents.sb3.hyperparameters import (
    A2CConfig,
    PPOConfig,
    RecurrentPPOConfig,
    SACConfig,
    TD3Config,
)
from agents.sb3.policy import PolicyAgent
from agents.tensor_tree import load_tree, save_tree
from agents.training_session import Session
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

COMMON: dict[str, Any] = {"steps": 60, "slots": 6, "width": 8, "layers": 1, "warm_start": 0}
COMMON["linear_decay"] = False  # or the last update would have a learning rate of 0
OFF_POLICY = {**COMMON, "learning_starts": 12, "batch_size": 8, "buffer_size": 48}
CONFIGS = {
    "ppo": PPOConfig(**COMMON, n_steps=5, batch_size=15, n_epochs=2),
    "a2c": A2CConfig(**COMMON, n_steps=5),
    "sac": SACConfig(**OFF_POLICY, gradient_steps=1),
    "td3": TD3Config(**OFF_POLICY, gradient_steps=1),
    "recurrent_ppo": RecurrentPPOConfig(
        **COMMON, n_steps=5, batch_size=15, n_epochs=1, lstm_width=4
    ),
}
OBSERVATIONS = np.random.default_rng(0).normal(size=(6, 43)).astype(np.float32)
every_algorithm = pytest.mark.parametrize("name", list(CONFIGS))


def trained(name: str, env: EnvConfig, session: Session, **changes: Any) -> PolicyAgent:
    agent = train_agent(replace(CONFIGS[name], **changes), env, session)
    assert isinstance(agent, PolicyAgent)
    return agent


def alike(one: PolicyAgent, other: PolicyAgent) -> bool:
    first, second = one.policy.state_dict(), other.policy.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_every_recipe_is_tested() -> None:
    """DQN takes no days of people: `tests/agents/nudge` has its tests."""
    assert {*CONFIGS, "dqn"} == set(RECIPES)


@every_algorithm
def test_it_trains_acts_and_is_saved(
    name: str, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    simulated: list[int] = []
    agent = trained(name, simulator, Session(progress=simulated.append, dataset=people))
    assert sum(simulated) == CONFIGS[name].whole_steps
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    assert isinstance(loaded, PolicyAgent)
    assert (loaded.name, loaded.config, loaded.env) == (name, CONFIGS[name], simulator)
    for each in (agent, loaded):
        each.reset(6)
    for _ in range(3):
        acted = agent.act(OBSERVATIONS)
        assert (acted.shape, acted.dtype) == ((6, 7), np.float32)
        assert np.abs(acted).max() <= 1.0
        np.testing.assert_array_equal(acted, loaded.act(OBSERVATIONS))


@every_algorithm
def test_it_goes_on_where_it_stopped(
    name: str, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    folder, simulated = tmp_path / "state", []
    half = trained(name, simulator, Session(state_folder=folder, dataset=people), steps=30)
    kept = load_tree(folder)
    assert kept["counters"]["num_timesteps"] == 30
    again = Session(None, simulated.append, folder, resume=True, dataset=people)
    # Nothing is left to train: the very same weights.
    assert alike(trained(name, simulator, again, steps=30), half)
    whole = trained(name, simulator, again)
    assert not alike(whole, half)
    assert load_tree(folder)["counters"]["num_timesteps"] == 60
    assert sum(simulated) == 30 + 60  # what was simulated before is reported, too


class Killed(Exception):
    """Stands for the end of a process."""


@every_algorithm
@pytest.mark.parametrize("world", ["HumanWMSim-v0", "HumanWM-v0"])
def test_a_training_that_was_killed_repeats_the_one_that_was_not(
    name: str, world: str, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    """A state in the middle of episodes of 7 days, with a person context that is read daily."""
    context = {"person_context": True, "context_update": "daily"} if world == "HumanWM-v0" else {}
    env = replace(simulator, id=world, horizon=7, **context)
    changes = {"steps": 90, "linear_decay": True}

    def curves() -> Session:
        return Session(dataset=people, checkpoint_days=30)

    whole = trained(name, env, curves(), **changes)

    def kill(agent: object, days: int) -> None:
        if days == 60:
            raise Killed

    session = replace(curves(), state_folder=tmp_path, snapshot=kill)
    with pytest.raises(Killed):
        trained(name, env, session, **changes)
    np.random.seed(1)  # noqa: NPY002 (another process has other generators)
    torch.manual_seed(1)
    kept = load_tree(tmp_path)
    assert kept["counters"]["num_timesteps"] == 60
    assert len(kept["episodes"]["actions"]) == 60 // 6 % 7
    again = replace(curves(), state_folder=tmp_path, resume=True)
    assert alike(trained(name, env, again, **changes), whole)


def test_buffer_and_entropy_weight_are_kept(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    trained("sac", simulator, Session(state_folder=tmp_path, dataset=people))
    kept = load_tree(tmp_path)
    # 60 days of 6 slots are 10 rows; the buffer holds 48 days, 8 rows, and has come round.
    assert (kept["buffer"]["filled"], kept["buffer"]["pos"]) == (8, 2)
    assert kept["buffer"]["observations"].shape == (8, 6, 43)
    assert "log_ent_coef" in kept["tensors"]
    assert kept["parameters"]["actor.optimizer"]["state"]


def test_snapshots_are_agents_of_their_own(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    found: list[tuple[PolicyAgent, int]] = []
    session = Session(
        checkpoint_days=30, snapshot=lambda agent, days: found.append((agent, days)), dataset=people
    )
    last = trained("ppo", simulator, session)
    assert [days for _, days in found] == [30, 60]
    assert alike(
        last, trained("ppo", simulator, Session(dataset=people))
    )  # looking changes nothing
    assert not alike(found[0][0], last)
    assert alike(found[1][0], last)


@pytest.mark.parametrize("changes", [{"width": 16}, {"gamma": 0.5}, {"linear_decay": True}])
def test_a_state_of_other_settings_is_refused(
    changes: dict[str, Any], people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    trained("ppo", simulator, Session(state_folder=tmp_path, dataset=people))
    session = Session(state_folder=tmp_path, resume=True, dataset=people)
    (name,) = changes
    with pytest.raises(CheckpointError, match=rf"agent\.{name}=.*agent\.{name}="):
        trained("ppo", simulator, session, **changes)
    with pytest.raises(CheckpointError, match=r"env\.id=HumanWMSim-v0"):
        trained("ppo", replace(simulator, id="HumanWM-v0"), session)


def test_a_state_of_other_nets_is_refused(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    trained("ppo", simulator, Session(state_folder=tmp_path, dataset=people))
    state = load_tree(tmp_path)
    state["parameters"]["policy"].popitem()
    save_tree(state, tmp_path)
    session = Session(state_folder=tmp_path, resume=True, dataset=people)
    with pytest.raises(CheckpointError, match="same settings"):
        trained("ppo", simulator, session)


@every_algorithm
def test_a_warm_start_begins_at_the_best_constant(
    name: str,
    people: EmbeddedPeople,
    simulator: EnvConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from agents.baselines import ConstantAgent
    from agents.planning import best_constant

    action = np.array([0.3, -0.9, 0.8, -0.1, 0.1, 0.5, 0.0], dtype=np.float32)
    monkeypatch.setattr(
        best_constant, "search_best_constant", lambda *a, **k: ConstantAgent(action)
    )
    agent = trained(
        name, simulator, Session(dataset=people), warm_start=1, learning_rate=1e-9, steps=30
    )
    agent.reset(3)
    given = agent.act(np.zeros((3, 43), dtype=np.float32))
    np.testing.assert_allclose(given, np.tile(action, (3, 1)), atol=0.03)


def test_an_lstm_remembers_and_a_reset_forgets(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    agent = trained("recurrent_ppo", simulator, Session(dataset=people))
    agent.reset(6)
    first, second = agent.act(OBSERVATIONS), agent.act(OBSERVATIONS)
    assert not np.array_equal(first, second)
    agent.reset(6)
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), first)


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        (SACConfig, {"gradient_steps": 0}),
        (TD3Config, {"tau": 0.0}),
        (A2CConfig, {"n_steps": 0}),
        (RecurrentPPOConfig, {"batch_size": 16}),
        (SACConfig, {"slots": 0}),
        (PPOConfig, {"activation": "rellu"}),
    ],
)
def test_settings_are_checked(config: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        config(**settings)


def wrong_counter(state: dict[str, Any]) -> None:
    state["counters"]["num_timesteps"] = 60.5


def negative_counter(state: dict[str, Any]) -> None:
    state["counters"]["num_timesteps"] = -1


def infinite_tensor(state: dict[str, Any]) -> None:
    next(iter(state["tensors"].values())).fill_(float("inf"))


def odd_generator(state: dict[str, Any]) -> None:
    state["numpy"] = (state["numpy"][0] - 2**40, *state["numpy"][1:])


def buffer_beyond(state: dict[str, Any]) -> None:
    state["buffer"]["pos"] = 8


def buffer_infinite(state: dict[str, Any]) -> None:
    state["buffer"]["rewards"][0] = np.nan


def negative_moment(state: dict[str, Any]) -> None:
    moments = state["parameters"]["actor.optimizer"]["state"]
    next(iter(moments.values()))["exp_avg_sq"].fill_(-1.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (wrong_counter, "counters.num_timesteps is no int"),
        (negative_counter, "counters below 0"),
        (infinite_tensor, "tensors.* finite"),
        (odd_generator, "no state of a generator"),
        (buffer_beyond, "outside the buffer"),
        (buffer_infinite, "buffer.rewards is not"),
        (negative_moment, "is below 0"),
    ],
)
def test_a_state_with_impossible_parts_is_refused(
    change: Any, reason: str, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    trained("sac", simulator, Session(state_folder=tmp_path, dataset=people))
    state = load_tree(tmp_path)
    change(state)
    save_tree(state, tmp_path)
    session = Session(state_folder=tmp_path, resume=True, dataset=people)
    with pytest.raises(CheckpointError, match=reason):
        trained("sac", simulator, session)
