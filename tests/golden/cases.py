"""What the golden tests pin: a function for each case, which returns named arrays.

Imports of the project stand at the top of this file, `trainings.py` and `guarded.py` alone, so
that a move of modules is followed in three places.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import mlx.core as mx
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.files.tensors import read_sealed
from human_wm_env.futures import imagine_futures
from human_wm_env.people.embedded import (
    EmbeddedConfig,
    EmbeddedPeople,
    assemble,
    generate,
)
from human_wm_env.person_context import PersonContext, VectorPersonContext
from human_wm_env.population import imagine_population
from human_wm_env.runtime.world_model import load_world_model
from tests.golden import stored_info
from tests.golden.recording import Arrays, Recorder
from world_model.data.encoded_logs import encode_logs
from world_model.export import restore
from world_model.imagination.differentiable import logged_futures, roll_out, rollout_loss
from world_model.imagination.rollout import RolloutStart, factorial_latents, imagine

FEW = EmbeddedConfig(users=5, days=80, seed=3)
SMALL = EmbeddedConfig(users=12, days=120, seed=3)
ON_THE_WAY: dict[str, Any] = {  # settings of the dream beside the defaults
    "temperature": 0.7,
    "adherence": 0.5,
    "pessimism": 0.3,
    "weather": "log",
    "masking": 0.2,
    "reward_weights": {"mood": 2.0},
}
LOGGED: dict[str, Any] = {"adherence": 0.5, "weather": "log", "masking": "none"}


@cache
def people(config: EmbeddedConfig = EmbeddedConfig()) -> EmbeddedPeople:  # noqa: B008 (frozen)
    """Return embedded people, generated anew: no kept file is read."""
    return assemble(config, generate(config))


# People -----------------------------------------------------------------------------------


def embedded_people() -> Arrays:
    """Everything that is generated of five people."""
    return generate(FEW)


def faint_people() -> Arrays:
    """The same with weak responses."""
    return generate(EmbeddedConfig(users=5, days=80, seed=3, response_gain=0.3))


def default_people() -> Arrays:
    """The 999 people of the bundled checkpoint."""
    return {name: np.asarray(array) for name, array in generate(EmbeddedConfig()).items()}


def default_logs() -> Arrays:
    """What their logs show, and who is in which split."""
    logs = people().dataset
    return {
        "rows": np.asarray(logs.rows),
        "weekday": np.asarray(logs.weekday),
        "first_observed_day": logs.first_observed_day,
        "split_of": np.array(logs.split_of),
        "user_ids": np.array(logs.user_ids),
    }


# Episodes ---------------------------------------------------------------------------------


def scalar(env_id: str, wrap: Callable[[Any], Any] = lambda env: env, **arguments: Any) -> Arrays:
    """A chosen start up to the end of its episode, a drawn start, and a log of one's own."""
    env = wrap(gym.make(env_id, dataset=people(), horizon=5, **arguments))
    actions, record = np.random.default_rng(11), Recorder()
    given = people(SMALL).dataset.history(2, 40)
    starts: list[dict[str, Any]] = [
        {"seed": 7, "options": {"user": "p007", "day": 400, "branch": 31}},
        {},
        {"options": {"history": (given.rows, given.observed), "start_weekday": 3}},
    ]
    for start in starts[: 2 if "Sim" in env_id or "Replay" in env_id else 3]:
        observation, info = env.reset(**start)
        info = stored_info.at_reset(env, info)
        record.add("reset", {"observation": observation, "info": info})
        over = False
        while not over:
            action = actions.uniform(-1.1, 1.1, 7).astype(np.float32)
            observation, reward, terminated, over, info = env.step(action)
            info = stored_info.of_step(env, info)
            step = {"observation": observation, "reward": reward, "truncated": over, "info": info}
            record.add("step", {**step, "terminated": terminated})
    return record.arrays()


def vector(
    env_id: str,
    slots: int,
    layout: str,
    mode: AutoresetMode,
    wrap: Callable[[Any], Any] = lambda env: env,
    **arguments: Any,
) -> Arrays:
    """Nine days of episodes of four, in many slots."""
    own = {"layout": layout, "autoreset_mode": mode, "horizon": 4, **arguments}
    env = wrap(gym.make_vec(env_id, num_envs=slots, dataset=people(), **own))
    actions, record = np.random.default_rng(11), Recorder()
    observation, info = env.reset(seed=5)
    info = stored_info.at_reset(env, info)
    record.add("reset", {"observation": observation, "info": info})
    over = np.zeros(slots, dtype=bool)
    for _ in range(9):
        if mode == AutoresetMode.DISABLED and over.any():
            options = {"reset_mask": over, "day": 200}
            observation, info = env.reset(options=options)
            info = stored_info.at_reset(env, info)
            record.add("again", {"observation": observation, "info": info})
        action = actions.uniform(-1.1, 1.1, (slots, 7)).astype(np.float32)
        before = over if mode == AutoresetMode.NEXT_STEP else np.zeros(slots, dtype=bool)
        observation, reward, terminated, over, info = env.step(action)
        info = stored_info.of_step(env, info, info.get("_final_obs", before))
        step = {"observation": observation, "reward": reward, "truncated": over, "info": info}
        record.add("step", {**step, "terminated": terminated})
    return record.arrays()


# Imagination ------------------------------------------------------------------------------


def population() -> Arrays:
    """A few people's 125 futures, in bulk."""
    users, logs = np.array([0, 3, 11, 500]), people().dataset
    some = partial(imagine_population, logs, 200, users=users, horizon=4, seed=2, threads=2)
    return {"rows": some(), "cooler": some(temperature=0.5)}


def futures() -> Arrays:
    """One person's futures and free draws."""
    found = imagine_futures(people().dataset, "p007", 400, horizon=4, seed=1, draws=20)
    return {"rows": found.rows, "draws": found.draws, "history": found.history.rows}


def mlx_imagination() -> Arrays:
    """Imagination and rollouts in MLX, of the bundled checkpoint."""
    checkpoint = load_world_model(None).checkpoint
    model, rng = restore(checkpoint), np.random.default_rng(4)
    env: Any = gym.make("HumanWM-v0", dataset=people(SMALL))
    logs, users = encode_logs(people(SMALL).dataset, np.arange(3)), np.arange(3)
    days = np.array([20, 40, 60])[:, None] + np.arange(3)
    starts = logged_futures(logs, users, days)
    mean, spread = (mx.array(rng.standard_normal((3, 80), dtype=np.float32)) for _ in range(2))
    noise = mx.array(rng.standard_normal((3, 5, 80), dtype=np.float32))
    latents = factorial_latents(mean, mx.exp(0.5 * spread), noise, model)[::25]
    eve = RolloutStart(
        row=mx.repeat(starts.row, 5, axis=0),
        observed=mx.repeat(starts.observed, 5, axis=0),
        total=mx.zeros((15, 3, 4)),
        weight=mx.zeros((15, 3, 4)),
        weekday=np.arange(15) % 8 - 1,
        weather=mx.array(np.arange(15) % 5 - 1),
    )
    normal = mx.array(rng.standard_normal((15, 5, env.unwrapped.world.normals), dtype=np.float32))
    uniform = mx.array(rng.random((15, 5, env.unwrapped.world.uniforms), dtype=np.float32))
    chain = checkpoint.weather_transitions
    made = {
        "latents": latents,
        "imagined": imagine(model, latents, eve, chain, normal, uniform),
        "certain": imagine(model, latents, eve, chain, normal, uniform, temperature=0.0),
        "rolled_out": roll_out(model, latents, starts, 5, rng),
        "loss": rollout_loss(model, mean, spread, starts, 2, rng),
    }
    return {name: np.array(value) for name, value in made.items()}


def posteriors() -> Arrays:
    """What is kept on disk of the encoder's answers: posteriors and memory on start days."""
    found = {}
    for user in ("p007", "p500", "p998"):
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setenv(CACHE_VARIABLE, folder)
            env: Any = gym.make("HumanWM-v0", dataset=people(), split="all")
            day = int(env.unwrapped.world.start_days(people().dataset.index_of(user))[-1])
            env.reset(seed=0, options={"user": user, "day": day})
            (file,) = Path(folder).glob("posteriors-*/*.safetensors")
            found[user] = read_sealed(file)[0]["values"]
    return found


def checkpoint() -> Arrays:
    """The weights and sizes of the bundled checkpoint, and what it says of whole logs."""
    runtime = load_world_model(None)
    logs = people(SMALL).dataset
    posterior, memory = runtime.encode([logs.history(user, logs.days) for user in range(3)])
    own = {"mean": posterior.mean, "log_variance": posterior.log_variance}
    own |= {"total": memory.total, "weight": memory.weight}
    own["weather"] = runtime.checkpoint.weather_transitions
    return own | {f"weights.{name}": a for name, a in runtime.checkpoint.weights.items()}


DREAM, SIMULATOR, REPLAY, MULTI = (f"HumanWM{name}-v0" for name in ("", "Sim", "Replay", "-MO"))
NEXT, SAME, DISABLED = AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED
_daily, _daily_vector = (
    partial(wrapper, update="daily") for wrapper in (PersonContext, VectorPersonContext)
)

CASES: dict[str, Callable[[], Arrays]] = {
    "people_few": embedded_people,
    "people_faint": faint_people,
    "people_default": default_people,
    "logs_default": default_logs,
    "posteriors": posteriors,
    "checkpoint": checkpoint,
    "dream": partial(scalar, DREAM),
    "dream_settings": partial(scalar, DREAM, observation="dict", **ON_THE_WAY),
    "dream_context": partial(scalar, DREAM, _daily, temperature=0.5),
    "simulator": partial(scalar, SIMULATOR),
    "simulator_settings": partial(scalar, SIMULATOR, **LOGGED),
    "replay": partial(scalar, REPLAY),
    "multi": partial(scalar, MULTI, masking="none"),
    "dream_branches_130": partial(vector, DREAM, 130, "branches", NEXT),
    "dream_people_130": partial(vector, DREAM, 130, "people", SAME, **ON_THE_WAY),
    "dream_branches_7": partial(vector, DREAM, 7, "branches", SAME, temperature=0.0, masking=0.3),
    "dream_people_7": partial(vector, DREAM, 7, "people", DISABLED, pessimism=1.0, weather="log"),
    "dream_people_context": partial(vector, DREAM, 7, "people", SAME, _daily_vector),
    "dream_branches_context": partial(vector, DREAM, 130, "branches", NEXT, VectorPersonContext),
    "simulator_branches_130": partial(vector, SIMULATOR, 130, "branches", NEXT),
    "simulator_people_130": partial(vector, SIMULATOR, 130, "people", SAME, **LOGGED),
    "simulator_people_7": partial(vector, SIMULATOR, 7, "people", DISABLED, masking=0.3),
    "replay_branches_130": partial(vector, REPLAY, 130, "branches", SAME),
    "replay_people_7": partial(vector, REPLAY, 7, "people", NEXT),
    "multi_people_7": partial(vector, MULTI, 7, "people", NEXT, adherence=0.5),
    "multi_branches_130": partial(vector, MULTI, 130, "branches", SAME, weather="log"),
    "population": population,
    "futures": futures,
    "mlx_imagination": mlx_imagination,
}
