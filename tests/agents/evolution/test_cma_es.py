from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.baselines import HabitAgent
from agents.env_config import EnvConfig, GymEnvConfig
from agents.evolution.cma_es import CMAESConfig, Evolution, days_of, train_cma_es
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.saving import load_agent, save_agent
from agents.training_session import Session
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

TINY = CMAESConfig(generations=4, population=4, episodes=3, warm_start=0)


def test_a_linear_controller_by_hand() -> None:
    shape = ControllerShape(4)
    assert shape.parameters == 7 * 5
    action = np.array([0.5, -0.5, 0.0, 0.9, -0.9, 0.1, -1.0])
    parameters = shape.around(action)
    observations = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    expected = np.clip(action, -0.98, 0.98)
    np.testing.assert_allclose(
        shape.act(parameters[None], observations), np.tile(expected, (3, 1)), atol=1e-6
    )
    parameters[0] = 2.0  # the weight of the first observation on the first action
    moved = shape.act(parameters[None], np.array([[1.0, 0, 0, 0]], dtype=np.float32))
    assert moved[0, 0] == pytest.approx(np.tanh(np.arctanh(0.5) + 2.0 / np.sqrt(4)))


@pytest.mark.parametrize("hidden", [0, 3])
def test_members_act_on_their_own_observations(hidden: int) -> None:
    shape, rng = ControllerShape(5, hidden), np.random.default_rng(1)
    members = rng.normal(size=(4, shape.parameters))
    observations = rng.normal(size=(8, 5)).astype(np.float32)
    together = shape.act(members, observations)
    for member in range(4):
        part = slice(2 * member, 2 * member + 2)
        alone = shape.act(members[member : member + 1], observations[part])
        np.testing.assert_allclose(together[part], alone, atol=1e-6)


def test_evolution_finds_an_optimum_and_replays_exactly() -> None:
    goal = np.linspace(-0.5, 0.5, 6)
    config = CMAESConfig(population=8, sigma=0.3)
    evolution = Evolution(np.zeros(6), config)
    for _ in range(60):
        members = evolution.ask()
        evolution.tell(-((members - goal) ** 2).sum(axis=1))
    np.testing.assert_allclose(evolution.mean, goal, atol=0.02)
    again = Evolution(np.zeros(6), config)
    again.replay(np.stack(evolution.returns))
    np.testing.assert_array_equal(again.mean, evolution.mean)
    np.testing.assert_array_equal(again.ask(), evolution.ask())


def test_evolution_leaves_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    Evolution(np.zeros(4), TINY).ask()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(("hidden", "head"), [(0, "bins"), (2, "bins"), (0, "hybrid")])
def test_a_resumed_training_ends_with_the_same_bytes(
    hidden: int, head: str, people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    config = replace(TINY, hidden=hidden, head=head)
    whole = train_cma_es(config, simulator, Session(dataset=people))
    session = Session(state_folder=tmp_path, dataset=people)
    half = train_cma_es(replace(config, generations=2), simulator, session)
    assert not np.array_equal(half.parameters, whole.parameters)
    simulated: list[int] = []
    resumed = train_cma_es(
        config, simulator, replace(session, resume=True, progress=simulated.append)
    )
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)
    assert sum(simulated) == days_of(config, simulator) == 4 * 4 * 3 * 5
    loaded = load_agent(save_agent(resumed, tmp_path / "agent"))
    assert isinstance(loaded, ControllerAgent)
    observations = np.zeros((2, 43), dtype=np.float32)
    np.testing.assert_array_equal(loaded.act(observations), resumed.act(observations))
    assert (loaded.config, loaded.env) == (config, simulator)


def test_a_state_of_other_settings_is_refused(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    session = Session(state_folder=tmp_path, dataset=people)
    train_cma_es(replace(TINY, generations=1), simulator, session)
    resumed = replace(session, resume=True)
    for changes in ({"seed": 1}, {"sigma": 0.2}, {"episodes": 4}):
        (name,) = changes
        with pytest.raises(CheckpointError, match=rf"agent\.{name}=.*agent\.{name}="):
            train_cma_es(replace(TINY, **changes), simulator, resumed)
    with pytest.raises(CheckpointError, match=r"env\.adherence=1\.0.*env\.adherence=0\.5"):
        train_cma_es(TINY, replace(simulator, adherence=0.5), resumed)
    dream = replace(simulator, id="HumanWM-v0")
    with pytest.raises(CheckpointError, match=r"env\.id=HumanWMSim-v0, env\.world_model=None"):
        train_cma_es(TINY, dream, resumed)


def test_curves(people: EmbeddedPeople, simulator: EnvConfig) -> None:
    points: list[tuple[str, int]] = []

    class Recorder:
        def scalar(self, name: str, value: float, step: int) -> None:
            points.append((name, step))

    train_cma_es(TINY, simulator, Session(Recorder(), dataset=people))
    assert [step for name, step in points if name == "rollout/ep_rew_mean"] == [60, 120, 180, 240]
    assert {"components/mood", "cma_es/sigma"} <= {name for name, _ in points}


def test_wrong_observations_and_parameters_are_refused(simulator: EnvConfig) -> None:
    shape = ControllerShape(43)
    agent = ControllerAgent(shape, np.zeros(shape.parameters), TINY, simulator)
    with pytest.raises(ConfigError, match="env_overrides"):
        agent.act(np.zeros((2, 123), dtype=np.float32))
    with pytest.raises(ConfigError, match="parameters"):
        ControllerAgent(shape, np.zeros(3), TINY, simulator)


@pytest.mark.parametrize(
    "settings", [{"population": 2}, {"sigma": 0.0}, {"hidden": -1}, {"head": "tanh"}]
)
def test_settings_are_checked(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        CMAESConfig(**settings)  # type: ignore[arg-type]


def test_a_controller_may_read_a_part_of_the_observation() -> None:
    rng = np.random.default_rng(0)
    shape = ControllerShape(2, 3, 1, width=5, first=1)
    parameters, seen = rng.normal(size=(4, shape.parameters)), rng.normal(size=(8, 5))
    alone = ControllerShape(2, 3, 1)
    np.testing.assert_array_equal(
        shape.act(parameters, seen), alone.act(parameters, np.ascontiguousarray(seen[:, 1:3]))
    )
    assert shape.seen == 5 and shape.parameters == alone.parameters


def test_a_hybrid_controller_picks_the_highest_of_a_categorys_outputs() -> None:
    """One observation of width 1 and weights of 0: the biases alone act."""
    shape = ControllerShape(1, 0, 2 + 3 + 2, picks={1: 3, 3: 2})
    assert (shape.action_width, shape.parameters) == (4, 14)
    parameters = np.zeros((2, 14))
    parameters[0, 7:] = [0.5, -0.5, 0.1, 0.9, 0.2, 1.0, 0.0]
    parameters[1, 7:] = [0.0, 0.0, 0.0, 0.0, 0.3, 0.0, 2.0]
    acted = shape.act(parameters, np.ones((4, 1)))
    a = np.tanh(0.5)
    wanted = [
        [a, 0.0, -a, -0.5],
        [a, 0.0, -a, -0.5],
        [0.0, 2 / 3, 0.0, 0.5],
        [0.0, 2 / 3, 0.0, 0.5],
    ]
    np.testing.assert_allclose(acted, wanted, atol=1e-6)
    day = np.array([0.3, 2 / 3, -0.7, 0.5], dtype=np.float32)
    always = shape.act(shape.around(day)[None], np.ones((1, 1)))
    np.testing.assert_allclose(always[0], day, atol=1e-6)


def test_a_hybrid_head_needs_categories(people: EmbeddedPeople) -> None:
    config = replace(TINY, head="hybrid")
    with pytest.raises(ConfigError, match="pick a category"):
        train_cma_es(config, GymEnvConfig("CartPole-v1"), Session())


def test_a_search_goes_on_from_an_earlier_controller(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    session = Session(dataset=people)
    first = train_cma_es(TINY, simulator, session)
    save_agent(first, tmp_path / "first")
    small = replace(TINY, begin_with=str(tmp_path / "first"), sigma=1e-9, generations=1)
    np.testing.assert_allclose(
        train_cma_es(small, simulator, session).parameters, first.parameters, atol=1e-6
    )
    with pytest.raises(ConfigError, match="a controller in begin_with of"):
        train_cma_es(replace(small, hidden=2), simulator, session)
    with pytest.raises(ConfigError, match="warm_start=0 with begin_with"):
        replace(small, warm_start=3)
    save_agent(HabitAgent(), tmp_path / "habit")
    with pytest.raises(ConfigError, match="an agent of CMA-ES in"):
        train_cma_es(replace(small, begin_with=str(tmp_path / "habit")), simulator, session)
