# /// script
# dependencies = ["ray[rllib]", "torch"]
# ///
"""RLlib: PPO on the id, with its new API stack."""

import gymnasium as gym
import numpy as np
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

if __name__ == "__main__":
    register_env("humanwm", lambda settings: gym.make("human_wm_env:HumanWM-v0", **settings))
    ray.init(num_cpus=1, include_dashboard=False)
    config = (
        PPOConfig()
        .environment("humanwm", env_config={"horizon": 10})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2)
        .training(train_batch_size_per_learner=200, minibatch_size=100, num_epochs=2)
    )
    algorithm = config.build_algo()
    result = algorithm.train()
    assert np.isfinite(result["env_runners"]["episode_return_mean"])
    algorithm.stop()
    ray.shutdown()
