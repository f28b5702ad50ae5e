from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from agents.ablation.cell import _Curve, optimum_of, run_cell, upper_bound
from agents.ablation.predictions import Watched, exact_shares, probe, watch
from agents.ablation.summary import ablation_figure, readable, summarise
from agents.ablation.task_list import TASKS
from agents.ablation.tasks import CONFIGURATIONS, HEAD, NO_HEAD, PLANNED, Task
from agents.env_config import GymEnvConfig
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.other_worlds import judge
from agents.registry import train_agent
from agents.transformer.agent import TransformerAgent
from agents.transformer.settings import ReinforceConfig
from agents.transformer.true_planner import TruePlanner
from human_wm_env.errors import ConfigError

SMALL = {"layers": 1, "width": 32, "heads": 2, "feed_forward": 32, "episodes": 32}
RECALL = Task(
    *("DelayedRecall-v0", 200),
    settings={**SMALL, "learning_rate": 3e-3},
    arguments={"symbols": 3, "delay": 2},
    elsewhere={"delay 4": {"delay": 4}},
)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_can_be_set_up(name: str) -> None:
    task = TASKS[name]
    for configuration in CONFIGURATIONS:
        config = task.config(configuration, 3)
        assert (config.seed, config.steps) == (3, task.updates)
    assert optimum_of(task.env(0)) > 0.0
    for arguments in task.elsewhere.values():
        assert optimum_of(task.env(0, arguments)) > 0.0
    assert task.seeded is None or task.env(3) != task.env(4)


@pytest.mark.parametrize("name", ["DelayedRecall", "HiddenRule", "Detour"])
def test_the_true_transition_is_an_upper_bound(name: str) -> None:
    assert upper_bound(TASKS[name], 0, episodes=20) >= 1.0


def test_the_true_planner_walks_straight_to_the_goal() -> None:
    env = GymEnvConfig("Detour-v0", {"symbols": 3, "horizon": 8})
    # Two doors and the goal take 2, 5 and 8 steps.
    assert (judge(TruePlanner(3), env, episodes=5, seed=0).returns == 3.0).all()
    with pytest.raises(ConfigError, match="Discrete actions"):
        judge(TruePlanner(1), GymEnvConfig("CartPole-v1"), episodes=2, seed=0)


def test_a_cell_is_trained_and_measured() -> None:
    found = run_cell(RECALL, HEAD, 0, episodes=200)
    assert found.keys() == {HEAD, PLANNED}
    assert found[HEAD]["share"] > 0.9 and found[PLANNED]["share"] > 0.9
    assert found[HEAD]["predictions"]["random actions"]["by_action"] > 0.9
    assert found[HEAD]["probe"] > 0.8
    assert found[HEAD]["updates_to_90"] is not None
    assert found[HEAD]["elsewhere"].keys() == {"delay 4"}
    curve = found[PLANNED]["curve"]
    assert [update for update, _ in curve] == list(range(25, 201, 25))
    assert curve[-1][1] == found[PLANNED]["share"] and curve[0][1] < 0.9
    shares = [share for _, share in curve]
    assert found[PLANNED]["judged_in_training"] == pytest.approx(np.mean(shares))
    assert 0.125 < found[HEAD]["judged_in_training"] < found[HEAD]["share"]


def test_easier_levels_are_no_share_of_the_optimum() -> None:
    curve = _Curve()
    for step, level, value in ((1, 0.0, 5.0), (2, 0.5, 4.0), (3, 1.0, 3.0)):
        curve.scalar("rollout/ep_rew_mean", value, step)
        curve.scalar("curriculum/level", level, step)
    assert curve.shares(6.0, 1) == [(1, 0.0), (2, 0.0), (3, 0.5)]
    plain = _Curve()
    plain.scalar("rollout/ep_rew_mean", 3.0, 1)
    assert plain.shares(6.0, 0) == [(1, 0.5)]


def test_seeds_become_rows_and_a_figure() -> None:
    short = replace(RECALL, updates=3)
    results = {
        "Recall": {
            name: [run_cell(short, name, seed, episodes=20)[name] for seed in (0, 1)]
            for name in (NO_HEAD, HEAD)
        }
    }
    planned = {"share": 0.5, "elsewhere": {"delay 4": 0.4}, "curve": [(1, 0.3), (3, 0.5)]}
    planned |= {"in_training": 0.4, "judged_in_training": 0.9, "updates_to_90": None}
    results["Recall"][PLANNED] = [planned] * 2
    rows = summarise(results, {"Recall": 1.0}, Bootstrap(resamples=50))
    assert [row["configuration"] for row in rows] == [NO_HEAD, HEAD, PLANNED]
    assert "gain" not in rows[0] and rows[2]["share"]["mean"] == 0.5
    without = np.mean([cell["judged_in_training"] for cell in results["Recall"][NO_HEAD]])
    assert rows[2]["gain_in_training"]["mean"] == pytest.approx(0.9 - without)
    of_old_cells = {
        "Recall": {name: [dict(cell) for cell in of] for name, of in results["Recall"].items()}
    }
    del of_old_cells["Recall"][NO_HEAD][0]["judged_in_training"]
    assert "gain_in_training" not in summarise(of_old_cells, {}, Bootstrap(resamples=50))[2]
    assert rows[1]["updates_to_90"] is None and rows[1]["solved_in_training"] == 0
    texts = [readable(row) for row in rows]
    assert texts[1]["updates to 90%"] == "- (0 of 2)"
    assert texts[2]["elsewhere"] == "delay 4 0.40"
    assert len({tuple(text) for text in texts}) == 1
    assert len(ablation_figure(results).axes) == 1


def test_shares_of_exact_states_by_hand() -> None:
    watched = Watched(
        right=np.array([[True, False, True], [False, True, True], [True, True, False]]),
        determined=np.array([[True, False, True], [True, True, False], [False, False, False]]),
        decisive=np.array([False, True, True]),
        by_action=np.array([False, True, True]),
        read=np.zeros((1, 1), dtype=np.float32),
        rule=np.zeros((1, 0), dtype=int),
        symbols=2,
    )
    shares = {"exact": 0.5, "by_action": 1.0, "by_world": 0.5, "by_rule": 1.0}
    assert exact_shares(watched) == shares
    nothing = replace(watched, decisive=np.zeros(3, dtype=bool))
    assert exact_shares(nothing) == {**shares, "by_rule": None}
    assert probe(watched) is None


def test_a_linear_probe_finds_what_is_linear_alone() -> None:
    rng = np.random.default_rng(0)
    rule = rng.integers(3, size=(400, 1))
    read = np.eye(3)[rule[:, 0]] + 0.05 * rng.normal(size=(400, 3))
    base = Watched(*(np.zeros((1, 1), dtype=bool),) * 4, read.astype(np.float32), rule, 3)
    assert probe(base) == 1.0
    noise = replace(base, read=rng.normal(size=(400, 3)).astype(np.float32))
    found = probe(noise)
    assert found is not None and found < 0.5


def test_predictions_are_asked_before_the_step() -> None:
    env = GymEnvConfig("PatternEcho-v0", {"symbols": 3})
    config = ReinforceConfig(steps=1, **SMALL)  # type: ignore[arg-type]
    agent = train_agent(config, env)
    assert isinstance(agent, TransformerAgent)
    last = agent.net.world_model_head[-1]
    assert isinstance(last, torch.nn.Linear)
    last.weight.zero_()
    last.bias[:] = torch.tensor([-1.0, -1.0, -1.0, 1.0, 0.0])  # always foretells a success
    watched = watch(agent, env, episodes=300, seed=0, at_random=True)
    shares = exact_shares(watched)
    assert shares["by_world"] is None
    assert shares["exact"] == shares["by_action"]
    assert shares["exact"] is not None and 0.25 < shares["exact"] < 0.42
    with pytest.raises(ConfigError, match="symbolic world"):
        watch(agent, GymEnvConfig("CartPole-v1"), episodes=2, seed=0)
