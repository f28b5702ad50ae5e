from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.baselines import HabitConfig, RandomConfig
from agents.env_config import EnvConfig
from agents.planning.best_constant import BestConstantConfig
from agents.planning.cross_entropy import CrossEntropyConfig
from agents.planning.dream_planner import ImaginingPlanner, ImaginingPlannerConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.oracle_planner import OracleConfig, OraclePlanner
from agents.registry import ALGORITHMS, algorithm_named, train_agent
from agents.saving import load_agent, save_agent
from human_wm_env.errors import ConfigError

PLANNER = PlannerConfig(days=3, search=CrossEntropyConfig(candidates=9))


def test_every_algorithm_has_settings_that_name_it() -> None:
    for name, algorithm in ALGORITHMS.items():
        assert algorithm.config().algorithm == name


def test_every_algorithm_has_a_file_of_settings() -> None:
    from human_wm_cli.config import CONFIGS_FOLDER

    files = {file.stem for file in (CONFIGS_FOLDER / "agent").glob("*.yaml")}
    assert set(ALGORITHMS) <= files


def test_an_unknown_algorithm_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'recurrent_ppo'"):
        algorithm_named("recurent_ppo")


def test_agents_without_training(simulator: EnvConfig) -> None:
    assert train_agent(HabitConfig(), simulator).name == "habit"
    random = train_agent(RandomConfig(seed=4), simulator)
    assert random.act(np.zeros((2, 43), dtype=np.float32)).shape == (2, 7)


def test_planners_take_reward_and_pessimism_of_the_environment(tmp_path: Path) -> None:
    dream = EnvConfig(
        "HumanWM-v0", world_model="runs/a", pessimism=0.5, reward_weights={"mood": 1.0}
    )
    planner = train_agent(ImaginingPlannerConfig(PLANNER, temperature=0.5), dream)
    loaded = load_agent(save_agent(planner, tmp_path / "planner"))
    for each in (planner, loaded):
        assert isinstance(each, ImaginingPlanner)
        assert (each.world_model, each.temperature, each.pessimism) == ("runs/a", 0.5, 0.5)
        assert each.reward_weights == {"mood": 1.0}
        assert each.config == PLANNER
    oracle = load_agent(save_agent(train_agent(OracleConfig(PLANNER), dream), tmp_path / "oracle"))
    assert isinstance(oracle, OraclePlanner)
    assert (oracle.config, oracle.reward_weights) == (PLANNER, {"mood": 1.0})


def test_days_are_known_before(simulator: EnvConfig) -> None:
    assert ALGORITHMS["habit"].days(HabitConfig(), simulator) == 0
    search = BestConstantConfig().search
    judged = search.iterations * search.candidates + 2 * 35
    days = ALGORITHMS["best_constant"].days(BestConstantConfig(), simulator)
    assert days == judged * search.episodes * 5


def test_who_is_trained_keeps_a_state_and_learns_in_any_world() -> None:
    untrained = {"random", "habit", "planner", "oracle", "residual_planner", "best_constant"}
    untrained |= {"nudge_rule", "nudge_planner", "nudge_oracle"}
    trained = set(ALGORITHMS) - untrained
    assert {"ppo", "sac", "cma_es", "transformer_ppo", "backprop"} <= trained
    assert {name for name, each in ALGORITHMS.items() if each.resumable} == trained
    any_world = trained - {"distilled"}  # whose planner knows people only
    assert {name for name, each in ALGORITHMS.items() if each.any_world} == any_world
