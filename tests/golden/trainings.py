"""The golden cases that train or judge something; see `cases.py`."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from agents.env_config import EnvConfig
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.evaluate import evaluate
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.replay_foresight import summarise_foresight
from agents.evaluation.settings import EvaluationConfig
from agents.evaluation.summary_table import summarise
from agents.planning.best_constant import SearchConfig
from agents.planning.cross_entropy import CrossEntropyConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.registry import algorithm_named, train_agent
from agents.saving import load_agent, save_agent
from agents.training_session import Session
from human_wm_cli.commands import pretrain
from human_wm_cli.console import run_script
from tests.golden.cases import SMALL, people
from tests.golden.recording import Arrays, pack

SAVED_AGENTS = Path(__file__).parent / "saved_agents"


def evaluation() -> Arrays:
    """Baselines and planners with tiny budgets in both worlds, in the replay and from logs."""
    search = CrossEntropyConfig(iterations=1, candidates=6, elite=2)
    planner = PlannerConfig(days=2, draws=2, first_iterations=2, search=search)
    worlds = {
        "dream": EnvConfig("HumanWM-v0", horizon=4),
        "simulator": EnvConfig("HumanWMSim-v0", horizon=4),
    }
    config = EvaluationConfig(
        baselines=["random", "habit", "best_constant", "planner", "oracle"],
        split="all",
        people=4,
        episodes_per_person=2,
        bootstrap=Bootstrap(resamples=200),
        search=SearchConfig(iterations=1, candidates=6, elite=2, episodes=3),
        planner=planner,
        oracle=planner,
        replay=True,
    )
    off_policy = OffPolicyConfig(updates=5, batch=32, width=8, fits=1)
    agents = {path.name: load_agent(path) for path in sorted(SAVED_AGENTS.iterdir())}
    found = evaluate(agents, worlds, config, off_policy=off_policy, dataset=people(SMALL))
    assert found.headroom is not None
    return pack(
        {
            "summary": summarise(found.results, Bootstrap(0.9, 200)),
            "transfer": found.transfer,
            "headroom": vars(found.headroom),
            "replay": summarise_foresight(found.replayed, Bootstrap(0.9, 200)),
            "estimates": found.estimates,
        }
    )


def observed_by(agent: Any, width: int) -> np.ndarray:
    """Return the actions of an agent on two days of six made-up observations."""
    rng = np.random.default_rng(8)
    agent.reset(6)
    return np.stack(
        [agent.act(rng.uniform(-1, 1, (6, width)).astype(np.float32)) for _ in range(2)]
    )


TINY_SB3 = {"slots": 6, "steps": 360, "width": 8, "warm_start": 0}
TINY_TRAININGS: dict[str, dict[str, Any]] = {
    "ppo": TINY_SB3 | {"n_steps": 10, "batch_size": 30, "n_epochs": 2},
    "recurrent_ppo": TINY_SB3 | {"n_steps": 10, "batch_size": 30, "n_epochs": 2, "lstm_width": 8},
    "a2c": TINY_SB3,
    "sac": TINY_SB3 | {"steps": 90, "learning_starts": 30, "batch_size": 16, "gradient_steps": 1},
    "td3": TINY_SB3 | {"steps": 90, "learning_starts": 30, "batch_size": 16, "gradient_steps": 1},
    "cma_es": {"generations": 2, "population": 4, "episodes": 3, "hidden": 3, "warm_start": 0},
}


def trained_agent(algorithm: str) -> Arrays:
    """A tiny training in the dream; saved, read back, and asked to act."""
    settings: Any = algorithm_named(algorithm).config
    env = EnvConfig("HumanWM-v0", horizon=5, split="all", temperature=0.8, pessimism=0.1)
    session = Session(dataset=people(SMALL))
    agent = train_agent(settings(**TINY_TRAININGS[algorithm]), env, session)
    with tempfile.TemporaryDirectory() as folder:
        return {"actions": observed_by(load_agent(save_agent(agent, folder)), 43)}


def saved_agents() -> Arrays:
    """Agents whose files stay as they are: they must keep loading and acting as they did."""
    return {
        path.name: observed_by(load_agent(path), 123 if path.name == "ppo" else 43)
        for path in sorted(SAVED_AGENTS.iterdir())
    }


# Pretraining ------------------------------------------------------------------------------

ONE_EPOCH = ["data=mini", "data.users=40", "data.days=90", "model=mini", "training=quick"]
IN_STAGES = [
    *(f"training.{stage}.epochs=1" for stage in ("nets", "moments", "encoder")),
    *("training.dreamt_people=10", "training.rollouts.weight=1", "training.rollouts.every=1"),
    *("training.rollouts.people=4", "training.baseline_epochs=0", "training.empty_blocks=false"),
]
JOINTLY = ["card=null", "training.joint.epochs=1"]
TINY_CARD = [
    *("card=quick", "card.horizons=[1,7]", "card.draws=10", "card.refine_steps=1"),
    *("card.fit_people=20", "card.diversity_draws=5", "card.people=4"),
]


def pretrained(*settings: str) -> Arrays:
    """The weights that the smallest pretraining exports, its metrics, and its model card."""
    with tempfile.TemporaryDirectory() as root:
        words = [*ONE_EPOCH, *settings, f"run.root={root}", "run.name=golden"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run_script(pretrain.main, pretrain.PretrainConfig, "pretrain", arguments=words)
        folder = Path(root) / "golden" / "checkpoint"
        weights = load_file(folder / "weights.safetensors")
        manifest = json.loads((folder / "manifest.json").read_text())
        card = folder / "card.json"
        results = {
            "metrics": {**manifest["metrics"], "seconds": None},
            "card": _as_first_stored(json.loads(card.read_text())) if card.is_file() else None,
        }
    return pack(results) | {f"weights.{name}": array for name, array in weights.items()}


def _as_first_stored(card: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a card of transition nets says since, and its settings; the rest must stay."""
    assert card.pop("interventions") is None
    for setting in ("policy_days", "effect_draws"):
        del card["about"]["config"][setting]
    return card


CASES: dict[str, Callable[[], Arrays]] = {
    "evaluation": evaluation,
    **{f"trained_{name}": partial(trained_agent, name) for name in TINY_TRAININGS},
    "saved_agents": saved_agents,
    "pretrained": partial(pretrained, *IN_STAGES, *TINY_CARD),
    "pretrained_predecessor": partial(pretrained, *JOINTLY, "training.loss=predecessor"),
    "pretrained_jointly": partial(pretrained, *JOINTLY, "training.posteriors=encoder"),
}
