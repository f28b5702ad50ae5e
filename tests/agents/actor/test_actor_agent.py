"""An actor acts in NumPy, and is saved as every agent is."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from agents.action_layout import PERSON_ACTIONS
from agents.actor.actor_agent import ActorAgent
from agents.actor.hybrid_head import HybridHead
from agents.actor.net import NetShape, outputs_of
from agents.env_config import EnvConfig
from agents.saving import load_agent, save_agent
from human_wm_env.errors import CheckpointError, ConfigError

SEEN = np.random.default_rng(0).normal(size=(20, 43)).astype(np.float32)
SHAPE = NetShape(43, 8, 2, 17)
HEAD = HybridHead(PERSON_ACTIONS.space, dict(PERSON_ACTIONS.picks))


def an_actor(kind: str = "backprop") -> ActorAgent:
    weights = SHAPE.first_weights(np.random.default_rng(1))
    weights["2.weight"] *= 100.0
    return ActorAgent(kind, HEAD, SHAPE, weights, {"steps": 3}, EnvConfig("HumanWM-v0"))


def test_a_net_by_hand() -> None:
    weights = {
        "0.weight": np.array([[1.0], [2.0]]),
        "0.bias": np.array([0.5]),
        "1.weight": np.array([[3.0, -1.0]]),
        "1.bias": np.array([0.0, 1.0]),
    }
    hidden = np.tanh(1.0 + 2.0 * 0.25 + 0.5)
    found = outputs_of(weights, np.array([[1.0, 0.25]]), np.tanh)
    np.testing.assert_allclose(found, [[3.0 * hidden, 1.0 - hidden]])


def test_an_untrained_net_gives_nearly_nothing() -> None:
    weights = SHAPE.first_weights(np.random.default_rng(1))
    assert np.abs(outputs_of(weights, SEEN, np.tanh)).max() < 0.1


def test_a_saved_actor_acts_alike(tmp_path: Path) -> None:
    actor = an_actor()
    loaded = load_agent(save_agent(actor, tmp_path / "actor"))
    assert isinstance(loaded, ActorAgent)
    np.testing.assert_array_equal(loaded.act(SEEN), actor.act(SEEN))
    assert len(np.unique(actor.act(SEEN)[:, 1])) > 1  # of the workouts
    assert (loaded.kind, loaded.settings, loaded.env) == ("backprop", {"steps": 3}, actor.env)


def test_the_activation_is_saved(tmp_path: Path) -> None:
    tanh = an_actor()
    shape = replace(SHAPE, activation="softsign")
    softsign = ActorAgent("backprop", HEAD, shape, tanh.weights, {}, tanh.env)
    loaded = load_agent(save_agent(softsign, tmp_path / "actor"))
    np.testing.assert_array_equal(loaded.act(SEEN), softsign.act(SEEN))
    assert (softsign.act(SEEN) != tanh.act(SEEN)).any()
    with pytest.raises(ConfigError, match="activation out of tanh, softsign"):
        replace(SHAPE, activation="relu")


def test_it_acts_without_mlx(tmp_path: Path) -> None:
    save_agent(an_actor(), tmp_path / "actor")
    code = (
        "import sys; sys.modules['mlx'] = None\n"
        "import numpy as np; from agents import load_agent\n"
        f"print(load_agent({str(tmp_path / 'actor')!r}).act(np.zeros((2, 43), np.float32)).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(2, 7)\n"


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    actor = an_actor()
    with pytest.raises(ConfigError, match="width 43"):
        actor.act(SEEN[:, :5])
    with pytest.raises(ConfigError, match="outputs for Discrete"):
        ActorAgent(
            *("backprop", HybridHead(spaces.Discrete(3)), SHAPE, actor.weights, {}, actor.env)
        )
    del actor.weights["2.bias"]
    with pytest.raises(CheckpointError, match="the weights of NetShape"):
        load_agent(save_agent(actor, tmp_path / "damaged"))
