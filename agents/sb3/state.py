"""The state of a training by stable-baselines3: kept and restored without pickle.

Kept are weights, optimisers, entropy weight, replay buffer, counters and the global
generators that stable-baselines3 draws from. Not kept is where each slot's episode stood:
a resumed training begins new episodes, so it goes on like the old one but does not repeat it.
"""

from __future__ import annotations

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer

from agents.protocol import Plain

State = Plain  # a tree for `tensor_tree`
_COUNTERS = ("num_timesteps", "_episode_num", "_n_updates", "_current_progress_remaining")
_BUFFER_ARRAYS = (
    "observations",
    "next_observations",
    "actions",
    "rewards",
    "dones",
    "timeouts",
)


def state_of(algorithm: BaseAlgorithm) -> State:
    """Return everything that is kept."""
    _, names = algorithm._get_torch_save_params()
    return {
        "parameters": algorithm.get_parameters(),
        "tensors": {name: getattr(algorithm, name) for name in names},
        "counters": {name: getattr(algorithm, name) for name in _COUNTERS},
        "buffer": _buffer_state(getattr(algorithm, "replay_buffer", None)),
        "torch": torch.get_rng_state(),
        "numpy": _numpy_state(),
    }


def restore(algorithm: BaseAlgorithm, state: State) -> None:
    """Put an algorithm of the same settings into a kept state.

    Raises:
        ValueError, RuntimeError: the state is of other settings.
    """
    algorithm.set_parameters(state["parameters"], exact_match=True, device="cpu")
    for name, tensor in state["tensors"].items():
        with torch.no_grad():
            getattr(algorithm, name).copy_(tensor)
    for name, value in state["counters"].items():
        setattr(algorithm, name, value)
    if state["buffer"] is not None:
        buffer: ReplayBuffer = algorithm.replay_buffer  # type: ignore[attr-defined]
        filled = state["buffer"]["filled"]
        for name in _BUFFER_ARRAYS:
            getattr(buffer, name)[:filled] = state["buffer"][name]
        buffer.pos, buffer.full = state["buffer"]["pos"], state["buffer"]["full"]
    torch.set_rng_state(state["torch"])
    np.random.set_state(("MT19937", *state["numpy"]))  # noqa: NPY002 (SB3's own)


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
