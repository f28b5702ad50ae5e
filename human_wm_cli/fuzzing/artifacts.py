"""What is mutated: how a small valid one is made, and what it does when it is used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from gymnasium.vector import AutoresetMode

from agents import EnvConfig, Session, load_agent, save_agent, train_agent
from agents.baselines import ConstantAgent, RandomAgent
from agents.evolution.hyperparameters import CMAESConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.sb3.hyperparameters import PPOConfig
from human_wm_env.data.importers.daily_csv import read_daily_csv
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.exports.import_logs import import_logs
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import BUNDLED, load_checkpoint, save_checkpoint
from human_wm_env.model.weights import expected_shapes
from human_wm_env.people import embedded
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, assemble
from human_wm_env.person import schema
from human_wm_env.person.weather import TRANSITIONS
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.posterior_store import PosteriorStore

_SMALL = Architecture(
    latent_a=4,
    latent_b=8,
    latent_c=8,
    policy_hidden=16,
    transition_hidden=16,
    members=3,
    row_width=16,
    gru_hidden=8,
    pooling_heads=2,
    encoder_hidden=16,
    decoder_hidden=8,
)
_FEW = EmbeddedConfig(users=4, days=60, seed=3)
_SIMULATOR = EnvConfig("HumanWMSim-v0", split="all", horizon=7)
_PPO = PPOConfig(steps=60, slots=6, n_steps=5, batch_size=15, n_epochs=1, width=8, warm_start=0)
_OBSERVATIONS = np.random.default_rng(0).normal(size=(6, 43)).astype(np.float32)


@dataclass(frozen=True)
class Artifact:
    """A kind of file or folder that is read back.

    Attributes:
        make: writes a valid one into a folder that is there.
        use: reads it from the folder and returns a digest of all that it does.
        warm: both may run in the process that forks, so that its forks find loops compiled.
    """

    make: Callable[[Path], object]
    use: Callable[[Path], str]
    warm: bool = True


@cache
def people() -> EmbeddedPeople:
    """Return a few people, made in memory."""
    return assemble(_FEW, embedded.generate(_FEW))


def _digest(*arrays: np.ndarray) -> str:
    total = hashlib.sha256()
    for array in arrays:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FloatingPointError("NaN or infinity came out")
        total.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).data)
    return total.hexdigest()


def _play(world: DreamWorld) -> str:
    """Play some days of some people, and return a digest of what was seen and earned."""
    env = VectorEnv(world, 4, layout="people", autoreset_mode=AutoresetMode.SAME_STEP)
    observation, _ = env.reset(seed=5)
    found = [np.asarray(observation)]
    for day in range(3):
        observation, reward, *_ = env.step(np.full((4, 7), 0.3 * day - 0.3, dtype=np.float32))
        found += [np.asarray(observation), reward]
    return _digest(*found)


# Checkpoints ----------------------------------------------------------------------


def _make_film(folder: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {
        name: (0.3 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in expected_shapes(_SMALL).items()
    }
    weights["encoder.moments.sd"] = np.abs(weights["encoder.moments.sd"]) + np.float32(0.1)
    save_checkpoint(
        folder, architecture=_SMALL, weights=weights, weather_transitions=TRANSITIONS, details={}
    )


def _make_response(folder: Path) -> None:
    bundled = load_checkpoint(BUNDLED)
    save_checkpoint(
        folder,
        architecture=bundled.architecture,
        weights=bundled.weights,
        weather_transitions=bundled.weather_transitions,
        details={name: bundled.manifest[name] for name in ("config", "data")},
    )


def _use_checkpoint(folder: Path) -> str:
    runtime = WorldModelRuntime(load_checkpoint(folder))
    return _play(DreamWorld(runtime, people().dataset, split="all", horizon=5))


# Agents and trainings -------------------------------------------------------------


def _make_agents(folder: Path) -> None:
    session = Session(dataset=people())
    save_agent(train_agent(_PPO, _SIMULATOR, session), folder / "ppo")
    evolution = CMAESConfig(generations=1, population=4, episodes=2, warm_start=0)
    save_agent(train_agent(evolution, _SIMULATOR, session), folder / "cma_es")
    save_agent(ConstantAgent(np.full(7, 0.25)), folder / "constant")
    save_agent(RandomAgent(3), folder / "random")
    save_agent(ImaginingPlanner(), folder / "planner")


def _use_agents(folder: Path) -> str:
    found = []
    for name in ("ppo", "cma_es", "constant", "random", "planner"):
        agent = load_agent(folder / name)
        if isinstance(agent, ImaginingPlanner):
            found.append(np.frombuffer(repr(agent.to_manifest()).encode(), dtype=np.uint8))
        else:
            agent.reset(len(_OBSERVATIONS))
            found.append(agent.act(_OBSERVATIONS))
    return _digest(*found)


class _InterruptedError(Exception):
    pass


def _make_training(folder: Path) -> None:
    """Leave the state of a training that ended half-way."""

    def interrupt(agent: object, days: int) -> None:
        raise _InterruptedError

    session = Session(dataset=people(), state_folder=folder, checkpoint_days=30, snapshot=interrupt)
    with contextlib.suppress(_InterruptedError):
        train_agent(_PPO, _SIMULATOR, session)


def _go_on(folder: Path) -> str:
    """Go on with it, or begin anew where no state is left: both come to the same."""
    session = Session(dataset=people(), state_folder=folder, resume=True)
    policy = train_agent(_PPO, _SIMULATOR, session).policy  # type: ignore[attr-defined]
    return _digest(*(tensor.numpy() for tensor in policy.state_dict().values()))


def _make_stage(folder: Path) -> None:
    _fit(folder, 2)


def _fit(folder: Path, epochs: int) -> str:
    from human_wm_cli.fuzzing.toy_stage import fit_toy

    return _digest(*fit_toy(folder, epochs))


# Caches ---------------------------------------------------------------------------


def _use_people_cache(folder: Path) -> str:
    os.environ[CACHE_VARIABLE] = str(folder)
    embedded._load.cache_clear()
    found = embedded.load_embedded(_FEW)
    return _digest(found.true_rows, found.bodies, found.dataset.observed, found.people.traits)


def _use_posteriors(folder: Path) -> str:
    os.environ[CACHE_VARIABLE] = str(folder)
    runtime = _bundled()
    store = PosteriorStore(runtime.checkpoint.weights, runtime.architecture)
    return _play(DreamWorld(runtime, people().dataset, split="all", horizon=5, store=store))


@cache
def _bundled() -> WorldModelRuntime:
    return WorldModelRuntime(load_checkpoint(BUNDLED))


# Logs -----------------------------------------------------------------------------


def _make_csv(folder: Path) -> None:
    lines = [",".join(("user_id", "date", *schema.FEATURE_NAMES))]
    rows, observed = people().dataset.rows, people().dataset.observed
    for user in range(2):
        for day in range(30):
            cells = [
                str(schema.categories(index)[int(rows[user, day, index])])
                if index in (schema.WORKOUT, schema.WEATHER, schema.LOCATION, schema.MOOD)
                else f"{rows[user, day, index]:.1f}"
                for index in range(schema.FEATURE_COUNT)
            ]
            seen = [cell if observed[user, day, index] else "" for index, cell in enumerate(cells)]
            lines.append(",".join([f"p{user}", f"2024-01-{day + 1:02d}", *seen]))
    (folder / "logs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _use_csv(folder: Path) -> str:
    dataset = read_daily_csv(folder / "logs.csv").dataset
    return _digest(dataset.rows, dataset.observed)


def exports_of(source: Path, format_name: str | None) -> Artifact:
    """Return an export of a tracker: copied, and imported with its values counted.

    Args:
        source: a file or folder, of which files are damaged.
        format_name: of its format; None recognises it.
    """

    def make(folder: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
        else:
            shutil.copy(source, folder)

    def use(folder: Path) -> str:
        # An account that does not balance is a RuntimeError: a fault of the reader.
        logs = import_logs(folder, format=format_name)
        return _digest(logs.dataset.rows, logs.dataset.observed)

    return Artifact(make, use)


ARTIFACTS: dict[str, Artifact] = {
    "film": Artifact(_make_film, _use_checkpoint),
    "response": Artifact(_make_response, _use_checkpoint),
    "agents": Artifact(_make_agents, _use_agents),
    "training": Artifact(_make_training, _go_on),
    "stage": Artifact(_make_stage, lambda folder: _fit(folder, 3), warm=False),
    "people": Artifact(_use_people_cache, _use_people_cache, warm=False),
    "posteriors": Artifact(_use_posteriors, _use_posteriors, warm=False),
    "csv": Artifact(_make_csv, _use_csv),
}
