"""The state of a training by stable-baselines3: kept and restored without pickle.

Kept are weights, optimisers, entropy weight, replay buffer, counters, what a recurrent policy
remembers, the generators that stable-baselines3 draws from, and the running episodes as seed and
actions, which are run again: a resumed training repeats the one that was never interrupted. Only
in environments of other packages, and where slots end at different times, new episodes begin.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import torch
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.save_util import recursive_getattr
from torch.optim import Adam, Optimizer

from agents.protocol import Plain
from agents.sb3.vec_env import SB3VecEnv
from agents.tensor_tree import check_like

# What is kept of each parameter by Adam, and by A2C's RMSprop.
_OF_ADAM, _OF_RMSPROP = {"step", "exp_avg", "exp_avg_sq"}, {"step", "square_avg"}
State = Plain  # a tree for `tensor_tree`
_COUNTERS = ("num_timesteps", "_episode_num", "_n_updates", "_current_progress_remaining")
_OF_DQN = ("_n_calls", "exploration_rate")
_BUFFER_ARRAYS = (
    "observations",
    "next_observations",
    "actions",
    "rewards",
    "dones",
    "timeouts",
)


def state_of(algorithm: BaseAlgorithm, venv: SB3VecEnv) -> State:
    """Return everything that is kept of an algorithm and its environment."""
    _, names = algorithm._get_torch_save_params()
    return {
        "parameters": algorithm.get_parameters(),
        "tensors": {name: getattr(algorithm, name) for name in names},
        "counters": {
            name: getattr(algorithm, name)
            for name in (*_COUNTERS, *_OF_DQN)
            if hasattr(algorithm, name)
        },
        "buffer": _buffer_state(getattr(algorithm, "replay_buffer", None)),
        "episodes": venv.episodes(),
        "episode_starts": algorithm._last_episode_starts,
        "finished": list(algorithm.ep_info_buffer or []),
        "memory": _memory_of(algorithm),
        "actions": algorithm.action_space.np_random.bit_generator.state,
        "torch": torch.get_rng_state(),
        "numpy": _numpy_state(),
    }


def restore(algorithm: BaseAlgorithm, venv: SB3VecEnv, state: State) -> bool:
    """Put an algorithm of the same settings, and its environment, into a kept state.

    Returns:
        Whether the episodes go on; otherwise the algorithm resets the environment.

    Raises:
        ValueError, RuntimeError, KeyError, TypeError, ConfigError, InvalidActionError: the state
            is of other settings.
    """
    _check(algorithm, venv, state)
    algorithm.set_parameters(state["parameters"], exact_match=True, device="cpu")
    for name, tensor in state["tensors"].items():
        with torch.no_grad():
            getattr(algorithm, name).copy_(tensor)
    for name, value in state["counters"].items():
        setattr(algorithm, name, value)
    if state["buffer"] is not None:
        buffer: ReplayBuffer = algorithm.replay_buffer  # type: ignore[attr-defined]
        filled = len(state["buffer"]["observations"])
        for name in _BUFFER_ARRAYS:
            getattr(buffer, name)[:filled] = state["buffer"][name]
        buffer.pos, buffer.full = state["buffer"]["pos"], state["buffer"]["full"]
    episodes = state["episodes"]
    if episodes is not None:
        algorithm._last_obs = venv.go_on(episodes)
        algorithm._last_episode_starts = state["episode_starts"]
        algorithm.ep_info_buffer = deque(state["finished"], maxlen=algorithm._stats_window_size)
        algorithm.ep_success_buffer = deque(maxlen=algorithm._stats_window_size)
        if state["memory"] is not None:
            pi, vf = (tuple(state["memory"][part]) for part in ("pi", "vf"))
            algorithm._last_lstm_states = RNNStates(pi, vf)  # type: ignore[attr-defined]
    algorithm.action_space.np_random.bit_generator.state = state["actions"]
    torch.set_rng_state(state["torch"])
    np.random.set_state(("MT19937", *state["numpy"]))  # noqa: NPY002 (SB3's own)
    return episodes is not None


def _memory_of(algorithm: BaseAlgorithm) -> State | None:
    states: RNNStates | None = getattr(algorithm, "_last_lstm_states", None)
    return None if states is None else {"pi": states.pi, "vf": states.vf}


def _check(algorithm: BaseAlgorithm, venv: SB3VecEnv, state: State) -> None:
    """Raise ValueError where a state is not built as one of this algorithm."""
    fresh = state_of(algorithm, venv)
    if state.keys() - {"settings"} != fresh.keys():
        raise ValueError(f"entries {sorted(state)}")
    for name, like in fresh["parameters"].items():
        kept = state["parameters"][name]
        if "param_groups" in like:
            _check_optimiser(kept, like, recursive_getattr(algorithm, name), name)
        else:
            check_like(kept, like, name)
    if state["parameters"].keys() != fresh["parameters"].keys():
        raise ValueError("parameters of another algorithm")
    plain = ("tensors", "counters", "actions", "torch", "numpy", "memory")
    for name in plain:
        check_like(state[name], fresh[name], name)
    keys, place, *_ = state["numpy"]
    if not (0 <= place <= len(keys) and keys.min() >= 0 and keys.max() < 2**32):
        raise ValueError("numpy is no state of a generator")
    if min(state["counters"].values()) < 0:
        raise ValueError("counters below 0")
    slots = venv.num_envs
    if state["episodes"] is not None:
        check_like(state["episode_starts"], np.zeros(slots, dtype=bool), "episode_starts")
        for each in state["finished"]:
            check_like(each, dict.fromkeys(map(str, each), 0.0), "finished")
    if fresh["buffer"] is not None:
        _check_buffer(state["buffer"], algorithm.replay_buffer)  # type: ignore[attr-defined]


def _check_optimiser(kept: State, like: State, optimiser: Optimizer, name: str) -> None:
    rates = [{**group, "lr": 0.0} for group in like["param_groups"]]
    found = [{**group, "lr": float(group["lr"]) * 0.0} for group in kept["param_groups"]]
    if found != rates or kept.keys() != like.keys():
        raise ValueError(f"{name} has other settings")
    of = [each for group in optimiser.param_groups for each in group["params"]]
    for number, moments in kept["state"].items():
        wanted = _OF_ADAM if isinstance(optimiser, Adam) else _OF_RMSPROP
        if not moments.keys() >= wanted:
            raise ValueError(f"{name}.{number} has not the entries {sorted(wanted)}")
        for moment, value in moments.items():
            like_it = torch.zeros(()) if moment == "step" else of[number].detach()
            check_like(value, like_it, f"{name}.{number}.{moment}")
            if moment != "exp_avg" and float(value.min()) < 0.0:
                raise ValueError(f"{name}.{number}.{moment} is below 0")


def _check_buffer(kept: State, buffer: ReplayBuffer) -> None:
    full, position = kept["full"], kept["pos"]
    check_like([full, position], [True, 0], "buffer")
    filled = buffer.buffer_size if full else position
    if not 0 <= position < buffer.buffer_size + (not full):
        raise ValueError("buffer.pos is outside the buffer")
    for name in _BUFFER_ARRAYS:
        check_like(kept[name], getattr(buffer, name)[:filled], f"buffer.{name}")


def _buffer_state(buffer: ReplayBuffer | None) -> State | None:
    if buffer is None:
        return None
    filled = buffer.buffer_size if buffer.full else buffer.pos
    arrays = {name: getattr(buffer, name)[:filled] for name in _BUFFER_ARRAYS}
    return {"filled": filled, "pos": buffer.pos, "full": buffer.full, **arrays}


def _numpy_state() -> tuple[object, ...]:
    _, *state = np.random.get_state()  # noqa: NPY002 (SB3's own)
    keys, *rest = state
    return (np.asarray(keys).astype(np.int64), *rest)
