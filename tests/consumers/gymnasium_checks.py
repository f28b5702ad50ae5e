# /// script
# dependencies = ["stable-baselines3", "torch", "array-api-compat", "packaging"]
# ///
"""check_env of Gymnasium and of stable-baselines3, vector modes, wrappers."""

import gymnasium as gym
import numpy as np
import torch
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

IDS = ("HumanWM-v0", "HumanWMSim-v0", "HumanWMReplay-v0")

if __name__ == "__main__":
    for name in IDS:
        check_env(gym.make(f"human_wm_env:{name}").unwrapped, skip_render_check=True)
        sb3_check_env(gym.make(name))
        for vectorization in ("vector_entry_point", "sync"):
            env = gym.make_vec(name, num_envs=3, vectorization_mode=vectorization, horizon=2)
            env = gym.wrappers.vector.RecordEpisodeStatistics(env)
            env.reset(seed=0)
            infos = [env.step(env.action_space.sample())[-1] for _ in range(4)]
            assert all(info["uncertainty"].dtype.kind == "f" for info in infos)
            assert infos[1]["episode"]["l"].tolist() == [2, 2, 2]
    async_env = gym.make_vec(
        "human_wm_env:HumanWMSim-v0", num_envs=2, vectorization_mode="async", horizon=2
    )
    assert async_env.reset(seed=0)[0].shape == (2, 43)
    async_env.close()
    for mode in AutoresetMode:
        env = gym.make_vec("HumanWM-v0", num_envs=3, horizon=2, autoreset_mode=mode)
        assert env.metadata["autoreset_mode"] is mode
        env.reset(seed=0)
        truncated = [env.step(np.zeros((3, 7)))[3] for _ in range(2)][-1]
        assert truncated.all()
    # Not with SAME_STEP: its `final_obs` is an array of objects, in Gymnasium's own envs, too.
    slots = gym.make_vec("HumanWM-v0", num_envs=3, horizon=2)
    tensors = gym.wrappers.vector.NumpyToTorch(slots)
    tensors.reset(seed=0)
    for _ in range(3):
        info = tensors.step(torch.zeros(3, 7))[-1]
        assert info["reward_components"].shape == (3, len(slots.component_names))
    assert all(isinstance(value, torch.Tensor) for value in info.values())
